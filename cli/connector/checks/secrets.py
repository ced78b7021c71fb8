"""What ECS reads into the variables of a task: there, and not empty. Values are looked at and never told."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cli.connector.checks.check import Check, failed, ok
from cli.connector.checks.references import Reference, references
from cli.connector.checks.subject import Subject


def secret_checks(subject: Subject) -> Iterator[Check]:
    """Each parameter and secret that the task definition refers to."""
    for reference in references(subject):
        yield from _reference(subject, reference)


def _reference(subject: Subject, reference: Reference) -> Iterator[Check]:
    name, what = f"secret {reference.variable}", f"{reference.service} {reference.name}"
    text = _text(subject, reference)
    if text is None:
        yield failed(name, f"{what} does not exist: no task would start", "create it, or correct what refers to it")
        return
    if reference.key is not None:
        try:
            fields = json.loads(text)
            value = fields.get(reference.key) if isinstance(fields, dict) else None
        except ValueError:
            yield failed(name, f"{what} is not JSON, of which {reference.key} is wanted", _store(reference))
            return
        if value is None:
            yield failed(name, f"{what} has no key {reference.key}: no task would start", _store(reference))
            return
        text, what = str(value), f"{what}, key {reference.key}"
    if text.strip():
        yield ok(name, f"{what} is there and not empty")
    else:
        yield failed(name, f"{what} is empty", _store(reference))


def _text(subject: Subject, reference: Reference) -> str | None:
    if reference.service == "ssm":
        ssm = subject.aws.ssm
        try:
            return ssm.get_parameter(Name=reference.arn, WithDecryption=True)["Parameter"]["Value"]
        except ssm.exceptions.ParameterNotFound:
            return None
    client = subject.aws.secrets
    try:
        value = client.get_secret_value(SecretId=reference.arn)
    except client.exceptions.ResourceNotFoundException:
        return None
    # ECS takes no binary secrets: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    return str(value.get("SecretString") or "")


def _store(reference: Reference) -> str:
    field = f'{{"{reference.key}": "…", …}}' if reference.key else "…"
    if reference.service == "ssm":
        return f"store it: aws ssm put-parameter --overwrite --name {reference.name} --value …"
    return f"store it: aws secretsmanager put-secret-value --secret-id {reference.arn} --secret-string '{field}'"
