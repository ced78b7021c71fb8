"""What a server says, made fit for logs, for the labels of metrics and for /readyz, which anybody may ask.

An endpoint may say anything: no text at all, megabytes of it, or what no encoding can write. And services repeat what
they were sent: InvalidSignatureException shows the canonical request, with the session token in x-amz-security-token.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

import re
from typing import Final

_LONGEST_NAME: Final = 128
_LONGEST_MESSAGE: Final = 300
# So much is looked at: of what comes behind it nothing would be shown.
_LOOKED_AT: Final = 1 << 13
# A value behind its name, the id of an access key, and what is as long as only tokens are: no part of an ARN is.
_SECRET: Final = re.compile(
    r"(?P<label>(?i:(?:security|session)[-_ ]?token|credential)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&]+"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|[A-Za-z0-9+/=%]{150,}"
)


def name_in(value: object) -> str:
    """Return the name of something, a code or a shard, as it is; nothing where the value cannot be one."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_NAME and value.isprintable() else ""


def message_in(value: object) -> str:
    """Return the first line of a message, abridged and without secrets; nothing where the value is no text."""
    if not isinstance(value, str):
        return ""
    line, _, _ = value[:_LOOKED_AT].strip().partition("\n")
    line = _SECRET.sub(lambda secret: f"{secret['label'] or ''}***", line).rstrip()
    shown = "".join(character if character.isprintable() else "?" for character in line[:_LONGEST_MESSAGE])
    return shown if len(line) <= _LONGEST_MESSAGE else f"{shown[:-1]}…"
