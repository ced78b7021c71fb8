"""The door that every request goes through: the sessions of roles are held to their policies.

Kinesis' record calls go past the door and ask `authorize` themselves, since they have decoded the request already and
are the ones that must stay quick. A decision is kept until policies can have changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.aws.authorization import keys, s3_actions
from sandbox.aws.authorization.asked import Asked, Place, of_call, of_request
from sandbox.aws.authorization.denial import ACCESS_DENIED, EXPIRED, INVALID, KEY_DENIED, Denied
from sandbox.aws.authorization.policy import Decision, UnknownConditionError, decide
from sandbox.aws.authorization.session import Session, UnknownSessionError, session_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CHANGING = frozenset({"iam", "cloudformation"})
"""The services whose calls can change policies."""
ALWAYS_ALLOWED = frozenset({"sts:GetCallerIdentity"})
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
SCOPE_PARTS = 4


class _Kept:
    """What has been found out since policies last changed."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session | None] = {}
        self.decisions: dict[tuple[str, Asked], Denied | None] = {}


_kept = _Kept()


def forget() -> None:
    """Forget every decision: policies may have changed."""
    global _kept  # noqa: PLW0603 - replaced whole, so that a decision under way lands in the old one
    _kept = _Kept()


class Gate:
    """Refuses what the policies of the caller's session do not allow; hands everything else on."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        access_key, place = _signed_by(environ)
        try:
            session = _session(environ, access_key)
            if session is not None and not _is_missing_bucket(environ, place):
                _require(session, access_key, of_request(environ, place), place)
        except Denied as denied:
            return denied.answer(environ, start_response, place.service)
        answer = self._application(environ, start_response)
        if place.service in CHANGING:
            forget()
        return answer


def authorize(environ: WSGIEnvironment, action: str, parameters: Mapping[str, Any]) -> None:
    """Let a call pass whose parameters are decoded already.

    Raises:
        Denied: Its caller may not make it.
    """
    access_key, place = _signed_by(environ)
    session = _session(environ, access_key)
    if session is not None:
        _require(session, access_key, of_call(action, parameters, place), place)


def _signed_by(environ: WSGIEnvironment) -> tuple[str, Place]:
    """Return the access key and the scope of the signature: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`."""
    credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    access_key, *scope = credential.split("/")
    account = os.environ.get("MOTO_ACCOUNT_ID", "123456789012")
    if len(scope) < SCOPE_PARTS:
        return access_key, Place("", "", account)
    return access_key, Place(scope[-2], scope[-3], account)


def _session(environ: WSGIEnvironment, access_key: str) -> Session | None:
    """Return the session that has to be held to its policies, if the call is made in one."""
    kept = _kept
    if access_key not in kept.sessions:
        try:
            kept.sessions[access_key] = session_of(access_key)
        except UnknownSessionError:
            raise Denied(INVALID, "The security token included in the request is invalid.") from None
    session = kept.sessions[access_key]
    if session is None or session.layers is None:
        return None
    if environ.get("HTTP_X_AMZ_SECURITY_TOKEN") != session.token:
        raise Denied(INVALID, "The security token included in the request is invalid.")
    if datetime.now(UTC).replace(tzinfo=None) >= session.expires.replace(tzinfo=None):
        raise Denied(EXPIRED, "The security token included in the request is expired")
    return session


def _require(session: Session, access_key: str, asked: list[Asked], place: Place) -> None:
    for one in asked:
        _require_one(session, access_key, one, place)
        for key in keys.needed(one, place):
            _require_one(session, access_key, key, place)


def _require_one(session: Session, access_key: str, asked: Asked, place: Place) -> None:
    if asked.action in ALWAYS_ALLOWED:
        return
    kept, case = _kept, (access_key, asked)
    if case not in kept.decisions:
        kept.decisions[case] = _judge(session, asked, place)
    denied = kept.decisions[case]
    if denied is not None:
        raise Denied(denied.codes, str(denied))


def _judge(session: Session, asked: Asked, place: Place) -> Denied | None:
    context = {
        "aws:securetransport": "true",
        "aws:principalarn": session.role,
        "aws:principalaccount": session.account,
        "aws:resourceaccount": place.account,
        "aws:requestedregion": place.region,
        **dict(asked.context),
    }
    said = f"User: {session.arn} is not authorized to perform: {asked.action} on resource: {asked.resource} because"
    codes = KEY_DENIED if asked.action.startswith("kms:") and place.service != "kms" else ACCESS_DENIED
    try:
        decisions = [decide(layer, asked.action, asked.resource, context) for layer in session.layers or ()]
    except UnknownConditionError as problem:
        return Denied(codes, f"{said} {problem}")
    if Decision.DENIED in decisions:
        return Denied(codes, f"{said[: -len(' because')]} with an explicit deny in an identity-based policy")
    for decision, kind in zip(
        decisions, ("identity-based policy", "permissions boundary", "session policy"), strict=False
    ):
        if decision is Decision.NOT_ALLOWED:
            return Denied(codes, f"{said} no {kind} allows the {asked.action} action")
    return None


def _is_missing_bucket(environ: WSGIEnvironment, place: Place) -> bool:
    """S3 tells everybody that a bucket does not exist: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html."""
    if place.service != "s3":
        return False
    from moto.s3.models import s3_backends

    bucket, _ = s3_actions.place(environ)
    return bool(bucket) and bucket not in s3_backends[place.account]["aws"].buckets
