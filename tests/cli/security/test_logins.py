"""Every way of logging in, on a real broker; and what a refusal says, and how soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.security.conftest import OPERATOR
from tests.connector.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Outcome, Project
    from tests.cli.security.conftest import Guarded, Vault


def groups(project: Project, kafka: dict[str, Any]) -> Outcome:
    return project.run("group", "list", "-e", project.write(kafka=kafka))


@pytest.mark.parametrize("auth", ["plain", "scram-sha-256", "scram-sha-512"])
def test_with_a_password(project: Project, scram: dict[str, Any], auth: str):
    outcome = groups(project, {**scram, "auth": auth})
    assert outcome.exit_code == 0, outcome.stderr


@pytest.mark.parametrize("password", [None, "secret of the key"])
def test_with_a_certificate(project: Project, guarded: Guarded, vault: Vault, password: str | None):
    kafka = {
        "kind": "external",
        "bootstrap": guarded.at("CERTIFICATES"),
        "ca": vault.authority(guarded),
        "auth": "mtls",
        "secret": vault.certificate(guarded, OPERATOR, password),
        "key_password": password is not None,
    }
    outcome = groups(project, kafka)
    assert outcome.exit_code == 0, outcome.stderr


def test_a_wrong_password_is_told_at_once_and_is_exit_4(project: Project, scram: dict[str, Any], vault: Vault):
    outcome = groups(project, {**scram, "admin_secret": vault.user(OPERATOR, "wrong", "wrong")})
    assert outcome.exit_code == 4, outcome.stderr
    assert "does not accept these credentials" in outcome.stderr
    assert "wrong" not in outcome.stderr


def test_a_certificate_that_the_brokers_do_not_trust_is_exit_4(
    project: Project, guarded: Guarded, vault: Vault, tmp_path: Path
):
    certificate, key = Authority(tmp_path / "other", "stranger").issue(OPERATOR)
    secret = vault.keep("certificate", {"certificate": certificate.read_text(), "key": key.read_text()})
    kafka = {
        "kind": "external",
        "bootstrap": guarded.at("CERTIFICATES"),
        "ca": vault.authority(guarded),
        "auth": "mtls",
        "secret": secret,
    }
    outcome = groups(project, kafka)
    assert outcome.exit_code == 4, outcome.stderr
