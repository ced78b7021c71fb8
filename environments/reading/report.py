"""From what pydantic says about an environment to what a reader of its file can act on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from environments.descriptions import field_descriptions
from environments.environment import Environment, findings_across
from environments.reading.document import Document, Place
from environments.reading.salvage import sound_parts
from environments.reading.sections import Location, keys_of, locate
from environments.rules.findings import HIDDEN, REFUSED, Finding, choices, meant

_KEY = re.compile(r"[\w.-]{1,64}")

Reading = tuple[str, str]
"""A rule and the way out."""

_FORMS = {
    "from": "{topic: NAME} or {stream: NAME}",
    "source": "{topic: NAME} or {stream: NAME}",
    "to": "{topic: NAME}, {stream: NAME} or {delivery: NAME}",
    "dead_letters": "{topic: NAME}, {stream: NAME} or {bucket: NAME}",
    "partition_key": "key, partition, spread, {header: NAME} or {field: PATH}",
    "explicit_hash_key": "a number, or {header: NAME}",
}
"""How those keys are written whose values are told apart by the key that stands in them."""


def complain(document: Document, name: str, error: ValidationError) -> None:
    """Note every problem of an environment that pydantic refused."""
    across_ran = False
    for details in error.errors(include_url=False):
        if details["type"] == REFUSED:
            location = locate(Environment, details["loc"])
            across_ran |= not location.path
            for finding in details["ctx"]["findings"]:
                _note(document, location, finding)
        elif details["type"] != "default_factory_not_called":  # said only after another error
            _explain(document, details)
    if not across_ran:
        for finding in findings_across(sound_parts(name, document.data)):
            _note(document, locate(Environment, ()), finding)


def _note(document: Document, location: Location, finding: Finding) -> None:
    place = (*location.path, *finding.path)
    value = finding.value or (str(place[-1]) if location.at_key else document.written.get(place, ""))
    document.complain(place, finding.rule, finding.remedy, value=value)


def _explain(document: Document, details: ErrorDetails) -> None:
    location = locate(Environment, details["loc"])
    place: Place = location.path
    context: dict[str, Any] = details.get("ctx", {})
    value = document.written.get(place, "")
    kind = details["type"]
    if location.at_key:
        value = str(place[-1])
    if kind == "missing":
        described = field_descriptions(location.owner) if location.owner else {}
        document.complain(place, "is missing", f"add it: {_as_remedy(described[str(place[-1])])}")
    elif kind == "extra_forbidden":
        # secret:value without a blank is a key to YAML.
        shown = place if _KEY.fullmatch(str(place[-1])) else (*place[:-1], HIDDEN)
        document.complain(shown, *_unknown_key(location), line=document.line(place))
    elif kind == "union_tag_invalid":
        _explain_tag(document, place, context)
    elif details["input"] is None:
        document.complain(place, "is empty", "give a value, or remove the key")
    else:
        told = dict(_readings(location, details["input"], context)).get(kind)
        rule, remedy = told() if told else (details["msg"], "correct it")
        document.complain(place, rule, remedy, value=value)


def _readings(
    location: Location, given: object, context: Mapping[str, Any]
) -> Iterator[tuple[str, Callable[[], Reading]]]:
    """What pydantic's kinds of errors mean to the reader of a file."""
    keys = choices(keys_of(location.section), "and") if location.section else "keys"
    yield "int_type", lambda: ("is not a whole number", "write digits without quotes")
    yield "bool_type", lambda: ("is neither true nor false", "write true or false")
    yield "string_type", lambda: _no_text(given)
    yield (
        "string_too_long",
        lambda: (
            f"is longer than {context['max_length']} characters",
            f"use at most {context['max_length']} characters",
        ),
    )
    yield "tuple_type", lambda: ("is not a list", "write it as in [one, two]")
    yield "dict_type", lambda: ("is not a section", "write names with their values under it")
    for section in ("model_type", "model_attributes_type"):
        yield section, lambda: ("is not a section", f"write {keys} under it")
    yield "literal_error", lambda: _other_word(given, _quoteless(context["expected"]))
    yield "union_tag_not_found", lambda: _untold(location, context)


def _no_text(given: object) -> Reading:
    if isinstance(given, bool | int | float):
        kind = "true or false" if isinstance(given, bool) else "a number"
        return f"is {kind} to YAML, and text is wanted", "put it in quotes"
    return "is not a text", "write a single text"


def _other_word(given: object, expected: str) -> Reading:
    words = expected.replace(" or ", ", ").split(", ")
    near = meant(str(given), words)
    if len(words) == 1:
        return f"is not {expected}, the only choice", f"use {expected}"
    return f"is not {expected}", f"did you mean {near}?" if near else "use one of them"


def _untold(location: Location, context: Mapping[str, Any]) -> Reading:
    """A union whose member is not told: by a missing ``kind`` and the like, or by a key that stands in it."""
    key = _quoteless(context["discriminator"])
    tags = {"kind": "msk, msk-express, msk-serverless, ec2 or external", "mode": "provisioned or on-demand"}
    if key in {*tags, "to"}:
        return f"does not tell its {key}", f"add {key}: {tags.get(key, 's3, redshift or opensearch')}"
    return "does not tell what it is", f"write {_FORMS[str(location.path[-1])]}"


def _explain_tag(document: Document, place: Place, context: Mapping[str, Any]) -> None:
    key, tag = _quoteless(context["discriminator"]), context["tag"]
    known = _quoteless(context["expected_tags"]).split(", ")
    if key.endswith("()"):
        document.complain(
            (*place, tag), f"cannot stand here, only {choices(known)}", f"write {{{known[0]}: NAME}}", value=tag
        )
        return
    near = meant(tag, known)
    remedy = f"did you mean {near}?" if near else "use one of them"
    document.complain((*place, key), f"is not {choices(known)}", remedy, value=tag)


def _unknown_key(location: Location) -> Reading:
    key, owner = str(location.path[-1]), location.owner
    if owner is None:
        return "is not known", "remove it"
    if key in owner.absent:
        return "does not stand here", owner.absent[key]
    known = keys_of(owner)
    near = meant(key, known)
    return "is not a key that is known here", f"did you mean {near}?" if near else f"known are {choices(known, 'and')}"


def _as_remedy(description: str) -> str:
    text = description.replace("``", "").rstrip(".")
    return text[0].lower() + text[1:] if text[1].islower() else text


def _quoteless(text: str) -> str:
    return text.replace("'", "")
