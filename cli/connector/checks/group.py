"""The consumer group of a route: its own, with nobody else in it.

A second service in the group takes partitions away from the first one, and its records go where that one sends them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cli.cluster import Cluster
from cli.connector.checks.check import Check, failed, ok, unknown
from cli.connector.checks.configuration import running_configuration
from cli.connector.checks.subject import Subject
from cli.errors import CliError
from cli.group.members import Member, describe_groups
from environments import TopicEnd, naming

if TYPE_CHECKING:
    from mypy_boto3_ecs.literals import DesiredStatusType
    from mypy_boto3_ecs.type_defs import TaskTypeDef

CLIENT_ID = "streamops-connector"
"""What every connector calls itself (``client.id``)."""
NOTICED = timedelta(seconds=15)
"""Beyond its session, until nobody takes a connector that was killed for a member any more."""
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
    configuration = running_configuration(subject)
    tasks, addresses = _tasks(subject, datetime.now(UTC) - configuration.source.session_timeout - NOTICED)
    most = tasks * configuration.processes
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


def _tasks(subject: Subject, since: datetime) -> tuple[int, set[str]]:
    """How many tasks of the service may be in the group, and their private addresses.

    One that drains is, and one that was killed after ``since`` is for as long as its session lasts.
    """
    if subject.service is None:
        return 0, set()
    ecs, cluster = subject.aws.ecs, naming.ecs_cluster_name(subject.environment)
    tasks: list[TaskTypeDef] = []
    statuses: tuple[DesiredStatusType, ...] = ("RUNNING", "STOPPED")
    for status in statuses:
        named = {"cluster": cluster, "serviceName": subject.service["serviceName"]}
        arns = ecs.list_tasks(**named, desiredStatus=status, maxResults=MOST_TASKS)["taskArns"]
        tasks += ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    members = [task for task in tasks if "stoppedAt" not in task or task["stoppedAt"] > since]
    details = [
        detail
        for task in members
        for attachment in task.get("attachments", ())
        for detail in attachment.get("details", ())
    ]
    return len(members), {d["value"] for d in details if d.get("name") == "privateIPv4Address" and "value" in d}


def _told(members: list[Member] | tuple[Member, ...]) -> str:
    return ", ".join(sorted({f"{member.client_id} at {member.host}" for member in members}))
