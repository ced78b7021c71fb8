"""Who we are to AWS: botocore's chain, and what goes wrong in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import botocore.credentials
import pytest

from connector.aws.account import Account
from connector.config import KinesisSink
from connector.errors import ConnectorError, NotAuthenticated
from connector.kinesis.stream import require_ready
from connector.sender import CredentialsUnavailable
from tests.connector.fault_server import FaultServer

ROLE = """
[profile moving]
role_arn = arn:aws:iam::111122223333:role/moving
source_profile = base
[profile base]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = secret
[profile bundled]
ca_bundle = /some/bundle.pem
"""


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: FaultServer) -> Path:
    """No AWS setting but a configuration file and the server's address."""
    for name in os.environ:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    file = tmp_path / "config"
    file.write_text(ROLE)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    return file


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def test_a_role_is_assumed_in_the_region_of_the_sink(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "moving")
    credentials = Account("eu-west-1").credentials()
    assert (credentials.access_key, credentials.token) == ("ASIAROLE", "t")


def test_a_role_that_is_refused_leaves_no_credentials_for_now(monkeypatch: pytest.MonkeyPatch, server: FaultServer):
    monkeypatch.setenv("AWS_PROFILE", "moving")
    server.role = "refused"
    account = Account("eu-west-1")
    with pytest.raises(CredentialsUnavailable, match=r"not you$"):
        account.credentials()
    with pytest.raises(NotAuthenticated, match="AccessDenied"):
        account.stream("flights")
    server.role = "assumed"
    assert account.credentials().access_key == "ASIAROLE"


@pytest.mark.parametrize("program", [f"{sys.executable} -c print(1)", f"{sys.executable} -c print()", "/not/there"])
def test_a_program_that_gives_no_credentials_leaves_none_for_now(surroundings: Path, program):
    account = Account("eu-west-1")
    surroundings.write_text(f"[default]\ncredential_process = {program}\n")
    with pytest.raises(CredentialsUnavailable):
        account.credentials()
    with pytest.raises(ConnectorError, match="the AWS settings"):
        Account("eu-west-1")


@pytest.mark.usefixtures("keys")
def test_credentials_that_come_already_expired_are_none(monkeypatch: pytest.MonkeyPatch):
    def expired(_: object) -> None:
        raise RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired.")

    monkeypatch.setattr(botocore.credentials.Credentials, "get_frozen_credentials", expired)
    with pytest.raises(CredentialsUnavailable, match=r"still expired$"):
        Account("eu-west-1").credentials()


def test_the_region_comes_from_the_route_or_from_what_the_sdks_read(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ConnectorError, match=r"set sink\.region or AWS_REGION"):
        Account(None)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    assert Account(None).region == "eu-west-3"
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    assert Account(None).region == "eu-west-2"
    assert Account("eu-west-1").region == "eu-west-1"


def test_the_bundle_of_a_profile_is_known(monkeypatch: pytest.MonkeyPatch):
    assert Account("eu-west-1").ca_bundle is None
    monkeypatch.setenv("AWS_PROFILE", "bundled")
    assert Account("eu-west-1").ca_bundle == "/some/bundle.pem"
    monkeypatch.setenv("AWS_CA_BUNDLE", "/other.pem")
    assert Account("eu-west-1").ca_bundle == "/other.pem"


def test_a_proxy_is_refused_unless_the_endpoint_is_exempt(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://kinesis.example.org")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@proxy:3128")
    with pytest.raises(ConnectorError, match=r"proxy:3128.*add kinesis\.example\.org to NO_PROXY") as caught:
        Account("eu-west-1")
    assert "hunter2" not in str(caught.value)
    monkeypatch.setenv("NO_PROXY", ".example.org")
    assert Account("eu-west-1").endpoint_url == "https://kinesis.example.org"


def sink(record: str) -> KinesisSink:
    return KinesisSink.model_validate({"kind": "kinesis", "stream": "flights", "limits": {"record": record}})


@pytest.mark.parametrize("service", ["kinesis", "s3"])
def test_an_endpoint_with_a_login_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, service: str):
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service.upper()}", "https://user:hunter2@127.0.0.1:1")
    with pytest.raises(ConnectorError, match=f"the endpoint of {service} holds a user name") as refused:
        Account("eu-west-1").client(service)
    assert "hunter2" not in str(refused.value)


def test_what_botocore_says_of_an_address_is_said_without_its_login(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "moving")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://user:hunter2@127.0.0.1:1")
    with pytest.raises(CredentialsUnavailable, match=r"http://…@127\.0\.0\.1:1/") as refused:
        Account("eu-west-1").credentials()
    assert "hunter2" not in str(refused.value)


@pytest.mark.usefixtures("keys")
def test_a_stream_is_ready_when_it_takes_what_the_sink_may_send(server: FaultServer):
    account = Account("eu-west-1")
    assert require_ready(account, sink("1MiB")) == "ACTIVE"
    with pytest.raises(ConnectorError, match=r"up to 1MiB, and sink\.limits\.record is 2MiB"):
        require_ready(account, sink("2MiB"))
    server.record_limit = 2048
    assert require_ready(account, sink("2MiB")) == "ACTIVE"
    server.record_limit, server.stream_status = None, "UPDATING"
    assert require_ready(account, sink("10MiB")) == "UPDATING"
    server.stream_status = "DELETING"
    with pytest.raises(ConnectorError, match="is DELETING"):
        require_ready(account, sink("1MiB"))
