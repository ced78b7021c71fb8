"""The command line: `python -m connector run|check|plan [--config FILE]`.

Exit codes: 0 done, 1 error, 2 wrong usage, 4 not authenticated, 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.config import ConfigError, ConnectorConfig, is_port, load_config
from connector.log import configure, log_crashes
from connector.redaction import shown

CONFIG_VARIABLE: Final = "CONNECTOR_CONFIG"
PORT_VARIABLE: Final = "CONNECTOR_HTTP_PORT"
_INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where it comes from."""

    config: ConnectorConfig
    origin: str
    overrides: dict[str, str]
    """Of each key that something else decided, what that was."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    options = _parser().parse_args(arguments)
    # The client libraries take longer to load than a wrong configuration takes to be found.
    try:
        loaded = _load(options.config)
    except ConfigError as error:
        return _fail(str(error))
    from connector.errors import ConnectorError

    try:
        match options.command:
            case "run":
                return _run(loaded.config)
            case "check":
                return _check(loaded.config)
            case _:
                return _plan(loaded, as_json=options.output == "json")
    except ConnectorError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(config: ConnectorConfig) -> int:
    configure(config.log)
    if config.processes > 1:
        from connector.supervisor import Supervisor

        supervisor = Supervisor(config)
        code = supervisor.run()
        return _fail(supervisor.failure, code) if supervisor.failure else code
    from connector.route import run

    run(config)
    return 0


def _check(config: ConnectorConfig) -> int:
    from connector.check import check

    # The findings say it all; what the client libraries log meanwhile would stand between them.
    configure("critical")
    code = 0
    for finding in check(config):
        print(finding, flush=True)  # noqa: T201 - the findings are the command's output
        if finding.error is not None:
            # Being refused is the cause of whatever else fails, so its code wins.
            code = max(code, finding.error.exit_code)
    return code


def _plan(loaded: Loaded, *, as_json: bool) -> int:
    from connector.plan import plan

    made = plan(loaded.config, loaded.origin, loaded.overrides)
    print(made.to_json() if as_json else made, flush=True)  # noqa: T201 - as above
    return 0


def _load(file: Path | None) -> Loaded:
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError.of(str(file), f"cannot be read ({error})", "correct the path or the file") from None
        return _with_port(load_config(text, str(file)), str(file))
    text = os.environ.get(CONFIG_VARIABLE, "")
    if not text.strip():
        raise ConfigError.of(
            CONFIG_VARIABLE, "is not set or empty", "set it to the configuration's text, or use --config FILE"
        )
    return _with_port(load_config(text, f"environment variable {CONFIG_VARIABLE}"), f"variable {CONFIG_VARIABLE}")


def _with_port(config: ConnectorConfig, origin: str) -> Loaded:
    """Let the environment choose the port: several connectors of one deployment may share a machine."""
    port = os.environ.get(PORT_VARIABLE)
    if not port:
        return Loaded(config, origin, {})
    if not is_port(port):
        raise ConfigError.of(PORT_VARIABLE, "must be a port from 0 to 65535", "correct or unset it", shown(port))
    http = config.http.model_copy(update={"port": int(port)})
    return Loaded(config.model_copy(update={"http": http}), origin, {"http.port": f"variable {PORT_VARIABLE}"})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m connector",
        description="Moves records from Apache Kafka to Amazon Kinesis or Firehose: none lost, each key in order.",
        epilog="Example: python -m connector check --config route.yaml && python -m connector run --config route.yaml",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("run", "move records until SIGTERM or SIGINT"),
        ("check", "look at both ends and move nothing"),
        ("plan", "show the effective configuration and what it needs; no network"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--config",
            type=Path,
            metavar="FILE",
            help=f"configuration in YAML or JSON; without it the variable {CONFIG_VARIABLE} holds the text itself",
        )
        if name == "plan":
            command.add_argument(
                "-o", "--output", choices=("text", "json"), default="text", help="for a person, or for a program"
            )
    return parser


def _fail(message: str, code: int = 1) -> int:
    print(f"connector: {message}", file=sys.stderr, flush=True)  # noqa: T201 - for the person at the terminal
    return code


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        # Also what goes wrong before the configuration is read belongs into the log. The other commands have none.
        configure("info")
        log_crashes()
    sys.exit(main())
