"""Structured logs: one JSON object a line on stderr, and no flood when one thing fails again and again."""

import json
import logging
import math
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, NamedTuple
from weakref import WeakSet

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


class _KeptBack(NamedTuple):
    number: int
    level: int
    fields: dict[str, object]
    """Of the last one."""


class RateLimited(Log):
    """Lets one message (with one code) through every `interval` seconds and counts what it kept back.

    What is kept back is told with the next one of its kind, or by `tell_kept_back`: the lines and what they count in
    `repeats_kept_back` add up to all that happened.
    """

    def __init__(self, name: str, interval: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name)
        self._interval = interval
        self._clock = clock
        self._last: dict[tuple[str, object], float] = {}
        self._kept_back: dict[tuple[str, object], _KeptBack] = {}
        _rate_limited.add(self)

    def tell(self, *, at_once: bool) -> None:
        """Log what was kept back and whose interval is over; `at_once` whatever was."""
        now = self._clock()
        for kind, last in list(self._last.items()):
            if not at_once and now - last < self._interval:
                continue
            self._last.pop(kind, None)
            if kept_back := self._kept_back.pop(kind, None):
                # The last one is shown as the line that tells of the others.
                self._write(kind, kept_back.level, kept_back.fields, now, kept_back.number - 1)

    def _log(self, level: int, message: str, fields: dict[str, object]) -> None:
        kind = (message, fields.get("code"))
        now = self._clock()
        if level < logging.WARNING:
            super()._log(level, message, fields)
            return
        kept_back = self._kept_back.pop(kind, None)
        repeats = kept_back.number if kept_back else 0
        if now - self._last.get(kind, -math.inf) < self._interval:
            self._kept_back[kind] = _KeptBack(repeats + 1, level, fields)
        else:
            self._write(kind, level, fields, now, repeats)

    def _write(self, kind: tuple[str, object], level: int, fields: dict[str, object], now: float, repeats: int) -> None:
        self._last[kind] = now
        super()._log(level, kind[0], {**fields, "repeats_kept_back": repeats} if repeats else fields)


_rate_limited: Final[WeakSet[RateLimited]] = WeakSet()


def tell_kept_back(*, at_once: bool = False) -> None:
    """Log what all `RateLimited` keep back and whose time is over; `at_once`, as at the end, whatever they do.

    Call it about once a second: otherwise the last of a flood is told with the next one, which may never come.
    """
    for each in list(_rate_limited):
        each.tell(at_once=at_once)


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
