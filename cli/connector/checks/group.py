"""The consumer group of a route: its own, with nobody else in it.

A second service in the group takes partitions away from the first one, and its records go where that one sends them.
"""

from __future__ import annotations

from collections.abc import Iterator

from cli.cluster import Cluster
from cli.connector.checks.check import Check, failed, ok, unknown
from cli.connector.checks.configuration import running_configuration
from cli.connector.checks.subject import Subject
from cli.errors import CliError
from cli.group.members import Member, describe_groups
from environments import TopicEnd, naming

CLIENT_ID = "streamops-connector"
"""What every connector calls itself (``client.id``)."""
MOST_TASKS = 100
"""That DescribeTasks takes, and ListTasks gives on a page."""


def group_checks(subject: Subject) -> Iterator[Check]:
    """Who is in it, and what has been committed in it."""
    source = subject.declared.source
    if not isinstance(source, TopicEnd):
        return
    if isinstance(subject.kafka, CliError):
        yield unknown("consumer-group", subject.kafka.message, subject.kafka.way_out)
        return
    yield _group(subject, subject.kafka, naming.topic_name(subject.environment, source.topic))


def _group(subject: Subject, cluster: Cluster, topic: str) -> Check:
    name = naming.consumer_group(subject.environment, subject.route)
    way_out = f"give the other one a group of its own: streamops group describe {subject.route}"
    committed = cluster.committed([name]).get(name, {})
    others = sorted({place[0] for place in committed} - {topic})
    if others:
        return failed("consumer-group", f"{name} has committed offsets of {', '.join(others)} too", way_out)
    known = [each for each in cluster.groups() if each.name == name]
    described = describe_groups(cluster, known).get(name)
    members = described.members if described else ()
    foreign = [
        member
        for member in members
        if member.client_id != CLIENT_ID or any(each != topic for each in member.subscribed)
    ]
    if foreign:
        return failed("consumer-group", f"{name} has members that are no connectors of it: {_told(foreign)}", way_out)
    if not members:
        return ok("consumer-group", f"nobody is in {name}")
    return _own(subject, name, members, way_out)


def _own(subject: Subject, name: str, members: tuple[Member, ...], way_out: str) -> Check:
    """Whether members that are connectors are those of this service: by the addresses of its tasks, or their number."""
    tasks, addresses = _tasks(subject)
    most = tasks * running_configuration(subject).processes
    strangers = [member for member in members if member.host not in addresses]
    if addresses and strangers and len(strangers) < len(members):
        return failed("consumer-group", f"{name} has members that are not tasks of it: {_told(strangers)}", way_out)
    if len(members) > most:
        return failed(
            "consumer-group",
            f"{name} has {len(members)} members, and the {tasks} tasks of the service make {most} at most: "
            f"{_told(members)}",
            way_out,
        )
    if addresses and strangers:
        return unknown(
            "consumer-group",
            f"{name} has {len(members)} members, none of which comes from the address of a task: either addresses are "
            f"translated on the way, or another service is in it: {_told(members)}",
            way_out,
        )
    return ok("consumer-group", f"the members of {name} are tasks of the service ({len(members)})")


def _tasks(subject: Subject) -> tuple[int, set[str]]:
    """How many tasks of the service there are, and their private addresses."""
    if subject.service is None:
        return 0, set()
    ecs, cluster = subject.aws.ecs, naming.ecs_cluster_name(subject.environment)
    arns = ecs.list_tasks(cluster=cluster, serviceName=subject.service["serviceName"], maxResults=MOST_TASKS)[
        "taskArns"
    ]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    details = [
        detail
        for task in tasks
        for attachment in task.get("attachments", ())
        for detail in attachment.get("details", ())
    ]
    return len(tasks), {d["value"] for d in details if d.get("name") == "privateIPv4Address" and "value" in d}


def _told(members: list[Member] | tuple[Member, ...]) -> str:
    return ", ".join(sorted({f"{member.client_id} at {member.host}" for member in members}))
