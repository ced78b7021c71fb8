"""The cluster on EC2: its nodes in the order of their start, and what they have in common."""

from itertools import pairwise

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from environments import Environment
from environments.kafka import Ec2Kafka
from environments.naming import kafka_log_group_name
from stacks.kafka.ec2.addresses import Addresses
from stacks.kafka.ec2.authority import Authority
from stacks.kafka.ec2.machine import MIB, NodeMachine, Surroundings
from stacks.kafka.ec2.nodes import Ports, cluster_of
from stacks.kafka.ec2.rendering import Installation
from stacks.kafka.ec2.users import ScramUsers
from stacks.kafka.made import MadeCluster
from stacks.kafka.security_groups import KafkaSecurityGroups
from stacks.log_retention import log_retention
from stacks.network.placement import Placement


class Ec2Cluster(Construct):
    """KRaft nodes, one machine each, made and rolled one after the other behind their gates."""

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        kafka: Ec2Kafka,
        *,
        placement: Placement,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, "Cluster")
        cluster = cluster_of(environment, kafka)
        groups = self._security_groups(placement)
        authority = Authority(self, environment, kafka)
        users = ScramUsers(self, environment, key=key) if kafka.auth == "scram" else None
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=kafka_log_group_name(environment),
            encryption_key=key,
            retention=log_retention(environment),
            # Not kept: with its fixed name it would stand in the way of a cluster that comes back.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        around = Surroundings(
            environment=environment,
            kafka=kafka,
            cluster=cluster,
            installation=Installation(
                auth=kafka.auth,
                settings=kafka.settings,
                heap_mib=kafka.heap // MIB if kafka.heap else None,
                exporter=kafka.exporter is not None,
                log_group=kafka_log_group_name(environment),
                partition=environment.partition,
            ),
            authority_arn=authority.arn,
            log_group_arn=(
                f"arn:{environment.partition}:logs:{environment.region}:{environment.account}"
                f":log-group:{kafka_log_group_name(environment)}"
            ),
            secrets=(users.admin.ref, users.connectors.ref) if users else (),
            security_group=groups.brokers,
            key=key,
        )
        addresses = Addresses(self, cluster, vpc=placement.vpc, region=environment.region)
        private = placement.vpc.select_subnets(
            subnet_group_name=placement.subnets.subnet_group_name, subnet_type=placement.subnets.subnet_type
        )
        subnets = {subnet.availability_zone: subnet for subnet in private.subnets}
        machines = [NodeMachine(self, node, around=around, subnet=subnets[node.zone]) for node in cluster.nodes]
        for node, machine in zip(cluster.nodes, machines, strict=True):
            # Before the first node starts and asks for all: that a name is not there is remembered for minutes.
            machines[0].group.node.add_dependency(record := addresses.name(node, machine.interface))
            for first in (record, log_group, authority):
                machine.group.node.add_dependency(first)
        for before, after in pairwise(machines):
            # CloudFormation makes, changes and ends resources in the order of their dependencies: one node at a time.
            after.group.add_resource_dependency(before.group)
        self.made = MadeCluster(clients=groups.clients, bootstrap=cluster.bootstrap, serves=(machines[-1].group,))

    def _security_groups(self, placement: Placement) -> KafkaSecurityGroups:
        ports = Ports()
        groups = KafkaSecurityGroups(self, vpc=placement.vpc, ports={ports.clients: "Kafka, with TLS"}, outbound=True)
        for port, spoken in ((ports.internal, "Brokers, among nodes"), (ports.controller, "Controllers, among nodes")):
            groups.brokers.add_ingress_rule(groups.brokers, ec2.Port.tcp(port), spoken)
        return groups
