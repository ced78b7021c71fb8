"""A change of a topic's retention: planned at once or in steps, carried out with the guard asked again before each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.cluster import Cluster, LiveTopic, open_cluster
from cli.environment import declared
from cli.errors import CliError, NotFoundError, RefusedError, WrongUsageError
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint
from cli.topic.declaration import setting_edits
from cli.topic.retention import amounts
from cli.topic.retention.execution import await_deletion, await_health
from cli.topic.retention.guard import NOTHING, Allowed, Verdict, judge, lost, now_ms
from cli.topic.retention.limits import RETENTION_BYTES, RETENTION_MS, Limits, lowered, settings_of
from cli.topic.retention.options import size_option, time_option
from cli.topic.retention.reading import TopicState, check_interval, read_state
from cli.topic.retention.steps import settings_by_step
from cli.topic.settings import canonical, readable
from cli.write_back import Edit
from environments import Environment, naming

LOWER, RAISE = "lower-retention", "raise-retention"
HEARD_SECONDS = 5.0


@dataclass(frozen=True)
class RetentionChange:
    """Keep a topic's records for another time, or another number of bytes of each partition."""

    environment: Environment
    name: str
    """Short name."""
    to: int | None = None
    """Wanted ``retention.ms``, ``-1`` for infinite; None leaves it."""
    size: int | None = None
    """Wanted ``retention.bytes``, ``-1`` for unlimited; None leaves it."""
    step_ms: int | None = None
    """By how much ``retention.ms`` goes down at a time; None: at once."""
    step_bytes: int | None = None
    allowed: Allowed = NOTHING

    command: str = "topic retention"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> RetentionChange:
        """The change that a saved plan was made for."""
        declared(environment, "topics", arguments["name"])
        numbers = {key: arguments[key] for key in ("to", "size", "step_ms", "step_bytes")}
        allowed = Allowed(data_loss=arguments["allow_data_loss"], full_disk=arguments["allow_full_disk"])
        return cls(environment, arguments["name"], allowed=allowed, **numbers)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What is wanted."""
        return {
            "name": self.name,
            "to": self.to,
            "size": self.size,
            "step_ms": self.step_ms,
            "step_bytes": self.step_bytes,
            "allow_data_loss": self.allowed.data_loss,
            "allow_full_disk": self.allowed.full_disk,
        }

    @property
    def command_line(self) -> str:
        """What goes on with it, from wherever it has come to."""
        return " ".join(
            [
                self.command,
                self.name,
                *([f"--to {time_option(self.to)}"] if self.to is not None else []),
                *([f"--bytes {size_option(self.size)}"] if self.size is not None else []),
                *([f"--step {time_option(self.step_ms)}"] if self.step_ms else []),
                *([f"--step {size_option(self.step_bytes)}"] if self.step_bytes else []),
                *(["--allow-full-disk"] if self.allowed.full_disk else []),
                *([f"--allow-data-loss --confirm {self.name}"] if self.allowed.data_loss else []),
            ]
        )

    def plan(self) -> Plan:
        """Read the topic, make the schedule, and ask the guard for what becomes of it at its end.

        1. Of each limit, the values to set one after the other; none where it is as wanted.
        2. The guard judges the last of them: what would go, who has not read it, what the disks hold.
        3. Each step says what goes with it alone.
        """
        with open_cluster(self.environment) as cluster:
            live = self._live(cluster)
            state = read_state(cluster, live)
            steps = {RETENTION_MS: self.step_ms, RETENTION_BYTES: self.step_bytes}
            settings = settings_by_step(settings_of(live), self._wanted(), steps, state.partitions, now_ms())
            final = {key: value for step in settings for key, value in step.items()}
            verdict = judge(self.environment, cluster, self.name, live, final, self.allowed) if final else Verdict()
            operations = tuple(self._operations(cluster, live, state, settings, verdict))
            refused = cluster.alter_settings({live.name: final}, validate_only=True) if final else {}
            interval = check_interval(cluster, live)
            cluster_id = cluster.cluster_id()
        waits = sum(operation.kind == LOWER for operation in operations)
        return Plan(
            resource=f"topic/{self.name}",
            fingerprint=fingerprint([cluster_id, _own_settings(live), _groups_that_lose(verdict)]),
            operations=operations,
            summary={
                **{key: {"from": settings_of(live)[key], "to": value} for key, value in final.items()},
                **verdict.estimate,
                "longest_wait_seconds": waits * interval // 1000,
            },
            warnings=(*verdict.warnings, *self._managed(operations), *_waiting(waits, interval)),
            refusals=(
                *verdict.refusals,
                *(Refusal(f"the cluster refuses it: {why}", "there is no flag for it") for why in refused.values()),
            ),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Set one value after the other; between two, wait for the brokers' retention check and for their health.

        Before each the guard is asked again, since a group may have fallen behind meanwhile.
        """
        if len(plan.operations) > 1 and not wait:
            raise WrongUsageError("steps have to be waited for", "leave out --no-wait, or --step")
        with open_cluster(self.environment) as cluster:
            for number, operation in enumerate(plan.operations, start=1):
                if number > 1:
                    await_health(cluster)
                live, config = self._live(cluster), operation.details["config"]
                self._check_again(cluster, live, config, plan)
                refused = cluster.alter_settings({live.name: config})
                if refused:
                    raise CliError(f"the cluster refused {operation.resource}: {refused[live.name]}")
                yield operation
                if wait and operation.kind == LOWER:
                    await_deletion(cluster, live, Limits.of({**settings_of(live), **config}))

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the settings again; a broker hears of them a moment after the controller has taken them."""
        wanted = {key: value for step in plan.operations for key, value in step.details["config"].items()}
        with open_cluster(self.environment) as cluster:
            deadline = time.monotonic() + HEARD_SECONDS
            while unmet := _unmet(settings_of(self._live(cluster)), wanted):
                if time.monotonic() >= deadline:
                    break
                time.sleep(0.1)
        return unmet

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The limits that were asked for."""
        del plan
        return setting_edits(self.environment, self.name, {key: str(value) for key, value in self._wanted().items()})

    def _live(self, cluster: Cluster) -> LiveTopic:
        return live_topic(self.environment, cluster, self.name)

    def _wanted(self) -> dict[str, int]:
        wanted = {RETENTION_MS: self.to, RETENTION_BYTES: self.size}
        return {key: value for key, value in wanted.items() if value is not None}

    def _operations(
        self,
        cluster: Cluster,
        live: LiveTopic,
        state: TopicState,
        steps: Sequence[Mapping[str, str]],
        verdict: Verdict,
    ) -> Iterator[Operation]:
        settings, now, gone_before = settings_of(live), now_ms(), 0
        first = Limits.of(settings)
        for number, step in enumerate(steps, start=1):
            before, settings = Limits.of(settings), {**settings, **step}
            after = Limits.of(settings)
            lowers = any(
                lowered(old, new) for old, new in ((before.milliseconds, after.milliseconds), (before.size, after.size))
            )
            gone = (
                sum(each.records for each in lost(cluster, live, state, after.lowered_from(first), now))
                if lowers
                else 0
            )
            more, gone_before = max(0, gone - gone_before), max(gone, gone_before)
            harmless = lowers and not more and not state.leaderless and number < len(steps)
            yield Operation(
                kind=LOWER if lowers else RAISE,
                resource=f"topic/{self.name}",
                risk=Risk.MODERATE if harmless else verdict.risk,
                reason=_reason(lowers=lowers, gone=more, compacts_only=not after.deletes),
                details={
                    "name": live.name,
                    "keep": " and ".join(readable(key, value) for key, value in step.items()),
                    "config": dict(step),
                },
            )

    def _managed(self, operations: Sequence[Operation]) -> list[str]:
        if not operations or self.environment.topics[self.name].manage != "cloudformation":
            return []
        undone = "the next deploy that changes the topic undoes it"
        return [f"CloudFormation makes topic {self.name}: write the new value into the file, or {undone}"]

    def _check_again(self, cluster: Cluster, live: LiveTopic, config: Mapping[str, str], plan: Plan) -> None:
        verdict = judge(self.environment, cluster, self.name, live, config, self.allowed)
        if verdict.refusals:
            raise RefusedError("; ".join(refusal.reason for refusal in verdict.refusals), verdict.refusals[0].way_out)
        if verdict.risk is Risk.SEVERE and plan.risk is not Risk.SEVERE:
            raise RefusedError("records would be lost by now, which the plan did not say", "plan it again")


