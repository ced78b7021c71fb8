"""A change of a topic's settings as one operation, judged by what it means and by what it would delete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.cluster import Cluster, LiveTopic
from cli.errors import RefusedError
from cli.plan import Operation, Plan, Refusal, Risk
from cli.topic import operations
from cli.topic.retention.guard import GUARDED, NOTHING, Allowed, judge
from cli.topic.setting_rules import meaning
from environments import Environment

IN_SYNC = "min.insync.replicas"


@dataclass(frozen=True)
class Altered:
    """An operation and what is to be said of it."""

    operation: Operation
    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    estimate: Mapping[str, Any] = field(default_factory=dict)


def altered(
    environment: Environment,
    cluster: Cluster,
    name: str,
    live: LiveTopic,
    changes: Mapping[str, str | None],
    *,
    replication: int,
    why: str,
    allowed: Allowed = NOTHING,
) -> Altered:
    """Plan a change of settings.

    Args:
        environment: where.
        cluster: asked only for what the guard needs.
        name: the topic's short name.
        live: the topic with its settings.
        changes: the new settings as Kafka spells them; None for what shall be inherited.
        replication: of the topic once all else is done.
        why: the reason where no rule has a better one.
        allowed: what the command line lets pass.
    """
    before = {key: setting.value for key, setting in live.settings.items()}
    unset = [key for key, after in changes.items() if after is None]
    defaults = cluster.inherited(live.name, unset) if unset else {}
    judged = [
        meaning(key, before.get(key), defaults.get(key) if after is None else after) for key, after in changes.items()
    ]
    verdict = judge(environment, cluster, name, live, changes, allowed)
    own = {key: before.get(key) if key in live.settings else None for key in changes}
    return Altered(
        operation=operations.alter(
            name,
            live.name,
            {key: (own[key], after) for key, after in changes.items()},
            max((verdict.risk, *(each.risk for each in judged)), key=lambda risk: risk.rank),
            "; ".join(dict.fromkeys(each.reason for each in judged if each.reason)) or why,
        ),
        warnings=verdict.warnings,
        refusals=(*verdict.refusals, *_in_sync(name, changes, replication)),
        estimate=verdict.estimate,
    )


def _in_sync(name: str, changes: Mapping[str, str | None], replication: int) -> tuple[Refusal, ...]:
    wanted = changes.get(IN_SYNC)
    if wanted is None or int(wanted) <= replication:
        return ()
    return (
        Refusal(
            f"{IN_SYNC} {wanted} is above the replication {replication}: no write with acks=all could ever succeed",
            f"raise the replication first: streamops topic reassign {name} --replication {wanted}; "
            "no flag overrides this",
        ),
    )


def check_again(environment: Environment, cluster: Cluster, plan: Plan, allowed: Allowed) -> None:
    """Ask the guard once more before anything is done: records have aged, and groups may have fallen behind.

    Raises:
        RefusedError: it refuses now, or finds a change severe that the plan did not.
    """
    changes = [operation for operation in plan.operations if operation.kind == operations.ALTER]
    guarded = {
        operation.details["name"]: operation
        for operation in changes
        if operation.details["settings"].keys() & set(GUARDED)
    }
    live = cluster.topics(list(guarded))
    for topic, operation in guarded.items():
        if topic not in live:
            continue
        wanted = {key: change["to"] for key, change in operation.details["settings"].items()}
        name = operation.resource.rpartition("/")[2]
        verdict = judge(environment, cluster, name, live[topic], wanted, allowed)
        if verdict.refusals:
            raise RefusedError("; ".join(each.reason for each in verdict.refusals), verdict.refusals[0].way_out)
        if verdict.risk is Risk.SEVERE and plan.risk is not Risk.SEVERE:
            raise RefusedError(f"topic {name} would lose records, which the plan did not say", "plan it again")


def options_of(allowed: Allowed) -> list[str]:
    """What lets pass, as it stands in a command line."""
    given = {"--allow-data-loss": allowed.data_loss, "--allow-full-disk": allowed.full_disk}
    return [option for option, passes in given.items() if passes]
