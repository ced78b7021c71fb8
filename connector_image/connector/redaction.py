"""What of a configuration may be repeated in a message.

A secret belongs into a variable or a file. Where one is written into a configuration all the same, something is wrong
with that place: the key is misspelt, the secret stands where its place should be named, it is a part of a URL. So just
what is complained about may be secret, and messages end in logs. They always say which key it is. They show a value
only where it is a single one, of a key that is known and takes such values, and does not look like a secret.
"""

import re
from datetime import date
from typing import Final

HIDDEN: Final = "(not shown, it may hold a secret)"
HIDDEN_NAME: Final = "(a key that is not shown)"
_LONGEST: Final = 80
_LARGEST: Final = 10**20
# What else stands in a key's place is often a key and its value, with the blank forgotten that YAML wants between them.
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SPEAKS_OF_SECRETS: Final = re.compile(r"-----BEGIN|password|passwd|secret|token|credential|jaas", re.IGNORECASE)
_LOGIN: Final = re.compile(r"//[^\s\"']*@")
_HARMLESS: Final = re.compile(r"(?:[^'\"]|(?P<quote>['\"])(?:<[a-z ]+>|\\?.)(?P=quote))*")


def shown_name(name: object) -> str:
    """Write a key's name, unless it is none that a key could have."""
    text = str(name)
    return text if _NAME.fullmatch(text) else HIDDEN_NAME


def shown(value: object) -> str:
    """Write a single value; of a section the names of its keys, and of a list nothing."""
    match value:
        case None:
            return ""
        case dict():
            # Without a value the name is the value: {hunter2}, where braces stand around the secret itself.
            names = (f"{shown_name(name)}: …" if content is not None else "…" for name, content in value.items())
            return _shorten(f"{{{', '.join(names)}}}")
        case str():
            # user:password@host, with or without a scheme before it, or something like a line of JAAS.
            suspicious = {":", "@"} <= set(value) or _SPEAKS_OF_SECRETS.search(value)
            return HIDDEN if suspicious else _shorten(repr(value))
        case bool() | float() | date():
            return str(value)
        case int():
            # Python refuses to write one of more than 4,300 digits.
            return str(value) if abs(value) < _LARGEST else "(a large number)"
        case _:
            return f"({kind_of(value)})"


def shown_word(value: object) -> str:
    """Write what stands where one word of a few is wanted, if it is a word at all: nobody keeps a secret there."""
    return repr(value) if isinstance(value, str) and _NAME.fullmatch(value) else ""


def kind_of(value: object) -> str:
    """Tell what a value is, and nothing of it."""
    match value:
        case dict():
            return "a section"
        case list() | tuple() | set():
            return "a list"
        case str():
            return "a text"
        case _:
            return "a value"


def holds_login(url: str) -> bool:
    """Tell whether a URL or an address may hold a user name or a password; what else an @ means can be written %40."""
    return "@" in url


def without_logins(text: str) -> str:
    """Take user names and passwords out of all URLs in a message."""
    return _LOGIN.sub("//…@", text)


def before_quotation(message: str) -> str:
    """Cut a parser's message off where it begins to repeat the text: a secret without quotes may be an alias or a tag.

    Only names of tokens and single characters are quoted without harm.
    """
    match = _HARMLESS.match(message)
    harmless = match[0] if match else ""
    return harmless if harmless == message else f"{harmless}…"


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
