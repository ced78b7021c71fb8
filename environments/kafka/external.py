"""A cluster that exists already, on premises or anywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, StrictBool

from environments.identifiers import SSM_PATH, PemReference, SecretReference
from environments.naming import bootstrap_reference
from environments.rules.findings import Finding, refuse
from environments.section import Section

_HOST_AND_PORT = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")
MOST_PORT = 65535


def _bootstrap(text: str) -> str:
    if text.startswith("ssm:"):
        if re.fullmatch(SSM_PATH, text) is None:
            raise refuse("is not a path of an SSM parameter", f"write it as in {bootstrap_reference('dev')}")
        return text
    if "@" in text:
        raise refuse(
            "holds a user name or a password",
            "write host:port,host:port; credentials are in the secret that kafka.secret names",
            hidden=True,
        )
    for address in text.split(","):
        match = _HOST_AND_PORT.fullmatch(address.strip())
        if match is None or not 0 < int(match[3]) <= MOST_PORT:
            raise refuse(
                "is not host:port" if address == text else f"holds {address.strip()!r}, which is not host:port",
                "write host:port,host:port, or ssm:/path of the SSM parameter that will hold it",
            )
    return ",".join(address.strip() for address in text.split(","))


class ExternalKafka(Section):
    """A cluster that exists already, on premises or anywhere else: nothing is provisioned, only reached."""

    absent: ClassVar[dict[str, str]] = dict.fromkeys(
        ("brokers", "instance", "storage", "version", "controllers"),
        "an external cluster is only reached, not made; remove it",
    )

    kind: Literal["external"]
    """A cluster that exists already."""
    bootstrap: Annotated[str, AfterValidator(_bootstrap)]
    """Addresses ``host:port,host:port``, or ``ssm:/path`` of the SSM parameter that holds them at start-up."""
    tls: StrictBool = True
    """Whether connections are encrypted."""
    ca: PemReference | None = None
    """Certificate (PEM) of the brokers' authority where it is not a public one: ``ssm:/path`` or ``secret:NAME``."""
    auth: Literal["none", "iam", "mtls", "plain", "scram-sha-256", "scram-sha-512", "oauthbearer"] = "none"
    """How clients prove who they are."""
    secret: SecretReference | None = None
    """``secret:NAME`` or ``secret:ARN`` in Secrets Manager, with the credentials that ``auth`` needs."""

    def rules(self) -> Iterable[Finding]:
        """Credentials travel encrypted, and each way of proving who one is has what it needs."""
        if self.auth != "none" and not self.tls:
            yield Finding("would send credentials in the clear", "set tls: true", ("auth",), self.auth)
        if self.ca is not None and not self.tls:
            yield Finding("is of no use without TLS", "set tls: true or remove it", ("ca",), self.ca)
        needs_secret = self.auth not in {"none", "iam"}
        if needs_secret and self.secret is None:
            yield Finding("needs credentials", "add secret: secret:NAME", ("auth",), self.auth)
        if not needs_secret and self.secret is not None:
            yield Finding(f"is not used with auth: {self.auth}", "remove it or set auth", ("secret",), self.secret)
