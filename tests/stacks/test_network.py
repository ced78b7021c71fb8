import json
from ipaddress import IPv4Network
from typing import Any

import pytest

from environments.environment import MOST_TAGS
from environments.rules.room import KEPT_BY_AWS, private_addresses
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import GIVEN_NETWORK, PLAIN, SILENT, Templates

ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


def private_subnets(templates: Templates, environment: str) -> dict[str, tuple[str, str]]:
    return {
        key: (each["Properties"]["AvailabilityZone"], each["Properties"]["CidrBlock"])
        for key, each in templates.resources(environment, "network", "EC2::Subnet").items()
        if "Private" in key
    }


def network(**changes: Any) -> dict[str, Any]:
    return {**PLAIN["network"], **changes}


def test_without_nat_there_is_no_way_to_the_internet(templates: Templates):
    for kind in ("EC2::InternetGateway", "EC2::NatGateway", "EC2::Route", "EC2::EIP"):
        assert templates.resources("plain", "network", kind) == {}
    subnets = templates.properties("plain", "network", "EC2::Subnet")
    assert sorted(each["AvailabilityZone"] for each in subnets) == ZONES[:2]


def test_without_nat_everything_a_connector_calls_has_an_endpoint(templates: Templates):
    endpoints = templates.properties("plain", "network", "EC2::VPCEndpoint")
    interfaces = {
        each["ServiceName"].removeprefix("com.amazonaws.eu-west-1.")
        for each in endpoints
        if each["VpcEndpointType"] == "Interface"
    }
    assert interfaces == {"kinesis-streams", "kinesis-firehose", "logs", "ecr.api", "ecr.dkr", "ssm"}
    assert sum(each["VpcEndpointType"] == "Gateway" for each in endpoints) == 1


def test_what_is_not_called_has_no_endpoint_to_pay_for(described: Describe, synthesized: Synthesize):
    (endpoint,) = synthesized(described(routes={}, **SILENT)).properties("changed", "network", "EC2::VPCEndpoint")
    assert endpoint["VpcEndpointType"] == "Gateway"


def test_only_who_writes_to_a_delivery_pays_for_an_endpoint_of_firehose(described: Describe, synthesized: Synthesize):
    streams_only = {name: route for name, route in PLAIN["routes"].items() if "stream" in route["to"]}
    made = synthesized(described(routes=streams_only, **SILENT)).properties("changed", "network", "EC2::VPCEndpoint")
    assert not [each for each in made if "firehose" in json.dumps(each["ServiceName"])]


def test_endpoints_let_in_https_from_the_vpc_only(templates: Templates):
    (group,) = templates.properties("plain", "network", "EC2::SecurityGroup")
    (rule,) = group["SecurityGroupIngress"]
    assert (rule["CidrIp"], rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == (
        "10.1.0.0/20",
        "tcp",
        443,
        443,
    )


def test_with_nat_production_pays_for_a_gateway_in_every_zone_and_others_for_one(templates: Templates):
    assert len(templates.resources("prod", "network", "EC2::NatGateway")) == 2
    assert len(templates.resources("nat", "network", "EC2::NatGateway")) == 1
    kinds = [each["VpcEndpointType"] for each in templates.properties("nat", "network", "EC2::VPCEndpoint")]
    assert kinds == ["Gateway"]


def test_only_production_pays_for_endpoints_in_every_zone(
    templates: Templates, described: Describe, synthesized: Synthesize
):
    dear = synthesized(described("dear", production=True, **SILENT))
    for made, environment, zones in ((dear, "dear", 2), (templates, "plain", 1)):
        for each in made.properties(environment, "network", "EC2::VPCEndpoint"):
            assert len(each.get("SubnetIds", range(zones))) == zones


def test_the_subnets_are_as_large_as_the_rule_of_room_takes_them_for(templates: Templates):
    for _, cidr in private_subnets(templates, "plain").values():
        assert IPv4Network(cidr).num_addresses - KEPT_BY_AWS == private_addresses(20, 2)


def test_switching_nat_keeps_every_private_subnet(templates: Templates):
    assert private_subnets(templates, "plain") == private_subnets(templates, "nat")


@pytest.mark.parametrize("nat", [False, True])
def test_another_zone_leaves_the_subnets_of_the_others_alone(described: Describe, synthesized: Synthesize, nat: bool):
    less = {"streams": None, "deliveries": None, "routes": None}
    made = synthesized(
        described("two", network=network(zones=ZONES[:2], nat=nat), **less),
        described("three", network=network(zones=ZONES, nat=nat), **less),
    )
    two, three = private_subnets(made, "two"), private_subnets(made, "three")
    assert len(three) == 3
    assert two.items() < three.items()


def test_all_traffic_is_logged_and_the_log_is_not_kept_for_ever(templates: Templates):
    for environment, days in (("plain", 14), ("prod", 90)):
        (flow_log,) = templates.properties(environment, "network", "EC2::FlowLog")
        assert flow_log["TrafficType"] == "ALL"
        assert flow_log["LogDestinationType"] == "cloud-watch-logs"
        (group,) = templates.properties(environment, "network", "Logs::LogGroup")
        assert group["RetentionInDays"] == days


def test_a_given_network_is_used_and_nothing_is_put_into_it_but_the_service(templates: Templates):
    assert templates.stacks("given") == {"streams", "deliveries", "connectors", "observability"}
    for service in templates.properties("given", "connectors", "ECS::Service"):
        place = service["NetworkConfiguration"]["AwsvpcConfiguration"]
        assert place["Subnets"] == GIVEN_NETWORK["private_subnets"]
        assert place["SecurityGroups"][1:] == GIVEN_NETWORK["security_groups"]
    for group in templates.properties("given", "connectors", "EC2::SecurityGroup"):
        assert group["VpcId"] == GIVEN_NETWORK["vpc_id"]


def test_with_as_many_tags_as_a_file_may_have_no_resource_has_more_than_aws_allows(
    described: Describe, synthesized: Synthesize
):
    made = synthesized(described(tags={f"tag-{number}": "x" for number in range(MOST_TAGS)}))
    assert max(len(each["Tags"]) for each in made.properties("changed", "network", "EC2::Subnet")) == 50
    for place, resource in made.everything():
        assert len(resource.get("Properties", {}).get("Tags", ())) <= 50, place
