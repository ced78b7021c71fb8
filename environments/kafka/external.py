"""A cluster that exists already, on premises or anywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictStr

from environments.identifiers import KMS_KEY, SSM_PATH, PemReference, SecretReference
from environments.kafka.identity import ClusterId
from environments.naming import bootstrap_reference
from environments.rules.bounds import Shape
from environments.rules.findings import Finding, refuse
from environments.section import Section

_HOST_AND_PORT = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")
MOST_PORT = 65535


MSK_CLUSTER = r"arn:aws[a-z-]*:kafka:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9-]{1,64}/[A-Za-z0-9-]+"
"""A cluster on Amazon MSK by its ARN."""
_ASK_MSK = "msk:"


def _bootstrap(text: str) -> str:
    if text.startswith(_ASK_MSK):
        if re.fullmatch(_ASK_MSK + MSK_CLUSTER, text) is None:
            raise refuse("is not the ARN of an MSK cluster", "write msk:arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/ID")
        return text
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


class OAuth(Section):
    """How tokens are had from an identity provider (client credentials, KIP-768)."""

    token_endpoint: Annotated[
        str,
        Shape(
            r"^https://[^@\s/]+(/[^@\s]*)?$",
            "is not the https URL of a token endpoint without a login in it",
            "write it as in https://login.example.org/oauth2/token; id and secret are in the secret of kafka.secret",
            hidden=True,
        ),
    ]
    """Where the identity provider gives tokens."""
    scope: (
        Annotated[
            str, Shape(r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$", "is no scope of OAuth", "separate scopes by single spaces")
        ]
        | None
    ) = None
    """Scopes to ask for, separated by spaces."""
    extensions: dict[
        Annotated[
            str,
            Shape(r"^(?!auth$)[A-Za-z]+$", "is no name of a SASL extension", "use letters, not auth (RFC 7628)"),
        ],
        Annotated[
            StrictStr,
            Shape(r"^[ -+\--~]+$", "is no value of a SASL extension", "use printable ASCII without a comma"),
        ],
    ] = Field(default_factory=dict)
    """SASL extensions that the brokers want beside the token."""
    ca: PemReference | None = None
    """Certificate (PEM) of the identity provider's authority where it is not a public one."""


class ExternalKafka(Section):
    """A cluster that exists already, on premises or anywhere else: nothing is provisioned, only reached."""

    absent: ClassVar[dict[str, str]] = dict.fromkeys(
        ("brokers", "instance", "storage", "version", "controllers"),
        "an external cluster is only reached, not made; remove it",
    )

    kind: Literal["external"]
    """A cluster that exists already."""
    bootstrap: Annotated[str, AfterValidator(_bootstrap)]
    """Addresses ``host:port,host:port``; ``ssm:/path`` of the SSM parameter that holds them at start-up; or ``msk:ARN``
    of a cluster on MSK, which is asked for them then."""
    tls: StrictBool = True
    """Whether connections are encrypted."""
    ca: PemReference | None = None
    """Certificate (PEM) of the brokers' authority where it is not a public one: ``ssm:/path`` or ``secret:NAME``."""
    auth: Literal["none", "iam", "mtls", "plain", "scram-sha-256", "scram-sha-512", "oauthbearer"] = "none"
    """How clients prove who they are."""
    secret: SecretReference | None = None
    """``secret:NAME`` or ``secret:ARN`` in Secrets Manager: JSON with the keys that ``auth`` needs."""
    secret_key: (
        Annotated[
            str,
            Shape(
                rf"^{KMS_KEY}$",
                "is not the ARN of a KMS key",
                "write arn:aws:kms:REGION:ACCOUNT:key/ID (an alias will not do: roles name the key itself)",
            ),
        ]
        | None
    ) = None
    """KMS key of the secret where that is not Secrets Manager's own."""
    key_password: StrictBool = False
    """With ``mtls``, whether the certificate's key has a password, which the secret then holds too."""
    oauth: OAuth | None = None
    """With ``oauthbearer``, where tokens come from."""
    cluster: (
        Annotated[
            str,
            Shape(
                rf"^{MSK_CLUSTER}$",
                "is not the ARN of an MSK cluster",
                "write arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/ID",
            ),
        ]
        | None
    ) = None
    """With ``iam``, where ``bootstrap`` does not name it: the MSK cluster, on which connectors are then allowed their
    own topics and groups."""
    admin_secret: SecretReference | None = None
    """Whom ``streamops`` logs in as, where that is not the connectors: a secret with the same keys as ``secret``."""
    cluster_id: ClusterId | None = None
    """Id of the cluster: commands then refuse to touch any other."""

    @property
    def asked_cluster(self) -> str | None:
        """The MSK cluster that is asked for its addresses."""
        return self.bootstrap.removeprefix(_ASK_MSK) if self.bootstrap.startswith(_ASK_MSK) else None

    @property
    def cluster_arn(self) -> str | None:
        """The MSK cluster that this is, as far as the file tells."""
        return self.cluster or self.asked_cluster

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
        if self.secret_key is not None and self.secret is None:
            yield Finding("is the key of no secret", "remove it, or name the secret", ("secret_key",), self.secret_key)
        if not needs_secret and self.admin_secret is not None:
            yield Finding(
                f"is not used with auth: {self.auth}", "remove it or set auth", ("admin_secret",), self.admin_secret
            )
        yield from self._belongs_to("mtls", "key_password", given=self.key_password)
        yield from self._belongs_to("oauthbearer", "oauth", given=self.oauth is not None)
        yield from self._belongs_to("iam", "cluster", given=self.cluster is not None)
        if self.auth == "oauthbearer" and self.oauth is None:
            yield Finding(
                "needs an identity provider", "add oauth: {token_endpoint: https://...}", ("auth",), self.auth
            )
        if self.auth == "iam" and self.cluster_arn is None:
            yield Finding(
                "needs the cluster on which connectors are allowed something",
                "add cluster: arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/ID",
                ("auth",),
                self.auth,
            )
        if self.cluster is not None and self.asked_cluster is not None:
            yield Finding("is named by bootstrap already", "remove it", ("cluster",))

    def _belongs_to(self, auth: str, key: str, *, given: bool) -> Iterable[Finding]:
        if given and self.auth != auth:
            yield Finding(f"is not used with auth: {self.auth}", f"remove it, or set auth: {auth}", (key,))
