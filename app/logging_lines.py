"""Log lines on stderr, plain or JSON, in which no text of a post can appear.

The one place where that is made sure of: exceptions, as arguments or with their traceback, are told by `stream.faults`
(class and places, never the values that they carry), and what would end the process goes through here, too.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from stream.faults import tell, trace

NOISY = ("twisted", "kafka", "elastic_transport", "alembic", "urllib3", "apprise")  # their debug lines hold bodies
logger = logging.getLogger(__name__)


def start_logging(part: str, json_lines: bool) -> Callable[[], None]:
    """Everything this process logs goes to stderr from now on, one line (plain: with traceback lines) each.

    Returns what gives logging back as it was.
    """
    handler = Lines()
    handler.setFormatter(JsonLines(part) if json_lines else PlainLines())
    root = logging.getLogger()
    before = list(root.handlers), root.level, sys.excepthook, threading.excepthook
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in NOISY:
        library = logging.getLogger(name)
        library.setLevel(max(logging.WARNING, library.level))
    logging.captureWarnings(True)
    sys.excepthook = _ended
    threading.excepthook = _thread_ended

    def undo() -> None:
        logging.captureWarnings(False)
        root.handlers[:], level, sys.excepthook, threading.excepthook = before
        root.setLevel(level)

    return undo


def dress(library: str) -> None:
    """Have the loggers of a library that writes by itself write our lines."""
    lines = logging.getLogger().handlers[0].formatter
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == library:
            for handler in logging.getLogger(name).handlers:
                handler.setFormatter(lines)


def safe_message(record: logging.LogRecord) -> str:
    """The message with exceptions among its arguments told without their values."""
    arguments: Any = record.args
    if isinstance(arguments, Mapping):
        arguments = {name: _safe(value) for name, value in arguments.items()}
    elif arguments:
        arguments = tuple(_safe(value) for value in arguments)
    if isinstance(record.msg, BaseException):
        return tell(record.msg)
    return str(record.msg) % arguments if arguments else str(record.msg)


def ids_of(record: logging.LogRecord) -> dict[str, Any]:
    """What was logged with extra={"ids": {...}}: names of things, never texts."""
    ids = getattr(record, "ids", None)
    return dict(ids) if isinstance(ids, Mapping) else {}


class Lines(logging.Handler):
    """Writes to what stderr is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except OSError:
            """Nobody can be told: what stderr led to is gone or full."""
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """The library's own would show the arguments."""
        broken = logging.makeLogRecord({"name": record.name, "levelname": "ERROR", "created": record.created})
        broken.msg = f"the line of {record.pathname}:{record.lineno} cannot be written"
        sys.stderr.write(self.format(broken) + "\n")


class PlainLines(logging.Formatter):
    """Time, level, logger, message; tracebacks below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s")

    def format(self, record: logging.LogRecord) -> str:
        record.asctime = self.formatTime(record)
        ids = "".join(f" {name}={value}" for name, value in ids_of(record).items())
        lines = [f"{self.formatMessage(record)} {safe_message(record)}{ids}"]
        error = _error_of(record)
        return "\n".join([*lines, trace(error)] if error else lines)


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, part, logger, message, the ids, and for errors error and trace."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self.part = part

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "part": self.part,
            "logger": record.name,
            "message": safe_message(record),
            **ids_of(record),
        }
        error = _error_of(record)
        if error:
            line |= {"error": tell(error), "trace": trace(error)}
        return json.dumps(line, ensure_ascii=False, default=str)


class _Told:
    """Stands for an exception whether it is written with %s or %r."""

    def __init__(self, error: BaseException) -> None:
        self._told = tell(error)

    def __str__(self) -> str:
        return self._told

    __repr__ = __str__


def _safe(value: object) -> object:
    return _Told(value) if isinstance(value, BaseException) else value


def _error_of(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _ended(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logger.critical("the process ends", exc_info=error)


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        logger.critical("a thread ends", exc_info=args.exc_value)
