"""`minsheng rules`: listed, and tried on history. All texts are invented."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import cli
from app.parts import deliver_round
from app.rules_replay import per_day, replay
from app.wire import open_house
from tests.alerts.deciding import WINDOW
from tests.alerts.test_rules_windows import SPIKE
from tests.alerts.town import HOUR, NOW, RULES, catalog, judged

WEEK = timedelta(days=7)
TEXT = "云栖路工地拖欠工资三个月，二十多个工友找过项目部，一直没有人答复。"
TOLD = (
    "云栖路工地拖欠工资三个月，二十多个工友找过项目部，没有人答复",
    "快过年了，梅坞饭店还欠着服务员和后厨的工钱，老板电话关机",
    "给枫桥家具厂干了半年木工，说好按月结，到现在一分没见着",
    "竹溪物流的司机被拖了四个月运费，调度让我们再等等",
    "培训学校突然关门，十几个老师的课时费都没有发",
    "兰亭制衣厂计件工资少算，车间里的姐妹去问反被停工",
)


def history(*extra: object) -> list[object]:
    quiet = [judged(f"w{n}", f"第{n}周路灯不亮", NOW - n * WEEK, title=f"路灯{n}") for n in range(9, 0, -1)]
    burst = [judged(f"b{n}", text, NOW + n * HOUR, title=text[:8], severity=1) for n, text in enumerate(TOLD)]
    return [*quiet, *burst, *extra]


def test_what_would_have_been_told_and_when() -> None:
    found = replay(catalog(rules=(*RULES, SPIKE)), history(), WINDOW)  # type: ignore[arg-type]
    spikes = [one for one in found if one.kind == "spike"]
    assert [one.created_at for one in spikes] == [NOW + 6 * HOUR]  # five do not exceed the limit, six do
    assert set(spikes[0].posts) == {f"b{n}" for n in range(6)}
    assert len({one.id for one in found}) == len(found)


def test_history_that_was_filled_in_is_tried_as_if_it_had_come_live() -> None:
    filled = [judged(f"b{n}", f"{TEXT}{n}", NOW + n * HOUR, severity=4, backfill=True) for n in range(2)]
    assert [one.kind for one in replay(catalog(), filled, WINDOW)] == ["new_case"]


def test_alerts_per_day_and_office() -> None:
    found = replay(catalog(), [judged("a", severity=4), judged("b", "另一处", severity=4, title="别的")], WINDOW)
    assert {office: days for office, (days, _, _) in per_day(found).items()} == {"renshe": 1}


def test_nothing_is_printed_for_an_empty_house_but_the_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINSHENG_DATA", str(tmp_path))
    done = CliRunner().invoke(cli, ["rules", "replay"], catch_exceptions=False)
    assert "共 0 条信息，会发出 0 条预警" in done.output


def test_posts_of_a_file_in_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINSHENG_DATA", str(tmp_path / "data"))
    rows = [
        {
            "id": f"p{n}",
            "title": "化工厂爆炸多人死伤",
            "text": f"开发区化工厂爆炸，已有三人死亡。{n}",
            "published_at": f"2026-11-0{n} 09:00",
        }
        for n in (1, 2)
    ]
    file = tmp_path / "posts.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    done = CliRunner().invoke(cli, ["rules", "replay", "--posts", str(file), "--json"], catch_exceptions=False)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["kind"], one["at"][:13]) for one in told][:1] == [("new_case", "2026-11-01T10")]
    assert not (tmp_path / "data" / "ledger.sqlite").exists()


def test_a_rule_file_that_is_wrong_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("rules:\n- {key: a, name: 突增, kind: spike, posts: 5, alike: 6}\n", "utf-8")
    done = CliRunner().invoke(cli, ["rules", "replay", "--rules", str(file)])
    assert "rules.yaml:2: rules[a].alike" in str(done.exception)


def test_the_list_names_every_rule_and_what_is_off() -> None:
    done = CliRunner().invoke(cli, ["rules", "list"], catch_exceptions=False)
    assert "启用  spike  信息突增" in done.output
    assert "案件  overdue" in done.output


def test_a_rule_that_fails_holds_back_no_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("alerts.rules_tick.tick_rules", broken)
    house = open_house({"MINSHENG_DATA": str(tmp_path)})
    counted: list[tuple[str, str, int]] = []
    assert deliver_round(house, NOW, lambda *what: counted.append(what)) == 0
    assert counted == [("failed", "rules", 1)]
    house.close()
