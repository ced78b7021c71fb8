"""What speaks against a reassignment, and what its plan says."""

from __future__ import annotations

import pytest

from cli.cluster import BrokerNode, LiveTopic, LogDir, Partition, Setting
from cli.errors import WrongUsageError
from cli.plan import Risk
from cli.reassignment import guards
from cli.reassignment.estimate import estimate, without_room
from cli.reassignment.live import LiveLayout
from cli.reassignment.operations import move_operations, moves_of
from cli.reassignment.planner import Move
from cli.reassignment.request import Request
from cli.reassignment.throttle import format_rate, parse_rate, throttled_replicas

GIB = 1 << 30
MOVE = Move("orders", 0, (1, 2), (2, 3))
NO_BROKERS = {"kind": "msk-serverless"}
EXPRESS = {"kind": "msk-express", "version": "3.9.x", "brokers": 3, "instance": "express.m7g.large", "auth": "iam"}


def layout(*alive: int) -> LiveLayout:
    partitions = (Partition(0, 1, (1, 2, 3), (1, 2)),)
    brokers = {broker: BrokerNode(broker, "localhost", 9092, None, fenced=broker not in alive) for broker in (1, 2, 3)}
    return LiveLayout(brokers, {"orders": LiveTopic("orders", partitions)}, {})


@pytest.mark.parametrize(("kafka", "told"), [(NO_BROKERS, "Serverless"), (EXPRESS, "Express")])
def test_where_msk_places_replicas_itself_nothing_is_asked_of_the_cluster(project, kafka, told):
    topics = {"orders": {"partitions": 3, "replication": 3}}
    zones = {"zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]}
    environment = project.write(kafka=kafka, topics=topics, network=zones)
    refused = project.run("topic", "reassign", "orders", "--balance", "-e", environment)
    assert refused.exit_code == 7, refused.stderr
    assert told in refused.stderr
    assert "no flag overrides this" in refused.stderr


def test_a_broker_that_is_not_there_is_waited_for_or_left():
    (refusal,) = guards.brokers_are_there(layout(1, 2), ["orders"], off=[])
    assert "--off 3" in refusal.way_out
    assert not list(guards.brokers_are_there(layout(1, 2), ["orders"], off=[3]))
    assert not list(guards.brokers_are_there(layout(1, 2, 3), ["orders"], off=[]))


def test_fewer_replicas_than_min_insync_replicas_are_refused():
    topic = LiveTopic("orders", (), {"min.insync.replicas": Setting("min.insync.replicas", "2", "", "INT")})
    assert list(guards.keeps_min_in_sync({"orders": topic}, {"orders": 1}))
    assert not list(guards.keeps_min_in_sync({"orders": topic}, {"orders": 2}))


def test_a_broker_without_room_for_what_would_come_is_refused():
    def disks(free: int | None) -> list[LogDir]:
        return [LogDir(1, "/a", None, None, {("orders", 0): 5 * GIB}), LogDir(3, "/a", 99 * GIB, free, {})]

    estimated = estimate([MOVE], disks(GIB))
    assert (estimated.incoming, estimated.outgoing, estimated.copied) == ({3: 5 * GIB}, {1: 5 * GIB}, 5 * GIB)
    assert without_room(estimated, disks(GIB)) == {3: (5 * GIB, GIB)}
    assert without_room(estimated, disks(6 * GIB)) == {}
    assert without_room(estimated, disks(None)) == {}
    assert str(estimated.lasts(GIB)) == "0:00:05"


def test_replicas_that_are_copied_from_and_to_are_throttled_and_no_others():
    reordered, shrunk = Move("orders", 1, (1, 2), (2, 1)), Move("orders", 2, (1, 2), (1,))
    leaders, followers = throttled_replicas([MOVE, reordered, shrunk])["orders"].values()
    assert (leaders, followers) == (["0:1", "0:2"], ["0:3"])
    assert throttled_replicas([reordered, shrunk]) == {}


@pytest.mark.parametrize("text", ["50", "50MiB", "50MB/s", "0B/s", "-1MiB/s", "MiB/s", "50 MiB/h"])
def test_a_rate_without_a_unit_that_means_one_thing_is_refused(text):
    with pytest.raises(WrongUsageError, match="50MiB/s"):
        parse_rate(text)


def test_a_rate_is_read_and_written():
    assert parse_rate("50MiB/s") == 50 << 20
    assert format_rate(parse_rate("1536KiB/s")) == "1536KiB/s"


def test_operations_carry_all_that_a_saved_plan_needs():
    moves = [MOVE, Move("orders", 1, (3,), (1, 2, 3))]
    (operation,) = move_operations(moves, {"orders": "orders"}, batch=5, reason="")
    assert moves_of(operation) == moves
    assert operation.risk is Risk.MODERATE
    (alone,) = move_operations([Move("orders", 0, (1, 2), (1,))], {"orders": "orders"}, batch=5, reason="")
    assert alone.risk is Risk.SEVERE


def test_a_request_survives_being_saved_and_is_written_as_it_was_asked_for():
    request = Request(("orders",), replication=3, off=(2, 3), balance=True, throttle=50 << 20, batch=4)
    assert Request.from_json(request.as_json()) == request
    assert request.options == " orders --replication 3 --off 2 --off 3 --balance --throttle 50MiB/s --batch 4"
