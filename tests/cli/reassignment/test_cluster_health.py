"""The gate between steps: what speaks against going on."""

from cli.cluster import LiveTopic, Partition
from cli.cluster_health import Health, health_of


def topic(name: str, *partitions: tuple[int | None, tuple[int, ...], tuple[int, ...]]) -> LiveTopic:
    return LiveTopic(name, tuple(Partition(index, *facts) for index, facts in enumerate(partitions)))


def test_a_topic_with_all_replicas_in_sync_has_no_problems() -> None:
    assert health_of([topic("orders", (1, (1, 2, 3), (3, 2, 1)))], min_in_sync={}).problems() == []


def test_each_partition_is_told_once_under_the_worst_that_is_true_of_it() -> None:
    orders = topic(
        "orders", (None, (1, 2, 3), (1,)), (1, (1, 2, 3), (1,)), (1, (1, 2, 3), (1, 2)), (1, (1, 2, 3), (1, 2))
    )
    health = health_of([orders], min_in_sync={"orders": 2}, reassigning=[("orders", 3)])
    assert health == Health((("orders", 0),), (("orders", 1),), (("orders", 2),), (("orders", 3),))
    assert health.problems() == [
        "1 partition is offline: nobody can read or write them (orders-0)",
        "1 partition is under min.insync.replicas: producers with acks=all are refused (orders-1)",
        "1 partition is under-replicated (orders-2)",
        "1 partition is being reassigned (orders-3)",
    ]


def test_what_a_broker_lacks_that_is_being_emptied_is_no_news() -> None:
    orders = topic("orders", (1, (1, 2, 3), (1, 2)), (1, (1, 3), (1,)))
    low = {"orders": 2}
    assert health_of([orders], min_in_sync=low, apart_from=[3]).problems() == []
    assert len(health_of([orders], min_in_sync=low, apart_from=[2]).problems()) == 2


def test_of_many_partitions_some_are_named_and_all_are_counted() -> None:
    orders = topic("orders", *[(1, (1, 2), (1,))] * 1_200)
    (problem,) = health_of([orders], min_in_sync={}).problems()
    assert problem == (
        "1,200 partitions are under-replicated (orders-0, orders-1, orders-2, orders-3, orders-4 and 1,195 more)"
    )
