"""What a route leads from and to, in Kafka: its topic and that of its dead letters, and where its group has come to."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cli.cluster import Cluster, LiveTopic
from cli.connector.checks.check import Check, failed, ok, unknown
from cli.connector.checks.subject import Subject
from cli.errors import CliError
from cli.lag import partition_lags
from environments import TopicEnd, naming


def topic_checks(subject: Subject) -> Iterator[Check]:
    """The topics of the route, with the declared partitions."""
    declared = subject.declared
    names = {
        end.topic: naming.topic_name(subject.environment, end.topic)
        for end in (declared.source, declared.target, declared.dead_letters)
        if isinstance(end, TopicEnd)
    }
    if isinstance(subject.kafka, CliError):
        for name in names:
            yield unknown(f"topic {name}", subject.kafka.message, subject.kafka.way_out)
        return
    found = subject.kafka.topics(names.values(), settings=False)
    for name, physical in names.items():
        yield _topic(subject, name, found.get(physical))


def _topic(subject: Subject, name: str, live: LiveTopic | None) -> Check:
    check, declared = f"topic {name}", subject.environment.topics[name].partitions
    if live is None:
        physical = naming.topic_name(subject.environment, name)
        return failed(check, f"{physical} does not exist", f"create it: streamops topic sync {name}")
    if live.leaderless:
        where = ", ".join(map(str, live.leaderless))
        return failed(check, f"partitions {where} of {live.name} have no leader", "bring their brokers back")
    partitions = len(live.partitions)
    if partitions != declared:
        return failed(
            check,
            f"{live.name} has {partitions} partitions, {declared} are declared",
            f"add them: streamops topic sync {name}"
            if partitions < declared
            else f"write partitions: {partitions}, since Kafka takes none away",
        )
    return ok(check, f"{live.name} with {partitions} partitions")


def offsets(subject: Subject) -> Iterator[Check]:
    """Whether all that the group has still to read is there: tasks refuse to start over a gap."""
    source = subject.declared.source
    if not isinstance(source, TopicEnd):
        return
    if isinstance(subject.kafka, CliError):
        yield unknown("offsets", subject.kafka.message, subject.kafka.way_out)
        return
    topic = naming.topic_name(subject.environment, source.topic)
    live = subject.kafka.topics([topic], settings=False).get(topic)
    if live is None or live.leaderless:
        yield unknown("offsets", f"{topic} cannot be read", f"see: streamops topic describe {source.topic}")
        return
    yield _offsets(subject, subject.kafka, [(topic, partition.index) for partition in live.partitions])


def _offsets(subject: Subject, cluster: Cluster, places: Collection[tuple[str, int]]) -> Check:
    group = naming.consumer_group(subject.environment, subject.route)
    committed = cluster.committed([group]).get(group, {})
    begin, end = cluster.begin_offsets(places), cluster.end_offsets(places)
    lags = partition_lags(places, begin, end, committed, starts_at_end=subject.declared.start == "latest")
    expired = [lag for lag in lags if lag.expired]
    beyond = [lag for lag in lags if lag.beyond_end]
    if expired:
        where = ", ".join(f"{lag.partition} ({lag.expired:,})" for lag in expired)
        return failed(
            "offsets",
            f"records expired before group {group} read them, in partitions {where}: tasks stop there and name the gap",
            f"go on behind it: streamops group seek {subject.route} --to earliest",
        )
    if beyond:
        where = ", ".join(str(lag.partition) for lag in beyond)
        return failed(
            "offsets",
            f"group {group} has committed beyond the end of partitions {where}: the topic was made anew",
            f"begin anew: streamops group seek {subject.route} --to earliest",
        )
    if not committed:
        return ok("offsets", f"group {group} has committed none yet, and begins at {_start(subject)}")
    return ok("offsets", f"all is there that group {group} has still to read, {sum(lag.lag for lag in lags):,} records")


def _start(subject: Subject) -> str:
    start = subject.declared.start
    return start if isinstance(start, str) else start.isoformat()
