"""What AWS' own errors become."""

from __future__ import annotations

import pytest
from botocore import exceptions as aws

from cli.errors import ExitCode, explain


def answered(code: str) -> aws.ClientError:
    return aws.ClientError({"Error": {"Code": code, "Message": "because"}}, "DescribeStreamSummary")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (answered("ExpiredTokenException"), ExitCode.NOT_AUTHENTICATED),
        (answered("UnrecognizedClientException"), ExitCode.NOT_AUTHENTICATED),
        (answered("AccessDeniedException"), ExitCode.NOT_AUTHENTICATED),
        (aws.NoCredentialsError(), ExitCode.NOT_AUTHENTICATED),
        (aws.UnauthorizedSSOTokenError(), ExitCode.NOT_AUTHENTICATED),
        (aws.TokenRetrievalError(provider="sso", error_msg="expired"), ExitCode.NOT_AUTHENTICATED),
        (aws.ProfileNotFound(profile="nobody"), ExitCode.NOT_AUTHENTICATED),
        (aws.EndpointConnectionError(endpoint_url="https://kinesis"), ExitCode.ERROR),
        (aws.ReadTimeoutError(endpoint_url="https://kinesis"), ExitCode.ERROR),
        (answered("ResourceNotFoundException"), ExitCode.ERROR),
        (answered("LimitExceededException"), ExitCode.ERROR),
    ],
)
def test_each_error_has_its_exit_code_and_no_traceback(error, code):
    explained = explain(error)
    assert explained is not None
    assert explained.exit_code == code


def test_the_way_to_sign_in_names_the_profile_in_use(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "prod-admin")
    explained = explain(answered("ExpiredTokenException"))
    assert explained is not None
    assert "aws sso login --profile prod-admin" in explained.way_out
