"""Where the brokers are: named in the configuration, or in a parameter that it names.

Addresses that are only known after a deployment stay out of what is deployed.
"""

from collections.abc import Callable

from connector.errors import ConnectorError
from connector.redaction import holds_login

_REFERENCE = "ssm:"


def resolve_bootstrap(bootstrap: str, parameter: Callable[[str], str]) -> str:
    """Return `host:port,...`; `parameter` reads an SSM parameter by its path.

    Raises:
        ConnectorError: the parameter cannot be read or is empty.
    """
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
        raise ConnectorError(f"SSM parameter {path!r}: is empty; it must hold the brokers as host:port,host:port")
    return brokers
