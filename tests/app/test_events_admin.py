"""`minsheng event`: staff's word on events from the command line, and what is learned from it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from app import cli_event
from app.cli import cli
from app.events_admin import export_taught, merge_events, split_event
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
