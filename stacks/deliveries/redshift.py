"""One Firehose delivery stream into Redshift, by way of a bucket and COPY."""

from dataclasses import dataclass

from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from environments import Environment, RedshiftDelivery
from environments.naming import delivery_name
from stacks.deliveries.bucket import delivery_bucket
from stacks.deliveries.grants import Grant, grant
from stacks.deliveries.log import BACKUP, DESTINATION, DeliveryLog
from stacks.deliveries.objects import COMPRESSION, backup, hints, interval
from stacks.deliveries.processing import processing, processing_grants
from stacks.deliveries.role import delivery_role
from stacks.deliveries.source import source_grants, source_properties
from stacks.deliveries.stream import acknowledge_source
from stacks.deliveries.surroundings import Surroundings
from stacks.deliveries.workgroup import PORT, Workgroup
from stacks.secret_arns import as_iam_compares, secret_arn
from stacks.security.users import service_domain

BESIDES = ("errors/", "manifests/", "processing-failed/")
"""Where Firehose lists the objects of each COPY, and keeps what failed.

It takes neither a prefix of errors nor expressions in any prefix on the way to Redshift:
https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""


@dataclass(frozen=True, kw_only=True)
class Database:
    """Where rows go, and how Firehose logs in there."""

    jdbc_url: str
    secret_arn: str
    readable_secret: str
    """The secret's ARN as IAM compares it: six characters at the end of one that is known by name are open."""
    key_arn: str | None
    """Key of a secret that is made here."""
    made: Workgroup | None


class RedshiftDeliveryStream(Construct):
    """A delivery stream that collects rows into objects, and has Redshift copy them into a table."""

    def __init__(self, scope: Construct, name: str, delivery: RedshiftDelivery, *, around: Surroundings) -> None:
        super().__init__(scope, name)
        environment = around.environment
        bucket = delivery_bucket(self, environment, delivery, key=around.key)
        log = DeliveryLog(self, environment, name, backup=True, key=around.key)
        database = self._database(name, delivery, around)
        kept = [delivery.originals] if delivery.originals is not None else []
        role = delivery_role(
            self,
            environment,
            name,
            [
                *bucket.grants(environment, [delivery.prefix, *BESIDES, *kept]),
                *log.grants(),
                *source_grants(around, delivery),
                *processing_grants(delivery),
                *_login(environment, database),
            ],
        )
        properties = firehose.CfnDeliveryStream
        stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_name=delivery_name(environment, name),
            **source_properties(around, delivery, role),
            redshift_destination_configuration=properties.RedshiftDestinationConfigurationProperty(
                cluster_jdbcurl=database.jdbc_url,
                role_arn=role.role_arn,
                copy_command=properties.CopyCommandProperty(
                    data_table_name=delivery.table,
                    data_table_columns=",".join(delivery.columns) or None,
                    copy_options=copy_options(delivery),
                ),
                secrets_manager_configuration=properties.SecretsManagerConfigurationProperty(
                    enabled=True, role_arn=role.role_arn, secret_arn=database.secret_arn
                ),
                retry_options=properties.RedshiftRetryOptionsProperty(duration_in_seconds=interval(delivery.retry)),
                cloud_watch_logging_options=log.options(DESTINATION),
                processing_configuration=processing(delivery),
                s3_configuration=properties.S3DestinationConfigurationProperty(
                    bucket_arn=bucket.bucket.bucket_arn,
                    role_arn=role.role_arn,
                    prefix=delivery.prefix,
                    buffering_hints=hints(delivery.buffer),
                    compression_format=COMPRESSION[delivery.compression],
                    encryption_configuration=bucket.encryption,
                    cloud_watch_logging_options=log.options(BACKUP),
                ),
                s3_backup_mode="Enabled" if kept else None,
                s3_backup_configuration=backup(bucket, role, delivery, log.options(BACKUP)) if kept else None,
            ),
        )
        acknowledge_source(stream, delivery)
        stream.node.add_dependency(bucket.bucket, *log.streams.values())
        if database.made:
            stream.node.add_dependency(database.made.resource)

    def _database(self, name: str, delivery: RedshiftDelivery, around: Surroundings) -> Database:
        environment = around.environment
        made = None
        if delivery.create:
            placement = around.placement()
            made = Workgroup(self, environment, name, delivery, placement=placement, key=around.key)
            url = made.jdbc_url
        else:
            url = delivery.jdbc_url or (
                f"jdbc:redshift://{delivery.workgroup}.{environment.account}.{environment.region}"
                f".redshift-serverless.{service_domain(environment)}:{PORT}/{delivery.database}"
            )
        if delivery.secret is None and made is not None:
            arn = whole = made.secret.ref
        else:
            arn = secret_arn(environment, delivery.secret or "")
            whole = as_iam_compares(arn)
        own = around.key if made is not None and delivery.secret is None else None
        return Database(
            jdbc_url=url, secret_arn=arn, readable_secret=whole, key_arn=own.key_arn if own else None, made=made
        )


def copy_options(delivery: RedshiftDelivery) -> str:
    """Return what COPY is told: what the file says, and how the objects are compressed."""
    told = delivery.copy_options
    return f"{told} gzip".strip() if delivery.compression == "gzip" and "gzip" not in told.lower().split() else told


def _login(environment: Environment, database: Database) -> list[Grant]:
    grants = [grant("secretsmanager:GetSecretValue", on=database.readable_secret)]
    if database.key_arn is not None:
        via = f"secretsmanager.{environment.region}.{service_domain(environment)}"
        grants.append(grant("kms:Decrypt", on=database.key_arn, conditions={"StringEquals": {"kms:ViaService": via}}))
    return grants
