"""What Firehose may do for each delivery: every statement of its role, and none more."""

from typing import Any

import pytest

from tests.stacks.synthesis import Templates

ACCOUNT = "eu-west-1:111122223333"
Condition = dict[str, Any] | None


def short(name: str) -> str:
    """A short name as logical ids begin with it."""
    return name.replace("-", "")


def made(templates: Templates, environment: str, name: str) -> dict[str, Any]:
    """The properties of the delivery stream of a delivery."""
    (found,) = (
        each
        for each in templates.properties(environment, "deliveries", "KinesisFirehose::DeliveryStream")
        if each["DeliveryStreamName"] == f"{environment}-{name}"
    )
    return found


def allowed(templates: Templates, environment: str, name: str) -> dict[str, list[tuple[Any, Condition]]]:
    """Resources with their conditions, by action, of the role of a delivery."""
    (role,) = (
        each["Properties"]
        for key, each in templates.resources(environment, "deliveries", "IAM::Role").items()
        if key.startswith(f"{short(name)}Role")
    )
    (policy,) = role["Policies"]
    found: dict[str, list[tuple[Any, Condition]]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        actions, resources = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            for resource in resources if isinstance(resources, list) else [resources]:
                found.setdefault(action, []).append((resource, statement.get("Condition")))
    return found


def resources(templates: Templates, environment: str, name: str, beginning: str) -> dict[str, list[Any]]:
    """Resources by action, of the actions that begin alike."""
    return {
        action: [resource for resource, _ in found]
        for action, found in allowed(templates, environment, name).items()
        if action.startswith(beginning)
    }


SERVICES = {
    "lake": {"glue", "kinesis", "kms", "logs", "s3"},
    "clean": {"glue", "lambda", "logs", "s3"},
    "warehouse": {"kms", "logs", "s3", "secretsmanager"},
    "sales": {"kms", "logs", "s3", "secretsmanager"},
    "search": {"ec2", "es", "kms", "logs", "s3"},
    "reached": {"ec2", "es", "kms", "logs", "s3"},
    "serverless": {"aoss", "kms", "logs", "s3"},
}


@pytest.mark.parametrize(("name", "services"), SERVICES.items())
def test_a_role_reaches_the_services_that_its_delivery_uses(templates: Templates, name: str, services: set[str]):
    assert {action.split(":")[0] for action in allowed(templates, "gathered", name)} == services


def test_a_bucket_is_filled_below_the_prefixes_of_the_delivery(templates: Templates):
    s3 = resources(templates, "gathered", "clean", "s3:")
    bucket = "arn:aws:s3:::team-clean"
    objects = [f"{bucket}/clean/*", f"{bucket}/errors/*"]
    assert s3 == {
        **{f"s3:{what}": [bucket] for what in ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads")},
        **{f"s3:{what}": objects for what in ("AbortMultipartUpload", "GetObject", "PutObject")},
    }


def test_the_key_of_a_bucket_is_used_through_s3_for_that_bucket(templates: Templates):
    ((_, condition),) = allowed(templates, "gathered", "serverless")["kms:GenerateDataKey"]
    (bucket,) = (
        key for key in templates.resources("gathered", "deliveries", "S3::Bucket") if key.startswith("serverlessBucket")
    )
    assert condition == {
        "StringEquals": {
            "kms:ViaService": "s3.eu-west-1.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": {"Fn::GetAtt": [bucket, "Arn"]},
        }
    }


def test_the_log_takes_its_own_streams_only(templates: Templates):
    log = f"arn:aws:logs:{ACCOUNT}:log-group:/streamops/gathered/deliveries/sales:log-stream"
    assert resources(templates, "gathered", "sales", "logs:") == {
        "logs:PutLogEvents": [f"{log}:backup", f"{log}:destination"]
    }


def test_a_function_is_called_in_the_version_that_is_named(templates: Templates):
    function = [f"arn:aws:lambda:{ACCOUNT}:function:clean:3"]
    assert resources(templates, "gathered", "clean", "lambda:") == {
        "lambda:GetFunctionConfiguration": function,
        "lambda:InvokeFunction": function,
    }


@pytest.mark.parametrize(
    ("name", "database", "table"), [("lake", "gathered_lake", "gathered_lake"), ("clean", "lake", "clean")]
)
def test_columns_are_read_of_one_table(templates: Templates, name: str, database: str, table: str):
    scope = f"arn:aws:glue:{ACCOUNT}"
    one = [f"{scope}:catalog", f"{scope}:database/{database}", f"{scope}:table/{database}/{table}"]
    assert resources(templates, "gathered", name, "glue:") == dict.fromkeys(
        ("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"), one
    )


def test_a_secret_that_is_known_by_name_is_read_with_any_end_of_its_arn(templates: Templates):
    assert resources(templates, "gathered", "sales", "secretsmanager:") == {
        "secretsmanager:GetSecretValue": [f"arn:aws:secretsmanager:{ACCOUNT}:secret:redshift-??????"]
    }


def test_a_secret_that_is_made_is_read_with_its_key(templates: Templates):
    (secret,) = templates.resources("gathered", "deliveries", "SecretsManager::Secret")
    role = allowed(templates, "gathered", "warehouse")
    assert role["secretsmanager:GetSecretValue"] == [({"Ref": secret}, None)]
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
    assert via in [condition for _, condition in role["kms:Decrypt"]]


@pytest.mark.parametrize(("name", "domain"), [("search", "gathered-search"), ("reached", "search")])
def test_a_domain_is_described_and_its_index_written(templates: Templates, name: str, domain: str):
    arn = f"arn:aws:es:{ACCOUNT}:domain/{domain}"
    es = resources(templates, "gathered", name, "es:")
    for action in ("DescribeDomain", "DescribeDomainConfig", "DescribeDomains"):
        assert es.pop(f"es:{action}") == [arn]
    for action in ("ESHttpPost", "ESHttpPut"):
        assert es.pop(f"es:{action}") == [arn, f"{arn}/*"]
    assert [each.removeprefix(f"{arn}/") for each in es.pop("es:ESHttpGet")] == [
        "_all/_settings",
        "_cluster/stats",
        "_nodes",
        "_nodes/*/stats",
        "_nodes/stats",
        "_stats",
        "orders*/_mapping/*",
        "orders*/_stats",
    ]
    assert es == {}


def test_a_collection_is_reached_by_the_one_action_there_is(templates: Templates):
    assert resources(templates, "gathered", "serverless", "aoss:") == {
        "aoss:APIAccessAll": [f"arn:aws:aoss:{ACCOUNT}:collection/abc123"]
    }


def test_interfaces_are_made_in_this_account_and_described_anywhere(templates: Templates):
    ec2 = resources(templates, "gathered", "reached", "ec2:")
    changing = {"CreateNetworkInterface", "CreateNetworkInterfacePermission", "DeleteNetworkInterface"}
    for action in changing:
        assert ec2.pop(f"ec2:{action}") == [
            f"arn:aws:ec2:{ACCOUNT}:{kind}/*" for kind in ("network-interface", "security-group", "subnet")
        ]
    assert ec2 == {
        f"ec2:Describe{what}": ["*"]
        for what in ("NetworkInterfaces", "SecurityGroups", "Subnets", "VpcAttribute", "Vpcs")
    }
