"""The storage of standard brokers, and how it grows."""

from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_msk as msk
from constructs import Construct

from environments import MskKafka

GIB = 1 << 30
MIB = 1 << 20


def storage_info(kafka: MskKafka) -> msk.CfnCluster.StorageInfoProperty:
    """Return the volume of each broker.

    CloudFormation sends it to MSK only when this part of the template changes. So storage that grew by
    itself stays as it is, until somebody changes `storage` to less than it has become: MSK then refuses
    the update, since storage only grows (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1129).
    """
    throughput = kafka.storage_throughput
    return msk.CfnCluster.StorageInfoProperty(
        ebs_storage_info=msk.CfnCluster.EBSStorageInfoProperty(
            volume_size=kafka.storage // GIB,
            provisioned_throughput=(
                msk.CfnCluster.ProvisionedThroughputProperty(enabled=True, volume_throughput=throughput // MIB)
                if throughput is not None
                else None
            ),
        )
    )


def scale_storage(scope: Construct, kafka: MskKafka, cluster_arn: str) -> None:
    """Let the storage grow up to what the environment says, if it says so.

    Application Auto Scaling acts through its own service-linked role. A volume cannot shrink, so
    scaling in is off, and the least capacity is of no meaning.
    """
    scaling = kafka.storage_autoscaling
    if scaling is None:
        return
    target = autoscaling.CfnScalableTarget(
        scope,
        "StorageTarget",
        service_namespace="kafka",
        scalable_dimension="kafka:broker-storage:VolumeSize",
        resource_id=cluster_arn,
        min_capacity=1,
        max_capacity=scaling.max // GIB,
    )
    autoscaling.CfnScalingPolicy(
        scope,
        "StorageScaling",
        policy_name="broker-storage",
        policy_type="TargetTrackingScaling",
        scaling_target_id=target.ref,
        target_tracking_scaling_policy_configuration=(
            autoscaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                disable_scale_in=True,
                target_value=scaling.target,
                predefined_metric_specification=autoscaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                    predefined_metric_type="KafkaBrokerStorageUtilization"
                ),
            )
        ),
    )
