"""Who we are to AWS: botocore's whole default chain, and on top of it a role where one is asked for."""

import os
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    DeferredRefreshableCredentials,
)
from botocore.credentials import Credentials as Found
from botocore.exceptions import NoCredentialsError

from connector.aws.credentials import CredentialChain
from connector.aws.explained import without_login
from connector.aws.signing import Credentials
from connector.config import Role

# What waits for an answer here is a start or a refresh, so botocore's own patience of minutes is too long.
_PATIENCE: Final = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})


class Identity:
    """Credentials and clients of one principal in one region."""

    def __init__(self, region: str | None, role: Role | None = None, *, fips: bool = False) -> None:
        """Read the AWS settings; no service is called yet.

        Args:
            region: The region; without it the one the AWS settings name.
            role: Assumed with the credentials that the environment gives.
            fips: Call FIPS endpoints, as AWS_USE_FIPS_ENDPOINT does.

        Raises:
            Exception: whatever botocore finds wrong with the settings; `explained` makes one line of it.
        """
        # AWS_REGION is what ECS and the other SDKs set; botocore knows only AWS_DEFAULT_REGION.
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
        self._asked_region = region or os.environ.get("AWS_REGION") or None
        self._role = role
        self._fips = fips
        self._session = self._new_session()
        self._chain = CredentialChain(self._resolve)
        self.ca_bundle: str | None = self._session.get_config_variable("ca_bundle") or None
        """PEM file of the authorities to trust, where the AWS settings name one."""

    @property
    def region(self) -> str | None:
        """The region that was asked for or that the settings name."""
        found = self._session.get_config_variable("region")
        return str(found) if found else None

    def client(self, service: str, endpoint_url: str | None = None) -> Any:  # noqa: ANN401 - botocore has no types
        """Make a client of a service; `endpoint_url` goes before what the AWS settings say."""
        # botocore refuses an address of one's own together with FIPS, though the address may be the FIPS one.
        config = Config(use_fips_endpoint=False) if endpoint_url else None
        return without_login(self._session.create_client(service, endpoint_url=endpoint_url, config=config))

    def credentials(self) -> Credentials:
        """Return credentials that are valid now, at once unless there are none.

        Raises:
            CredentialsUnavailable: the chain gives none.
        """
        return self._chain.take()

    def renew(self) -> None:
        """Walk the chain from its beginning at the next use, since the credentials were refused."""
        self._chain.renew()

    def _resolve(self) -> Found | None:
        self._session = self._new_session()
        found: Found | None = self._session.get_credentials()
        return found

    def _new_session(self) -> Any:  # noqa: ANN401 - botocore has no types
        session = self._own_session()
        if self._role is not None:
            providers = session.get_component("credential_provider").providers
            providers.insert(0, _AssumedRole(self._own_session(), self._role))
        return session

    def _own_session(self) -> Any:  # noqa: ANN401 - as above
        session = botocore.session.get_session()
        session.set_default_client_config(_PATIENCE)
        # On the session rather than on a client: the clients that assume roles need them as well.
        if self._asked_region is not None:
            session.set_config_variable("region", self._asked_region)
        if self._fips:
            session.set_config_variable("use_fips_endpoint", True)  # noqa: FBT003 - the variable's value
        return session


class _AssumedRole(CredentialProvider):
    """Goes before all other providers; the session that it asks has them."""

    METHOD = "streamops-assumed-role"

    def __init__(self, own: Any, role: Role) -> None:  # noqa: ANN401 - as above
        super().__init__()
        self._own = own
        self._role = role

    def load(self) -> DeferredRefreshableCredentials:
        """Return credentials that assume the role when they are first used, and again before they expire."""
        return DeferredRefreshableCredentials(self._assume, self.METHOD)

    def _assume(self) -> dict[str, Any]:
        source = self._own.get_credentials()
        if source is None:
            raise NoCredentialsError
        role = self._role
        # A name of our own: botocore's holds the time, and with it the principal would change with every renewal.
        arguments = {"RoleSessionName": role.session}
        if role.external_id is not None:
            arguments["ExternalId"] = role.external_id
        fetcher = AssumeRoleCredentialFetcher(self._own.create_client, source, role.arn, extra_args=arguments)
        metadata: dict[str, Any] = fetcher.fetch_credentials()
        return metadata
