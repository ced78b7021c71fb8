"""`plan` shows every key with its origin, and what follows, without calling anybody."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from connector.__main__ import main
from connector.config import load_config
from connector.permissions import ENVIRONMENT, acls, policies

SOURCE = {"kind": "kafka", "bootstrap": "ssm:/dev/bootstrap", "topic": "flights", "group": "g"}
ROLE = "arn:aws:iam::111122223333:role/writer"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("plan called somebody")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "CONNECTOR_HTTP_PORT"):
        monkeypatch.delenv(name, raising=False)


def content(sink: dict[str, Any], **options: Any) -> dict[str, Any]:
    source = {**SOURCE, **options.pop("source", {})}
    return {"route": "r", "source": source, "sink": {"region": "eu-west-1", **sink}, **options}


KINESIS = {"kind": "kinesis", "stream": "dev-flights"}


@pytest.fixture
def planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(config: dict[str, Any], *arguments: str) -> str:
        file = tmp_path / "route.json"
        file.write_text(json.dumps(config))
        assert main(["plan", "--config", str(file), *arguments]) == 0
        return capsys.readouterr().out.replace(str(tmp_path), "")

    return run


def rows(text: str) -> dict[str, tuple[Any, str]]:
    return {row["key"]: (row["value"], row["from"]) for row in json.loads(text)["configuration"]}


def test_every_key_has_its_value_and_its_origin(planned, monkeypatch):
    monkeypatch.setenv("CONNECTOR_HTTP_PORT", "9000")
    found = rows(planned(content(KINESIS, memory="64MiB"), "-o", "json"))
    assert found["source.topic"] == ("flights", "/route.json")
    assert found["memory"] == ("64MiB", "/route.json")
    assert found["commit_interval"] == ("1s", "default")
    assert found["sink.limits.record"] == ("the stream's own", "default")
    assert found["http.port"] == (9000, "variable CONNECTOR_HTTP_PORT")
    assert found["source.security.protocol"] == ("plaintext", "default")


def test_a_region_that_the_surroundings_give_is_shown(planned, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    config = {"route": "r", "source": SOURCE, "sink": KINESIS}
    text = planned(config, "-o", "json")
    assert rows(text)["sink.region"] == ("us-east-2", "AWS settings")
    assert json.loads(text)["derived"]["endpoint"] == "https://kinesis.us-east-2.amazonaws.com"


def test_the_region_of_an_arn_is_the_streams(planned, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    sink = {"kind": "kinesis", "stream": "arn:aws:kinesis:eu-west-1:111122223333:stream/s"}
    text = planned({"route": "r", "source": SOURCE, "sink": sink}, "-o", "json")
    assert rows(text)["sink.region"] == ("eu-west-1", "sink.stream")
    assert json.loads(text)["derived"]["endpoint"] == "https://kinesis.eu-west-1.amazonaws.com"


def test_a_region_that_is_not_known_is_doubted(planned):
    derived = json.loads(planned(content({**KINESIS, "region": "eu-wset-1"}), "-o", "json"))["derived"]
    assert derived["region"] == "eu-wset-1 (no region eu-wset-1 is known, the nearest name is eu-west-1)"


def test_the_variable_is_named_that_holds_the_whole(capsys, monkeypatch):
    monkeypatch.setenv("CONNECTOR_CONFIG", json.dumps(content(KINESIS)))
    assert main(["plan"]) == 0
    assert "variable CONNECTOR_CONFIG" in capsys.readouterr().out


def test_without_a_region_it_says_what_is_missing(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("CONNECTOR_CONFIG", json.dumps({"route": "r", "source": SOURCE, "sink": KINESIS}))
    assert main(["plan"]) == 1
    assert "no AWS region; set sink.region or AWS_REGION" in capsys.readouterr().err


def test_a_secret_is_shown_by_its_place_and_whether_it_is_there(planned, monkeypatch, tmp_path):
    monkeypatch.setenv("KAFKA_USER", "planted-user")
    (tmp_path / "password").write_text("planted-password")
    login = {"username": {"env": "KAFKA_USER"}, "password": {"file": str(tmp_path / "password")}}
    security = {"protocol": "sasl-tls", "mechanism": "scram-sha-512", **login}
    text = planned(content(KINESIS, source={"security": security}))
    assert "variable KAFKA_USER (set)" in text
    assert "file /password (readable)" in text
    assert "planted" not in text


def test_what_follows_is_worked_out_for_each_process(planned):
    derived = json.loads(planned(content(KINESIS, processes=4, memory="256MiB"), "-o", "json"))["derived"]
    assert derived["memory of each process"].startswith("64MiB for records: 16MiB read ahead")
    assert derived["a call"] == "up to 500 records and 10MiB, 64 at the same time"
    assert derived["a record"].startswith("up to the stream's own maximum record size; 1MiB unless it was raised")
    assert derived["undeliverable records"] == "stop the connector"
    derived = json.loads(planned(content(KINESIS, dead_letters={"bucket": "rejected"}), "-o", "json"))["derived"]
    assert derived["undeliverable records"] == "go to the bucket rejected"


def test_a_record_limit_that_is_set_is_shown_as_it_is(planned):
    text = planned(content({**KINESIS, "limits": {"record": "2MiB"}}), "-o", "json")
    assert rows(text)["sink.limits.record"] == ("2MiB", "/route.json")
    assert json.loads(text)["derived"]["a record"] == "up to 2MiB"
    text = planned(content({"kind": "firehose", "delivery_stream": "archive"}), "-o", "json")
    assert rows(text)["sink.limits.record"] == ("1000KiB", "default")
    assert json.loads(text)["derived"]["a record"] == "up to 1000KiB"


def allowed(config: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Resources by action, by identity."""
    loaded = load_config(json.dumps(config), "test")
    found: dict[str, dict[str, list[str]]] = {}
    for identity, policy in policies(loaded, "eu-west-1").items():
        for statement in policy["Statement"]:
            for action in statement["Action"]:
                found.setdefault(identity, {}).setdefault(action, []).extend(statement["Resource"])
    return found


