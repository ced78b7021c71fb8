"""Tokens of an identity provider, and what is said where it gives none."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from tests.cli.security.conftest import OPERATOR, unsecured_token

if TYPE_CHECKING:
    from tests.cli.conftest import Project
    from tests.cli.security.conftest import Guarded, Vault


class Provider:
    """An identity provider over TLS: gives tokens for the right id and secret, and notes what it was asked."""

    def __init__(self, guarded: Guarded) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.answer: dict[str, Any] = {"access_token": unsecured_token(OPERATOR), "expires_in": 3600}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                provider.asked.append(parse_qs(body.decode()))
                login = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
                right = login == "streamops:s%2Fcret"
                answer = provider.answer if right else {"error": "invalid_client"}
                self.send_response(200 if right else 401)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: object) -> None:
                pass

        certificate, key = guarded.authority.issue("provider")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server.server_address[1]}/token"


@pytest.fixture
def provider(guarded: Guarded) -> Iterator[Provider]:
    running = Provider(guarded)
    running.thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    running.thread.join(10)


def section(guarded: Guarded, vault: Vault, provider: Provider, secret: str) -> dict[str, Any]:
    authority = vault.authority(guarded)
    return {
        "kind": "external",
        "bootstrap": guarded.at("PASSWORDS"),
        "ca": authority,
        "auth": "oauthbearer",
        "secret": vault.keep("client", {"client_id": "streamops", "client_secret": secret}),
        "oauth": {"token_endpoint": provider.url, "ca": authority, "scope": "kafka admin"},
    }


def test_with_a_token(project: Project, guarded: Guarded, vault: Vault, provider: Provider):
    name = project.write(kafka=section(guarded, vault, provider, "s/cret"))
    outcome = project.run("group", "list", "-e", name)
    assert outcome.exit_code == 0, outcome.stderr
    assert provider.asked[0] == {"grant_type": ["client_credentials"], "scope": ["kafka admin"]}


def test_a_provider_that_refuses_is_exit_4_with_its_reason(
    project: Project, guarded: Guarded, vault: Vault, provider: Provider
):
    name = project.write(kafka=section(guarded, vault, provider, "wrong one"))
    outcome = project.run("group", "list", "-e", name)
    assert outcome.exit_code == 4
    assert "HTTP 401, invalid_client" in outcome.stderr
    assert "wrong one" not in outcome.stderr


def test_a_token_that_the_brokers_do_not_take_is_exit_4(
    project: Project, guarded: Guarded, vault: Vault, provider: Provider
):
    provider.answer = {"access_token": unsecured_token(OPERATOR, seconds=-60), "expires_in": 3600}
    name = project.write(kafka=section(guarded, vault, provider, "s/cret"))
    outcome = project.run("group", "list", "-e", name)
    assert outcome.exit_code == 4, outcome.stderr
    assert "does not accept these credentials" in outcome.stderr


def test_an_answer_without_a_token_is_told(project: Project, guarded: Guarded, vault: Vault, provider: Provider):
    provider.answer = {}
    name = project.write(kafka=section(guarded, vault, provider, "s/cret"))
    outcome = project.run("group", "list", "-e", name)
    assert outcome.exit_code == 4
    assert "its answer holds none" in outcome.stderr


def test_a_provider_that_is_not_there_is_told(project: Project, guarded: Guarded, vault: Vault, provider: Provider):
    kafka = section(guarded, vault, provider, "s/cret")
    kafka["oauth"] |= {"token_endpoint": "https://127.0.0.1:1/token"}
    outcome = project.run("group", "list", "-e", project.write(kafka=kafka))
    assert outcome.exit_code == 1
    assert "does not answer" in outcome.stderr
