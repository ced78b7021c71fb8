"""``up`` and ``down``: a sandbox comes up in the order in which its parts need each other, and leaves nothing behind.

1. the Kafka broker, 2. the AWS stand-in, 3. the broker's address in the parameter that the environment names,
4. the topics, 5. ``cdk bootstrap`` and ``cdk deploy``, 6. the runner, which starts the deployed connectors.

Every step looks first whether it is done already, so ``up`` on a running sandbox only deploys what has changed.
"""

from __future__ import annotations

import fcntl
import shutil
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from environments import Environment, load_environment, naming
from sandbox.errors import SandboxError
from sandbox.kafka import STOP_GRACE_SECONDS, Broker
from sandbox.process import (
    await_ready,
    free_port,
    log_tail,
    owned_processes,
    start_process,
    start_server,
    stop_processes,
)
from sandbox.report import Reporter, shown
from sandbox.runner.scheduler import tasks_file
from sandbox.runner.task import PRINTED
from sandbox.state import LOCK_FILE, STATE_FILE, SandboxState, read_state, require_running, sandbox_directory
from sandbox.tasks import running_tasks
from sandbox.tools import cdk, streamops
from sandbox.waiting import wait_until

AWS_START_TIMEOUT_SECONDS = 60
AWS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "262144"}
"""Calls are megabytes, and glibc soon keeps such blocks for itself: with a fixed threshold they go back to the system,
which is 200 MB less after the first demonstration. Other C libraries do not know the variable."""
RUNNER_START_TIMEOUT_SECONDS = 30
ROLLOUT_TIMEOUT_SECONDS = 120
RUNNER = "runner"
RUNNER_GRACE_SECONDS = 130
"""The runner waits for its tasks, which ECS allows 120 s at most to stop."""
LOGS = "logs"
BOOTSTRAP_REFERENCE = "ssm:"


def up(name: str, report: Reporter) -> SandboxState:
    """Bring the sandbox of environment ``name`` up, or up to date.

    Raises:
        SandboxError: a part is missing or did not come up; the processes that this call started are stopped again.
    """
    directory = sandbox_directory(name)
    environment = load_environment(name)
    parameter = _bootstrap_parameter(environment)
    with _exclusive(directory, create=True):
        before = {process.pid for _, process in owned_processes(directory)}
        try:
            state = _start_kafka(environment, directory, read_state(name), report)
            state = _start_aws(state, report)
            _publish_bootstrap(state, parameter)
            _sync_topics(state, report)
            _deploy(state, report)
            state = _start_runner(state, report)
            _await_connectors(environment, state, report)
        except BaseException:
            report.say("… stopping what this command has started")
            _stop_processes_of(directory, except_pids=before)
            if not before:
                _remove_contents(directory)
            raise
    return state


def down(name: str, report: Reporter) -> None:
    """Stop every process of the sandbox and remove what it made, but for the logs."""
    directory = sandbox_directory(name)
    if not (directory / LOCK_FILE).exists():
        report.say(f"there is no sandbox in {directory}")
        return
    with _exclusive(directory):
        with report.working("sandbox", "stopping connectors, stand-in and broker"):
            running = len(owned_processes(directory))
            _stop_processes_of(directory)
        _remove_contents(directory)
    what = f"{running} processes stopped" if running else "was not running"
    report.done("sandbox", f"{what}; logs stay in {shown(directory / LOGS)}")


def _bootstrap_parameter(environment: Environment) -> str:
    """The SSM parameter in which the environment expects its broker's address."""
    kafka = environment.kafka
    if not environment.sandbox or kafka.kind != "external" or not kafka.bootstrap.startswith(BOOTSTRAP_REFERENCE):
        raise SandboxError(
            f"environment {environment.name!r} is not made for a sandbox",
            'it needs `sandbox: true` and `kafka: {kind: external, bootstrap: "ssm:/path"}`',
        )
    return kafka.bootstrap.removeprefix(BOOTSTRAP_REFERENCE)


