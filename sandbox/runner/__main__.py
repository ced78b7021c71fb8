"""``python -m sandbox.runner ENVIRONMENT``: run the deployed services of a sandbox until SIGTERM."""

from __future__ import annotations

import argparse
import signal
import threading

from environments import load_environment, naming
from sandbox.runner.ecs import EcsControlPlane
from sandbox.runner.scheduler import INTERVAL_SECONDS, Scheduler, log
from sandbox.state import running_sandbox


def main() -> None:
    """Reconcile twice a second; on SIGTERM or SIGINT stop every task and end."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.runner", description=__doc__)
    parser.add_argument("environment", help="the environment that is deployed in the sandbox")
    name: str = parser.parse_args().environment
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    state = running_sandbox(name)
    cluster = naming.ecs_cluster_name(load_environment(name))
    scheduler = Scheduler(state, EcsControlPlane(state, cluster))
    log(f"running the services of cluster {cluster}")
    scheduler.forget_former_tasks()
    while not stop.wait(INTERVAL_SECONDS):
        scheduler.step()
    scheduler.stop()
    log("stopped")


if __name__ == "__main__":
    main()
