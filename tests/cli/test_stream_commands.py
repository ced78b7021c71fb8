"""``streamops stream`` against the AWS stand-in."""

from __future__ import annotations

import pytest

from cli.stream.live import KEY_SPACE


@pytest.fixture
def environment(project):
    return project.write(
        streams={
            "orders": {"mode": "provisioned", "shards": 2, "retention": "48h"},
            "clicks": {"mode": "on-demand"},
            "later": {"mode": "provisioned", "shards": 1},
        }
    )


@pytest.fixture
def kinesis(aws, environment):
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName=f"{environment}-orders", ShardCount=2)
    kinesis.increase_stream_retention_period(StreamName=f"{environment}-orders", RetentionPeriodHours=48)
    kinesis.start_stream_encryption(StreamName=f"{environment}-orders", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    kinesis.create_stream(StreamName=f"{environment}-clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    return kinesis


@pytest.mark.usefixtures("kinesis")
def test_list_shows_each_declared_stream_as_it_is(project, environment):
    outcome = project.run("stream", "list", "-e", environment, "-o", "json")
    items = {item["name"]: item for item in outcome.items}
    assert outcome.exit_code == 0
    assert items["orders"] | {"differences": []} == items["orders"]
    assert (items["orders"]["open_shards"], items["orders"]["retention"]) == (2, "2d")
    assert items["clicks"]["mode"] == "on-demand"
    assert [d["property"] for d in items["clicks"]["differences"]] == ["encryption"]
    assert items["later"]["status"] == "not deployed"


def test_describe_draws_the_key_space_of_the_open_shards(project, environment, kinesis):
    kinesis.split_shard(
        StreamName=f"{environment}-orders",
        ShardToSplit="shardId-000000000000",
        NewStartingHashKey=str(KEY_SPACE // 4),
    )
    item = project.run("stream", "describe", "orders", "-e", environment, "-o", "json").items[0]
    open_shards = [shard for shard in item["shards"] if shard["open"]]
    assert (len(open_shards), item["closed_shards"], item["widest_to_narrowest"]) == (3, 1, 2.0)
    assert sum(shard["share"] for shard in open_shards) == pytest.approx(1)
    assert open_shards[0]["range"] == ["0", str(KEY_SPACE // 4 - 1)]
    assert [d["property"] for d in item["differences"]] == ["shards"]

    table = project.run("stream", "describe", "orders", "-e", environment).stdout
    assert table.count("█") == 40
    assert "3 open, 1 closed" in table


def test_describe_names_the_registered_consumers(project, environment, kinesis):
    arn = kinesis.describe_stream_summary(StreamName=f"{environment}-clicks")["StreamDescriptionSummary"]["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="dashboard")
    item = project.run("stream", "describe", "clicks", "-e", environment, "-o", "json").items[0]
    assert [consumer["name"] for consumer in item["consumers"]] == ["dashboard"]


@pytest.mark.usefixtures("kinesis")
def test_a_stream_that_is_not_deployed_is_an_error_with_the_way_out(project, environment):
    outcome = project.run("stream", "describe", "later", "-e", environment, "-o", "json")
    assert outcome.exit_code == 1
    assert outcome.answer["errors"][0]["code"] == "not-found"
    assert f"cdk deploy '{environment}/streams'" in outcome.stderr


def test_a_stream_that_is_not_declared_is_answered_with_those_that_are(project, environment):
    outcome = project.run("stream", "describe", "order", "-e", environment)
    assert outcome.exit_code == 1
    assert "did you mean orders?" in outcome.stderr


@pytest.mark.usefixtures("aws")
def test_credentials_of_another_account_are_refused_before_anything_is_read(project):
    name = project.write(account="210987654321", streams={"orders": {"mode": "on-demand"}})
    outcome = project.run("stream", "list", "-e", name, "-o", "json")
    assert outcome.exit_code == 4
    assert outcome.answer["errors"][0]["code"] == "not-authenticated"
    assert "210987654321" in outcome.stderr


def test_missing_credentials_say_how_to_sign_in(project, environment):
    outcome = project.run("stream", "list", "-e", environment)
    assert outcome.exit_code == 4
    assert "aws sso login" in outcome.stderr


def test_an_unknown_profile_is_not_authenticated(project, environment, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    outcome = project.run("stream", "list", "-e", environment)
    assert outcome.exit_code == 4
    assert "nobody" in outcome.stderr


@pytest.mark.usefixtures("aws")
def test_an_endpoint_that_does_not_answer_is_an_error(project, environment, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    outcome = project.run("stream", "list", "-e", environment, "-o", "json")
    assert outcome.exit_code == 1
    assert outcome.answer["errors"][0]["code"] == "unreachable"
