"""The lag of a route's consumer group, read for the gate; and holding a rollout against it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError
from kafka.errors import KafkaError

from cli.cluster import open_cluster
from cli.connector.rollout.gate import Baseline, Gate, Lag, Verdict
from cli.errors import CliError
from cli.group.progress import read_progress
from cli.interruption import pause
from cli.output import note
from environments import Environment, naming

POLL_SECONDS = 5.0
"""Between two looks at the lag; connectors commit every few seconds."""
READING = "stable"
"""State of a group whose members own partitions, in Kafka's word."""
UNREADABLE = (CliError, KafkaError, BotoCoreError, ClientError, OSError)


def read_lag(environment: Environment, route: str) -> Lag:
    """How far the group of a route is behind now; see ``open_cluster`` and ``read_progress`` for what it raises."""
    group = naming.consumer_group(environment, route)
    with open_cluster(environment) as cluster:
        found = read_progress(environment, cluster, {group: None})[group]
        state = next((each.state for each in cluster.groups() if each.name == group), "")
    return Lag(
        records=found.lag,
        time=found.time,
        position=sum(lag.committed or 0 for lag in found.lags),
        members=state.lower() == READING,
    )


def hold(
    environment: Environment,
    route: str,
    baseline: Baseline,
    *,
    stable: timedelta,
    catch_up: timedelta,
    still_ours: Callable[[], None],
) -> str | None:
    """Wait until the consumers have caught up; None where they have, else why they have not.

    Args:
        environment: where.
        route: whose group it is.
        baseline: how far it was behind before.
        stable: how long it must stay within.
        catch_up: when that has to have begun.
        still_ours: raises where the deployment is not the newest any more.
    """
    gate = Gate(baseline, stable, catch_up, time.monotonic())
    note(f"waiting until the lag is back at {baseline} and stays so for {stable.total_seconds():.0f}s")
    told = ""
    while True:
        lag: Lag | None = None
        try:
            lag = read_lag(environment, route)
        except UNREADABLE as error:
            if str(error) != told:
                note(f"the lag cannot be read: {error}")
                told = str(error)
        verdict = gate.observe(time.monotonic(), lag)
        if lag is not None and str(lag) != told:
            note(f"lag: {lag}")
            told = str(lag)
        if verdict is Verdict.PASSED:
            return None
        if verdict is Verdict.FAILED:
            return gate.told
        still_ours()
        pause(POLL_SECONDS)
