"""Real connectors on a real broker: what they promise through kills, rebalances and gaps."""

from __future__ import annotations

import json
import signal

from confluent_kafka import Consumer, TopicPartition

from tests.connector.fault_server import Fault
from tests.connector.packed_world import read
from tests.connector.processes import Route, missing, out_of_order, until


def slow_and_small(route: Route, delay: float = 0.02) -> None:
    """Give the test time to interfere."""
    route.sink = {"limits": {"records": 20}, "connections": 2}
    route.server.plan = lambda number: Fault(delay=delay, refused=(lambda i: i == 3) if number % 10 == 0 else None)


def test_it_moves_what_is_there_and_what_comes_and_tells_how_it_is(route: Route):
    values = route.produce(2000)
    process = route.start()
    until(lambda: len(route.server.taken) >= 2000)
    values += route.produce(500, first=2000)
    until(lambda: len(route.server.taken) >= 2500)
    assert sorted(route.arrived()) == values
    assert out_of_order(route) == 0
    assert process.get("/healthz")[0] == 200
    status, state = process.get("/readyz")
    assert (status, json.loads(state)["circuit"]) == (200, "closed")
    until(lambda: 'lag_records{partition="0"' in process.get("/metrics")[1])
    until(lambda: 'records_acknowledged_total{route="flights-to-stream"} 2500.0' in process.get("/metrics")[1])
    assert process.get("/nothing")[0] == 404
    assert process.end() == 0
    assert process.said("stopped")[0]["left_for_the_next_start"] == "nothing"
    assert route.committed() == 2500


def test_keys_that_differ_share_calls_and_one_key_never_twice(route: Route):
    route.produce(3000, distinct=40)
    route.start()
    until(lambda: len(route.server.taken) >= 3000)
    assert max(len(keys) for keys in route.server.calls) > 10
    assert all(len(set(keys)) == len(keys) for keys in route.server.calls)
    assert out_of_order(route) == 0


def test_a_killed_connector_loses_nothing(route: Route):
    slow_and_small(route)
    route.options = {"commit_interval": "2s"}
    values = route.produce(3000)
    first = route.start()
    until(lambda: len(route.server.taken) >= 800)
    first.end(signal.SIGKILL)
    sent, committed = len(set(route.arrived())), route.committed()
    assert sent > committed
    assert sent < 3000
    route.server.plan = lambda _: Fault()
    route.start()
    until(lambda: not missing(values, route))
    assert out_of_order(route) == 0
    assert len(route.arrived()) > 3000


def test_members_that_come_and_go_lose_nothing(route: Route):
    slow_and_small(route)
    values = route.produce(4000)
    first = route.start()
    until(lambda: len(route.server.taken) >= 300)
    second = route.start()
    until(lambda: second.said("partitions assigned") and second.said("partitions assigned")[-1]["partitions"])
    assert first.said("partitions revoked")
    until(lambda: len(route.server.taken) >= 1500)
    assert first.end() == 0
    route.server.plan = lambda _: Fault()
    values += route.produce(500, first=4000)
    until(lambda: not missing(values, route))
    assert out_of_order(route) == 0
    # Partitions are drained before they move and before a member leaves: nothing is sent twice.
    assert len(route.arrived()) == 4500
    assert second.end() == 0
    assert route.committed() == 4500


def test_a_stopped_connector_has_drained_and_committed_what_it_sent(route: Route):
    slow_and_small(route, delay=0.1)
    values = route.produce(1000)
    first = route.start()
    until(lambda: len(route.server.taken) >= 100)
    assert first.end() == 0
    assert route.committed() == len(route.arrived())
    route.server.plan = lambda _: Fault()
    route.start()
    until(lambda: not missing(values, route))
    assert len(route.arrived()) == 1000


def test_a_second_signal_ends_at_once(route: Route):
    route.server.plan = lambda _: Fault(delay=20)
    route.sink = {"request_timeout": "60s"}
    route.produce(10)
    process = route.start()
    until(lambda: route.server.calls)
    process.popen.send_signal(signal.SIGTERM)
    until(lambda: process.said("stopping"))
    assert process.end(signal.SIGINT, seconds=5) == 130


