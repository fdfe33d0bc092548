"""Silences and the reasons of what is not sent, on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alerts.ledger import AlertFilter
from app.cli_quiet import alerts, silence
from app.wire import House
from stream.errors import MinshengError
from tests.alerts.mailing import make_alert, make_case

CASE = make_case().number


@pytest.fixture(autouse=True)
def house(house_with_case: House) -> House:
    return house_with_case


def run(*arguments: str) -> Result:
    return CliRunner().invoke(alerts if arguments[0] == "why" else silence, arguments)


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str) -> str:
    """What it says, as a wrong usage or as an error of ours."""
    result = run(*arguments)
    assert result.exit_code != 0
    return str(result.exception) if isinstance(result.exception, MinshengError) else result.output


def test_a_silence_is_made_listed_and_ended(house: House) -> None:
    what = ("--office", "renshe", "--kind", "growth", "--case", CASE, "--topic", "wages", "--region", "330700")
    made = said("add", *what, "--rule", "growth", "--for", "2d", "--reason", "已电话通知")
    with house.ledger.read() as tx:
        (one,) = tx.silences.find()
    assert one.matchers.cases == ("c1",)
    assert one.ends_at - one.starts_at == timedelta(days=2)
    assert one.id in made
    listed = said("list")
    assert all(
        word in listed for word in (one.id, "生效中", "快速增长", "人力资源和社会保障局", "金华市", "已电话通知")
    )
    assert "已结束" in said("expire", one.id, "--reason", "已恢复")
    assert "没有静默" in said("list")
    assert "提前结束: 已恢复" in said("list", "--all")
    with house.ledger.read() as tx:
        assert [entry.what for entry in tx.audit.find()] == ["silence.end", "silence.add"]
        assert all(entry.actor.startswith("cli") for entry in tx.audit.find())


def test_a_silence_of_a_day_to_come(house: House) -> None:
    said("add", "--kind", "growth", "--from", "2099-01-01 08:00", "--until", "2099-01-02 08:00", "--reason", "演练")
    assert "未开始" in said("list")
    with house.ledger.read() as tx:
        (one,) = tx.silences.find()
    assert one.starts_at.isoformat() == "2099-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--reason", "x"), "至少指定一项"),
        (("--office", "renshe", "--reason", " "), "写明理由"),
        (("--office", "nobody", "--reason", "x"), "没有责任单位 nobody"),
        (("--kind", "noise", "--reason", "x"), "没有预警种类 noise"),
        (("--topic", "weather", "--reason", "x"), "没有事项 weather"),
        (("--region", "110101", "--reason", "x"), "没有地区 110101"),
        (("--rule", "none", "--reason", "x"), "没有规则 none"),
        (("--case", "MS-1", "--reason", "x"), "没有案件 MS-1"),
        (("--event", "e9", "--reason", "x"), "没有事件 e9"),
        (("--office", "renshe", "--for", "31d", "--reason", "x"), "最长 30 天"),
        (("--office", "renshe", "--until", "2020-01-01 08:00", "--reason", "x"), "已过"),
        (("--office", "renshe", "--for", "soon", "--reason", "x"), "30m、4h、2d"),
        (("--office", "renshe", "--until", "tomorrow", "--reason", "x"), "2026-11-27 08:00"),
        (("--office", "renshe"), "--reason"),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(house: House, arguments: Sequence[str], message: str) -> None:
    assert message in refused("add", *arguments)
    with house.ledger.read() as tx:
        assert tx.silences.find() == []


def test_a_silence_that_is_not_there_cannot_be_ended() -> None:
    assert "没有静默 S-9" in refused("expire", "S-9")


def fill(house: House) -> None:
    now = house.now()
    recent: dict[str, Any] = {"created_at": now - timedelta(hours=2), "severity": 2}
    with house.ledger.begin() as tx:
        tx.alerts.add([make_alert(id=name, kind=kind, **recent) for name, kind in (("a", "new_case"), ("b", "growth"))])
        tx.alerts.add([make_alert(id="c", case_id="", event_id="e7", **recent), make_alert(id="d", **recent)])
        tx.quiet.wait(["a"], "office_hours", "不在办公时间", now + timedelta(hours=9))
        tx.alerts.mute(["b"], "已有“重大情况”", "inhibited")
        tx.quiet.wait(["d"], "daily_cap", "并入汇总", now)
        tx.alerts.mark_sent(["d"], now)


def test_why_tells_what_waits_and_what_was_not_sent(house: House) -> None:
    fill(house)
    told = said("why")
    assert all(word in told for word in ("待发送", "不在办公时间；下次处理", "已有“重大情况”", "即将发送"))
    assert "发出，先前暂缓" not in told
    assert "不在办公时间" not in said("why", "--office", "zhujian")


def test_why_of_one_alert_of_a_case_and_of_an_event(house: House) -> None:
    fill(house)
    assert "不在办公时间" in said("why", "a")
    of_case = said("why", CASE)
    assert "发出，先前暂缓: 已达当日上限" in of_case
    assert "已有“重大情况”" in of_case
    assert "即将发送" in said("why", "e7")
    assert "没有预警、案件或事件 x" in refused("why", "x")


def test_why_says_so_where_all_was_sent(house: House) -> None:
    assert "没有未发出的预警" in said("why")
    with house.ledger.read() as tx:
        assert tx.alerts.find(AlertFilter()) == []
