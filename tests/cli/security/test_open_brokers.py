"""Brokers that let everybody in where no ACL is: there the first ACL shuts others out, and the plan says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from cli.acl import sync
from cli.acl.entry import Acl
from cli.acl.live import create_acls, delete_acls, open_to_everyone
from cli.cluster import Cluster
from cli.kafka import AdminClient

if TYPE_CHECKING:
    from sandbox.kafka import Broker
    from tests.cli.conftest import Project
    from tests.cli.security.conftest import Guarded


@pytest.fixture
def strict(guarded: Guarded) -> Iterator[Cluster]:
    admin = guarded.admin()
    yield Cluster(admin)
    admin.close()


def test_it_is_seen_whether_brokers_are_open_though_they_hide_the_value(strict: Cluster, broker: Broker):
    open_ones = AdminClient(bootstrap_servers=[broker.bootstrap])  # allow.everyone.if.no.acl.found=true
    assert open_to_everyone(Cluster(open_ones))
    assert not open_to_everyone(strict)
    open_ones.close()


def planned(project: Project, scram: dict[str, Any], topic: str) -> list[tuple[str, str, bool]]:
    name = project.write(
        kafka=scram,
        topics={"orders": {"partitions": 1, "name": topic}},
        applications={"billing": {"reads": ["orders"], "groups": [topic]}},
    )
    shown = project.run("acl", "sync", "-e", name, "-n", "-o", "json")
    assert shown.exit_code == 3, shown.stderr
    return [
        (each["resource"], each["risk"], "others are let in no more" in each["reason"])
        for each in shown.plan["operations"]
    ]


def test_the_first_acl_of_a_resource_is_of_moderate_risk_there(
    project: Project, scram: dict[str, Any], topic: str, strict: Cluster, monkeypatch: pytest.MonkeyPatch
):
    strictly = planned(project, scram, topic)
    assert strictly == [(f"topic/{topic}", "mild", False), (f"group/{topic}", "mild", False)]
    monkeypatch.setattr(sync, "open_to_everyone", lambda _: True)
    another = Acl("User:other", "topic", topic, "read")
    create_acls(strict, [another])
    openly = planned(project, scram, topic)
    delete_acls(strict, [another])
    assert openly == [(f"topic/{topic}", "mild", False), (f"group/{topic}", "moderate", True)]
