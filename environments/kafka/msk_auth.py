"""How clients prove to brokers of MSK who they are: one way, or several at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from environments.identifiers import SecretReference
from environments.kafka.identity import ClusterId
from environments.rules.bounds import Shape
from environments.rules.findings import Finding, refusal, refuse
from environments.section import Section

MskAuth = Literal["iam", "scram", "mtls"]

_WAYS = ("iam", "scram", "mtls")


def _as_list(given: object) -> object:
    return (given,) if isinstance(given, str) else given


def _each_once(ways: tuple[str, ...]) -> tuple[str, ...]:
    if not ways:
        raise refuse("names no way", "write iam, scram or mtls, or a list of them")
    twice = (place for place, way in enumerate(ways) if way in ways[:place])
    if found := [Finding("stands here already", "name it once", (place,), ways[place]) for place in twice]:
        raise refusal(found)
    return ways


def _write(ways: tuple[str, ...]) -> str | list[str]:
    return ways[0] if len(ways) == 1 else list(ways)


MskAuths = Annotated[
    tuple[MskAuth, ...],
    BeforeValidator(_as_list),
    AfterValidator(_each_once),
    PlainSerializer(_write),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(_WAYS)},
                {"type": "array", "items": {"enum": list(_WAYS)}, "minItems": 1, "uniqueItems": True},
            ]
        }
    ),
]
"""One way, or a list of them; the connectors use the first."""

Authority = Annotated[
    str,
    Shape(
        r"^arn:aws[a-z-]*:acm-pca:[a-z0-9-]+:[0-9]{12}:certificate-authority/[0-9a-f-]{36}$",
        "is not the ARN of a certificate authority",
        "write it as in arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID",
    ),
]


class MskLogin(Section):
    """What clusters with brokers have in common: how clients log in."""

    kind: str  # first, since the union of kinds is told apart by it
    auth: MskAuths = ("iam",)
    """How clients prove who they are: ``iam``, ``scram``, ``mtls``, or a list; the connectors use the first."""
    authorities: tuple[Authority, ...] = ()
    """ARNs of the private authorities (AWS Private CA) whose certificates ``mtls`` accepts."""
    secret: SecretReference | None = None
    """Where the connectors use ``mtls``: secret with JSON of ``certificate`` and ``key``, both PEM."""
    cluster_id: ClusterId | None = None
    """Id of the cluster, once it is made: commands then refuse to touch any other."""

    @property
    def client_auth(self) -> MskAuth:
        """How the connectors log in."""
        return self.auth[0]

    def login_rules(self) -> Iterator[Finding]:
        """Each way has what it needs, and nothing stands there that none uses."""
        if "mtls" in self.auth and not self.authorities:
            yield Finding(
                "accepts the certificates of no authority",
                "add authorities: [ARN of a certificate authority of AWS Private CA]",
                ("auth",),
                "mtls",
            )
        if "mtls" not in self.auth and self.authorities:
            yield Finding("are of use with auth: mtls only", "add mtls to auth, or remove it", ("authorities",))
        if self.client_auth == "mtls" and self.secret is None:
            yield Finding(
                "needs a certificate of the connectors and its key", "add secret: secret:NAME", ("auth",), "mtls"
            )
        if self.client_auth != "mtls" and self.secret is not None:
            made = "; the secret of scram is made" if self.client_auth == "scram" else ""
            yield Finding(
                f"is not used where the connectors use {self.client_auth}{made}",
                "remove it, or name mtls first in auth",
                ("secret",),
                self.secret,
            )
