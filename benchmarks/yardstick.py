"""The yardstick: what consuming alone costs.

`python -m benchmarks.yardstick BOOTSTRAP TOPIC COUNT` reads a topic once by `Consumer.consume(500)`, looks at nothing,
and prints records per CPU-second and per second of wall-clock time, the first tenth left out.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
import uuid

from benchmarks.processes import ROOT, BenchmarkError

WARM_UP = 10  # the part of the records that is not measured, one in so many


def records_per_cpu_second(bootstrap: str, topic: str, count: int) -> tuple[float, float]:
    """Run it in a process of its own; return records per CPU-second and per second."""
    argv = [sys.executable, "-m", "benchmarks.yardstick", bootstrap, topic, str(count)]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BenchmarkError(f"yardstick: exit code {ran.returncode}\n{ran.stderr}")
    of_cpu, of_wall = ran.stdout.split()
    return float(of_cpu), float(of_wall)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(bootstrap: str, topic: str, count: int) -> None:
    """Read the topic and print the two rates."""
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"yardstick-{uuid.uuid4()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            # The default of 1,000 ms would cap it, as it would cap the connector.
            "fetch.queue.backoff.ms": 10,
        }
    )
    consumer.subscribe([topic])
    consume = consumer.consume
    seen = 0
    while seen < count // WARM_UP:
        seen += len(consume(500, 1.0))
    first, cpu, wall = seen, _cpu(), time.monotonic()
    while seen < count:
        seen += len(consume(500, 1.0))
    sys.stdout.write(f"{(seen - first) / (_cpu() - cpu):.0f} {(seen - first) / (time.monotonic() - wall):.0f}\n")
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
