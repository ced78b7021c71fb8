"""A secret that was written into a configuration is not repeated, wherever it stands: messages end in logs.

The counterpart of each search shows that there was something to find: what the report is made from repeats the secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from connector.__main__ import main
from connector.bootstrap import resolve_bootstrap
from connector.config import ConfigError, ConnectorConfig, Plaintext, load_config
from connector.errors import ConnectorError

SECRET = "hunter2Planted"

LOGINS: dict[str, dict[str, Any]] = {
    "tls": {"protocol": "tls", "certificate": "c.pem", "key": "k.pem", "key_password": {"env": "P"}},
    "password": {
        "protocol": "sasl-tls", "mechanism": "plain", "username": {"env": "U"}, "password": {"env": "P"},
    },
    "token": {
        "protocol": "sasl-tls", "mechanism": "oauthbearer", "token_endpoint": "https://login.example.org/token",
        "client_id": {"env": "I"}, "client_secret": {"env": "S"}, "extensions": {"tenant": "a"},
    },
    "iam": {"protocol": "sasl-tls", "mechanism": "aws-msk-iam", "role": {"arn": "arn:aws:iam::111122223333:role/r"}},
}  # fmt: skip

SECTIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("source",),
    ("source", "security"),
    ("source", "security", "password"),
    ("source", "security", "client_secret"),
    ("source", "security", "role"),
    ("sink",),
    ("sink", "role"),
    ("sink", "limits"),
    ("sink", "partition_key"),
    ("dead_letters",),
    ("http",),
    ("emf",),
)

SECRET_KEYS = (
    "username", "password", "client_id", "client_secret", "key", "key_password", "ca", "certificate", "token_ca",
    "token_endpoint", "external_id", "env", "file", "security", "secret", "token", "api_key", "credentials",
    "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "client_key", "connection_string",
    "sasl.jaas.config", "sasl.password", "sasl_plain_password", "ssl.key.password", "ssl.keystore.key", "x",
)  # fmt: skip

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "letters swapped": lambda key: key[:-2] + key[-1] + key[-2] if len(key) > 1 else key,
    "a letter missing": lambda key: key[:1] + key[2:],
    "a letter twice": lambda key: key + key[-1],
    "in capitals": str.upper,
    "with dashes": lambda key: key.replace("_", "-"),
    "in one word": lambda key: key.replace("_", "").replace(".", ""),
    "without a blank after it": lambda key: f"{key}:{SECRET}",
    "as an assignment": lambda key: f"{key}={SECRET}",
}

FORMS: dict[str, Any] = {
    "text": SECRET,
    "JAAS": f'org.apache.kafka.common.security.plain.PlainLoginModule required password="{SECRET}";',
    "PEM": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----",
    "URL": f"https://user:{SECRET}@login.example.org/token",
    "address": f"user:{SECRET}@kafka:9092",
    "section": {"value": SECRET},
    "known section": {"env": "A", "file": SECRET, "topic": "t", "value": SECRET},
    "braces": {SECRET: None},
    "list": [SECRET],
    "sections in a list": [{"password": SECRET}],
    "nothing": None,
}
"""A secret as it may stand there; `known section` names a file where another place is named already."""


def document(login: str) -> dict[str, Any]:
    return {
        "route": "r",
        "source": {
            "kind": "kafka", "bootstrap": "h:1", "topic": "t", "group": "g", "security": deepcopy(LOGINS[login]),
        },
        "sink": {"kind": "kinesis", "stream": "s"},
    }  # fmt: skip


def planted(login: str, section: tuple[str, ...], key: str, form: object) -> dict[str, Any]:
    made = document(login)
    place = made
    for step in section:
        if not isinstance(place.get(step), dict):
            place[step] = {}
        place = place[step]
    place[key] = form
    return made


def report(text: str) -> str:
    """Return what is said of a configuration that cannot be used; nothing of one that can."""
    try:
        load_config(text, "route.yaml")
    except ConfigError as error:
        return str(error)
    return ""


def raw_report(made: dict[str, Any]) -> str:
    """Return what the library says by which configurations are read, in full."""
    try:
        ConnectorConfig.model_validate(made)
    except ValidationError as error:
        return str(error.errors())
    return ""


@given(
    st.sampled_from(list(LOGINS)),
    st.sampled_from(SECTIONS),
    st.sampled_from(SECRET_KEYS),
    st.sampled_from(list(SPELLINGS)),
    st.sampled_from(list(FORMS)),
)
def test_no_secret_is_repeated_under_whatever_key_in_whatever_form(login, section, key, spelling, form):
    assert SECRET not in report(json.dumps(planted(login, section, SPELLINGS[spelling](key), FORMS[form])))


@pytest.mark.parametrize("key", sorted({key for login in LOGINS.values() for key in login} - {"protocol", "mechanism"}))
def test_no_secret_is_repeated_under_the_keys_of_every_login(key: str):
    for login in LOGINS:
        for spelled in SPELLINGS.values():
            for form in FORMS.values():
                assert SECRET not in report(json.dumps(planted(login, ("source", "security"), spelled(key), form)))


MISTAKES = {
    "a misspelt password": (("source", "security"), "passwrod", SECRET),
    "a foreign key": (("source", "security"), "sasl.jaas.config", FORMS["JAAS"]),
    "a key of AWS": (("sink",), "aws_secret_access_key", SECRET),
    "a private key": (("source",), "client_key", FORMS["PEM"]),
    "a password where its place should be named": (("source", "security"), "password", SECRET),
    "a password in braces": (("source", "security"), "password", {SECRET: None}),
    "a section that is a text": (("source",), "security", f"password={SECRET}"),
    "a login in the address of the brokers": (("source",), "bootstrap", FORMS["address"]),
    "a login in an endpoint": (("sink",), "endpoint", f"https://user:{SECRET}@vpce.example.org"),
    "dead letters of no kind": ((), "dead_letters", {"topik": SECRET}),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("command", ["run", "check", "plan"])
def test_no_command_repeats_it_and_each_names_the_key(command, mistake, capsys, tmp_path: Path):
    section, key, form = MISTAKES[mistake]
    made = planted("password", section, key, form)
    file = tmp_path / "route.json"
    file.write_text(json.dumps(made))
    assert main([command, "--config", str(file)]) == 1
    shown = "".join(capsys.readouterr())
    assert ".".join([*section, key]) in shown
    assert SECRET not in shown
    assert SECRET in raw_report(made)


def test_an_unknown_key_is_named_with_what_was_probably_meant():
    shown = report(json.dumps(planted("password", ("source", "security"), "passwrod", SECRET)))
    assert "source.security.passwrod: is not a known key; did you mean password?" in shown


def test_a_text_with_a_login_says_that_something_is_not_shown():
    shown = report(json.dumps(planted("tls", ("source",), "bootstrap", FORMS["address"])))
    assert "source.bootstrap: (not shown, it may hold a secret) must hold no user name and no password" in shown


@pytest.mark.parametrize("address", ["https://user:{}@h/t", "https://{}@h/t", "https://user:a/{}@h/t", "//u:{}@h"])
@pytest.mark.parametrize(
    ("section", "key"),
    [(("source", "security"), "token_endpoint"), (("sink",), "endpoint"), (("source",), "bootstrap")],
)
def test_a_login_in_an_address_is_refused_and_not_shown(section, key, address):
    shown = report(json.dumps(planted("token", section, key, address.format(SECRET))))
    assert ".".join([*section, key]) in shown
    assert SECRET not in shown


BROKEN_YAML = {
    "colon": f"source: {{security: {{password: {SECRET}: x}}}}",
    "twice": f"password: a\npassword: {SECRET}",
    "alias": f"password: *{SECRET}",
    "alias with a quote": f"password: *it'{SECRET}",
    "tag": f"password: !{SECRET}",
    "tag with quotes": f"password: !<'{SECRET}'>",
    "number": f"password: !!int {SECRET}",
    "boolean": f"password: !!bool {SECRET}",
    "time": f"password: !!timestamp {SECRET}",
    "bytes": f"password: !!binary {SECRET}ü",
    "open quote": f'password: "{SECRET}\nroute: r',
    "escape": f'password: "\\q{SECRET}"',
    "at sign": f"password: @{SECRET}",
    "percent": f"password: %{SECRET}",
    "indentation": f"password: {SECRET}\n  route: r",
    "tab": f"source:\n\tpassword: {SECRET}",
    "no blank": f"source:\n  password:{SECRET}\n  topic: t",
    "anchor twice": f"a: &{SECRET} 1\nb: &{SECRET} 2\nc: [",
    "control character": f"password: {SECRET}\x01",
    "a text": f"password={SECRET}",
    "a list": f"- {SECRET}",
    "directive": f"%TAG {SECRET}\n---\nroute: r",
}


@pytest.mark.parametrize("broken", BROKEN_YAML)
@pytest.mark.parametrize("command", ["run", "check", "plan"])
def test_of_a_text_that_is_no_configuration_nothing_is_repeated(command, broken, capsys, tmp_path: Path):
    file = tmp_path / "route.yaml"
    file.write_text(BROKEN_YAML[broken])
    assert main([command, "--config", str(file)]) == 1
    shown = "".join(capsys.readouterr())
    assert str(file) in shown
    assert SECRET.lower() not in shown.lower()


@pytest.mark.parametrize("broken", ["colon", "twice", "alias", "tag", "number", "time"])
def test_the_parsers_own_words_repeat_it(broken: str):
    with pytest.raises(Exception, match=f"(?i){SECRET}"):
        YAML(typ="safe", pure=True).load(BROKEN_YAML[broken].replace("{security: ", "").replace("}}", "}"))


@pytest.mark.parametrize(("name", "output"), [("AWS_ENDPOINT_URL", []), ("AWS_ENDPOINT_URL_KINESIS", ["-o", "json"])])
def test_a_login_in_an_endpoint_of_the_aws_settings_is_refused_and_not_shown(
    name, output, monkeypatch, capsys, tmp_path: Path
):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv(name, f"https://user:{SECRET}@127.0.0.1:1")
    file = tmp_path / "route.json"
    file.write_text(json.dumps(document("tls")))
    assert main(["plan", "--config", str(file), *output]) == 1
    shown = "".join(capsys.readouterr())
    assert "the endpoint of kinesis holds a user name or a password" in shown
    assert SECRET not in shown


def test_a_login_in_a_parameter_that_holds_the_brokers_is_refused_and_not_shown():
    with pytest.raises(ConnectorError, match="SSM parameter '/kafka': holds a user name or a password") as refused:
        resolve_bootstrap("ssm:/kafka", Plaintext(protocol="plaintext"), lambda _: f"user:{SECRET}@kafka:9092")
    assert SECRET not in str(refused.value)
