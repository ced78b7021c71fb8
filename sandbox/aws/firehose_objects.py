"""What Firehose calls its objects in S3: a prefix with expressions in it, then a suffix of its own.

https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and s3-object-name.html
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

DEFAULT_TIME_PREFIX = "!{timestamp:yyyy/MM/dd/HH/}"
RANDOM_STRING_LENGTH = 11
ERROR_TYPE = "!{firehose:error-output-type}"

_EXPRESSION = re.compile(r"!\{([^}:]*):([^}]*)\}")
# Java's DateTimeFormatter: text in quotes, a run of one letter, or anything else as it is.
_PATTERN = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z']+)")
_FIELDS: dict[str, Callable[[datetime], int]] = {
    "y": lambda when: when.year,
    "u": lambda when: when.year,
    "M": lambda when: when.month,
    "d": lambda when: when.day,
    "D": lambda when: when.timetuple().tm_yday,
    "H": lambda when: when.hour,
    "m": lambda when: when.minute,
    "s": lambda when: when.second,
}
_YEAR_OF_TWO_DIGITS = 2
_IDS = 32  # bits of an object's number in the id of its name


class PrefixError(ValueError):
    """A prefix that Firehose refuses, or that the stand-in cannot evaluate; the text tells which."""


def evaluate(prefix: str, when: datetime) -> str:
    """Evaluate a prefix for an object whose oldest record came in at `when`; its time zone is the delivery's own.

    Raises:
        PrefixError: An expression is wrong, or uses what the stand-in does not have.
    """
    if not any(namespace == "timestamp" for namespace, _ in _EXPRESSION.findall(prefix)):
        prefix += DEFAULT_TIME_PREFIX
    evaluated = _EXPRESSION.sub(lambda found: _expression(found[1], found[2], when), prefix)
    if "!{" in evaluated:
        raise PrefixError(f"!{{ may only begin an expression, as in {DEFAULT_TIME_PREFIX}: {prefix}")
    return evaluated


def _expression(namespace: str, argument: str, when: datetime) -> str:
    if namespace == "timestamp":
        return format_time(argument, when)
    if (namespace, argument) == ("firehose", "random-string"):
        return "".join(random.choices(string.ascii_letters + string.digits, k=RANDOM_STRING_LENGTH))  # noqa: S311
    raise PrefixError(f"!{{{namespace}:{argument}}} has no value in the prefix of objects in the stand-in")


def format_time(pattern: str, when: datetime) -> str:
    """Write a time as Java's DateTimeFormatter does, for numbers and quoted text.

    Raises:
        PrefixError: The pattern has a letter that the stand-in does not know, names of months for instance.
    """
    written, position = [], 0
    while position < len(pattern):
        found = _PATTERN.match(pattern, position)
        if found is None:
            raise PrefixError(f"!{{timestamp:{pattern}}} has a quote that does not end")
        position = found.end()
        quoted, letters, letter, other = found.groups()
        if letters is not None:
            written.append(_number(letter, len(letters), pattern, when))
        else:
            written.append(other if other is not None else quoted.replace("''", "'") or "'")
    return "".join(written)


def _number(letter: str, width: int, pattern: str, when: datetime) -> str:
    if letter not in _FIELDS or (letter == "M" and width > len("MM")):
        raise PrefixError(f"!{{timestamp:{pattern}}}: the stand-in does not know {letter * width}")
    value = _FIELDS[letter](when)
    if letter in "yu" and width == _YEAR_OF_TWO_DIGITS:
        value %= 100
    return f"{value:0{width}}"


def object_name(stream: str, version: str, when: datetime, number: int, extension: str) -> str:
    """Return the part of a name after its prefix.

    In AWS the id is random, so nobody knows the order of two objects of one second. Here it begins with the object's
    `number`, so that names sort in the order of delivery and a demonstration can tell order from disorder.
    """
    unique = UUID(int=(number % 2**_IDS << 128 - _IDS) | random.getrandbits(128 - _IDS), version=4)
    return f"{stream}-{version}-{when:%Y-%m-%d-%H-%M-%S}-{unique}{extension}"
