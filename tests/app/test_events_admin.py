"""`minsheng event`: staff's word on events from the command line, and what is learned from it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from app import cli_event
from app.cli import cli
from app.events_admin import export_taught, merge_events, read_messages, split_event
from app.wire import House
from stream.errors import MinshengError
from stream.messages import decode_judged
from tests.dashboard.filled import open_full

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_full(tmp_path, NOW)


def test_merge_split_and_export(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    merge_events(house, "ev-wages", "ev-accused", "同一工地")
    split_event(house, "ev-wages", ["wages-0"], "另一家公司")
    export_taught(house, tmp_path / "out")
    said = capsys.readouterr().out
    assert "已归并为事件 ev-wages" in said
    assert "已拆出事件" in said
    assert "按内部资料保管" in said
    rows = (tmp_path / "out" / "events.tsv").read_text("utf-8").splitlines()
    judged = [decode_judged(line) for line in (tmp_path / "out" / "judged.jsonl").read_bytes().splitlines()]
    events = dict(row.split("\t") for row in rows[1:])
    assert rows[0] == "id\tevent"
    assert set(events) == {one.post.id for one in judged}
    assert events["accused-0"] == events["wages-1"] == "ev-wages"
    assert events["wages-0"] != "ev-wages"
    house.ledger.close()


def test_commands_say_what_is_wrong(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_event, "house", lambda: house)
    run = CliRunner().invoke(cli, ["event", "merge", "ev-wages", "ev-none", "--reason", "同一件事"])
    assert isinstance(run.exception, MinshengError)
    assert "没有事件“ev-none”" in str(run.exception)
    assert CliRunner().invoke(cli, ["event", "split", "ev-wages"]).exit_code == 2
    house.ledger.close()


def table(path: Path, *rows: tuple[Any, ...]) -> Path:
    book = openpyxl.Workbook()
    for row in (("留言编号", "留言主题", "留言时间", "留言详情"), *rows):
        book.worksheets[0].append(row)
    book.save(path)
    return path


def test_dated_messages_are_read(tmp_path: Path) -> None:
    midnight = datetime(2019, 3, 6)  # noqa: DTZ001 - as a table holds it
    path = table(tmp_path / "t.xlsx", (7, "路灯不亮", "2019/3/5 14:20", "桂花弄"), (8, None, midnight, "停水"))
    first, second = read_messages(path)
    assert (first.id, first.title, first.published_at) == ("m-7", "路灯不亮", datetime(2019, 3, 5, 6, 20, tzinfo=UTC))
    assert (second.title, second.published_at) == ("", datetime(2019, 3, 5, 16, 0, tzinfo=UTC))


@pytest.mark.parametrize("when", ["昨天", None, "2019-13-40"])
def test_a_bad_time_is_named_with_its_row(tmp_path: Path, when: str | None) -> None:
    path = table(tmp_path / "t.xlsx", (7, "路灯不亮", when, "桂花弄"))
    with pytest.raises(MinshengError, match="第 2 行"):
        list(read_messages(path))


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(("编号", "内容"))
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(MinshengError, match="缺少列"):
        list(read_messages(tmp_path / "t.xlsx"))