def test_a_stream_needs_what_the_connector_calls_and_no_more():
    stream = ["arn:aws:kinesis:eu-west-1:*:stream/dev-flights"]
    bootstrap = ["arn:aws:ssm:eu-west-1:*:parameter/dev/bootstrap"]
    needed = {
        "kinesis:DescribeStreamSummary": stream,
        "kinesis:ListShards": stream,
        "kinesis:PutRecords": stream,
        "ssm:GetParameter": bootstrap,
    }
    assert allowed(content(KINESIS)) == {ENVIRONMENT: needed}
    assert allowed(content({**KINESIS, "aggregation": "kpl"})) == {ENVIRONMENT: needed}


def test_an_arn_of_a_stream_is_taken_as_it_is():
    arn = "arn:aws-cn:kinesis:cn-north-1:111122223333:stream/s"
    sink = {"kind": "kinesis", "stream": arn, "region": "cn-north-1"}
    assert allowed(content(sink))[ENVIRONMENT]["kinesis:PutRecords"] == [arn]


def test_what_a_role_needs_is_told_from_what_may_assume_it():
    found = allowed(content({"kind": "firehose", "delivery_stream": "archive", "role": {"arn": ROLE}}))
    delivery = ["arn:aws:firehose:eu-west-1:111122223333:deliverystream/archive"]
    assert found[ROLE] == {"firehose:DescribeDeliveryStream": delivery, "firehose:PutRecordBatch": delivery}
    assert found[ENVIRONMENT]["sts:AssumeRole"] == [ROLE]


def test_dead_letters_are_written_as_the_environment():
    found = allowed(content({**KINESIS, "role": {"arn": ROLE}}, dead_letters={"bucket": "rejected", "prefix": "x/"}))
    assert found[ENVIRONMENT]["s3:PutObject"] == ["arn:aws:s3:::rejected/x/*"]
    found = allowed(content(KINESIS, dead_letters={"stream": "rejected"}))
    assert "arn:aws:kinesis:eu-west-1:*:stream/rejected" in found[ENVIRONMENT]["kinesis:PutRecords"]


def test_kafka_needs_acls_or_with_msk_iam_actions():
    plain = load_config(json.dumps(content(KINESIS, dead_letters={"topic": "rejected"})), "test")
    assert [(acl.kind, acl.name, acl.operations) for acl in acls(plain)] == [
        ("topic", "flights", ("Describe", "DescribeConfigs", "Read")),
        ("group", "g", ("Read",)),
        ("topic", "rejected", ("Describe", "DescribeConfigs", "Write")),
    ]
    security = {"protocol": "sasl-tls", "mechanism": "aws-msk-iam"}
    config = content(KINESIS, source={"security": security}, dead_letters={"topic": "rejected"})
    assert acls(load_config(json.dumps(config), "test")) == []
    found = allowed(config)[ENVIRONMENT]
    assert found["kafka-cluster:ReadData"] == ["arn:aws:kafka:eu-west-1:*:topic/*/*/flights"]
    assert found["kafka-cluster:WriteData"] == ["arn:aws:kafka:eu-west-1:*:topic/*/*/rejected"]
    assert found["kafka-cluster:AlterGroup"] == ["arn:aws:kafka:eu-west-1:*:group/*/*/g"]
