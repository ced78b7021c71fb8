"""What the sinks of AWS have in common."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field

from connector.config.section import BrokenRule, Rules, Section, no_login
from connector.units import Duration, format_duration, parse_duration

REGION_NAME: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class Role(Section):
    """A role that is assumed for the sink, with the credentials that the environment gives."""

    arn: str = Field(
        pattern=r"^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$",
        max_length=640,
        description="role to assume",
        examples=["arn:aws:iam::111122223333:role/writer"],
    )
    external_id: str | None = Field(
        default=None,
        min_length=2,
        max_length=1224,
        pattern=r"^[A-Za-z0-9_+=,.@:/-]+$",
        description="what the owner of the role demands beside the identity",
    )
    session: str = Field(
        default="streamops-connector",
        pattern=r"^[A-Za-z0-9_+=,.@-]{2,64}$",
        description="name of the session in the owner's logs",
    )


class Retry(Section):
    """Full jitter: each wait is drawn from zero to a ceiling that doubles from `first` to `longest`."""

    first: Duration = Field(
        default=parse_duration("100ms"),
        ge=parse_duration("1ms"),
        le=parse_duration("1m"),
        description="ceiling of the first wait",
    )
    longest: Duration = Field(
        default=parse_duration("10s"),
        ge=parse_duration("1ms"),
        le=parse_duration("10m"),
        description="ceiling of every wait",
    )

    def _grows(self) -> Iterator[BrokenRule]:
        if self.longest < self.first:
            first, longest = format_duration(self.first), format_duration(self.longest)
            yield BrokenRule(
                "longest", f"{longest} must not be shorter than first ({first})", "raise longest or lower first"
            )

    RULES: ClassVar[Rules] = (_grows,)


class AwsSink(Section):
    """How a service of AWS is reached and called."""

    region: str | None = Field(
        default=None,
        pattern=REGION_NAME,
        max_length=63,
        description="AWS region; without it that of the ARN where a stream has one, else the one the AWS settings name",
        examples=["eu-west-1"],
    )
    endpoint: Annotated[str, AfterValidator(no_login)] | None = Field(
        default=None,
        pattern=r"^https?://[^/?#]+/?$",
        description="URL of the service, of a VPC endpoint for instance; without it the AWS settings and the region"
        " decide",
        examples=["https://vpce-0123.kinesis.eu-west-1.vpce.amazonaws.com"],
    )
    fips: bool = Field(default=False, description="use the service's FIPS 140 endpoint")
    role: Role | None = Field(default=None, description="role to assume; without it the environment's own identity")
    connections: int = Field(default=16, ge=1, le=256, description="calls under way at the same time")
    request_timeout: Duration = Field(
        default=parse_duration("10s"),
        ge=parse_duration("100ms"),
        le=parse_duration("5m"),
        description="longest wait for an answer",
    )
    retry: Retry = Field(default=Retry(), description="waits before a record is sent again")

    @property
    def named_region(self) -> str | None:
        """The region that the sink itself names; without one the AWS settings decide."""
        return self.region

    def _endpoint_or_fips(self) -> Iterator[BrokenRule]:
        if self.fips and self.endpoint is not None:
            yield BrokenRule("fips", "has no meaning with an endpoint of your own", "keep one of fips and endpoint")

    RULES: ClassVar[Rules] = (_endpoint_or_fips,)
