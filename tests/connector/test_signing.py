"""Our signatures are those that botocore makes."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock

import botocore.auth
import botocore.credentials
import pytest
from botocore.awsrequest import AWSRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.aws.signing import Credentials, Signer

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TARGET = "Kinesis_20131202.PutRecords"


@settings(max_examples=60)
@given(st.binary(max_size=200), st.one_of(st.none(), st.text("abc/+=", min_size=1)), st.sampled_from(["h", "h:4567"]))
@pytest.mark.parametrize("content_type", ["application/x-amz-json-1.1", "application/x-amz-cbor-1.1"])
def test_a_signature_is_the_one_botocore_makes(content_type, body, token, host):
    request = AWSRequest("POST", f"http://{host}/", {"Content-Type": content_type, "X-Amz-Target": TARGET}, body)
    theirs = botocore.credentials.ReadOnlyCredentials("AKIDEXAMPLE", "secret", token)
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        botocore.auth.SigV4Auth(theirs, "kinesis", "eu-west-1").add_auth(request)
    signer = Signer("kinesis", "eu-west-1", host)
    text = signer.headers(body, content_type, TARGET, Credentials("AKIDEXAMPLE", "secret", token), NOW)
    ours = dict(line.split(": ", 1) for line in text.splitlines())
    assert ours["Authorization"] == request.headers["Authorization"]
    assert ours["X-Amz-Date"] == request.headers["X-Amz-Date"]
    assert ours.get("X-Amz-Security-Token") == request.headers.get("X-Amz-Security-Token")


def test_requests_of_one_second_and_of_others_are_each_signed_for_themselves():
    """What is prepared for one request is used for the next: one signer has to do what many fresh ones do."""
    one = Signer("kinesis", "eu-west-1", "h")
    lines = []
    for day in (2, 3):
        for secret, token in (("one", None), ("other", None), ("one", "token")):
            for body, content_type in ((b"", "t"), (b"x", "t"), (b"x", "u")):
                arguments = (body, content_type, TARGET, Credentials("a", secret, token), NOW.replace(day=day))
                lines.append(one.headers(*arguments))
                assert lines[-1] == Signer("kinesis", "eu-west-1", "h").headers(*arguments)
    assert len(set(lines)) == len(lines)
