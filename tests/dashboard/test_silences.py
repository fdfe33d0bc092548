"""The silences on the page 预警, and why something waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alerts.silences import Silence
from app.wire import House
from dashboard import data, silencing
from dashboard.silencing import Wanted
from stream.errors import MinshengError
from tests.dashboard import test_views
from tests.dashboard.conftest import NOW
from tests.dashboard.filled import HOUR, case_of, desk_of
from tests.dashboard.test_views import open_page, run, text

WANTED = Wanted({"offices": ("renshe",), "kinds": ("growth",)}, "已电话通知", 4 * HOUR)


@pytest.fixture(autouse=True)
def _forget_desks() -> Iterator[None]:
    yield
    test_views.DESK.clear()


def standing(house: House) -> list[Silence]:
    return silencing.silences(desk_of(house))[0]


def test_a_silence_is_made_ended_and_audited(full: House) -> None:
    desk = desk_of(full)
    made = silencing.silence(desk, "duty", WANTED)
    assert standing(full) == [made]
    assert (made.author, made.ends_at, silencing.state_of(made, NOW)) == ("duty", NOW + 4 * HOUR, "生效中")
    assert silencing.caught(desk, made) == "单位 人力资源和社会保障局；种类 快速增长"
    silencing.end(desk, "admin", made.id)
    coming, (over,) = silencing.silences(desk)
    assert (coming, over.ended_by, silencing.state_of(over, NOW)) == ([], "admin", "已结束")
    assert [(entry.actor, entry.what) for entry in data.audit_tail(desk, 2)] == [
        ("admin", "silence.end"),
        ("duty", "silence.add"),
    ]


def test_a_case_may_be_given_by_its_number(full: House) -> None:
    case = case_of(full.ledger, "wages")
    made = silencing.silence(desk_of(full), "duty", Wanted({"cases": (case.number,)}, "已约谈", HOUR))
    assert made.matchers.cases == (case.id,)


def test_one_without_reason_or_aim_is_refused(full: House) -> None:
    for wanted, message in ((Wanted(WANTED.what, " ", HOUR), "理由"), (Wanted({}, "静一静", HOUR), "至少指定一项")):
        with pytest.raises(MinshengError, match=message):
            silencing.silence(desk_of(full), "duty", wanted)
    assert standing(full) == []


@pytest.mark.parametrize(("typed", "keys"), [("", ()), (" MS-1，MS-2 MS-3,", ("MS-1", "MS-2", "MS-3"))])
def test_what_is_typed_is_split(typed: str, keys: tuple[str, ...]) -> None:
    assert silencing.keys_of(typed) == keys


def test_what_waits_is_summed_up_by_its_reason(full: House) -> None:
    with full.ledger.begin() as tx:
        tx.quiet.wait(["a-pending"], "office_hours", "不在办公时间（08:30-17:30），明早发出", NOW + HOUR)
    assert silencing.waiting(desk_of(full)) == [("不在办公时间", 1)]
    said = text(open_page(full, "alerts"))
    assert "暂缓发送：不在办公时间 1 条" in said
    assert "不在办公时间（08:30-17:30），明早发出" in said
    assert "下次 2026-11-25 11:00" in said


def test_what_came_late_says_why(full: House) -> None:
    with full.ledger.begin() as tx:
        tx.quiet.wait(["a-pending"], "daily_cap", "并入汇总", NOW)
        tx.alerts.mark_sent(["a-pending"], NOW)
    assert "先前暂缓：已达当日上限，并入汇总" in text(open_page(full, "alerts"))


def test_the_form_makes_a_silence_and_keeps_what_was_refused(full: House) -> None:
    at = open_page(full, "alerts", "duty")
    assert "现在没有静默" in text(at)
    at.multiselect("silence-offices").select("renshe")
    at.multiselect("silence-kinds").select("growth")
    at.button("silence-add").click()
    run(at)
    assert any("写明理由" in one.value for one in at.error)
    assert at.multiselect("silence-offices").value == ["renshe"]
    at.text_input("silence-reason").input("已电话通知")
    at.button("silence-add").click()
    run(at)
    assert any("已设静默" in one.value for one in at.success)
    (made,) = standing(full)
    assert (made.author, made.reason, made.matchers.offices) == ("duty", "已电话通知", ("renshe",))
    assert made.ends_at - made.starts_at == timedelta(hours=4)
    assert "duty：已电话通知" in text(at)
    at.button(f"end-{made.id}").click()
    run(at)
    assert standing(full) == []
    assert "最近结束的" in "".join(one.label for one in at.expander)


def test_a_reason_cannot_write_into_the_page(full: House) -> None:
    silencing.silence(desk_of(full), "duty", Wanted({"kinds": ("growth",)}, "<img src=x>", HOUR))
    said = text(open_page(full, "alerts"))
    assert "<img" not in said
    assert "&lt;img" in said
