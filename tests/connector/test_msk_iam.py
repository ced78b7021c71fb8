"""The token of MSK IAM: a URL that AWS's own rules sign the same way, and one principal for as long as it runs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from connector.aws.identity import Identity
from connector.aws.signing import Credentials
from connector.config import KafkaSource
from connector.errors import ConnectorError, NotAuthenticated
from connector.kafka.msk_iam import LIFETIME, MskIamTokens, token
from connector.kafka.security import security_settings
from tests.connector.aws_stub import AwsStub


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsStub]:
    """No AWS setting but the address of a stand-in."""
    for name in os.environ:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with AwsStub() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        yield running


def opened(written: str) -> tuple[str, dict[str, str]]:
    """Return the URL in a token and its parameters."""
    assert "=" not in written
    url = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)).decode()
    return url, {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def signature(parameters: dict[str, str], secret: str, host: str) -> str:
    """Sign a GET by the rules of Signature Version 4 for query strings."""
    signed = {name: value for name, value in parameters.items() if name not in {"X-Amz-Signature", "User-Agent"}}
    query = "&".join(f"{quote(name, safe='')}={quote(signed[name], safe='')}" for name in sorted(signed))
    canonical = f"GET\n/\n{query}\nhost:{host}\n\nhost\n{hashlib.sha256(b'').hexdigest()}"
    _, scope = signed["X-Amz-Credential"].split("/", 1)
    text = f"AWS4-HMAC-SHA256\n{signed['X-Amz-Date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


@pytest.mark.parametrize("session", [None, "a/session+token="])
def test_the_token_is_a_signed_url_of_the_action_to_connect(session):
    url, parameters = opened(token(Credentials("AKID", "secret", session), "eu-west-1"))
    assert urlsplit(url)._replace(query="").geturl() == "https://kafka.eu-west-1.amazonaws.com/"
    assert parameters["Action"] == "kafka-cluster:Connect"
    assert parameters["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert parameters["X-Amz-Expires"] == "900"
    assert parameters["X-Amz-SignedHeaders"] == "host"
    assert parameters["X-Amz-Credential"].split("/")[0::2] == ["AKID", "eu-west-1", "aws4_request"]
    assert parameters["X-Amz-Credential"].split("/")[3] == "kafka-cluster"
    assert parameters.get("X-Amz-Security-Token") == session
    assert parameters["User-Agent"] == "streamops-connector"
    assert parameters["X-Amz-Signature"] == signature(parameters, "secret", "kafka.eu-west-1.amazonaws.com")


def test_the_expiry_is_in_seconds_as_the_client_wants_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    before = time.time()
    _, expiry = MskIamTokens(Identity("eu-west-1"), "eu-west-1")("")
    assert before + LIFETIME <= expiry <= time.time() + LIFETIME


def iam(**more: Any) -> Any:
    security = {"protocol": "sasl-tls", "mechanism": "aws-msk-iam", **more}
    source = {"kind": "kafka", "bootstrap": "h:1", "topic": "t", "group": "g", "security": security}
    return KafkaSource.model_validate(source).security


def key_of(tokens: MskIamTokens) -> str:
    return opened(tokens("")[0])[1]["X-Amz-Credential"].partition("/")[0]


def test_a_task_s_credentials_rotate_under_the_same_tokens(stub: AwsStub, monkeypatch: pytest.MonkeyPatch):
    # Peers: aws-msk-iam-sasl-signer-net #25, aws-msk-iam-sasl-signer-js #19.
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{stub.url}/credentials")
    settings = security_settings(iam(region="eu-west-1"))
    assert (settings["security.protocol"], settings["sasl.mechanism"]) == ("sasl_ssl", "OAUTHBEARER")
    tokens: MskIamTokens = settings["oauth_cb"]
    assert key_of(tokens) == key_of(tokens) == "ASIATASK1"
    source: Any = tokens._identity._chain._source
    source._expiry_time -= source._expiry_time - source._time_fetcher()
    assert key_of(tokens) == "ASIATASK2"


def test_a_role_has_one_session_name_for_all_its_tokens(stub: AwsStub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    role = {"arn": "arn:aws:iam::111122223333:role/reader", "session": "orders"}
    tokens: MskIamTokens = security_settings(iam(region="eu-west-1", role=role))["oauth_cb"]
    first = key_of(tokens)
    source: Any = tokens._identity._chain._source
    source._expiry_time -= source._expiry_time - source._time_fetcher()
    assert key_of(tokens) != first
    assert [call.content["RoleSessionName"] for call in stub.of("AssumeRole")] == ["orders", "orders"]


def test_a_profile_s_role_without_a_name_of_its_own_keeps_the_one_it_got(
    stub: AwsStub, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    file = tmp_path / "config"
    role = "[profile reader]\nrole_arn = arn:aws:iam::111122223333:role/reader\nsource_profile = base\n"
    file.write_text(f"{role}[profile base]\naws_access_key_id = AKID\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "reader")
    # botocore keeps what it was given for longer than this.
    stub.lifetime = timedelta(minutes=14)
    tokens: MskIamTokens = security_settings(iam(region="eu-west-1"))["oauth_cb"]
    key_of(tokens)
    source: Any = tokens._identity._chain._source
    source._expiry_time -= source._expiry_time - source._time_fetcher()
    key_of(tokens)
    names = [call.content["RoleSessionName"] for call in stub.of("AssumeRole")]
    assert len(names) >= 2
    assert len(set(names)) == 1


def test_without_credentials_or_a_region_it_says_so_before_a_client_is_made(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(NotAuthenticated, match=r"source\.security: no AWS credentials found.*source\.security\.role"):
        security_settings(iam(region="eu-west-1"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(ConnectorError, match=r"source\.security\.region: is missing"):
        security_settings(iam())
