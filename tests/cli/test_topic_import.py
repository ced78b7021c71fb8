"""``streamops topic import``: live topics as YAML that declares them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaAdminClient
from ruamel.yaml import YAML

from cli.cluster import LiveTopic, Partition, Setting
from cli.topic.as_section import declaration, short_name
from environments.identifiers import LONGEST_SHORT_NAME, SHORT_NAME


@pytest.fixture
def admin(broker):
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        yield admin


def live(*replicas: int, **settings: str) -> LiveTopic:
    partitions = tuple(Partition(n, 1, tuple(range(1, count + 1)), (1,)) for n, count in enumerate(replicas))
    own = {
        name.replace("_", "."): Setting(name.replace("_", "."), value, "dynamic-topic-config", "STRING")
        for name, value in settings.items()
    }
    return LiveTopic("Orders.EU_v2", partitions, own)


def test_what_is_imported_and_pasted_leaves_sync_nothing_to_do(project, kafka, admin, topic):
    physical = f"{topic}.Orders_V1"
    config = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.10", "retention.ms": "129600000"}
    admin.create_topics(
        {physical: {"num_partitions": 3, "replication_factor": 1, "configs": config}}, wait_for_metadata=True
    )
    before = project.write(kafka=kafka)
    imported = project.run("topic", "import", physical, "-e", before)
    assert imported.exit_code == 0, imported.stderr
    topics = YAML(typ="safe").load(imported.stdout)["topics"]
    (section,) = topics.values()
    assert section == {
        "name": physical,
        "partitions": 3,
        "replication": 1,
        "retention": "36h",
        "config": {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0.1},
    }
    after = project.write(kafka=kafka, topics=topics)
    synced = project.run("topic", "sync", *topics, "-e", after, "-o", "json")
    assert (synced.exit_code, synced.answer["status"]) == (0, "none"), synced.stdout


def test_declared_topics_are_left_out_unless_they_are_named_and_keep_their_short_names(project, kafka, admin, topic):
    admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
    environment = project.write(kafka=kafka, topics={"orders": {"name": topic, "partitions": 9, "replication": 1}})
    found = project.run("topic", "import", "-e", environment, "-o", "json").items
    assert topic not in [item["topic"].get("name") for item in found]
    assert not any(item["topic"].get("name", item["name"]).startswith("__") for item in found)
    (named,) = project.run("topic", "import", topic, "-e", environment, "-o", "json").items
    assert (named["name"], named["topic"]["partitions"]) == ("orders", 2)


def test_a_topic_that_is_not_there_is_an_error(project, kafka):
    outcome = project.run("topic", "import", "nobody-made-this", "-e", project.write(kafka=kafka))
    assert (outcome.exit_code, "has no topic nobody-made-this" in outcome.stderr) == (1, True)


def test_what_the_rules_of_the_file_refuse_is_told_with_its_place(project, kafka, admin, topic):
    config = {"min.insync.replicas": "2"}
    admin.create_topics(
        {topic: {"num_partitions": 1, "replication_factor": 1, "configs": config}}, wait_for_metadata=True
    )
    outcome = project.run("topic", "import", topic, "-e", project.write(kafka=kafka))
    assert outcome.exit_code == 1
    assert "config.min.insync.replicas" in outcome.stderr
    assert outcome.stdout == ""


def test_what_cannot_be_declared_is_named():
    made = declaration("orders", live(3, 3, 2, retention_ms="-1", strange_setting="7", segment_ms="5"))
    assert made.section == {
        "name": "Orders.EU_v2",
        "partitions": 3,
        "replication": 3,
        "retention": "infinite",
        "config": {"segment.ms": 5},
    }
    assert "partitions have 2 and 3 replicas" in made.remarks[0]
    assert "strange.setting=7 is left out" in made.remarks[1]


@given(st.text(alphabet="abzXY019._-", min_size=1, max_size=60), st.sets(st.just("a")))
def test_every_topic_gets_a_short_name_that_the_file_takes(physical, taken):
    name = short_name(physical, taken)
    again = short_name(physical, {*taken, name})
    for made in (name, again):
        assert re.match(SHORT_NAME.pattern, made)
        assert len(made) <= LONGEST_SHORT_NAME
    assert again != name