@contextmanager
def _exclusive(directory: Path, *, create: bool = False) -> Iterator[None]:
    """One command at a time on one directory, and never on a directory that holds anything else than a sandbox."""
    if create:
        if directory.is_dir() and any(directory.iterdir()) and not (directory / LOCK_FILE).exists():
            raise SandboxError(
                f"{directory} is not empty and is not a sandbox's", "set STREAMOPS_SANDBOX to a directory of its own"
            )
        directory.mkdir(parents=True, exist_ok=True)
    with (directory / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SandboxError(f"another streamops sandbox command works on {directory}", "wait for it") from error
        yield


def _start_kafka(
    environment: Environment, directory: Path, before: SandboxState | None, report: Reporter
) -> SandboxState:
    began = time.monotonic()
    if before is not None and (record := before.processes.get("kafka")) is not None and record.alive:
        report.done("kafka", f"{before.bootstrap} (was running)")
        return before
    with report.working("kafka", "formatting and starting a broker"):
        broker = Broker.prepare(directory / "kafka")
        record = broker.start(owner=directory)
    if before is None:
        before = SandboxState(
            name=environment.name,
            directory=directory,
            endpoint_url=f"http://localhost:{free_port()}",
            account=environment.account,
            region=environment.region,
            access_key_id="sandbox",
            secret_access_key="sandbox",  # noqa: S106 - the stand-in takes any
            bootstrap=broker.bootstrap,
        )
    state = before.with_process(record)
    state.write()
    report.done("kafka", f"{state.bootstrap}, log {shown(broker.log)}", seconds=time.monotonic() - began)
    return state


def _start_aws(state: SandboxState, report: Reporter) -> SandboxState:
    began = time.monotonic()
    if (running := state.processes.get("aws")) is not None and running.alive:
        report.done("aws", f"{state.endpoint_url} (was running)")
        return state
    port = int(state.endpoint_url.rpartition(":")[2])
    with report.working("aws", "starting the stand-in"):
        record = start_server(
            "aws",
            [sys.executable, "-m", "sandbox.aws", "--port", str(port), "--account", state.account],
            port=port,
            log=state.directory / LOGS / "aws.log",
            owner=state.directory,
            timeout_seconds=AWS_START_TIMEOUT_SECONDS,
            environment=AWS_MEMORY,
        )
    state = state.with_process(record)
    state.write()
    where = f"{state.endpoint_url}, account {state.account}, region {state.region}"
    report.done("aws", where, seconds=time.monotonic() - began)
    return state


def _publish_bootstrap(state: SandboxState, parameter: str) -> None:
    """Fill in the broker's address, which no template holds: the port differs from sandbox to sandbox."""
    state.client("ssm").put_parameter(Name=parameter, Value=state.bootstrap, Type="String", Overwrite=True)


def _sync_topics(state: SandboxState, report: Reporter) -> None:
    began = time.monotonic()
    with report.working("topics", "streamops topic sync"):
        answer = streamops(state, "topic", "sync", "--yes")
    differences = len(answer["plan"]["differences"])
    where = (
        f"{differences} differences stay; see: streamops topic sync -n -e {state.name}"
        if differences
        else "as declared"
    )
    report.done("topics", where, seconds=time.monotonic() - began)


def _deploy(state: SandboxState, report: Reporter) -> None:
    began = time.monotonic()
    if not _bootstrapped(state):
        with report.working("cdk", "cdk bootstrap"):
            cdk(state, "bootstrap", f"aws://{state.account}/{state.region}")
    with report.working("cdk", "cdk deploy"):
        cdk(state, "deploy", f"{state.name}/*", "--require-approval", "never", "--concurrency", "2")
    where = f"stacks of {state.name} deployed, log {shown(state.directory / LOGS / 'cdk.log')}"
    report.done("cdk", where, seconds=time.monotonic() - began)


def _bootstrapped(state: SandboxState) -> bool:
    try:
        state.client("cloudformation").describe_stacks(StackName="CDKToolkit")
    except ClientError:
        return False
    return True


def _start_runner(state: SandboxState, report: Reporter) -> SandboxState:
    if (running := state.processes.get(RUNNER)) is not None and running.alive:
        report.done("runner", f"pid {running.pid} (was running)")
        return state
    # Connectors of a runner that was killed go on without it; nobody would report or stop them.
    orphans = [process for part, process in owned_processes(state.directory) if part not in state.processes]
    stop_processes(orphans, RUNNER_GRACE_SECONDS)
    tasks_file(state.directory).unlink(missing_ok=True)
    record, started = start_process(
        RUNNER,
        [sys.executable, "-m", "sandbox.runner", state.name],
        log=state.directory / LOGS / "runner.log",
        owner=state.directory,
        environment={"STREAMOPS_SANDBOX": str(state.directory)},
    )
    await_ready(record, started, tasks_file(state.directory).exists, timeout_seconds=RUNNER_START_TIMEOUT_SECONDS)
    state = state.with_process(record)
    state.write()
    report.done("runner", f"pid {record.pid}, log {shown(record.log)}")
    return state


def _await_connectors(environment: Environment, state: SandboxState, report: Reporter) -> None:
    """Wait until ECS calls the rollout of every route complete and a task of it is ready to move records."""
    for route in environment.routes:
        began = time.monotonic()
        service = naming.ecs_service_name(environment, route)
        with report.working(route, "starting the connector"):
            _await_rollout(state, naming.ecs_cluster_name(environment), service)
        pids = [str(task.pid) for task in running_tasks(state.directory) if task.service == service]
        where = f"connector, pid {', '.join(pids)}, log {shown(state.directory / LOGS / service)}.log"
        report.done(route, where, seconds=time.monotonic() - began)


def _await_rollout(state: SandboxState, cluster: str, service: str) -> None:
    ecs = state.client("ecs")

    def primary() -> dict[str, Any]:
        (described,) = ecs.describe_services(cluster=cluster, services=[service])["services"]
        return next(entry for entry in described["deployments"] if entry["status"] == "PRIMARY")

    rollout: str = primary()["id"]

    def settled() -> bool:
        require_running(state, (RUNNER,))
        deployment = primary()
        if deployment["id"] != rollout or deployment["rolloutState"] == "FAILED":
            return True
        ready = [task for task in running_tasks(state.directory) if task.service == service and task.ready()]
        return bool(deployment["rolloutState"] == "COMPLETED" and len(ready) >= deployment["desiredCount"])

    in_time = wait_until(settled, timeout_seconds=ROLLOUT_TIMEOUT_SECONDS)
    if not in_time or primary()["id"] != rollout or primary()["rolloutState"] == "FAILED":
        tail = log_tail(state.directory / LOGS / f"{service}.log") or log_tail(state.directory / LOGS / "runner.log")
        raise SandboxError(f"the connector of route {service} does not become ready{tail}")


def _stop_processes_of(directory: Path, *, except_pids: Collection[int] = ()) -> None:
    """Stop the runner first, so that connectors drain while broker and stand-in still answer; then the rest."""
    runner = [process for part, process in owned_processes(directory) if part == RUNNER]
    stop_processes([process for process in runner if process.pid not in except_pids], RUNNER_GRACE_SECONDS)
    remaining = [process for _, process in owned_processes(directory) if process.pid not in except_pids]
    stop_processes(remaining, STOP_GRACE_SECONDS)


def _remove_contents(directory: Path) -> None:
    """Remove what a sandbox makes, and nothing else that may lie there."""
    for name in ("kafka", "cdk", PRINTED):
        shutil.rmtree(directory / name, ignore_errors=True)
    for path in (directory / STATE_FILE, tasks_file(directory)):
        path.unlink(missing_ok=True)
