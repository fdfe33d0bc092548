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


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    text = io.StringIO()
    monkeypatch.setattr(sys, "stderr", text)
    return text


@pytest.fixture(params=[True, False], ids=["json", "plain"])
def lines(request: pytest.FixtureRequest, stderr: io.StringIO) -> Iterator[io.StringIO]:
    undo = start_logging("judge", request.param)
    yield stderr
    undo()


@pytest.fixture
def json_lines(stderr: io.StringIO) -> Iterator[io.StringIO]:
    undo = start_logging("judge", True)
    yield stderr
    undo()


def read(text: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.getvalue().splitlines()]


def test_a_line_says_when_how_bad_who_and_what(json_lines: io.StringIO) -> None:
    logging.getLogger("stream.worker").info("stage %s is ready", "judge")
    (line,) = read(json_lines)
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {"level": "INFO", "part": "judge", "logger": "stream.worker", "message": "stage judge is ready"}


def test_ids_stand_beside_the_message(json_lines: io.StringIO) -> None:
    logging.getLogger("x").warning("not accepted", extra={"ids": {"mail": "m1", "office": "renshe"}})
    (line,) = read(json_lines)
    assert (line["mail"], line["office"]) == ("m1", "renshe")


@pytest.mark.parametrize("how", ["%r", "%s", "%(error)s", "exc_info", "itself"])
def test_an_exception_is_told_without_what_it_carries(lines: io.StringIO, how: str) -> None:
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


def test_a_record_that_no_stage_can_handle_leaves_no_text_in_the_log(lines: io.StringIO) -> None:
    def read_badly(records: object) -> list[tuple[str, Out]]:
        raise ValueError(f"invalid literal: {TEXT}")

    log = MemoryLog()
    log.publish("in", [Out("k", TEXT.encode()), Out("k", TEXT.encode())])
    assert run_once(Stage("judge", "in", read_badly), log, pause=lambda _: None) == 2
    assert TEXT not in lines.getvalue()
    assert "in/0/1" in lines.getvalue()
    assert "read_badly" in lines.getvalue()


def test_our_own_words_are_kept(lines: io.StringIO) -> None:
    logging.getLogger("x").warning("set aside: %r", Poison("记录无法解析: 字段 text"))
    assert "记录无法解析: 字段 text" in lines.getvalue()


def test_what_would_end_the_process_or_a_thread_is_told_the_same_way(lines: io.StringIO) -> None:
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


def test_a_library_that_writes_by_itself_writes_our_lines(json_lines: io.StringIO) -> None:
    logger = logging.getLogger("somelib.inner")
    own = io.StringIO()
    logger.addHandler(logging.StreamHandler(own))
    logger.propagate = False
    dress("somelib")
    logger.error("broken: %s", ValueError(TEXT))
    assert TEXT not in own.getvalue()
    assert json.loads(own.getvalue())["part"] == "judge"
    logger.handlers.clear()


def test_undone_all_is_as_before(stderr: io.StringIO) -> None:
    before = list(logging.getLogger().handlers), sys.excepthook, threading.excepthook
    start_logging("judge", True)()
    assert (list(logging.getLogger().handlers), sys.excepthook, threading.excepthook) == before
