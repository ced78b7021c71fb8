"""One environment: everything that stands in one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StrictStr

from environments.alarms import Alarms
from environments.applications import Application
from environments.connectors import ConnectorSettings
from environments.deliveries import Delivery
from environments.identifiers import AccountId, EnvironmentName, Region, ShortName
from environments.kafka import Kafka
from environments.network import Network
from environments.routes import Route
from environments.rules import (
    access,
    alarms,
    deliveries,
    distribution,
    fitness,
    msk,
    nodes,
    physical_names,
    records,
    room,
    wiring,
    work,
)
from environments.rules.findings import Finding, refuse
from environments.rules.parts import Parts
from environments.section import Section
from environments.security import Security
from environments.streams import Stream
from environments.topics import Topic

MOST_TAGS = 46
"""AWS allows a resource 50, and a subnet has four besides: streamops:environment, and Name, aws-cdk:subnet-name and
aws-cdk:subnet-type of the CDK."""
OWN_TAGS = "streamops:"
MOST_TAG_KEY = 128
MOST_TAG_VALUE = 256

_RULES = (
    wiring.ends_exist,
    wiring.ends_fit,
    wiring.no_route_twice,
    wiring.no_loops,
    wiring.firehose_can_read,
    work.no_idle_tasks,
    work.room_for_processes,
    work.backlog_is_told,
    work.collector_can_run,
    work.autoscaler_can_run,
    records.deliveries_can_read,
    fitness.zones_in_region,
    fitness.enough_zones,
    room.room_for_addresses,
    fitness.topics_fit,
    msk.scram_has_key,
    msk.cloudformation_makes_topics,
    msk.tiered_topics_fit,
    nodes.nodes_reach_their_files,
    nodes.authority_in_region,
    fitness.keys_in_region,
    distribution.environment_has_a_key,
    distribution.keys_decide_the_shard,
    deliveries.deliveries_in_region,
    deliveries.domains_can_be_made,
    deliveries.workgroups_can_be_made,
    deliveries.sandbox_can_deliver,
    fitness.boundary_in_account,
    fitness.sandbox_stays_inside,
    fitness.sandbox_parts_keep_their_names,
    physical_names.names_are_unique,
    access.applications_have_topics,
    access.applications_can_be_told_apart,
    access.users_are_unique,
    alarms.alarms_have_subjects,
    alarms.alarms_can_be_measured,
    alarms.alarms_reach_their_topics,
)


def findings_across(parts: Parts) -> Iterator[Finding]:
    """Every broken rule that concerns more than one section, as far as the parts are sound."""
    for rule in _RULES:
        yield from rule(parts)


def _tag(text: str, what: str, most: int) -> None:
    """The bounds of tags (AWS General Reference, "Tag naming limits and requirements")."""
    if len(text) > most:
        raise refuse(f"is a tag's {what} of {len(text)} characters", f"use at most {most}")
    if any(not (letter.isalnum() or letter in " _.:/=+-@") for letter in text):
        raise refuse(f"is a tag's {what} with characters that AWS refuses", "use letters, digits, spaces and _.:/=+-@")


def _tag_key(key: str) -> str:
    _tag(key, "key", MOST_TAG_KEY)
    if not key:
        raise refuse("has no key", "write a key before the colon")
    if key.lower().startswith("aws:"):
        raise refuse("begins with aws:, which AWS keeps for itself", "use another key")
    if key.lower().startswith(OWN_TAGS):
        raise refuse(f"begins with {OWN_TAGS}, under which streamops sets tags of its own", "use another key")
    return key


def _tag_value(value: str) -> str:
    _tag(value, "value", MOST_TAG_VALUE)
    return value


def _tags(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise refuse(
            f"are {len(tags)} tags, above the maximum of {MOST_TAGS} (of AWS's 50, four are set on top)", "remove some"
        )
    return tags


Tags = Annotated[
    dict[Annotated[str, AfterValidator(_tag_key)], Annotated[StrictStr, AfterValidator(_tag_value)]],
    AfterValidator(_tags),
]


class Environment(Section):
    """An environment as its file describes it, complete with every default."""

    name: EnvironmentName = Field(exclude=True)
    """Name of the environment: the name of its file without ``.yaml``."""
    account: AccountId
    """AWS account, twelve digits in quotes."""
    region: Region
    """AWS region, such as eu-west-1."""
    sandbox: StrictBool = False
    """Whether this environment is played on one machine instead of AWS."""
    production: StrictBool = False
    """Whether its data is precious: stacks are then protected against deletion."""
    tags: Tags = Field(default_factory=dict)
    """Tags of every resource."""
    network: Network
    """The VPC, a new one or a given one."""
    security: Security = Security()
    """Keys, and what no role may exceed."""
    kafka: Kafka
    """The Kafka cluster."""
    topics: dict[ShortName, Topic] = Field(default_factory=dict)
    """Kafka topics by short name."""
    streams: dict[ShortName, Stream] = Field(default_factory=dict)
    """Kinesis streams by short name."""
    deliveries: dict[ShortName, Delivery] = Field(default_factory=dict)
    """Firehose deliveries by short name."""
    routes: dict[ShortName, Route] = Field(default_factory=dict)
    """What is moved from where to where."""
    connectors: ConnectorSettings = ConnectorSettings()
    """Image and size of the connectors."""
    applications: dict[ShortName, Application] = Field(default_factory=dict)
    """What applications may do on the cluster, by a name of your own."""
    alarms: Alarms = Alarms()
    """CloudWatch alarms and the dashboard."""

    @property
    def partition(self) -> str:
        """The AWS partition of the region, as it stands in ARNs: aws, aws-cn or aws-us-gov."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def rules(self) -> Iterable[Finding]:
        """What concerns more than one section."""
        return findings_across(Parts(**{field: getattr(self, field) for field in Parts.__dataclass_fields__}))

    def to_document(self) -> dict[str, Any]:
        """Render the effective environment as plain YAML types, defaults written out; loading it gives it back."""
        return self.model_dump(mode="json", by_alias=True)