def live_topic(environment: Environment, cluster: Cluster, name: str) -> LiveTopic:
    """The topic of this short name; NotFoundError where the cluster has none."""
    physical = naming.topic_name(environment, name)
    live = cluster.topics([physical]).get(physical)
    if live is None:
        raise NotFoundError(
            f"topic {physical} does not exist on the cluster of environment {environment.name}",
            f"create it: streamops topic sync {name} -e {environment.name}",
        )
    return live


def _unmet(found: Mapping[str, str | None], wanted: Mapping[str, str]) -> list[str]:
    return [
        f"{key} is {readable(key, found.get(key))} and not {readable(key, value)}"
        for key, value in wanted.items()
        if canonical(key, found.get(key) or "") != canonical(key, value)
    ]


def _reason(*, lowers: bool, gone: int, compacts_only: bool) -> str:
    if not lowers:
        return "keeps more"
    if compacts_only:
        return "deletes nothing as long as cleanup.policy is compact"
    return f"deletes up to {amounts.records(gone)}" if gone else "nothing there is beyond it"


def _waiting(waits: int, interval: int) -> list[str]:
    if not waits:
        return []
    each = f"the brokers look every {amounts.about_time(interval)} for what to delete"
    return [each if waits == 1 else f"{each}: {waits} steps take up to {amounts.about_time(waits * interval)}"]


def _own_settings(live: LiveTopic) -> dict[str, str | None]:
    return {name: setting.value for name, setting in live.settings.items() if setting.own}


def _groups_that_lose(verdict: Verdict) -> list[Any]:
    """What a saved plan depends on beside the settings: whether anything goes, and who has not read it."""
    return [bool(verdict.estimate.get("losses")), sorted(each["group"] for each in verdict.estimate.get("unread", ()))]
