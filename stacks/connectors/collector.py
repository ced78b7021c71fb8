"""The collector beside a connector: it reads /metrics and writes them to Amazon Managed Service for Prometheus.

It is the AWS Distro for OpenTelemetry, which takes its configuration from a variable:
https://aws-otel.github.io/docs/components/confmap-providers
"""

import hashlib
import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from connector.config import Http
from environments import Environment, Prometheus
from environments.connectors import COLLECTOR_MEMORY
from environments.identifiers import region_of_arn
from environments.naming import collector_parameter_name
from stacks.connectors.image import named_image
from stacks.connectors.task import CONFIG_LABEL

CONTAINER = "collector"
VARIABLE = "COLLECTOR_CONFIG"

INTERVAL = "30s"
"""Between two readings. Prometheus bills samples: half as many bring nothing that a minute's alarm would miss."""

_MIB = 1 << 20


class Collector(Construct):
    """The configuration that all collectors of an environment share, and their image."""

    def __init__(self, scope: Construct, environment: Environment, prometheus: Prometheus) -> None:
        super().__init__(scope, "Collector")
        self.image = named_image(self, environment, prometheus.image)
        self._text = collector_configuration(environment, prometheus)
        self.parameter = ssm.StringParameter(
            self,
            "Configuration",
            parameter_name=collector_parameter_name(environment),
            description=f"Configuration of the collectors of metrics of {environment.name}",
            string_value=self._text,
        )

    def add_to(self, task: ecs.FargateTaskDefinition, route: str, *, log_group: logs.ILogGroup) -> None:
        """Add the container. It is not essential: without it records go on crossing."""
        linux = ecs.LinuxParameters(task, "CollectorLinux", init_process_enabled=True)
        linux.drop_capabilities(ecs.Capability.ALL)
        task.add_container(
            CONTAINER,
            container_name=CONTAINER,
            image=self.image.container,
            command=[f"--config=env:{VARIABLE}"],
            secrets={VARIABLE: ecs.Secret.from_ssm_parameter(self.parameter)},
            docker_labels={CONFIG_LABEL: hashlib.sha256(self._text.encode()).hexdigest()},
            essential=False,
            memory_limit_mib=COLLECTOR_MEMORY // _MIB,
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix=route,
                log_group=log_group,
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=cdk.Size.mebibytes(1),
            ),
            linux_parameters=linux,
            readonly_root_filesystem=True,
        )


def collector_configuration(environment: Environment, prometheus: Prometheus) -> str:
    """Render the collector's configuration.

    Every task is `localhost` to its collector. What tells tasks apart is what ECS tells the collector
    about its own, as labels.
    """
    region = region_of_arn(prometheus.workspace)
    _, workspace = prometheus.workspace.rsplit("/", maxsplit=1)
    described: dict[str, Any] = {
        "extensions": {"sigv4auth": {"region": region, "service": "aps"}},
        "receivers": {
            "prometheus": {
                "config": {
                    "global": {"scrape_interval": INTERVAL, "scrape_timeout": "10s"},
                    "scrape_configs": [
                        {
                            "job_name": "streamops-connector",
                            "static_configs": [{"targets": [f"localhost:{Http().port}"]}],
                        }
                    ],
                }
            }
        },
        "processors": {"resourcedetection": {"detectors": ["ecs"]}},
        "exporters": {
            "prometheusremotewrite": {
                "endpoint": f"https://aps-workspaces.{region}.amazonaws.com/workspaces/{workspace}/api/v1/remote_write",
                "auth": {"authenticator": "sigv4auth"},
                "external_labels": {"environment": environment.name},
                "resource_to_telemetry_conversion": {"enabled": True},
            }
        },
        "service": {
            "extensions": ["sigv4auth"],
            "pipelines": {
                "metrics": {
                    "receivers": ["prometheus"],
                    "processors": ["resourcedetection"],
                    "exporters": ["prometheusremotewrite"],
                }
            },
        },
    }
    return json.dumps(described, sort_keys=True, separators=(",", ":"))
