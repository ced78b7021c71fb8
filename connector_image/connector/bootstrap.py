"""Where the brokers are: named in the configuration, in a parameter that it names, or asked of Amazon MSK.

Addresses that are only known after a deployment stay out of what is deployed.
"""

import re
from collections.abc import Callable

from connector.config import Security
from connector.config.kafka import MSK_CLUSTER
from connector.errors import ConnectorError
from connector.kafka.msk_brokers import PREFIX, msk_bootstrap
from connector.redaction import holds_login

_REFERENCE = "ssm:"


def resolve_bootstrap(bootstrap: str, security: Security, parameter: Callable[[str], str]) -> str:
    """Return `host:port,...`.

    Args:
        bootstrap: Addresses, `ssm:/path` of the parameter that holds them, or `msk:ARN` of a cluster; the parameter
            may hold that too.
        security: How the brokers are reached; a cluster on MSK has other addresses for each way.
        parameter: Reads an SSM parameter by its path.

    Raises:
        ConnectorError: the parameter cannot be read or is empty, or MSK does not tell.
        NotAuthenticated: the credentials are not accepted.
    """
    brokers = _dereferenced(bootstrap, parameter)
    if brokers.startswith(PREFIX):
        if re.fullmatch(MSK_CLUSTER, brokers) is None:
            raise ConnectorError(f"{bootstrap}: holds {brokers!r}, and after msk: stands the ARN of a cluster on MSK")
        return msk_bootstrap(brokers.removeprefix(PREFIX), security)
    return brokers


def _dereferenced(bootstrap: str, parameter: Callable[[str], str]) -> str:
    if not bootstrap.startswith(_REFERENCE):
        return bootstrap
    path = bootstrap.removeprefix(_REFERENCE)
    brokers = parameter(path).strip()
    if holds_login(brokers):
        raise ConnectorError(
            f"SSM parameter {path!r}: holds a user name or a password; it must hold the brokers as host:port,host:port,"
            " and source.security tells who we are to them"
        )
    if not brokers:
        raise ConnectorError(
            f"SSM parameter {path!r}: is empty; it must hold the brokers as host:port,host:port, or msk:ARN"
        )
    return brokers
