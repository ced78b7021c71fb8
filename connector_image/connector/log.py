"""Structured logs: one JSON object a line on stderr, and no flood when one thing fails again and again."""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

_FIELDS: Final = "fields"


class JsonFormatter(logging.Formatter):
    """Writes time, level, logger, message and the fields of a record as one JSON object, with `fields` of its own."""

    def __init__(self, **fields: object) -> None:
        super().__init__()
        self._fields = fields

    def format(self, record: logging.LogRecord) -> str:
        """Format one record."""
        content: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self._fields,
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info:
            content["exception"] = self.formatException(record.exc_info)
        return json.dumps(content, default=str, ensure_ascii=False)


class Log:
    """A logger whose messages carry fields."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, message: str, **fields: object) -> None:
        """Something that went as it should."""
        self._log(logging.INFO, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Something that did not, and is dealt with."""
        self._log(logging.WARNING, message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Something that needs a person."""
        self._log(logging.ERROR, message, fields)

    def _log(self, level: int, message: str, fields: dict[str, object]) -> None:
        self._logger.log(level, message, extra={_FIELDS: fields})


class RateLimited(Log):
    """Lets one message (with one code) through every `interval` seconds and counts what it kept back."""

    def __init__(self, name: str, interval: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name)
        self._interval = interval
        self._clock = clock
        self._last: dict[tuple[str, object], float] = {}
        self._kept_back: dict[tuple[str, object], int] = {}

    def _log(self, level: int, message: str, fields: dict[str, object]) -> None:
        kind = (message, fields.get("code"))
        now = self._clock()
        if level < logging.WARNING:
            super()._log(level, message, fields)
        elif kind in self._last and now - self._last[kind] < self._interval:
            self._kept_back[kind] = self._kept_back.get(kind, 0) + 1
        else:
            self._last[kind] = now
            if repeats := self._kept_back.pop(kind, 0):
                fields = {**fields, "repeats_kept_back": repeats}
            super()._log(level, message, fields)


def configure(level: str, **fields: object) -> None:
    """Send everything from `level` on to stderr, every line with `fields`; libraries from warning on at the lowest."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(**fields))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    logging.getLogger("connector").setLevel(level.upper())
    root.setLevel(max(logging.WARNING, logging.getLogger("connector").level))


def log_crashes() -> None:
    """Log what nobody caught, wherever it was raised, as a line like every other; Python would write it in many.

    How the process ends stays as it is: with exit code 1 after an error of the main thread, not at all after others.
    """
    logger = logging.getLogger(__name__)

    def of_the_process(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, traceback)
            return
        logger.critical("ended by an error of the connector itself", exc_info=(kind, error, traceback))

    def of_a_thread(crash: threading.ExceptHookArgs) -> None:
        logger.critical(
            "a thread ended by an error of the connector itself",
            exc_info=(crash.exc_type, crash.exc_value or crash.exc_type(), crash.exc_traceback),
            extra={_FIELDS: {"thread": crash.thread.name if crash.thread else None}},
        )

    def of_nobody(crash: "sys.UnraisableHookArgs") -> None:
        logger.error(
            "an error was ignored, since it could be raised nowhere",
            exc_info=(crash.exc_type, crash.exc_value or crash.exc_type(), crash.exc_traceback),
        )

    sys.excepthook = of_the_process
    threading.excepthook = of_a_thread
    sys.unraisablehook = of_nobody
