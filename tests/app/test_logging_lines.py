"""Log lines: one JSON object each, and no text of a post in any of them."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from app.logging_lines import dress, start_logging
from stream.errors import Poison
from stream.log import Out
from stream.memory import MemoryLog
from stream.worker import Stage, run_once

TEXT = "王小明住在青禾路七号三单元"


class Shown:
    """All that stderr was told up to now."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.text = ""

    def getvalue(self) -> str:
        self.text += self.capsys.readouterr().err
        return self.text


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Shown:
    return Shown(capsys)


@pytest.fixture(params=[True, False], ids=["json", "plain"])
def lines(request: pytest.FixtureRequest, stderr: Shown) -> Iterator[Shown]:
    undo = start_logging("judge", request.param)
    yield stderr
    undo()


@pytest.fixture
def json_lines(stderr: Shown) -> Iterator[Shown]:
    undo = start_logging("judge", True)
    yield stderr
    undo()


def read(text: Shown) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.getvalue().splitlines()]


def test_a_line_says_when_how_bad_who_and_what(json_lines: Shown) -> None:
    logging.getLogger("stream.worker").info("stage %s is ready", "judge")
    (line,) = read(json_lines)
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {"level": "INFO", "part": "judge", "logger": "stream.worker", "message": "stage judge is ready"}


def test_ids_stand_beside_the_message(json_lines: Shown) -> None:
    logging.getLogger("x").warning("not accepted", extra={"ids": {"mail": "m1", "office": "renshe"}})
    (line,) = read(json_lines)
    assert (line["mail"], line["office"]) == ("m1", "renshe")


@pytest.mark.parametrize("how", ["%r", "%s", "%(error)s", "exc_info", "itself"])
def test_an_exception_is_told_without_what_it_carries(lines: Shown, how: str) -> None:
    logger = logging.getLogger("x")
    try:
        raise KeyError(TEXT) from ValueError(TEXT)
    except KeyError as error:
        if how == "exc_info":
            logger.exception("failed")
        elif how == "itself":
            logger.error(error)
        else:
            logger.error("failed: " + how, {"error": error} if "error" in how else error)  # noqa: G003
    assert TEXT not in lines.getvalue()
    assert "KeyError" in lines.getvalue()
    assert "test_logging_lines.py" in lines.getvalue()


def test_a_record_that_no_stage_can_handle_leaves_no_text_in_the_log(lines: Shown) -> None:
    def read_badly(records: object) -> list[tuple[str, Out]]:
        raise ValueError(f"invalid literal: {TEXT}")

    log = MemoryLog()
    log.publish("in", [Out("k", TEXT.encode()), Out("k", TEXT.encode())])
    assert run_once(Stage("judge", "in", read_badly), log, pause=lambda _: None) == 2
    assert TEXT not in lines.getvalue()
    assert "in/0/1" in lines.getvalue()
    assert "read_badly" in lines.getvalue()


def test_our_own_words_are_kept(lines: Shown) -> None:
    logging.getLogger("x").warning("set aside: %r", Poison("记录无法解析: 字段 text"))
    assert "记录无法解析: 字段 text" in lines.getvalue()


def test_what_would_end_the_process_or_a_thread_is_told_the_same_way(lines: Shown) -> None:
    def fail() -> None:
        raise RuntimeError(TEXT)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert TEXT not in lines.getvalue()
    assert lines.getvalue().count("RuntimeError: tests/app/test_logging_lines.py") == (
        4 if "{" in lines.getvalue() else 2
    )


def test_a_library_that_writes_by_itself_writes_our_lines(json_lines: Shown) -> None:
    logger = logging.getLogger("somelib.inner")
    own = io.StringIO()
    logger.addHandler(logging.StreamHandler(own))
    logger.propagate = False
    dress("somelib")
    logger.error("broken: %s", ValueError(TEXT))
    assert TEXT not in own.getvalue()
    assert json.loads(own.getvalue())["part"] == "judge"
    logger.handlers.clear()


def test_a_line_that_cannot_be_made_shows_no_argument(lines: Shown) -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 7, "%d posts", (TEXT,), None)
    logging.getLogger().handlers[0].handle(record)
    assert TEXT not in lines.getvalue()
    assert "test_logging_lines.py" in lines.getvalue()
    assert len(lines.getvalue().splitlines()) == 1


def test_undone_all_is_as_before(stderr: Shown) -> None:
    before = list(logging.getLogger().handlers), sys.excepthook, threading.excepthook
    start_logging("judge", True)()
    assert (list(logging.getLogger().handlers), sys.excepthook, threading.excepthook) == before
