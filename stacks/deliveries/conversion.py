"""Conversion into Parquet or ORC, by a table of the Glue Data Catalog that is given or made."""

from collections.abc import Iterator

from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_s3 as s3
from constructs import Construct

from environments import Conversion, Environment
from environments.naming import glue_name
from stacks.deliveries.grants import Grant, grant

_HIVE = "org.apache.hadoop.hive.ql.io"
_CLASSES = {
    "parquet": (
        f"{_HIVE}.parquet.MapredParquetInputFormat",
        f"{_HIVE}.parquet.MapredParquetOutputFormat",
        f"{_HIVE}.parquet.serde.ParquetHiveSerDe",
    ),
    "orc": (f"{_HIVE}.orc.OrcInputFormat", f"{_HIVE}.orc.OrcOutputFormat", f"{_HIVE}.orc.OrcSerde"),
}
_COMPRESSION = {
    "parquet": {"snappy": "SNAPPY", "gzip": "GZIP", "none": "UNCOMPRESSED"},
    "orc": {"snappy": "SNAPPY", "zlib": "ZLIB", "none": "NONE"},
}


def converted_table(environment: Environment, delivery: str, conversion: Conversion) -> tuple[str, str]:
    """Return database and table whose columns the records have."""
    if conversion.table is not None:
        database, _, table = conversion.table.partition(".")
        return database, table
    name = glue_name(environment, delivery)
    return name, name


def glue_table(
    scope: Construct, environment: Environment, delivery: str, conversion: Conversion, *, bucket: s3.IBucket, head: str
) -> glue.CfnTable | None:
    """Add a database with the table of a delivery, as query engines read it too; None where a table is given.

    `head` is what the names of objects begin with. The table holds no data: it goes with its delivery.
    """
    if conversion.table is not None:
        return None
    name, _ = converted_table(environment, delivery, conversion)
    database = glue.CfnDatabase(
        scope,
        "Database",
        catalog_id=environment.account,
        database_input=glue.CfnDatabase.DatabaseInputProperty(name=name, description=f"Delivery {delivery}"),
    )
    reads, writes, serde = _CLASSES[conversion.to]
    table = glue.CfnTable(
        scope,
        "Table",
        catalog_id=environment.account,
        database_name=name,
        table_input=glue.CfnTable.TableInputProperty(
            name=name,
            description=f"What the delivery {delivery} writes",
            table_type="EXTERNAL_TABLE",
            parameters={"classification": conversion.to, "EXTERNAL": "TRUE"},
            storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                columns=[
                    glue.CfnTable.ColumnProperty(name=column, type=kind) for column, kind in conversion.columns.items()
                ],
                location=bucket.s3_url_for_object(head),
                input_format=reads,
                output_format=writes,
                serde_info=glue.CfnTable.SerdeInfoProperty(serialization_library=serde),
            ),
        ),
    )
    table.node.add_dependency(database)
    return table


def conversion_properties(
    environment: Environment, delivery: str, conversion: Conversion, role: iam.IRole
) -> firehose.CfnDeliveryStream.DataFormatConversionConfigurationProperty:
    """Return how Firehose is told to convert."""
    database, table = converted_table(environment, delivery, conversion)
    stream = firehose.CfnDeliveryStream
    compression = _COMPRESSION[conversion.to][conversion.compression]
    return stream.DataFormatConversionConfigurationProperty(
        enabled=True,
        input_format_configuration=stream.InputFormatConfigurationProperty(
            deserializer=stream.DeserializerProperty(open_x_json_ser_de=stream.OpenXJsonSerDeProperty())
        ),
        output_format_configuration=stream.OutputFormatConfigurationProperty(
            serializer=stream.SerializerProperty(
                parquet_ser_de=(
                    stream.ParquetSerDeProperty(compression=compression) if conversion.to == "parquet" else None
                ),
                orc_ser_de=stream.OrcSerDeProperty(compression=compression) if conversion.to == "orc" else None,
            )
        ),
        schema_configuration=stream.SchemaConfigurationProperty(
            catalog_id=environment.account,
            database_name=database,
            table_name=table,
            region=environment.region,
            role_arn=role.role_arn,
            version_id="LATEST",
        ),
    )


def conversion_grants(environment: Environment, delivery: str, conversion: Conversion) -> Iterator[Grant]:
    """Yield what reading the columns takes."""
    database, table = converted_table(environment, delivery, conversion)
    scope = f"arn:{environment.partition}:glue:{environment.region}:{environment.account}"
    yield grant(
        "glue:GetTable",
        "glue:GetTableVersion",
        "glue:GetTableVersions",
        on=[f"{scope}:catalog", f"{scope}:database/{database}", f"{scope}:table/{database}/{table}"],
    )
