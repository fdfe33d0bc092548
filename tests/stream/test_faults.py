"""What is told of an exception holds nothing of what was being handled."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from stream.dead import bury
from stream.errors import MinshengError, Poison, Unavailable
from stream.faults import away, tell, trace
from stream.log import Out
from stream.log_sqlite import SqliteLog
from stream.memory import MemoryLog
from stream.messages import decode_post

TEXT = "张三住在青禾路七号"


def raised(value: object) -> Exception:
    try:
        return _raise(value)
    except Exception as error:
        return error


def _raise(value: object) -> Exception:
    try:
        int(str(value))
    except ValueError as error:
        raise KeyError(value) from error
    return Exception()


def test_class_and_place_are_told_and_the_value_never() -> None:
    error = raised(TEXT)
    assert tell(error).startswith("KeyError: tests/stream/test_faults.py:")
    assert TEXT not in tell(error) + trace(error)


def test_the_trace_names_the_places_of_the_causes_too_the_origin_first() -> None:
    lines = trace(raised(TEXT)).splitlines()
    told = [line for line in lines if not line.startswith("  ")]
    assert [line.partition(":")[0] for line in told] == ["ValueError", "KeyError"]


def test_our_own_words_are_told_their_first_line_only() -> None:
    assert tell(MinshengError("案件库连不上\n第二行")) == "MinshengError: 案件库连不上"


def test_an_error_that_was_never_raised_is_its_class() -> None:
    assert tell(ValueError(TEXT)) == "ValueError"


def test_a_full_disk_names_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    log._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(Unavailable) as caught:
        log.publish("t", [Out("k", b"x" * 100_000)])
    log.close()
    assert away(caught.value) == "log"
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


def test_what_no_wall_raised_is_other() -> None:
    with pytest.raises(Unavailable) as caught:
        raise Unavailable("网络")
    assert away(caught.value) == "other"


def test_a_dead_letter_repeats_nothing_of_the_record_in_its_reason() -> None:
    log = MemoryLog()
    log.publish("in", [Out("k", TEXT.encode())])
    (record,) = log.read("in", "g", 1, 0)
    why = bury(record, "judge", raised(TEXT)).headers
    assert TEXT not in json.dumps(dict(why), ensure_ascii=False)
    assert why["dead.message"].startswith("tests/stream/test_faults.py:")


def test_a_record_that_cannot_be_read_is_told_without_its_keys_and_values() -> None:
    with pytest.raises(Poison) as caught:
        decode_post(json.dumps({**_fields(), "counts": {TEXT: TEXT}}).encode())
    assert TEXT not in str(caught.value)
    assert "counts" in str(caught.value)


def _fields() -> dict[str, str]:
    at = "2026-11-25T06:30:00Z"
    return {
        "id": "p",
        "source": "s",
        "kind": "forum",
        "title": "",
        "text": TEXT,
        "published_at": at,
        "fetched_at": at,
    }
