"""The way from a task to the brokers of a cluster that is made: out of the task's security groups, into the brokers'.

Only rules are looked at. Network ACLs and routes are not: the stacks make both kinds of machines in the same subnets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cli.connector.checks.check import Check, failed, ok, unknown
from cli.connector.checks.security_groups import Way, rules, way
from cli.connector.checks.subject import Subject
from cli.deployed import read_stack
from cli.kafka import bootstrap
from environments import Ec2Kafka, ExternalKafka, MskServerlessKafka

NAME = "network-path"
GROUP, BROKERS = "AWS::EC2::SecurityGroup", "Brokers"
MSK_PORTS = {"iam": 9098, "scram": 9096, "mtls": 9094}
"""https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html"""


def network_checks(subject: Subject) -> Iterator[Check]:
    """Whether the security groups let tasks reach the brokers on the port that they use."""
    if isinstance(subject.environment.kafka, ExternalKafka):
        yield unknown(NAME, "the cluster is not made here: what its network lets in is not known")
        return
    settings: Any = (subject.service or {}).get("networkConfiguration") or {}
    tasks = list((settings.get("awsvpcConfiguration") or {}).get("securityGroups") or ())
    if not tasks:
        yield unknown(NAME, "there is no service that has security groups", subject.deploy)
        return
    brokers = [
        each.physical_id for each in read_stack(subject.aws, "kafka") if each.type == GROUP and BROKERS in each.path
    ]
    if not brokers:
        name = subject.environment.name
        yield failed(NAME, "the brokers' security group is not deployed", f"deploy it: npx cdk deploy '{name}/kafka'")
        return
    yield _path(subject, tasks, brokers, _port(subject))


def _port(subject: Subject) -> int:
    kafka = subject.environment.kafka
    if isinstance(kafka, Ec2Kafka):
        address = bootstrap(subject.environment).partition(",")[0]
        return int(address.rpartition(":")[2])
    if isinstance(kafka, MskServerlessKafka | ExternalKafka):
        return MSK_PORTS["iam"]
    return MSK_PORTS[kafka.client_auth]


def _path(subject: Subject, tasks: Sequence[str], brokers: Sequence[str], port: int) -> Check:
    described = subject.aws.ec2.describe_security_groups(Filters=[{"Name": "group-id", "Values": [*tasks, *brokers]}])[
        "SecurityGroups"
    ]
    groups = {each["GroupId"]: each for each in described}
    missing = [each for each in (*tasks, *brokers) if each not in groups]
    if missing:
        return failed(NAME, f"security groups {', '.join(missing)} do not exist", subject.deploy)
    out = [rule for each in tasks for rule in rules(groups[each]["IpPermissionsEgress"])]
    into = [rule for each in brokers for rule in rules(groups[each]["IpPermissions"])]
    outward, inward = way(out, port, brokers), way(into, port, tasks)
    told = f"from {', '.join(tasks)} to {', '.join(brokers)} on port {port}"
    if Way.CLOSED in (outward, inward):
        side = (
            f"nothing lets tasks out ({', '.join(tasks)})"
            if outward is Way.CLOSED
            else (f"nothing lets them in ({', '.join(brokers)})")
        )
        return failed(NAME, f"{side}, {told}", subject.deploy)
    if Way.UNSURE in (outward, inward):
        return unknown(NAME, f"only ranges of addresses may let them through, {told}")
    return ok(NAME, told)
