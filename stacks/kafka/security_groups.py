"""Who reaches the brokers: two security groups, the brokers' and that of their clients."""

from collections.abc import Mapping

from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class KafkaSecurityGroups(Construct):
    """The group of the brokers lets the clients' group in, on the ports in use, and nobody else.

    A client joins the clients' group beside a group of its own. So the brokers' rules never change
    when clients come and go, and no range of addresses is trusted.
    """

    def __init__(self, scope: Construct, *, vpc: ec2.IVpc, ports: Mapping[int, str], outbound: bool = False) -> None:
        """Make both; `ports` are those that clients use, each with what is spoken on it.

        `outbound` lets brokers open connections of their own. MSK's brokers reach each other and AWS
        through interfaces of the service, so they need none.
        """
        super().__init__(scope, "Groups")
        self.brokers = ec2.SecurityGroup(
            self,
            "Brokers",
            vpc=vpc,
            description="Kafka brokers: in from Kafka clients alone",
            allow_all_outbound=outbound,
        )
        self.clients = ec2.SecurityGroup(
            self,
            "KafkaClients",
            vpc=vpc,
            description="Kafka clients: out to the brokers, nobody in",
            allow_all_outbound=False,
        )
        for port, spoken in ports.items():
            # L1: the ids that the L2 gives to rules between groups hold the environment's name.
            ec2.CfnSecurityGroupIngress(
                self,
                f"In{port}",
                group_id=self.brokers.security_group_id,
                source_security_group_id=self.clients.security_group_id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=spoken,
            )
            ec2.CfnSecurityGroupEgress(
                self,
                f"Out{port}",
                group_id=self.clients.security_group_id,
                destination_security_group_id=self.brokers.security_group_id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=spoken,
            )
