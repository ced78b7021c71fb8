"""How the brokers are reached, and who we are to them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from connector.config.section import Secret, Section


class Plaintext(Section):
    """No encryption, no authentication."""

    protocol: Literal["plaintext"]


class Tls(Section):
    """TLS that verifies the brokers."""

    protocol: Literal["tls"]
    ca: str | None = Field(default=None, description="PEM file of the authority; without it the system's")


class Sasl(Section):
    """A user name and a password, over TLS or in the clear."""

    protocol: Literal["sasl-tls", "sasl-plaintext"]
    mechanism: Literal["plain", "scram-sha-256", "scram-sha-512"] = Field(
        description="how the password is proven", examples=["scram-sha-512"]
    )
    username: Secret = Field(description="where the user name is found", examples=['{"env": "KAFKA_USERNAME"}'])
    password: Secret = Field(description="where the password is found", examples=['{"env": "KAFKA_PASSWORD"}'])
    ca: str | None = Field(default=None, description="PEM file of the authority; only with sasl-tls")

    @model_validator(mode="after")
    def _ca_needs_tls(self) -> Self:
        if self.ca is not None and self.protocol != "sasl-tls":
            raise ValueError("ca has no meaning with sasl-plaintext; use sasl-tls or remove ca")
        return self


Security = Annotated[Plaintext | Tls | Sasl, Field(discriminator="protocol")]
