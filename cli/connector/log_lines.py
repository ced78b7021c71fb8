"""The lines that a connector writes, as people read them. No I/O.

A connector logs one JSON object a line; CloudWatch takes its metrics from lines among them (embedded metric format),
which are no news. Other lines, such as those of Python before the log is set up, are shown as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

HEAD = ("time", "level", "logger", "message")
"""Fields with a place of their own."""
EXCEPTION = "exception"
EVERYWHERE = ("route", "connector")
"""Fields that say the same in every line of a route."""


def parsed(line: str) -> Mapping[str, Any] | None:
    """The fields of a line of the connector; None of any other line."""
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def is_metrics(line: str) -> bool:
    """Whether a line is for CloudWatch's metrics rather than for people."""
    return '"_aws"' in line and "_aws" in (parsed(line) or {})


def readable(line: str, written: datetime | None = None) -> str:
    """A line as people read it: time, level, message, the fields, and the exception below.

    Args:
        line: as it was written.
        written: when, for lines that do not tell it themselves.
    """
    fields = parsed(line)
    stamp = "" if written is None else f"{clock(written)} "
    if fields is None or "message" not in fields:
        return f"{stamp}{line.rstrip()}"
    level = str(fields.get("level", "")).upper()
    head = [*_time(fields, stamp), *([f"{level:<8}"] if level else []), str(fields["message"])]
    rest = [
        f"{name}={_shown(value)}"
        for name, value in fields.items()
        if name not in (*HEAD, *EVERYWHERE, EXCEPTION) and value is not None
    ]
    lines = ["  ".join([" ".join(head), *([" ".join(rest)] if rest else [])])]
    if fields.get(EXCEPTION):
        lines += [f"    {each}" for each in str(fields[EXCEPTION]).splitlines()]
    return "\n".join(lines)


def clock(moment: datetime) -> str:
    """A time of a log line: UTC, to the millisecond."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _time(fields: Mapping[str, Any], otherwise: str) -> list[str]:
    try:
        return [clock(datetime.fromisoformat(str(fields.get("time", ""))))]
    except ValueError:
        return [otherwise.strip()] if otherwise else []


def _shown(value: object) -> str:
    if isinstance(value, str) and value and not any(each.isspace() or each == '"' for each in value):
        return value
    return json.dumps(value, ensure_ascii=False)
