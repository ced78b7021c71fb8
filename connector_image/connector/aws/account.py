"""The services of AWS that a sink calls: where they are, who we are to them, and what they say of a stream."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from botocore.utils import get_environ_proxies

from connector.aws.explained import WAY_OUT, explained, sentence, unreached
from connector.aws.identity import Identity
from connector.aws.regions import doubt, is_of_aws
from connector.aws.signing import Credentials
from connector.config import FirehoseSink, KinesisSink, Role
from connector.errors import ConnectorError
from connector.kinesis.wire import stream_member


@dataclass(frozen=True, slots=True)
class StreamState:
    """What a stream says of itself; `record_limit` is in bytes, None where the service does not tell."""

    status: str
    record_limit: int | None
    ignores_keys: bool = False
    """Whether the service spreads records whatever their keys (record distribution strategy AUTO)."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a call is allowed; `allowed` is None where that cannot be found out without doing it."""

    allowed: bool | None
    detail: str


class Account:
    """Credentials, region and endpoints of a sink."""

    def __init__(
        self,
        region: str | None,
        service: str = "kinesis",
        *,
        endpoint: str | None = None,
        fips: bool = False,
        role: Role | None = None,
        region_key: str = "sink.region or AWS_REGION",
    ) -> None:
        """Find out where the services are.

        Args:
            region: The region; without it the one the AWS settings name.
            service: The service that records are sent to.
            endpoint: Its URL; without it the AWS settings and the region decide.
            fips: Use its FIPS endpoint.
            role: The role to assume; without it the environment's own identity.
            region_key: What names the region.

        Raises:
            ConnectorError: the settings name no region, or make no sense.
        """
        self._region = region
        self._own_endpoint = endpoint
        self._region_key = region_key
        self._service = service
        with explained("the AWS settings"):
            self._identity = Identity(region, role, fips=fips)
            meta = self._identity.client(service, endpoint).meta
            self.ca_bundle = self._identity.ca_bundle
        self.region: str = meta.region_name
        self.endpoint_url: str = meta.endpoint_url.rstrip("/")
        if fips and "fips" not in self.endpoint_url:
            raise ConnectorError(
                f"sink.fips: the AWS settings name the endpoint {self.endpoint_url} instead; remove sink.fips, or"
                " AWS_ENDPOINT_URL and its like"
            )
        _refuse_proxy(self.endpoint_url)

    @classmethod
    def of(cls, sink: KinesisSink | FirehoseSink) -> "Account":
        """Find out where a sink's service is, and as whom to call it.

        Raises:
            ConnectorError: the settings name no region, or make no sense.
        """
        named = sink.named_region
        key = "sink.region" if sink.region else "sink.stream" if named else "AWS_REGION"
        return cls(named, sink.kind, endpoint=sink.endpoint, fips=sink.fips, role=sink.role, region_key=key)

    def way_out(self, error: Exception) -> str:
        """Tell what to do about an error of which nothing else is known, by what named the address."""
        if not unreached(error).startswith(self.endpoint_url):
            return WAY_OUT
        if self._own_endpoint is not None:
            return "correct sink.endpoint, or check the network"
        doubtful = self.doubt
        return f"{doubtful}; correct {self._region_key}, or check the network" if doubtful else WAY_OUT

    @property
    def doubt(self) -> str:
        """What speaks against the region's name, empty where nothing does."""
        return doubt(self.region, self.endpoint_url)

    def credentials(self) -> Credentials:
        """Return credentials that are valid now, at once unless there are none.

        Raises:
            CredentialsUnavailable: the chain gives none.
        """
        return self._identity.credentials()

    def renew(self) -> None:
        """Resolve the chain from its beginning at the next use, since the credentials were refused."""
        self._identity.renew()

    def client(self, service: str) -> Any:  # noqa: ANN401 - botocore has no types
        """Make a client for the rare calls, as the same principal and at the same address as the frequent ones.

        Raises:
            ConnectorError: the AWS settings make no sense for this service.
        """
        with explained(f"the AWS settings of {service}"):
            return self._identity.client(service, self.endpoint_url if service == self._service else None)

    def stream(self, stream: str) -> StreamState:
        """Ask for the state of a stream.

        Raises:
            ConnectorError: the stream is not there or the service cannot be reached.
            NotAuthenticated: the service does not accept the credentials.
        """
        member, value = stream_member(stream)
        with self._explained(stream):
            summary = self.client("kinesis").describe_stream_summary(**{member: value})["StreamDescriptionSummary"]
        kibibytes = summary.get("MaxRecordSizeInKiB")
        return StreamState(
            str(summary["StreamStatus"]),
            int(kibibytes) * 1024 if kibibytes else None,
            summary.get("RecordDistributionStrategy") == "AUTO",
        )

    def shards(self, stream: str) -> list[dict[str, Any]]:
        """List a stream's shards, open and closed, as ListShards gives them.

        Raises:
            ConnectorError: the stream is not there, or the permission kinesis:ListShards.
            NotAuthenticated: the service does not accept the credentials.
        """
        member, value = stream_member(stream)
        found: list[dict[str, Any]] = []
        with self._explained(stream):
            client = self.client("kinesis")
            answer = client.list_shards(**{member: value})
            found += answer["Shards"]
            # A token may not stand beside the name, which botocore's paginator repeats.
            while token := answer.get("NextToken"):
                answer = client.list_shards(NextToken=token)
                found += answer["Shards"]
        return found

    def may_put(self, stream: str) -> Permission:
        """Find out whether records may be put, without putting one.

        Raises:
            ConnectorError: the stream is not there or the service cannot be reached.
            NotAuthenticated: the service does not accept the credentials.
        """
        member, value = stream_member(stream)
        client = self.client("kinesis")
        if "DryRun" not in client.meta.service_model.operation_model("PutRecords").input_shape.members:
            return Permission(None, "not tried: this botocore knows no DryRun of PutRecords")
        if not is_of_aws(client.meta.endpoint_url):
            # What does not know DryRun leaves it out of account, and stores the record.
            return Permission(None, f"not tried: {client.meta.endpoint_url} is not AWS itself and may not know DryRun")
        record = {"Data": b"", "PartitionKey": "streamops-check"}
        with self._explained(stream):
            try:
                client.put_records(**{member: value}, Records=[record], DryRun=True)
            except ClientError as error:
                code = str(error.response["Error"]["Code"])
                if code == "DryRunOperationException":
                    return Permission(allowed=True, detail="records may be put (PutRecords with DryRun)")
                if code == "AccessDeniedException" or code.startswith("KMS"):
                    return Permission(allowed=False, detail=sentence(error))
                raise
        return Permission(allowed=True, detail="records may be put; the endpoint left DryRun out and took an empty one")

    def parameter(self, path: str) -> str:
        """Read a parameter of SSM, as the environment's own identity: the sink's role may be somebody else's.

        Raises:
            ConnectorError: the parameter is not there or the service cannot be reached.
            NotAuthenticated: the service does not accept the credentials.
        """
        with explained(f"SSM parameter {path!r}"):
            answer = Identity(self._region).client("ssm").get_parameter(Name=path, WithDecryption=True)
        return str(answer["Parameter"]["Value"])

    def _explained(self, stream: str) -> Any:  # noqa: ANN401 - a context manager
        return explained(f"stream {stream!r} in {self.region}", way_out=self.way_out)


def _refuse_proxy(url: str) -> None:
    """Refuse what botocore would go through and the sender does not."""
    proxy = get_environ_proxies(url).get(urlsplit(url).scheme)
    if proxy:
        host = urlsplit(url).hostname
        raise ConnectorError(
            f"endpoint {url}: the environment names the proxy {proxy.rpartition('@')[2]} for it, and records are sent"
            f" without one; add {host} to NO_PROXY, or use a VPC endpoint (AWS_ENDPOINT_URL_KINESIS)"
        )
