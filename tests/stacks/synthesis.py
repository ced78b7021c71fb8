"""Environments made for tests, and their templates without the checks."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import aws_cdk as cdk

from environments import Environment, load_environment
from stacks.app import add_stages, checked_synthesis

PROJECT = Path(__file__).parents[2]
CONTEXT: dict[str, Any] = json.loads((PROJECT / "cdk.json").read_text("utf-8"))["context"]
"""The feature flags: outside the CLI nobody else would hand them to the app."""

PLAIN: dict[str, Any] = {
    "account": "111122223333",
    "region": "eu-west-1",
    "tags": {"team": "data-platform"},
    "network": {"cidr": "10.1.0.0/20", "zones": ["eu-west-1a", "eu-west-1b"]},
    "kafka": {"kind": "external", "bootstrap": "ssm:/plain/kafka/bootstrap"},
    "topics": {"orders": {"partitions": 6}, "clicks": {"partitions": 4, "name": "web.clicks"}},
    "streams": {
        "orders": {"mode": "provisioned", "shards": 3, "retention": "48h"},
        "clicks": {"mode": "on-demand", "name": "ClickStream"},
    },
    "deliveries": {
        "archive": {
            "to": "s3",
            "prefix": "orders/!{timestamp:yyyy/MM/dd}/",
            "buffer": {"size": "64MiB", "interval": "90s"},
        },
    },
    "routes": {
        "orders-to-stream": {"from": {"topic": "orders"}, "to": {"stream": "orders"}},
        "orders-to-archive": {
            "from": {"topic": "orders"},
            "to": {"delivery": "archive"},
            "packing": "newline",
            "dead_letters": {"bucket": "team-rejected", "prefix": "orders/"},
        },
        "clicks-to-stream": {
            "from": {"topic": "clicks"},
            "to": {"stream": "clicks"},
            "tasks": {"min": 2, "max": 4},
            "start": "latest",
            "ordering": "none",
        },
    },
    "connectors": {"cpu": 1024, "memory": "2GiB", "architecture": "x86_64"},
}
SILENT: dict[str, Any] = {"alarms": {"enabled": False}}
"""Alarms and their dashboard are a fifth of what an environment takes to synthesize."""
ECR_IMAGE = "444455556666.dkr.ecr.eu-west-1.amazonaws.com/team/connector@sha256:" + 64 * "a"
GIVEN_NETWORK = {
    "vpc_id": "vpc-0123456789abcdef0",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "private_subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "security_groups": ["sg-0123456789abcdef0"],
}
OWN_KEY = "arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012"
BOUNDARY = "team/limits"
REDSHIFT: dict[str, Any] = {
    "to": "redshift",
    "jdbc_url": "jdbc:redshift://cluster.example.com:5439/dev",
    "table": "orders",
    "secret": "secret:redshift",
}
OPENSEARCH: dict[str, Any] = {
    "to": "opensearch",
    "domain": "arn:aws:es:eu-west-1:111122223333:domain/search",
    "index": "orders",
}
PARTITIONED: dict[str, Any] = {
    "to": "s3",
    "prefix": "!{partitionKeyFromQuery:customer}/",
    "partition_by": {"customer": ".customer"},
    "buffer": {"size": "64MiB"},
}

Resource = dict[str, Any]


def describe(folder: Path, name: str, **sections: Any) -> Environment:
    """Load an environment that is `PLAIN` but for some sections; a section that is None is left out."""
    document = {key: value for key, value in {**PLAIN, **sections}.items() if value is not None}
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(document), "utf-8")
    return load_environment(path)


def new_app(folder: Path) -> cdk.App:
    """Make an app that writes into `folder`, without what costs seconds: the CDK's own validation, and traces."""
    return cdk.App(
        context=CONTEXT,
        outdir=str(folder),
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,
        stack_traces=False,
        tree_metadata=False,
    )


class Templates:
    """The templates of some environments."""

    def __init__(self, environments: Iterable[Environment], folder: Path, *, check: bool = False) -> None:
        app = new_app(folder)
        add_stages(app, environments)
        if check:
            checked_synthesis(app)
        else:
            app.synth()
        self._read(folder)

    @classmethod
    def written(cls, folder: Path) -> Self:
        """The templates that another process has synthesized into `folder`."""
        templates = cls.__new__(cls)
        templates._read(folder)
        return templates

    def _read(self, folder: Path) -> None:
        self._folder = folder
        self._stacks: dict[tuple[str, str], dict[str, Any]] = {}
        self.settings: dict[tuple[str, str], dict[str, Any]] = {}
        for manifest in folder.glob("assembly-*/manifest.json"):
            for artifact in json.loads(manifest.read_text("utf-8"))["artifacts"].values():
                if artifact["type"] == "aws:cloudformation:stack":
                    environment, stack = artifact["displayName"].split("/")
                    template = manifest.parent / artifact["properties"]["templateFile"]
                    self._stacks[environment, stack] = json.loads(template.read_text("utf-8"))
                    self.settings[environment, stack] = {
                        **artifact["properties"],
                        "dependencies": artifact.get("dependencies", []),
                        "environment": artifact["environment"],
                    }

    def environments(self) -> set[str]:
        """The names of all environments."""
        return {environment for environment, _ in self._stacks}

    def stacks(self, environment: str) -> set[str]:
        """The short names of an environment's stacks."""
        return {stack for name, stack in self._stacks if name == environment}

    def body(self, environment: str, stack: str) -> str:
        """The whole template of a stack, as it is deployed."""
        return json.dumps(self._stacks[environment, stack])

    def all(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """Every template, with the environment and stack that it is of."""
        for (environment, stack), template in self._stacks.items():
            yield f"{environment}/{stack}", template

    def resources(self, environment: str, stack: str, kind: str = "") -> dict[str, Resource]:
        """The resources of a stack by logical id; `kind` is the end of their type, such as Logs::LogGroup."""
        found: dict[str, Resource] = self._stacks[environment, stack]["Resources"]
        return {key: value for key, value in found.items() if value["Type"].endswith(kind)}

    def properties(self, environment: str, stack: str, kind: str) -> list[dict[str, Any]]:
        """The properties of every resource of a kind."""
        return [each["Properties"] for each in self.resources(environment, stack, kind).values()]

    def account(self, environment: str, stack: str) -> str:
        """The account that a stack is deployed to."""
        account: str = self.settings[environment, stack]["environment"].removeprefix("aws://").split("/")[0]
        return account

    def images(self, environment: str, stack: str) -> list[dict[str, Any]]:
        """How the images that a stack brings along are built."""
        template = Path(self.settings[environment, stack]["templateFile"])
        (assets,) = self._folder.glob(f"assembly-*/{template.name.removesuffix('.template.json')}.assets.json")
        listed = json.loads(assets.read_text("utf-8"))["dockerImages"]
        return [each["source"] for each in listed.values()]

    def everything(self) -> Iterable[tuple[str, Resource]]:
        """Every resource there is, with the place it stands at."""
        for stack, template in self.all():
            for key, value in template["Resources"].items():
                yield f"{stack}/{key}", value
