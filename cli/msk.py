"""Amazon MSK as the CLI meets it: where a cluster's brokers are, and who we are to them with IAM."""

from __future__ import annotations

import base64
from typing import Any, Literal

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from kafka.net.sasl.oauth import AbstractTokenProvider

from cli.aws import Aws
from cli.errors import CliError, NotAuthenticatedError, UnreachableError
from environments import Environment
from environments.identifiers import region_of_arn

Login = Literal["iam", "scram", "mtls", "none", "plaintext"]

ADDRESSES: dict[Login, str] = {
    "iam": "BootstrapBrokerStringSaslIam",
    "scram": "BootstrapBrokerStringSaslScram",
    "mtls": "BootstrapBrokerStringTls",
    "none": "BootstrapBrokerStringTls",
    "plaintext": "BootstrapBrokerString",
}
"""https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-bootstrap-brokers.html"""

PREFIX = "msk:"
"""Before the ARN of a cluster, where addresses could stand: they are asked for."""

TOKEN_SECONDS = 900
"""The longest that MSK takes."""


def msk_bootstrap(environment: Environment, cluster: str, login: Login) -> str:
    """Ask MSK for the brokers of a cluster, by its ARN.

    Raises:
        NotAuthenticatedError: the credentials are of another account.
        UnreachableError: the cluster has no brokers for this login, as while it is being made.
    """
    aws = Aws(environment)
    aws.check_account()
    brokers = aws.kafka(region_of_arn(cluster)).get_bootstrap_brokers(ClusterArn=cluster).get(ADDRESSES[login])
    if not brokers:
        raise UnreachableError(
            f"MSK names no brokers of {cluster} for clients that log in with {login}",
            "wait until the cluster is active, and check kafka.auth of the environment",
        )
    return str(brokers)


def storage_of(aws: Aws, cluster: str) -> int:
    """GiB that each broker of a cluster with standard brokers has by now; it may have grown by itself."""
    told = aws.kafka(region_of_arn(cluster)).describe_cluster_v2(ClusterArn=cluster)
    brokers = told["ClusterInfo"]["Provisioned"]["BrokerNodeGroupInfo"]
    return int(brokers["StorageInfo"]["EbsStorageInfo"]["VolumeSize"])


class MskIamTokens(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no types
    """Tokens of the caller's own AWS identity: a presigned URL of the action ``kafka-cluster:Connect``.

    https://github.com/aws/aws-msk-iam-auth#details tells what stands in it. kafka-python has a mechanism for IAM of its
    own, which takes region and credentials from the shell instead of the environment's.
    """

    def __init__(self, environment: Environment, region: str) -> None:
        super().__init__()
        self._region = region
        self._aws = Aws(environment)

    def token(self) -> str:
        """Sign a token that is valid for a quarter of an hour.

        Raises:
            NotAuthenticatedError: there are no AWS credentials.
        """
        credentials = self._aws.credentials()
        if credentials is None:
            raise NotAuthenticatedError("there are no AWS credentials to log in to Kafka with", "run aws configure")
        url = f"https://kafka.{self._region}.amazonaws.com/"
        request = AWSRequest("GET", url, params={"Action": "kafka-cluster:Connect"})
        SigV4QueryAuth(credentials, "kafka-cluster", self._region, expires=TOKEN_SECONDS).add_auth(request)
        signed = f"{request.url}&User-Agent=streamops"
        return base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")


def login_of(environment: Environment, auths: tuple[str, ...], *, tls: bool = True) -> Login:
    """How the CLI logs in: with the caller's own identity where the cluster takes it, else as the connectors do.

    Raises:
        CliError: MSK knows no such way.
    """
    if auths == ("none",) and not tls:
        return "plaintext"
    for login in ADDRESSES:
        if login in auths or (login == "scram" and "scram-sha-512" in auths):  # an external cluster's word for it
            return login
    raise CliError(
        f"kafka.auth {', '.join(auths)} of environment {environment.name} is not supported by this command",
        "add iam to kafka.auth: MSK takes several ways at once",
    )


def iam_settings(environment: Environment, region: str) -> dict[str, Any]:
    """kafka-python's settings for a cluster on MSK, in ``region``, with IAM."""
    return {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_provider": MskIamTokens(environment, region),
    }
