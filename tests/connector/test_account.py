"""Who we are to AWS: botocore's chain, and what goes wrong in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import botocore.credentials
import botocore.httpsession
import pytest
from botocore.exceptions import EndpointConnectionError

from connector.aws.account import Account
from connector.aws.regions import doubt
from connector.check import check
from connector.config import KinesisSink
from connector.errors import ConnectorError, NotAuthenticated
from connector.kinesis.stream import fitted, require_ready
from connector.record_limit import RecordLimit
from connector.sender import CredentialsUnavailable
from tests.connector.fault_server import FaultServer
from tests.connector.in_memory import route_config

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


ARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/flights"


def kinesis(**settings: object) -> KinesisSink:
    return KinesisSink.model_validate({"kind": "kinesis", "stream": "flights", **settings})


@pytest.mark.parametrize("settings", [{}, {"AWS_DEFAULT_REGION": "us-east-1"}, {"AWS_REGION": "us-east-1"}])
def test_the_region_of_an_arn_goes_before_that_of_the_settings(monkeypatch: pytest.MonkeyPatch, settings):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert Account.of(kinesis(stream=ARN)).region == "eu-west-1"


@pytest.mark.usefixtures("keys")
def test_who_cannot_reach_an_endpoint_of_the_sink_is_told_to_look_there(monkeypatch: pytest.MonkeyPatch):
    nobody = "http://127.0.0.1:9"
    with pytest.raises(ConnectorError, match=r"127\.0\.0\.1:9/\S*; correct sink\.endpoint, or check the network$"):
        Account.of(kinesis(region="eu-west-1", endpoint=nobody)).stream("flights")
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody)
    with pytest.raises(ConnectorError, match=r"; check AWS_ENDPOINT_URL, AWS_PROFILE and the network$"):
        Account.of(kinesis(region="eu-west-1")).stream("flights")


@pytest.mark.parametrize(
    ("sink", "place"),
    [
        (kinesis(region="eu-wset-1"), r"sink\.region"),
        (kinesis(stream=ARN.replace("west", "wset")), r"sink\.stream"),
        (kinesis(), "AWS_REGION"),
    ],
)
@pytest.mark.usefixtures("keys")
def test_a_region_that_cannot_be_reached_and_is_not_known_is_probably_misspelt(monkeypatch, sink, place):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_REGION", "eu-wset-1")
    account = Account.of(sink)

    def unreachable(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url=f"{account.endpoint_url}/")

    monkeypatch.setattr(botocore.httpsession.URLLib3Session, "send", unreachable)
    with pytest.raises(ConnectorError, match=f"known, the nearest name is eu-west-1; correct {place}"):
        account.stream("flights")


@pytest.mark.usefixtures("keys")
def test_check_warns_of_a_region_that_is_not_known(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    unknown = "no region eu-wset-1 is known, the nearest name is eu-west-1"
    for region, hazard in (("eu-wset-1", unknown), ("eu-west-1", None)):
        settings = next(iter(check(route_config(sink={"kind": "kinesis", "stream": "s", "region": region}))))
        assert (settings.what, settings.error, settings.hazard) == ("AWS settings", None, hazard)


def test_a_region_is_only_doubted_where_it_is_not_known():
    of_aws = "https://kinesis.xx-nowhere-9.amazonaws.com"
    assert doubt("eu-west-1", of_aws) == ""
    assert doubt("xx-nowhere-9", of_aws) == "no region xx-nowhere-9 is known"
    assert doubt("xx-nowhere-9", "http://127.0.0.1:4566") == ""


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


def sink(**limits: object) -> KinesisSink:
    return KinesisSink.model_validate({"kind": "kinesis", "stream": "flights", "limits": limits, "aggregation": "kpl"})


@pytest.mark.usefixtures("keys")
def test_a_stream_is_ready_when_it_takes_what_the_sink_may_send(server: FaultServer):
    account = Account("eu-west-1")
    assert require_ready(account, sink(record="1MiB")).status == "ACTIVE"
    with pytest.raises(ConnectorError, match=r"up to 1MiB, and sink\.limits\.record is 2MiB"):
        require_ready(account, sink(record="2MiB"))
    with pytest.raises(ConnectorError, match=r"up to 1MiB, and sink\.limits\.aggregate is 2MiB"):
        require_ready(account, sink(aggregate="2MiB"))
    server.record_limit = 2048
    assert require_ready(account, sink(record="2MiB")).status == "ACTIVE"
    assert require_ready(account, sink(aggregate="2MiB")).status == "ACTIVE"
    server.record_limit, server.stream_status = None, "UPDATING"
    assert require_ready(account, sink(record="10MiB", aggregate="10MiB")).status == "UPDATING"
    with pytest.raises(ConnectorError, match=r"up to 1MiB, and sink\.limits\.aggregate is 2MiB"):
        require_ready(account, sink(aggregate="2MiB"))
    server.stream_status = "DELETING"
    with pytest.raises(ConnectorError, match="is DELETING"):
        require_ready(account, sink(record="1MiB"))


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("told", "limits", "limit", "text"),
    [
        (1024, {}, 1 << 20, "ACTIVE and takes records up to 1MiB"),
        (10240, {}, 10 << 20, "ACTIVE and takes records up to 10MiB"),
        (10240, {"record": "2MiB"}, 2 << 20, "ACTIVE and takes records up to 10MiB, records up to 2MiB are sent"),
        (10240, {"request": "3MiB"}, 3 << 20, "ACTIVE and takes records up to 10MiB, records up to 3MiB are sent"),
        (None, {}, 1 << 20, "ACTIVE; its maximum record size is not told, records up to 1MiB are sent"),
        (None, {"record": "2MiB"}, 2 << 20, "ACTIVE; its maximum record size is not told, records up to 2MiB are sent"),
    ],
)
def test_the_record_limit_is_the_streams_own_unless_a_lower_one_is_set(server: FaultServer, told, limits, limit, text):
    server.record_limit = told
    ready = require_ready(Account("eu-west-1"), sink(**limits))
    assert (ready.record_limit, str(ready)) == (limit, text)
    config = fitted(route_config(sink=sink(**limits).model_dump(mode="json", exclude_defaults=True)), ready)
    assert RecordLimit.of(config.sink).limit == limit


@pytest.mark.usefixtures("keys")
def test_a_stream_whose_records_the_memory_does_not_hold_is_refused_with_what_would(server: FaultServer):
    server.record_limit = 10240
    ready = require_ready(Account("eu-west-1"), sink())
    assert fitted(route_config(memory="160MiB", processes=2), ready).sink.limits.record == 10 << 20
    with pytest.raises(
        ConnectorError,
        match=r"'flights': records up to 10MiB need memory of 160MiB at least.* raise memory \(128MiB\), lower"
        r" processes, or set sink\.limits\.record to 8MiB or less",
    ):
        fitted(route_config(processes=2), ready)
    assert route_config(processes=2, sink=sink(record="8MiB").model_dump(mode="json")).sink.limits.record == 8 << 20
