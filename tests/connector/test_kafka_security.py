"""Secrets are found where the configuration says, and shown nowhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.batch import Partition
from connector.config import Plaintext, Sasl, Secret, Tls
from connector.errors import ConnectorError
from connector.kafka.security import read_login, read_secret, security_settings
from connector.kafka.start import is_new, milliseconds, read_note, write_note


def sasl(protocol: str, password: Secret) -> Sasl:
    return Sasl.model_validate(
        {"protocol": protocol, "mechanism": "scram-sha-512", "username": {"env": "KAFKA_USER"}, "password": password}
    )


def test_each_protocol_becomes_what_librdkafka_calls_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("KAFKA_USER", "bob")
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    assert security_settings(Plaintext(protocol="plaintext")) == {"security.protocol": "plaintext"}
    assert security_settings(Tls(protocol="tls", ca=str(file))) == {
        "security.protocol": "ssl",
        "ssl.ca.location": str(file),
    }
    for ours, theirs in (("sasl-tls", "sasl_ssl"), ("sasl-plaintext", "sasl_plaintext")):
        assert security_settings(sasl(ours, Secret(env=None, file=str(file)))) == {
            "security.protocol": theirs,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "bob",
            "sasl.password": "hunter2",
        }


def test_a_secret_that_was_read_does_not_print(tmp_path: Path):
    file = tmp_path / "password"
    file.write_text("hunter2")
    secret = read_secret(Secret(env=None, file=str(file)), "x")
    assert "hunter2" not in f"{secret} {secret!r}"


@pytest.mark.parametrize("kind", ["unset", "empty file", "no file"])
def test_a_secret_that_is_not_there_is_named_by_its_place(kind: str, tmp_path: Path):
    file = tmp_path / "password"
    if kind == "empty file":
        file.write_text("\n")
    secret = Secret(env="SURELY_NOT_SET", file=None) if kind == "unset" else Secret(env=None, file=str(file))
    with pytest.raises(ConnectorError, match=r"source\.security\.password"):
        read_secret(secret, "source.security.password")


ALL_GONE = Sasl(
    protocol="sasl-tls",
    mechanism="plain",
    username=Secret(env="NOPE"),
    password=Secret(file="/not/there"),
    ca="/not/there/ca.pem",
)


@pytest.mark.parametrize("read", [security_settings, read_login])
def test_all_that_is_missing_is_named_at_once(read: Callable[[Sasl], object], monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ConnectorError) as refused:
        read(ALL_GONE)
    said = str(refused.value)
    assert "source.security.username.env: the environment variable NOPE is not set" in said
    assert "source.security.password.file: /not/there cannot be read" in said
    assert "source.security.ca: /not/there/ca.pem is not there" in said
    monkeypatch.setenv("NOPE", "planted")
    with pytest.raises(ConnectorError) as refused:
        read(ALL_GONE)
    assert "NOPE" not in str(refused.value)
    assert "planted" not in str(refused.value)


def test_an_authority_that_is_not_there_is_named():
    with pytest.raises(ConnectorError, match=r"source\.security\.ca: /not/there\.pem"):
        security_settings(Tls(protocol="tls", ca="/not/there.pem"))


@pytest.mark.parametrize(("number", "first_partitions", "new"), [(0, 4, False), (4, 4, True), (0, None, True)])
def test_a_partition_is_new_that_the_first_start_did_not_see(number, first_partitions, new):
    assert is_new(Partition("t", number), first_partitions) is new


def test_a_time_becomes_the_first_whole_millisecond_at_or_after_it():
    at = datetime(2026, 1, 31, tzinfo=UTC)
    assert milliseconds(at) == at.timestamp() * 1000
    assert milliseconds(at + timedelta(microseconds=1)) == at.timestamp() * 1000 + 1
    assert milliseconds(datetime(1960, 1, 1, tzinfo=UTC)) == 0


def test_the_note_of_a_commit_is_read_back_among_others():
    assert read_note([None, "", "by hand", write_note(12)]) == 12
    assert read_note([None, "by hand"]) is None
