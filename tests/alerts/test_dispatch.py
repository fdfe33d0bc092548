"""Objections and redispatches: in time, once, never to the accused; and the rules that redispatches teach."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.cases_do import do
from alerts.dispatch_rules import Override, suggestions
from alerts.ledger import AlertFilter, Ledger
from alerts.model import Case
from configs.catalog import Catalog, Clock
from stream.errors import MinshengError
from tests.alerts.deciding import Town
from tests.alerts.town import CLOCKS, NOW, catalog, event, judged, link
from tests.contract.ledger_base import opened

DAY = timedelta(days=1)
LIMIT = Clock(key="object_within", name="提出派单异议", working_days=5, source="信访工作条例")
TOWN: Catalog = catalog(clocks=(*CLOCKS, LIMIT))


def act(ledger: Ledger, case: Case, verb: str, actor: str = "wang", now: datetime = NOW, **data: Any) -> Case:
    with ledger.begin() as tx:
        return do(tx, TOWN, case, verb, actor, now, "理由", data)


def test_an_office_may_object_within_five_working_days(ledger: Ledger) -> None:
    case = opened(ledger, event())
    assert act(ledger, case, "object", "renshe", NOW + 6 * DAY).state == "objected"  # a weekend lies between


def test_after_that_the_first_receiver_keeps_it(ledger: Ledger) -> None:
    case = opened(ledger, event())
    with pytest.raises(MinshengError, match="已过提出派单异议的期限"):
        act(ledger, case, "object", "renshe", NOW + 9 * DAY)


def test_a_redispatch_starts_the_days_anew(ledger: Ledger) -> None:
    case = act(ledger, opened(ledger, event()), "redispatch", now=NOW + 8 * DAY, office="zhujian")
    assert act(ledger, case, "object", "zhujian", NOW + 9 * DAY).state == "objected"


@pytest.mark.parametrize(
    ("verb", "data", "office"), [("uphold", {}, "renshe"), ("redispatch", {"office": "zhujian"}, "zhujian")]
)
def test_who_is_designated_at_the_review_may_not_return_it(
    ledger: Ledger, verb: str, data: dict[str, Any], office: str
) -> None:
    case = act(ledger, opened(ledger, event()), "object", "renshe")
    case = act(ledger, case, verb, **data)
    assert (case.state, case.office) == ("dispatched", office)
    with pytest.raises(MinshengError, match="不得再次退回"):
        act(ledger, case, "object", office)


def test_a_designation_ends_with_the_next_dispatch(ledger: Ledger) -> None:
    case = act(ledger, opened(ledger, event()), "object", "renshe")
    case = act(ledger, case, "uphold")
    case = act(ledger, case, "redispatch", office="zhujian")
    assert act(ledger, case, "object", "zhujian").state == "objected"


@pytest.mark.parametrize("verb", ["not_responsible", "referred"])
def test_an_office_cannot_rid_itself_of_a_case(ledger: Ledger, verb: str) -> None:
    case = opened(ledger, event())
    with pytest.raises(MinshengError, match="首接单位"):
        act(ledger, case, verb, "renshe@330109", channel="法院")
    assert act(ledger, case, verb, "wang", channel="法院").state == verb


def test_a_user_who_is_named_as_the_duty_room_reviews_as_any_other(ledger: Ledger) -> None:
    assert act(ledger, opened(ledger, event()), "referred", TOWN.routes.lead, channel="法院").state == "referred"


@pytest.mark.parametrize("data", [{"office": "zhujian"}, {"office": "gov", "helps": ["zhujian@330109"]}])
def test_nobody_can_send_a_case_to_an_accused_office(ledger: Ledger, data: dict[str, Any]) -> None:
    case = opened(ledger, event())
    with ledger.begin() as tx:
        tx.events.link([link("p1", accuses=("zhujian",))])
    with pytest.raises(MinshengError, match="信访工作条例第三十条"):
        act(ledger, case, "redispatch", **data)


# ---- rules that redispatches teach ----


def moved(n: int, **changes: object) -> list[Override]:
    base = {"at": NOW, "actor": "wang", "note": "油烟归城管", "topic": "ecology", "hint": "huanjing", "region": "330106",
            "keywords": ("油烟", "夜市"), "sent": "huanjing", "office": "chengguan"}  # fmt: skip
    return [Override(number=f"MS-{i}", **(base | changes)) for i in range(n)]  # type: ignore[arg-type]


def test_three_of_a_kind_make_a_rule() -> None:
    assert suggestions(moved(2)) == []
    (one,) = suggestions([*moved(3), *moved(2, office="shuili")])
    assert (one.office, one.region, one.words, len(one.cases)) == ("chengguan", "330106", ("油烟", "夜市"), 3)


def test_a_rule_holds_only_what_its_cases_have_in_common() -> None:
    (one,) = suggestions([*moved(2), *moved(1, region="330109", keywords=("油烟",))])
    assert (one.region, one.words) == ("", ("油烟",))


def test_the_ledger_tells_where_people_sent_cases(ledger: Ledger) -> None:
    for i in range(3):
        case = opened(ledger, event(f"ev-{i}"))
        case = act(ledger, case, "redispatch", office="gongan")
        act(ledger, case, "redispatch", office="zhujian@330109", now=NOW + DAY)
    back = act(ledger, opened(ledger, event("ev-back")), "redispatch", office="zhujian")
    act(ledger, back, "redispatch", office="renshe")  # where the tree had it
    opened(ledger, event("ev-quiet"))
    with ledger.read() as tx:
        found = tx.routings.overrides()
        assert tx.routings.overrides(NOW + 2 * DAY) == []
    assert [(one.sent, one.office, one.topic, one.hint) for one in found] == [
        ("renshe", "zhujian", "wages", "renshe")
    ] * 3


def test_a_version_is_kept_once_with_who_used_it_first(ledger: Ledger) -> None:
    opened(ledger, event())
    with ledger.begin() as tx:
        tx.routings.note(TOWN.routes_version, TOWN.routes_text, "li", NOW)
        tx.routings.note(TOWN.routes_version, TOWN.routes_text, "wang", NOW + DAY)
        tx.routings.note("older", "{}", "wang", NOW - DAY)
    with ledger.read() as tx:
        found = tx.routings.versions()
    assert [(one.version, one.author, one.first_used_at, one.cases) for one in found] == [
        (TOWN.routes_version, "li", NOW, 1),
        ("older", "wang", NOW - DAY, 0),
    ]


# ---- accused after the case was sent ----


def test_who_is_accused_later_is_not_shown_it_and_the_staff_on_duty_are_told_once(ledger: Ledger) -> None:
    town = Town(ledger)
    town.take(*(judged(f"p{n}", title="云栖工地欠薪") for n in range(3)))
    for n in (7, 8):
        town.take(judged(f"p{n}", "人社局收了老板的好处", title="云栖工地欠薪"))
    (case,) = town.cases
    assert case.office == "renshe"
    with ledger.read() as tx:
        (item,) = tx.replies.open_items()
    assert (item.kind, item.office, item.case_id) == ("accused", "renshe", case.id)
    assert all({"p7", "p8"}.isdisjoint(alert.posts) for alert in town.alerts if alert.office == "renshe")
    with pytest.raises(MinshengError, match="信访工作条例第三十条"):
        act(ledger, act(ledger, case, "redispatch", office="gov"), "redispatch", office="renshe")


BRIBED = "人社局收了老板的好处，又没人管"
NEGLECT = "人社局不作为，推诿扯皮"


def closed_case(ledger: Ledger, *more: str) -> Town:
    """A case at renshe that is closed, with further posts before that."""
    town = Town(ledger)
    town.take(*(judged(f"p{n}", title="云栖工地欠薪") for n in range(3)))
    town.take(*(judged(f"q{n}", text, title="云栖工地欠薪") for n, text in enumerate(more)))
    act(ledger, act(ledger, town.cases[0], "answer"), "close")
    town.now = NOW + 2 * DAY
    return town


@pytest.mark.parametrize(("text", "office"), [(NEGLECT, "gov"), (BRIBED, "jiwei")])
def test_what_comes_back_with_an_accusation_is_taken_up_by_another_office(
    ledger: Ledger, text: str, office: str
) -> None:
    town = closed_case(ledger)
    before = len(town.alerts)
    town.take(judged("p9", text, NOW + DAY, title="云栖工地欠薪"))
    (case,) = town.cases
    assert (case.state, case.relapses, case.office) == ("dispatched", 1, office)
    assert "renshe" not in (*case.helps, *(alert.office for alert in town.alerts[before:]))
    with ledger.read() as tx:
        assert "第三十条" in tx.cases.actions(case.id)[-1].note


def test_what_comes_back_without_one_stays_where_it_was(ledger: Ledger) -> None:
    town = closed_case(ledger)
    town.take(judged("p9", "工资又拖欠了", NOW + DAY, title="云栖工地欠薪"))
    assert [case.office for case in town.cases] == ["renshe"]


@pytest.mark.parametrize("who", ["staff", "a further complaint"])
def test_no_accused_office_is_sent_a_case_anew(ledger: Ledger, who: str) -> None:
    town = closed_case(ledger, NEGLECT)
    if who == "staff":
        act(ledger, town.cases[0], "reopen", now=town.now)
    else:
        town.take(judged("p9", "工资又拖欠了", NOW + DAY, title="云栖工地欠薪"))
    assert [(case.state, case.office) for case in town.cases] == [("dispatched", "gov")]
    assert [alert.office for alert in town.alerts if alert.kind == "reopened"] == ["gov"]


def test_an_accused_helper_is_left_out_when_a_case_is_taken_up_again(ledger: Ledger) -> None:
    town = closed_case(ledger)
    assert "zhujian" in town.cases[0].helps
    town.take(judged("p9", "住建局不作为，推诿扯皮", NOW + DAY, title="云栖工地欠薪"))
    assert [(case.office, "zhujian" in case.helps) for case in town.cases] == [("renshe", False)]


# ---- what an office hears of its objection ----


def test_an_office_hears_that_its_objection_was_refused(ledger: Ledger) -> None:
    case = act(ledger, opened(ledger, event()), "object", "renshe")
    act(ledger, case, "uphold", now=NOW + DAY)
    with ledger.read() as tx:
        (alert,) = tx.alerts.find(AlertFilter(case_id=case.id))
    assert (alert.office, alert.kind) == ("renshe", "new_case")
    assert "未采纳" in alert.reason
