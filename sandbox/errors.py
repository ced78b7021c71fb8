"""What can go wrong in a sandbox, as one exception whose text a user can act on."""

INSTALL = "make setup in a checkout, or pip install 'streamops[sandbox]'"
"""The way out where a package is missing."""


class SandboxError(Exception):
    """A part of the sandbox is missing, stopped or refused to start.

    The message names the part and the reason, and ends with the tail of a log where a process died; ``way_out`` says
    what to do about it.
    """

    def __init__(self, message: str, way_out: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.way_out}" if self.way_out else self.message
