"""What is made for each destination, and what Firehose is told of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from environments import RedshiftDelivery
from stacks.deliveries.collection import collection_endpoint
from stacks.deliveries.redshift import copy_options
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import REDSHIFT, Resource, Templates, describe
from tests.stacks.test_deliveries_roles import made
from tests.stacks.variants import DELIVERIES, VARIANTS

OPENSEARCH = "AmazonopensearchserviceDestinationConfiguration"
SERVERLESS = "AmazonOpenSearchServerlessDestinationConfiguration"


def only(templates: Templates, kind: str, environment: str = "gathered") -> dict[str, Any]:
    (found,) = templates.properties(environment, "deliveries", kind)
    return found


def resource(templates: Templates, kind: str, environment: str = "gathered") -> Resource:
    (found,) = templates.resources(environment, "deliveries", kind).values()
    return found


def processors(stream: dict[str, Any]) -> dict[str, dict[str, str]]:
    described = stream["ExtendedS3DestinationConfiguration"]["ProcessingConfiguration"]
    assert described["Enabled"] is True
    return {
        each["Type"]: {one["ParameterName"]: one["ParameterValue"] for one in each["Parameters"]}
        for each in described["Processors"]
    }


def test_records_are_taken_apart_then_sorted_by_what_is_in_them(templates: Templates):
    stream = made(templates, "gathered", "lake")
    assert processors(stream) == {
        "RecordDeAggregation": {"SubRecordType": "JSON"},
        "MetadataExtraction": {"MetadataExtractionQuery": '{"customer":.customer}', "JsonParsingEngine": "JQ-1.6"},
    }
    partitioning = stream["ExtendedS3DestinationConfiguration"]["DynamicPartitioningConfiguration"]
    assert partitioning == {"Enabled": True, "RetryOptions": {"DurationInSeconds": 300}}


def test_lines_are_taken_apart_and_ended_as_firehose_writes_them(described: Describe, synthesized: Synthesize):
    lines = {**DELIVERIES["lake"], "deaggregate": "newline", "newline": True, "convert": None, "source": None}
    lines = {key: value for key, value in lines.items() if value is not None}
    found = processors(made(synthesized(described(deliveries={"lines": lines}, routes=None)), "changed", "lines"))
    assert list(found) == ["RecordDeAggregation", "MetadataExtraction", "AppendDelimiterToRecord"]
    assert found["RecordDeAggregation"] == {"SubRecordType": "DELIMITED", "Delimiter": "Cg=="}


def test_a_function_is_called_as_the_file_says(templates: Templates):
    assert processors(made(templates, "gathered", "clean"))["Lambda"] == {
        "LambdaArn": "arn:aws:lambda:eu-west-1:111122223333:function:clean:3",
        "NumberOfRetries": "3",
        "BufferSizeInMBs": "1",
        "BufferIntervalInSeconds": "60",
    }


def test_columns_come_from_a_table_that_is_made_with_the_delivery(templates: Templates):
    conversion = made(templates, "gathered", "lake")["ExtendedS3DestinationConfiguration"][
        "DataFormatConversionConfiguration"
    ]
    assert conversion["OutputFormatConfiguration"] == {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}}
    table = only(templates, "Glue::Table")
    schema = conversion["SchemaConfiguration"]
    assert (schema["DatabaseName"], schema["TableName"]) == (table["DatabaseName"], table["TableInput"]["Name"])
    described = table["TableInput"]["StorageDescriptor"]
    assert described["Columns"] == [{"Name": "id", "Type": "bigint"}, {"Name": "customer", "Type": "string"}]
    assert described["Location"]["Fn::Join"][1][-1] == "/data/"
    assert "parquet" in described["SerdeInfo"]["SerializationLibrary"]


def test_columns_come_from_a_table_that_is_given(templates: Templates):
    conversion = made(templates, "gathered", "clean")["ExtendedS3DestinationConfiguration"][
        "DataFormatConversionConfiguration"
    ]
    assert conversion["OutputFormatConfiguration"] == {"Serializer": {"OrcSerDe": {"Compression": "ZLIB"}}}
    assert (conversion["SchemaConfiguration"]["DatabaseName"], conversion["SchemaConfiguration"]["TableName"]) == (
        "lake",
        "clean",
    )


def test_originals_are_kept_under_a_prefix_and_a_log_stream_of_their_own(templates: Templates):
    described = made(templates, "gathered", "lake")["ExtendedS3DestinationConfiguration"]
    assert described["S3BackupMode"] == "Enabled"
    kept = described["S3BackupConfiguration"]
    assert (kept["Prefix"], kept["CloudWatchLoggingOptions"]["LogStreamName"]) == ("raw/", "backup")
    assert "S3BackupMode" not in made(templates, "plain", "archive")["ExtendedS3DestinationConfiguration"]


def test_names_and_times_of_objects_are_as_the_file_says(templates: Templates):
    assert made(templates, "gathered", "lake")["ExtendedS3DestinationConfiguration"]["CustomTimeZone"] == (
        "Europe/Berlin"
    )
    assert made(templates, "gathered", "clean")["ExtendedS3DestinationConfiguration"]["FileExtension"] == ".orc"


def test_buckets_and_logs_are_encrypted_with_the_environments_key(templates: Templates):
    for bucket in templates.properties("gathered", "deliveries", "S3::Bucket"):
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert rule["BucketKeyEnabled"] is True
    for log in templates.properties("gathered", "deliveries", "Logs::LogGroup"):
        assert "Fn::GetStackOutput" in log["KmsKeyId"]


def test_rows_are_copied_into_a_workgroup_that_exists(templates: Templates):
    described = made(templates, "gathered", "sales")["RedshiftDestinationConfiguration"]
    assert described["ClusterJDBCURL"] == (
        "jdbc:redshift://sales.111122223333.eu-west-1.redshift-serverless.amazonaws.com:5439/sales"
    )
    assert described["CopyCommand"] == {"DataTableName": "orders", "CopyOptions": "json 'auto'"}
    assert described["SecretsManagerConfiguration"]["SecretARN"] == (
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:redshift"
    )
    assert not {"Username", "Password"} & described.keys()
    assert described["S3Configuration"]["Prefix"] == "staged/"
    assert described["RetryOptions"] == {"DurationInSeconds": 3600}
    assert described["S3BackupConfiguration"]["Prefix"] == "raw/"
    # Firehose refuses a delivery stream into Redshift that has it.
    for objects in ("S3Configuration", "S3BackupConfiguration"):
        assert "ErrorOutputPrefix" not in described[objects]


def test_a_workgroup_is_public_for_firehose_alone_and_speaks_tls(templates: Templates):
    workgroup = only(templates, "RedshiftServerless::Workgroup")
    assert workgroup["PubliclyAccessible"] is True
    assert len(workgroup["SubnetIds"]) == 3
    assert {each["ParameterKey"]: each["ParameterValue"] for each in workgroup["ConfigParameters"]} == {
        "require_ssl": "true",
        "enable_user_activity_logging": "true",
    }
    (group,) = (
        each
        for each in templates.properties("gathered", "deliveries", "EC2::SecurityGroup")
        if each["GroupName"].endswith("-redshift")
    )
    assert [(rule["CidrIp"], rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupIngress"]] == [
        ("52.19.239.192/27", 5439, 5439)
    ]


def test_nobody_knows_the_password_of_a_workgroup_that_is_made(templates: Templates):
    namespace = only(templates, "RedshiftServerless::Namespace")
    password = json.dumps(namespace["AdminUserPassword"])
    assert "resolve:secretsmanager" in password
    assert "password" in password
    secret = only(templates, "SecretsManager::Secret")
    assert json.loads(secret["GenerateSecretString"]["SecretStringTemplate"]) == {"username": "streamops"}
    assert namespace["AdminUsername"] == "streamops"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "json 'auto'"),
        ({"compression": "gzip"}, "json 'auto' gzip"),
        ({"compression": "gzip", "copy_options": "delimiter '|' GZIP"}, "delimiter '|' GZIP"),
        ({"compression": "gzip", "copy_options": ""}, "gzip"),
    ],
)
def test_copy_is_told_how_objects_are_compressed(changes: dict[str, str], told: str):
    assert copy_options(RedshiftDelivery.model_validate({**REDSHIFT, **changes})) == told


def test_documents_go_to_a_domain_in_the_private_subnets(templates: Templates):
    described = made(templates, "gathered", "search")[OPENSEARCH]
    assert described["DomainARN"] == "arn:aws:es:eu-west-1:111122223333:domain/gathered-search"
    assert (described["IndexName"], described["IndexRotationPeriod"]) == ("orders", "OneDay")
    assert described["S3BackupMode"] == "AllDocuments"
    domain = only(templates, "OpenSearchService::Domain")
    assert domain["DomainName"] == "gathered-search"
    assert domain["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    assert domain["EncryptionAtRestOptions"]["Enabled"] is True
    assert domain["DomainEndpointOptions"]["EnforceHTTPS"] is True
    assert len(domain["VPCOptions"]["SubnetIds"]) == 1
    assert len(described["VpcConfiguration"]["SubnetIds"]) == 3
    assert set(domain["LogPublishingOptions"]) == {"INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS", "ES_APPLICATION_LOGS"}


def test_a_domain_lets_in_the_role_and_the_interfaces_of_its_delivery(templates: Templates):
    (statement,) = only(templates, "OpenSearchService::Domain")["AccessPolicies"]["Statement"]
    (role,) = (
        key for key in templates.resources("gathered", "deliveries", "IAM::Role") if key.startswith("searchRole")
    )
    assert statement["Principal"] == {"AWS": {"Fn::GetAtt": [role, "Arn"]}}
    (rule,) = templates.properties("gathered", "deliveries", "EC2::SecurityGroupIngress")
    (interfaces,) = made(templates, "gathered", "search")[OPENSEARCH]["VpcConfiguration"]["SecurityGroupIds"]
    assert (rule["SourceSecurityGroupId"], rule["FromPort"], rule["ToPort"]) == (interfaces, 443, 443)


def test_a_domain_spreads_over_zones_with_masters_of_its_own_and_stays_in_production(
    described: Describe, synthesized: Synthesize
):
    search = {**DELIVERIES["search"], "new_domain": {"count": 4}}
    templates = synthesized(described("e", deliveries={"search": search}, routes=None, production=True))
    domain = resource(templates, "OpenSearchService::Domain", "e")
    cluster = domain["Properties"]["ClusterConfig"]
    assert cluster["ZoneAwarenessConfig"] == {"AvailabilityZoneCount": 2}
    assert (cluster["InstanceCount"], cluster["DedicatedMasterCount"]) == (4, 3)
    assert len(domain["Properties"]["VPCOptions"]["SubnetIds"]) == 2
    assert (domain["DeletionPolicy"], domain["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_a_domain_in_the_vpc_that_is_given_is_reached_by_interfaces(templates: Templates):
    described = made(templates, "gathered", "reached")[OPENSEARCH]
    assert described["DomainARN"] == DELIVERIES["reached"]["domain"]
    assert described["S3BackupMode"] == "FailedDocumentsOnly"
    assert described["VpcConfiguration"]["RoleARN"] == described["RoleARN"]
    assert described["DocumentIdOptions"] == {"DefaultDocumentIdFormat": "FIREHOSE_DEFAULT"}


def test_a_collection_lets_the_role_write_its_index(templates: Templates):
    described = made(templates, "gathered", "serverless")[SERVERLESS]
    assert described["CollectionEndpoint"] == "https://abc123.eu-west-1.aoss.amazonaws.com"
    assert "VpcConfiguration" not in described
    policy = only(templates, "OpenSearchServerless::AccessPolicy")
    assert (policy["Name"], policy["Type"]) == ("gathered-serverless", "data")
    text = json.dumps(policy["Policy"]).replace("\\", "")
    assert '"Resource":["index/orders/orders"]' in text
    assert '"Permission":["aoss:CreateIndex","aoss:UpdateIndex","aoss:WriteDocument"]' in text
    assert "serverlessRole" in text


def test_a_collection_has_the_address_of_its_partition():
    arn = "arn:aws-cn:aoss:cn-north-1:111122223333:collection/x1y2"
    assert collection_endpoint(arn) == "https://x1y2.cn-north-1.aoss.amazonaws.com.cn"


def test_a_delivery_comes_after_what_it_fills(templates: Templates):
    stack = templates.resources("gathered", "deliveries")
    needed = {
        "lake": {"AWS::Glue::Table", "AWS::S3::BucketPolicy"},
        "warehouse": {"AWS::RedshiftServerless::Workgroup"},
        "search": {"AWS::OpenSearchService::Domain"},
        "serverless": {"AWS::OpenSearchServerless::AccessPolicy"},
    }
    for name, kinds in needed.items():
        (stream,) = (
            each for each in stack.values() if each["Properties"].get("DeliveryStreamName") == f"gathered-{name}"
        )
        assert {stack[key]["Type"] for key in stream["DependsOn"]} >= kinds


def test_every_destination_passes_the_checks_in_production_too(tmp_path: Path):
    search = {**DELIVERIES["search"], "new_domain": {"count": 3}}
    sections = {**VARIANTS["gathered"], "production": True, "deliveries": {**DELIVERIES, "search": search}}
    environment = describe(tmp_path, "checked", **sections)
    assert Templates([environment], tmp_path / "out", check=True).stacks("checked") >= {"deliveries"}
