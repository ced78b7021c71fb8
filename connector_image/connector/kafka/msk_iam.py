"""Who we are to Amazon MSK with IAM: a presigned URL of the action kafka-cluster:Connect, sent as an OAuth token.

https://github.com/aws/aws-msk-iam-auth#details describes it. AWS's own signer for Python is the same few lines around
botocore, but brings boto3, asks for credentials anew each time (so an assumed role's session changes its name, and
with it the principal, which brokers refuse on a connection that is open) and gives the expiry in milliseconds, where
confluent-kafka wants seconds.
"""

import base64
import time
from typing import Final
from urllib.parse import quote

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from connector.aws.identity import Identity
from connector.aws.signing import Credentials

# The longest that MSK takes, in seconds; librdkafka asks for the next token when four fifths have passed.
LIFETIME: Final = 900
_ACTION: Final = "kafka-cluster:Connect"
_SERVICE: Final = "kafka-cluster"
_AGENT: Final = "streamops-connector"


class MskIamTokens:
    """Gives a token when librdkafka wants one, on a thread of librdkafka's: also while nobody polls the client.

    One identity gives them all, so the principal stays the same when its credentials rotate.
    """

    def __init__(self, identity: Identity, region: str) -> None:
        self._identity = identity
        self._region = region

    def __call__(self, _: str) -> tuple[str, float]:
        """Return a token and when it expires, in seconds since the epoch.

        Raises:
            CredentialsUnavailable: there is nothing to sign with; librdkafka asks again after 10 s.
        """
        expiry = time.time() + LIFETIME
        return token(self._identity.credentials(), self._region), expiry


def token(credentials: Credentials, region: str) -> str:
    """Sign a token that is valid from now on."""
    request = AWSRequest("GET", f"https://kafka.{region}.amazonaws.com/", params={"Action": _ACTION})
    frozen = ReadOnlyCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    SigV4QueryAuth(frozen, _SERVICE, region, expires=LIFETIME).add_auth(request)
    # MSK logs the agent, which is no part of what is signed.
    url = f"{request.url}&User-Agent={quote(_AGENT)}"
    return base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
