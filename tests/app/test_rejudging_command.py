"""`minsheng rejudge`: what it tells, how it stops and goes on, the list of what changed, how far it has come."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import app.rejudging
from app.process import Process
from app.progress import LINE_EVERY, Lines
from app.rejudge_notes import Answer, Change, Notes, Outcome, write_list
from app.rejudging import Options, Rejudge, rejudge
from app.wire import House, open_house
from stream.log import Out
from stream.messages import JUDGED, encode_judged
from tests.app.rejudged import fill, house, judged_of, models, post_of

__all__ = ["house"]  # a fixture


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ready(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose live flow has handled ten posts with another model."""
    from app.stages import SOURCES

    posts = fill(house, *"abcdefghij")
    house.log.publish(JUDGED, [Out(post.id, encode_judged(judged_of(post))) for post in posts])
    for stage, topic in SOURCES.items():
        house.log.commit(stage, house.log.read(topic, stage, 100, 0.0))
    monkeypatch.setattr(app.rejudging, "LOOK_EVERY", 0.01)
    return house


def command(house: House, **options: Any) -> int:
    """As a process of its own, with its own connections."""
    code = -1
    with Process(open_house({"MINSHENG_DATA": str(house.data)}), "rejudge") as process:
        code = rejudge(process, Options(**options))
    return code


def test_the_command_tells_what_changed_and_a_second_time_there_is_nothing_to_do(
    ready: House, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.archive.upsert([judged_of(post_of("trimmed"))])
    assert command(ready) == 0
    name = ready.classifier().name
    told = capsys.readouterr()
    assert set(models(ready).values()) == {name, "old"}
    assert f"模型 {name}: 已重新研判 10 条" in told.out
    assert "另有 1 条" in told.out
    assert "10 / 10 条" in told.err
    assert command(ready, quiet=True) == 0
    assert capsys.readouterr() == (told.out, "")


def test_a_limit_stops_and_the_next_run_goes_on(ready: House) -> None:
    assert command(ready, limit=4, quiet=True) == 0
    assert Counter(models(ready).values())["old"] == 6
    assert command(ready, limit=100, quiet=True) == 0
    assert "old" not in models(ready).values()


def test_a_stop_ends_after_the_batch_and_says_how_to_go_on(
    ready: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app.rejudging, "BATCH", 4)
    round_ = Rejudge.round
    with Process(open_house({"MINSHENG_DATA": str(ready.data)}), "rejudge") as process:

        def one_round(self: Rejudge, limit: int) -> Any:
            process.stop.asked = True
            return round_(self, limit)

        monkeypatch.setattr(Rejudge, "round", one_round)
        code = rejudge(process, Options())
        process.stop.asked = False
    assert code == 130
    assert Counter(models(ready).values())["old"] == 6
    assert "还剩 6 条" in capsys.readouterr().err


def test_another_model_that_is_chosen_meanwhile_ends_it(
    ready: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ready.shipped_model, ready.data / "models" / "other")
    monkeypatch.setattr(app.rejudging, "BATCH", 4)
    monkeypatch.setattr(app.rejudging, "LOOK_EVERY", 0.0)
    round_ = Rejudge.round

    def choosing(self: Rejudge, limit: int) -> Any:
        ready.models.use("other", "cli:me", datetime.now(UTC))
        return round_(self, limit)

    monkeypatch.setattr(Rejudge, "round", choosing)
    assert command(ready, quiet=True) == 1
    assert "模型换了" in capsys.readouterr().err
    assert Counter(models(ready).values())["old"] == 6


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_the_list_has_what_became_grave_first_and_no_formula(ready: House, tmp_path: Path) -> None:
    odd = post_of("odd", title='=HYPERLINK("http://x.example")', url="http://board.example/1")
    ready.archive.upsert([judged_of(odd)])
    calm, grave = Answer("wages", "renshe", 3, ""), Answer("municipal", "chengguan", 4, "")
    before = Answer("housing", "zhujian", 2, "")
    changes = [Change("odd", before, grave), Change("gone", calm, before)]
    with Notes(tmp_path / "notes") as notes:
        notes.add([Outcome(0, n, "judged", one) for n, one in enumerate(reversed(changes))])
        write_list(ready, notes.changes, tmp_path / "out" / "list.csv")
    rows = table(tmp_path / "out" / "list.csv")
    assert [row[0] for row in rows] == ["编号", "odd", "gone"]
    assert rows[1][3] == "'" + odd.title
    assert rows[1][4] == "是"
    assert (rows[1][9], rows[1][10]) == ("2级", "4级")
    assert rows[2][1:5] == ["", "", "", ""]


def test_the_list_is_written_and_audited_by_the_command(ready: House, tmp_path: Path) -> None:
    assert command(ready, quiet=True, listing=tmp_path / "list.csv") == 0
    with ready.ledger.read() as tx:
        assert {entry.what for entry in tx.audit.find()} == {"rejudge", "export.rejudged"}
    rows = table(tmp_path / "list.csv")
    assert len(rows) > 1
    assert {row[0] for row in rows[1:]} <= set(models(ready))


# --- progress --------------------------------------------------------------------------------------------------------


def test_where_there_is_no_terminal_a_line_comes_now_and_then() -> None:
    said: list[str] = []
    now = 100.0
    lines = Lines("重新研判", said.append, lambda: now)
    for second in range(int(2 * LINE_EVERY)):
        now = 100.0 + second
        lines.show(1000 + 100 * second, 10_000)
    assert said == [
        "重新研判 1,000 / 10,000 条",
        "重新研判 4,000 / 10,000 条，100 条/秒，约剩 1 分 0 秒",
    ]


def test_why_it_waits_is_said_now_and_then() -> None:
    said: list[str] = []
    now = 0.0
    lines = Lines("重新研判", said.append, lambda: now)
    for second in range(int(2 * LINE_EVERY)):
        now = float(second)
        lines.wait("先等研判")
    assert said == ["先等研判"] * 2
