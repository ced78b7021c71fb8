"""No secret is ever shown: not by `check` or `plan`, not in logs, metrics or health."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.connector.fault_server import Fault
from tests.connector.processes import Route, until

PLANTED = {
    "KAFKA_USER": "planted-kafka-user",
    "KAFKA_PASSWORD": "planted-kafka-password",
    "AWS_ACCESS_KEY_ID": "AKIAPLANTEDIDENT",
    "AWS_SECRET_ACCESS_KEY": "planted-aws-secret",
    "AWS_SESSION_TOKEN": "planted-aws-token",
}
LOGIN = {
    "protocol": "sasl-plaintext",
    "mechanism": "plain",
    "username": {"env": "KAFKA_USER"},
    "password": {"env": "KAFKA_PASSWORD"},
}


def shown(text: str) -> list[str]:
    return [name for name, secret in PLANTED.items() if secret in text]


def command(route: Route, name: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "connector", name],
        env=route.variables(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.fixture
def planted(route: Route) -> Route:
    route.environment = PLANTED
    route.options = {"log": "debug", "emf": {"interval": "1h"}, "processes": 2}
    return route


def test_a_running_route_shows_none(planted: Route):
    process = planted.start()
    until(lambda: process.get("/readyz")[0] == 200)
    values = planted.produce(500)
    until(lambda: len(set(planted.arrived())) == len(values))
    pages = [process.get(path)[1] for path in ("/metrics", "/healthz", "/readyz")]
    assert process.end() == 0
    log = process.log_file.read_text()
    # The search is worth something: all of it was said, the lines for CloudWatch as well.
    assert '"level": "debug"' in log or '"message": "stopped"' in log
    assert "CloudWatchMetrics" in log
    assert "streamops_connector_records_consumed_total" in pages[0]
    assert shown(log + "".join(pages)) == []


SIGNATURE = (
    "The request signature does not match that of AKIAPLANTEDIDENT with x-amz-security-token:planted-aws-token.\n\n"
    "The Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:planted-aws-token\n'"
)


def test_what_a_service_repeats_of_a_request_is_not_shown(planted: Route):
    planted.server.plan = lambda _: Fault(status=403, code="InvalidSignatureException", message=SIGNATURE)
    process = planted.start()
    planted.produce(5)
    until(lambda: "InvalidSignatureException" in process.get("/readyz")[1])
    pages = [process.get(path)[1] for path in ("/metrics", "/readyz")]
    assert process.end() == 0
    log = process.log_file.read_text()
    assert 'calls_failed_total{code="InvalidSignatureException"' in pages[0]
    said = "The request signature does not match that of *** with x-amz-security-token:***"
    assert said in pages[1]
    assert said in log
    assert shown(log + "".join(pages)) == []


def test_plan_and_check_show_none_even_where_a_login_is_refused(planted: Route):
    planted.source = {"security": LOGIN}
    plan, check = command(planted, "plan"), command(planted, "check")
    assert "variable KAFKA_PASSWORD (set)" in plan
    assert "FAILED  topic" in check
    assert shown(plan + check) == []


def test_check_shows_none_of_an_endpoint_with_a_login(planted: Route):
    planted.environment = {**PLANTED, "AWS_ENDPOINT_URL": f"https://user:{PLANTED['KAFKA_PASSWORD']}@127.0.0.1:1"}
    check = command(planted, "check")
    assert "FAILED  AWS settings: the endpoint of kinesis holds a user name or a password" in check
    assert shown(check) == []


def test_a_secret_in_the_wrong_place_is_not_repeated(planted: Route):
    config = planted.config()
    config["source"]["security"] = {**LOGIN, "password": PLANTED["KAFKA_PASSWORD"]}
    planted.environment = {**PLANTED, "CONNECTOR_CONFIG": json.dumps(config)}
    assert "source.security" in command(planted, "check")
    assert shown(command(planted, "check")) == []


def test_the_search_finds_what_is_shown():
    assert shown("x planted-aws-secret y") == ["AWS_SECRET_ACCESS_KEY"]
