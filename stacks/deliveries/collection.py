"""What a collection of OpenSearch Serverless takes besides a role: its address, and a data access policy."""

import hashlib

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_opensearchserverless as serverless
from constructs import Construct

from environments import Environment, OpenSearchDelivery
from environments.naming import delivery_name

LONGEST_POLICY_NAME = 32


def collection_endpoint(arn: str) -> str:
    """Return the address of the collection with an ARN, which holds both region and id."""
    region, id_ = arn.split(":")[3], arn.rpartition("/")[2]
    domain = "amazonaws.com.cn" if arn.startswith("arn:aws-cn:") else "amazonaws.com"
    return f"https://{id_}.{region}.aoss.{domain}"


def data_access_policy(
    scope: Construct, environment: Environment, name: str, delivery: OpenSearchDelivery, role: iam.IRole
) -> serverless.CfnAccessPolicy:
    """Add the policy by which a collection lets a delivery's role write its index.

    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-serverless
    """
    return serverless.CfnAccessPolicy(
        scope,
        "DataAccess",
        name=_policy_name(environment, name),
        type="data",
        description=f"The delivery {name} of {environment.name}",
        policy=cdk.Stack.of(scope).to_json_string(
            [
                {
                    "Rules": [
                        {
                            "ResourceType": "index",
                            "Resource": [f"index/{delivery.collection_name}/{delivery.index}"],
                            "Permission": ["aoss:CreateIndex", "aoss:UpdateIndex", "aoss:WriteDocument"],
                        }
                    ],
                    "Principal": [role.role_arn],
                }
            ]
        ),
    )


def _policy_name(environment: Environment, delivery: str) -> str:
    """A name of at most 32 small letters, digits and dashes; a longer one ends in a hash of the whole."""
    whole = delivery_name(environment, delivery).lower().replace("_", "-").replace(".", "-")
    if len(whole) <= LONGEST_POLICY_NAME and whole[0].isalpha():
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"d-{whole}"[: LONGEST_POLICY_NAME - len(digest) - 1] + f"-{digest}"
