"""The health agent of a node: lets it go only when the others can do without it.

Runs on the node, with the Python of Amazon Linux 2023 (3.9). When the Auto Scaling group is about to end the machine,
its lifecycle hook holds the machine until this agent has seen the gate open, stopped Kafka in order (which hands its
partitions over) and released the disk. Where the cluster is being taken down as a whole, or the time of the hook runs
out, the machine goes without asking.

It also lets the file system follow a volume that has grown.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

FORMING, RUNNING = "forming", "running"
METADATA = "169.254.169.254"
EVERY_SECONDS = 5
GROW_EVERY_SECONDS = 300


def main() -> int:
    """Watch until the machine is about to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    config = parser.parse_args().config
    grown = 0.0
    while target_state() != "Terminated":
        if time.monotonic() - grown > GROW_EVERY_SECONDS:
            grown = time.monotonic()
            subprocess.run(["xfs_growfs", os.environ["KAFKA_DATA"]], check=False, stdout=subprocess.DEVNULL)
        time.sleep(EVERY_SECONDS)
    leave(config)
    while True:  # the machine ends now; to begin again would be to leave twice
        time.sleep(EVERY_SECONDS)


def leave(config: Path) -> None:
    """Stop Kafka when the others can do without it, and tell the group."""
    if phase() == RUNNING:
        gate = [sys.executable, str(config.with_name("gate.py")), f"--config={config}"]
        if subprocess.run([*gate, f"--wait={os.environ['LEAVE_SECONDS']}", "ready"], check=False).returncode:
            sys.stderr.write("health: leaving all the same, since the time of the lifecycle hook runs out\n")
    subprocess.run(["systemctl", "stop", "kafka"], check=False)
    subprocess.run(["umount", os.environ["KAFKA_DATA"]], check=False)
    aws(
        "autoscaling",
        "complete-lifecycle-action",
        "--lifecycle-action-result=CONTINUE",
        f"--lifecycle-hook-name={os.environ['LIFECYCLE_HOOK']}",
        f"--auto-scaling-group-name={os.environ['GROUP']}",
        f"--instance-id={os.environ['INSTANCE']}",
    )


def phase() -> str:
    """Whether the cluster runs: its addresses are published once it does, and taken back before it goes."""
    found = aws("ssm", "get-parameter", f"--name={os.environ['BOOTSTRAP_PARAMETER']}")
    return FORMING if found.returncode and "ParameterNotFound" in found.stderr else RUNNING


def aws(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Call AWS as this node."""
    return subprocess.run(["aws", *arguments], capture_output=True, text=True, check=False)


def target_state() -> str:
    """What the Auto Scaling group means this machine to be; empty where it cannot be told."""
    connection = HTTPConnection(METADATA, timeout=5)
    try:
        connection.request("PUT", "/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
        token = connection.getresponse().read().decode()
        path = "/latest/meta-data/autoscaling/target-lifecycle-state"
        connection.request("GET", path, headers={"X-aws-ec2-metadata-token": token})
        return connection.getresponse().read().decode()
    except (OSError, HTTPException):
        return ""
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
