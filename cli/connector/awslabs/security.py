"""How the brokers are reached: Java's keys, of which the passwords stay where they are."""

from __future__ import annotations

from cli.connector.awslabs.draft import Draft, LeftOutKey, RefusedKeyError

SECURITY = (
    "security.protocol",
    "sasl.mechanism",
    "sasl.jaas.config",
    "sasl.client.callback.handler.class",
    "sasl.kerberos.service.name",
    "sasl.login.callback.handler.class",
    "sasl.oauthbearer.token.endpoint.url",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
    "ssl.truststore.certificates",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.keystore.key",
    "ssl.keystore.certificate.chain",
    "ssl.key.password",
    "ssl.endpoint.identification.algorithm",
    "ssl.enabled.protocols",
    "ssl.protocol",
)

PASSWORDS = {"PLAIN": "plain", "SCRAM-SHA-256": "scram-sha-256", "SCRAM-SHA-512": "scram-sha-512"}
USERNAME, PASSWORD = "KAFKA_USERNAME", "KAFKA_PASSWORD"
_ENVIRONMENT = "how brokers are reached is the environment's: kafka.tls, kafka.ca, kafka.auth and kafka.secret"


def security(draft: Draft, value: str) -> str:
    """Answer for one of these keys; ``write_security`` writes what they mean together."""
    if not draft.standalone:
        raise LeftOutKey(_ENVIRONMENT)
    del value
    return "source.security"


def write_security(draft: Draft) -> list[str]:
    """Write ``source.security`` out of all of these keys; returns what is left to do by hand.

    Raises:
        RefusedKeyError: a protocol that there is not, or a way to prove who one is that needs more than can be taken
            from here.
    """
    told = _effective(draft)
    protocol = told.get("security.protocol", "PLAINTEXT").upper()
    to_do: list[str] = []
    described: dict[str, object]
    match protocol:
        case "PLAINTEXT":
            return []
        case "SSL":
            described = {"protocol": "tls"}
        case "SASL_SSL" | "SASL_PLAINTEXT":
            described = {"protocol": "sasl-tls" if protocol == "SASL_SSL" else "sasl-plaintext"}
            described |= _mechanism(draft, told.get("sasl.mechanism", "GSSAPI").upper(), to_do)
        case _:
            key = draft.origin("security.protocol") or ""
            raise RefusedKeyError("is no protocol that Kafka knows; correct it", key)
    stores = ("ssl.truststore.location", "ssl.truststore.certificates")
    if protocol.endswith("SSL") and any(store in told for store in stores):
        to_do.append("export the authority out of the trust store as PEM, and name the file in source.security.ca")
    if protocol == "SSL" and ("ssl.keystore.location" in told or "ssl.keystore.key" in told):
        to_do.append(
            "export certificate and key out of the key store as PEM, and name the files in "
            "source.security.certificate and source.security.key"
        )
    draft.source["security"] = described
    return to_do


def _mechanism(draft: Draft, mechanism: str, to_do: list[str]) -> dict[str, object]:
    if mechanism in PASSWORDS:
        to_do.append(
            f"put user name and password of sasl.jaas.config into the variables {USERNAME} and {PASSWORD} of the "
            "connector's environment; they are not copied"
        )
        return {"mechanism": PASSWORDS[mechanism], "username": {"env": USERNAME}, "password": {"env": PASSWORD}}
    if mechanism == "AWS_MSK_IAM":
        return {"mechanism": "aws-msk-iam"}
    key = draft.origin("sasl.mechanism") or draft.origin("security.protocol") or ""
    raise RefusedKeyError(
        f"means {mechanism}, which cannot be taken over: "
        + (
            "the connector has no Kerberos; give it a listener with SCRAM, OAUTHBEARER or mTLS"
            if mechanism == "GSSAPI"
            else "take the sasl keys out, import again, and write source.security by hand"
        ),
        key,
    )


def _effective(draft: Draft) -> dict[str, str]:
    """The keys as the connector's consumer sees them."""
    return {bare: draft.properties[key] for bare in SECURITY if (key := draft.origin(bare)) is not None}