def test_committed_offsets_that_are_gone_stop_their_partition_and_are_named(route: Route):
    route.produce(100, partition=0)
    first = route.start()
    until(lambda: len(route.server.taken) >= 100)
    assert first.end() == 0
    route.produce(100, first=100, partition=0)
    route.admin.delete_records([TopicPartition(route.topic, 0, 150)])
    until(lambda: _oldest(route) == 150)
    second = route.start()
    until(lambda: second.said("partition stopped, the others go on"))
    elsewhere = route.produce(50, first=200, partition=1)
    until(lambda: not missing(elsewhere, route))
    text = second.said("partition stopped, the others go on")[0]["reason"]
    assert all(part in text for part in ("gap", f"{route.topic}:0", "committed 100", "100 to 149", "150 to 200"))
    status, state = second.get("/readyz")
    assert (status, json.loads(state)["stopped_partitions"]) == (503, {f"{route.topic}:0": text})
    stands = f'stopped_partitions{{partition="%d",route="flights-to-stream",topic="{route.topic}"}} %.1f'
    assert stands % (0, 1) in second.get("/metrics")[1]
    assert stands % (1, 0) in second.get("/metrics")[1]
    lag = f'lag_records{{partition="0",route="flights-to-stream",topic="{route.topic}"}} 100.0'
    until(lambda: lag in second.get("/metrics")[1])
    assert len(route.arrived()) == 150
    assert second.end() == 0
    consumer = Consumer({"bootstrap.servers": route.bootstrap, "group.id": route.group})
    consumer.commit(offsets=[TopicPartition(route.topic, 0, 150)], asynchronous=False)
    consumer.close()
    third = route.start()
    until(lambda: len(route.arrived()) == 200)
    assert third.get("/readyz")[0] == 200


def test_a_usual_consumer_skips_the_same_gap_in_silence(route: Route):
    route.partitions = 1
    route.produce(100, partition=0)
    settings = {"bootstrap.servers": route.bootstrap, "group.id": route.group, "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    place = TopicPartition(route.topic, 0, 20)
    consumer.commit(offsets=[place], asynchronous=False)
    route.admin.delete_records([TopicPartition(route.topic, 0, 50)])
    until(lambda: _oldest(route) == 50)
    consumer.assign([TopicPartition(route.topic, 0)])
    message = None
    while message is None:
        message = consumer.poll(1)
    assert message.error() is None
    assert message.offset() == 50
    consumer.close()


def _oldest(route: Route) -> int:
    consumer = Consumer({"bootstrap.servers": route.bootstrap, "group.id": "oldest"})
    try:
        return consumer.get_watermark_offsets(TopicPartition(route.topic, 0), timeout=10)[0]
    finally:
        consumer.close()


def test_a_first_start_at_latest_skips_only_what_was_there_before_it(route: Route):
    route.source = {"start": "latest"}
    route.produce(100)
    first = route.start()
    until(lambda: first.said("partitions assigned"))
    until(lambda: route.committed() == 100)
    assert first.end() == 0
    while_it_was_away = route.produce(50, first=100)
    route.add_partitions(6)
    in_new_partition = route.produce(50, first=150, partition=5)
    route.start()
    until(lambda: not missing(while_it_was_away + in_new_partition, route))
    assert sorted(route.arrived()) == while_it_was_away + in_new_partition


def test_a_record_that_is_too_large_stops_it_right_there(route: Route):
    route.partitions = 1
    route.sink = {"limits": {"record": "1KiB"}}
    route.produce(10, partition=0)
    route.producer.produce(route.topic, bytes(2000), key=b"large", partition=0)
    route.produce(10, first=10, partition=0)
    process = route.start()
    assert process.popen.wait(30) == 1
    text = process.log()[-1]["text"]
    assert all(part in text for part in (f"{route.topic}:0", "offset 10", "2005 bytes", "1024", "record size"))
    assert len(route.arrived()) == route.committed() == 10


def test_a_stream_that_is_deleted_turns_it_red_until_it_is_back(route: Route):
    process = route.start()
    until(lambda: process.get("/readyz")[0] == 200)
    route.server.plan = lambda _: Fault(status=400, code="ResourceNotFoundException")
    route.produce(10)
    until(lambda: process.get("/readyz")[0] == 503)
    assert "ResourceNotFoundException" in process.get("/readyz")[1]
    assert process.get("/healthz")[0] == 200
    route.server.plan = lambda _: Fault()
    until(lambda: len(route.arrived()) == 10)
    until(lambda: process.get("/readyz")[0] == 200)


def test_after_calls_that_found_no_stream_its_shards_are_listed_again_before_aggregates_count_as_taken(route: Route):
    route.sink = {"aggregation": "kpl"}
    process = route.start()
    before = route.produce(100)
    until(lambda: len(read(route.server).records) == 100)
    route.server.plan = lambda _: Fault(status=400, code="ResourceNotFoundException")
    after = route.produce(100, first=100)
    until(lambda: process.get("/readyz")[0] == 503)
    assert route.server.lists == 1
    former = read(route.server).records
    route.server.taken.clear()
    route.server.plan = lambda _: Fault()
    until(lambda: {record.data for record in [*former, *read(route.server).records]} == {*before, *after})
    until(lambda: route.committed() == 200)
    assert route.server.lists == 2


def test_the_brokers_may_be_named_by_a_parameter(route: Route):
    route.server.parameters["/team/kafka"] = route.bootstrap
    route.source = {"bootstrap": "ssm:/team/kafka"}
    route.produce(10)
    route.start()
    until(lambda: len(route.arrived()) == 10)
