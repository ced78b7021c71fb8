"""What can go wrong in a sandbox, as one exception whose text a user can act on."""


class SandboxError(Exception):
    """A part of the sandbox is missing, stopped or refused to start.

    The text names the part, the reason and the way out; where a process died it ends with the tail of its log.
    """
