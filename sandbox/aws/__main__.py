"""Run the stand-in until SIGTERM or SIGINT: `python -m sandbox.aws --port PORT --account ACCOUNT`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import NoReturn

from sandbox.aws.server import PortInUseError, serve


def _stop(*_: object) -> NoReturn:
    raise SystemExit(0)


def main(arguments: list[str] | None = None) -> int:
    """Parse the arguments, serve, and return the exit code (1 when the port is taken)."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--account", required=True, help="the account that owns every resource")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    chosen = parser.parse_args(arguments)
    if not (chosen.account.isdecimal() and len(chosen.account) == 12):  # noqa: PLR2004 - AWS's length
        parser.error(f"--account: {chosen.account!r} is not 12 digits")

    # moto asks this variable for the account of every request, whatever the access key says.
    os.environ["MOTO_ACCOUNT_ID"] = chosen.account
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        serve(chosen.host, chosen.port)
    except PortInUseError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - the log of this process
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
