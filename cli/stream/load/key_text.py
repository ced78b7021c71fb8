"""Partition keys as people read them. No I/O."""

from __future__ import annotations


def key_text(key: bytes) -> str:
    """The key as text where all of it can be seen, else ``0x`` and its bytes in hexadecimal digits."""
    text = decoded(key)
    return text if text and text.isprintable() and text.strip() == text else f"0x{key.hex()}"


def decoded(key: bytes) -> str | None:
    """The key as the text that it is; None for bytes that are none, which an aggregate may hold."""
    try:
        return key.decode()
    except UnicodeDecodeError:
        return None
