"""Where the brokers of a cluster on Amazon MSK are: asked of MSK, since they change as brokers come and go."""

from collections.abc import Mapping
from typing import Final, assert_never

from connector.aws.explained import explained
from connector.aws.identity import Identity
from connector.config import MskIam, OAuthBearer, Plaintext, Sasl, Security, Tls
from connector.errors import ConnectorError

PREFIX: Final = "msk:"

# https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-bootstrap-brokers.html
_IAM: Final = "BootstrapBrokerStringSaslIam"
_SCRAM: Final = "BootstrapBrokerStringSaslScram"
_TLS: Final = "BootstrapBrokerStringTls"
_PLAINTEXT: Final = "BootstrapBrokerString"

_MEANT: Final = {
    _IAM: "protocol: sasl-tls with mechanism: aws-msk-iam",
    _SCRAM: "protocol: sasl-tls with mechanism: scram-sha-512",
    _TLS: "protocol: tls",
    _PLAINTEXT: "protocol: plaintext",
}


def msk_bootstrap(cluster: str, security: Security) -> str:
    """Ask MSK for the addresses at which brokers take our way of logging in.

    Those inside the VPC, not the public ones: a connector runs beside the cluster.

    Args:
        cluster: ARN of the cluster.
        security: How the brokers are reached; with MSK IAM and a role, it is the role that asks.

    Raises:
        ConnectorError: there is no such cluster, it may not be asked for, or it takes no such login.
        NotAuthenticated: MSK does not accept the credentials.
    """
    wanted = _wanted(cluster, security)
    role = security.role if isinstance(security, MskIam) else None
    with explained(f"brokers of MSK cluster {cluster} (kafka:GetBootstrapBrokers)", "AWS_REGION"):
        client = Identity(cluster.split(":")[3], role).client("kafka")
        answer: Mapping[str, object] = client.get_bootstrap_brokers(ClusterArn=cluster)
    brokers = str(answer.get(wanted) or "")
    if not brokers:
        others = [meant for key, meant in _MEANT.items() if answer.get(key)]
        way_out = f"set source.security to {' or '.join(others)}" if others else "wait until it is active"
        raise ConnectorError(
            f"MSK cluster {cluster}: names no brokers for {_MEANT[wanted]}; {way_out}, or let the cluster take it"
        )
    return brokers


def _wanted(cluster: str, security: Security) -> str:
    match security:
        case MskIam():
            return _IAM
        case Sasl(protocol="sasl-tls", mechanism="scram-sha-512"):
            return _SCRAM
        case Tls():
            return _TLS
        case Plaintext():
            return _PLAINTEXT
        case Sasl() | OAuthBearer():
            raise ConnectorError(
                f"MSK cluster {cluster}: takes no {security.mechanism} over {security.protocol}; set source.security"
                f" to {_MEANT[_IAM]}, {_MEANT[_SCRAM]}, or {_MEANT[_TLS]}"
            )
        case _:
            assert_never(security)
