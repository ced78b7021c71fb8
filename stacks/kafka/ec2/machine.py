"""One node: a disk and an interface that stay, and an Auto Scaling group of one that makes its machine."""

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment
from environments.kafka import Ec2Kafka
from environments.kafka.ec2 import LEAST_IOPS, Artifact, architecture_of
from environments.naming import bootstrap_parameter_name, kafka_node_name
from stacks.checks import TEMPLATE, acknowledge
from stacks.environment_stack import removal_policy
from stacks.kafka.ec2.node_role import NodeResources, node_role
from stacks.kafka.ec2.nodes import Cluster, Node
from stacks.kafka.ec2.rendering import Download, Installation, Start, packed, render, render_node

GIB, MIB = 1 << 30, 1 << 20
ROOT_GIB = 20
LEAST_THROUGHPUT_MIB = 125
START_TIMEOUT = "PT60M"
"""Longer than disk and address and then the gate are waited for, so that the node itself tells what it waited for.

More than an hour CloudFormation does not wait for a machine that replaces another:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html
"""
HOOK_SECONDS = 900
"""Longer than the gate is waited for and Kafka takes to stop."""
HOOK = "leave-in-order"
MOST_USER_DATA_BYTES = 16384 - 1000
"""What EC2 takes, less what ARNs and ids are longer than the references to them here. The model sees that all fit.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
"""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What all nodes of a cluster share."""

    environment: Environment
    kafka: Ec2Kafka
    cluster: Cluster
    installation: Installation
    authority_arn: str
    log_group_arn: str
    secrets: tuple[str, ...]
    """ARNs of the administrator's and of the connectors' secret; none where nobody logs in with SCRAM."""
    security_group: ec2.ISecurityGroup
    key: kms.IKey | None


class NodeMachine(Construct):
    """A node that keeps its data and its address when its machine is made anew.

    Data volume and network interface are resources of their own. The machine attaches them when it
    starts: were they attached by CloudFormation, a machine could not be replaced, since the new one
    would need them before the old one has let go.

    A deployment that changes anything of the machine ends it and makes another; CloudFormation goes
    on to the next node when that one has signalled, which it does only when its gate is open.
    """

    def __init__(self, scope: Construct, node: Node, *, around: Surroundings, subnet: ec2.ISubnet) -> None:
        super().__init__(scope, node.short_name)
        self._node, self._around = node, around
        self._name = kafka_node_name(around.environment, node.short_name)
        self.interface = ec2.CfnNetworkInterface(
            self,
            "Interface",
            subnet_id=subnet.subnet_id,
            group_set=[around.security_group.security_group_id],
            description=f"Address of {node.name}",
        )
        self._volume = self._data_volume()
        template = self._launch_template()
        self.group = self._group(template, subnet)
        template.add_property_override("LaunchTemplateData.UserData", cdk.Fn.base64(self._user_data(template)))

    def _data_volume(self) -> ec2.CfnVolume:
        kafka, broker = self._around.kafka, self._node.broker
        volume = ec2.CfnVolume(
            self,
            "Volume",
            availability_zone=self._node.zone,
            size=(kafka.storage if broker else kafka.controller_storage) // GIB,
            volume_type="gp3",
            iops=kafka.iops if broker else LEAST_IOPS,
            throughput=kafka.throughput // MIB if broker else LEAST_THROUGHPUT_MIB,
            encrypted=True,
            kms_key_id=self._around.key.key_arn if self._around.key else None,
        )
        volume.apply_removal_policy(removal_policy(self._around.environment))
        acknowledge(
            volume,
            "W3010",
            checker=TEMPLATE,
            reason="a disk stands in the zone of its node's subnet, which the environment file names",
        )
        return volume

    def _launch_template(self) -> ec2.CfnLaunchTemplate:
        kafka, around = self._around.kafka, self._around
        instance = kafka.instance if self._node.broker else kafka.controller_instance
        image = kafka.machine_image or (
            f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture_of(instance)}"
        )
        resources = NodeResources(
            group_name=self._name,
            volume_id=self._volume.ref,
            interface_id=self.interface.ref,
            authority_arn=around.authority_arn,
            log_streams=f"{around.log_group_arn}:log-stream:{self._node.short_name}/*",
            secrets=around.secrets if self._node.broker else (),
        )
        role = node_role(self, around.environment, kafka, resources, key=around.key)
        profile = iam.CfnInstanceProfile(self, "Profile", roles=[role.role_name])
        data = ec2.CfnLaunchTemplate.LaunchTemplateDataProperty
        return ec2.CfnLaunchTemplate(
            self,
            "Template",
            # cdk-nag takes templates without names for one and the same.
            launch_template_name=self._name,
            launch_template_data=data(
                # EC2 reads the parameter when it launches a machine; synthesis looks nothing up.
                image_id=f"resolve:ssm:{image}",
                instance_type=instance,
                ebs_optimized=True,
                iam_instance_profile=ec2.CfnLaunchTemplate.IamInstanceProfileProperty(arn=profile.attr_arn),
                security_group_ids=[around.security_group.security_group_id],
                monitoring=ec2.CfnLaunchTemplate.MonitoringProperty(enabled=True),
                metadata_options=ec2.CfnLaunchTemplate.MetadataOptionsProperty(
                    http_tokens="required", http_put_response_hop_limit=1
                ),
                block_device_mappings=[
                    ec2.CfnLaunchTemplate.BlockDeviceMappingProperty(
                        device_name="/dev/xvda",
                        ebs=ec2.CfnLaunchTemplate.EbsProperty(
                            encrypted=True, volume_type="gp3", volume_size=ROOT_GIB, delete_on_termination=True
                        ),
                    )
                ],
            ),
        )

    def _group(self, template: ec2.CfnLaunchTemplate, subnet: ec2.ISubnet) -> autoscaling.CfnAutoScalingGroup:
        group = autoscaling.CfnAutoScalingGroup(
            self,
            "Group",
            auto_scaling_group_name=self._name,
            min_size="1",
            max_size="1",
            desired_capacity="1",
            vpc_zone_identifier=[subnet.subnet_id],
            launch_template=autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty(
                launch_template_id=template.ref, version=template.attr_latest_version_number
            ),
            lifecycle_hook_specification_list=[
                autoscaling.CfnAutoScalingGroup.LifecycleHookSpecificationProperty(
                    lifecycle_hook_name=HOOK,
                    lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
                    heartbeat_timeout=HOOK_SECONDS,
                    default_result="CONTINUE",
                )
            ],
            # Kept only where asked for; free of charge. An alarm tells when the node has no machine.
            metrics_collection=[
                autoscaling.CfnAutoScalingGroup.MetricsCollectionProperty(
                    granularity="1Minute", metrics=["GroupInServiceInstances"]
                )
            ],
            tags=[
                autoscaling.CfnAutoScalingGroup.TagPropertyProperty(
                    key="Name", value=self._name, propagate_at_launch=True
                )
            ],
        )
        group.cfn_options.creation_policy = cdk.CfnCreationPolicy(
            resource_signal=cdk.CfnResourceSignal(count=1, timeout=START_TIMEOUT)
        )
        group.cfn_options.update_policy = cdk.CfnUpdatePolicy(
            auto_scaling_rolling_update=cdk.CfnAutoScalingRollingUpdate(
                max_batch_size=1,
                min_instances_in_service=0,
                pause_time=START_TIMEOUT,
                wait_on_resource_signals=True,
                suspend_processes=["AZRebalance", "HealthCheck", "ReplaceUnhealthy"],
            )
        )
        acknowledge(
            group,
            "AS3",
            reason="a group of one replaces its machine by itself; what matters is what Kafka lacks meanwhile, and "
            "Kafka's own metrics tell that",
        )
        return group

    def _user_data(self, template: ec2.CfnLaunchTemplate) -> str:
        around, node = self._around, self._node
        environment, kafka = around.environment, around.kafka
        start = Start(
            region=environment.region,
            group_name=self._name,
            lifecycle_hook=HOOK,
            bootstrap_parameter=bootstrap_parameter_name(environment.name),
            distribution=_download(kafka.distribution),
            exporter=_download(kafka.exporter) if kafka.exporter else None,
        )
        variables = {
            "AWS_DEFAULT_REGION": environment.region,
            "STACK": cdk.Aws.STACK_ID,
            "GROUP_ID": self.group.logical_id,
            "INTERFACE": self.interface.ref,
            "VOLUME": self._volume.ref,
            "AUTHORITY": around.authority_arn,
            **dict(zip(("ADMIN_SECRET", "CONNECTORS_SECRET"), around.secrets, strict=False)),
        }
        files = render_node(around.cluster, node, around.installation, start)
        # Nobody can read in a diff what is packed, so what matters most stands beside it.
        properties = files[f"{around.installation.paths.configuration}/server.properties"]
        template.add_metadata("server.properties", [line for line in properties.splitlines() if "=" in line])
        text = render(
            "user_data.sh.j2",
            cluster=around.cluster,
            node=node,
            paths=around.installation.paths,
            generation=kafka.generation,
            variables=variables,
            files=packed(files),
        )
        if len(text.encode()) > MOST_USER_DATA_BYTES:
            raise ValueError(f"the user data of {node.name} is above {MOST_USER_DATA_BYTES} bytes")
        return text


def _download(artifact: Artifact) -> Download:
    return Download(url=artifact.url, sha512=artifact.sha512)
