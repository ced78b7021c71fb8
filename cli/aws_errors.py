"""What the exceptions of botocore mean to the person at the terminal."""

from __future__ import annotations

from botocore import exceptions as aws

from cli.aws import profile_in_use
from cli.errors import CliError, NotAuthenticatedError, NotFoundError, UnreachableError

SIGN_IN_AGAIN = (aws.SSOError, aws.LoginError, aws.TokenRetrievalError, aws.RefreshWithMFAUnsupportedError)
NO_CREDENTIALS = (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError)
NO_ANSWER = (aws.HTTPClientError, aws.ConnectionError)

EXPIRED_CODES = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
REJECTED_CODES = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
FORBIDDEN_CODES = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "KMSAccessDeniedException"}


def explain(error: BaseException) -> CliError:
    """Say in one message what went wrong and what to do."""
    if isinstance(error, aws.ClientError):
        return _answered(error)
    if isinstance(error, aws.ProfileNotFound):
        return NotAuthenticatedError(str(error), "set AWS_PROFILE to one of: aws configure list-profiles")
    if isinstance(error, SIGN_IN_AGAIN):
        return NotAuthenticatedError(f"the AWS sign-in has expired: {error}", _sign_in())
    if isinstance(error, NO_CREDENTIALS):
        return NotAuthenticatedError(f"no usable AWS credentials: {error}", _sign_in())
    if isinstance(error, NO_ANSWER):
        return UnreachableError(
            f"AWS did not answer: {error}", "check the network, the proxy (HTTPS_PROXY) and region: of the environment"
        )
    return CliError(f"AWS: {error}")


def _answered(error: aws.ClientError) -> CliError:
    details = error.response.get("Error", {})
    code, text = details.get("Code", ""), details.get("Message", "")
    what = f"{error.operation_name}: {text or code}"
    if code in EXPIRED_CODES:
        return NotAuthenticatedError(f"the AWS credentials have expired ({what})", _sign_in())
    if code in REJECTED_CODES:
        return NotAuthenticatedError(f"AWS does not accept these credentials ({what})", _sign_in())
    if code in FORBIDDEN_CODES:
        return NotAuthenticatedError(
            f"these credentials may not do this ({what})", "sign in with a role that may, or have the action allowed"
        )
    if "NotFound" in code:
        return NotFoundError(what, "deploy the environment first: cdk deploy")
    return CliError(f"{what} ({code})" if text else what)


def _sign_in() -> str:
    profile = profile_in_use()
    return f"sign in: aws sso login --profile {profile}" if profile else "sign in: aws sso login, or set AWS_PROFILE"
