"""What is sent now, what waits and until when, and what is not sent: one sentence a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.calendar import WorkCalendar
from alerts.model import Alert, AlertKind
from alerts.notify.words import KIND
from alerts.quiet import Muted, Situation, Verdict, Waiting, is_urgent, quiet
from alerts.silences import Matchers, Silence
from configs.catalog import Catalog
from configs.loader import load_catalog
from configs.quiet import ALERT_KINDS, Daily, Grouping, Inhibition, Quiet, Urgent
from tests.alerts.mailing import NOW, make_alert, make_case, make_catalog, make_clock, make_event

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVENING = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday, 20:00 in Shanghai
FRIDAY_EVENING = EVENING + 2 * DAY
GRAVE_FIRST = Inhibition(
    key="g", name="刚报过重大", by=("grave",), mutes=("growth",), same=("office", "event"), hours=6
)
LATE_FIRST = Inhibition(key="o", name="已超期", by=("overdue",), mutes=("due_soon",), same=("case", "clock"))


def town(**rules: Any) -> Catalog:
    return make_catalog().model_copy(update={"quiet": Quiet(**rules)})


def alert(number: int = 1, **changes: Any) -> Alert:
    return make_alert(number, **{"severity": 2, **changes})


def ask(one: Alert, now: datetime = NOW, rules: dict[str, Any] | None = None, **known: Any) -> Verdict:
    cases = {one.case_id: make_case()} if one.case_id else {}
    return quiet([one], Situation(now, town(**(rules or {})), WorkCalendar(), cases, **known))


def waits(verdict: Verdict) -> tuple[str, datetime]:
    assert (verdict.send, verdict.mute) == ((), ())
    (waiting,) = verdict.wait
    return waiting.code, waiting.until


def test_without_rules_everything_is_sent_at_once() -> None:
    assert ask(alert(), FRIDAY_EVENING).send == (alert(),)


# ---- office hours --------------------------------------------------------------------------------

HOURS: dict[str, Any] = {"office_hours": True}


@pytest.mark.parametrize(
    ("sentence", "now", "opening"),
    [
        ("in the evening", EVENING, datetime(2026, 11, 26, 0, 30, tzinfo=UTC)),
        ("before the opening", datetime(2026, 11, 25, 0, 29, tzinfo=UTC), datetime(2026, 11, 25, 0, 30, tzinfo=UTC)),
        ("at the closing", datetime(2026, 11, 25, 9, 30, tzinfo=UTC), datetime(2026, 11, 26, 0, 30, tzinfo=UTC)),
        ("over the weekend", FRIDAY_EVENING, datetime(2026, 11, 30, 0, 30, tzinfo=UTC)),
        ("over the national day", datetime(2026, 10, 1, 2, tzinfo=UTC), datetime(2026, 10, 8, 0, 30, tzinfo=UTC)),
        ("on a made-up Saturday", datetime(2026, 10, 9, 12, tzinfo=UTC), datetime(2026, 10, 10, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_closed_office_is_told_when_it_opens(sentence: str, now: datetime, opening: datetime) -> None:
    verdict = ask(alert(created_at=now), now, HOURS)
    assert waits(verdict) == ("office_hours", opening)
    assert "08:30-17:30" in verdict.wait[0].why


@pytest.mark.parametrize(
    ("sentence", "one", "now"),
    [
        ("within the hours", alert(), NOW),
        ("at the opening", alert(), datetime(2026, 11, 25, 0, 30, tzinfo=UTC)),
        ("what is grave", alert(severity=4), EVENING),
        ("an office that nobody knows", alert(office="nowhere", case_id=""), EVENING),
        (
            "a reminder that would be too late",
            alert(kind="due_soon", figures={"clock": "respond", "due_at": (EVENING + 3 * HOUR).isoformat()}),
            EVENING,
        ),
    ],
)
def test_told_whatever_the_hours(sentence: str, one: Alert, now: datetime) -> None:
    assert ask(one, now, HOURS).send == (one,)


def test_a_reminder_in_good_time_waits_for_the_opening() -> None:
    one = alert(kind="due_soon", figures={"clock": "respond", "due_at": (EVENING + DAY).isoformat()})
    assert waits(ask(one, EVENING, HOURS))[0] == "office_hours"


def test_an_office_that_is_always_open_is_told_at_night() -> None:
    catalog = town(**HOURS)
    offices = tuple(one.model_copy(update={"hours": "00:00-23:59"}) for one in catalog.offices)
    at = Situation(FRIDAY_EVENING, catalog.model_copy(update={"offices": offices}), WorkCalendar())
    assert quiet([alert()], at).send == (alert(),)


def test_a_kind_may_be_urgent_whatever_its_severity() -> None:
    rules = {**HOURS, "urgent": Urgent(severity=5, kinds=("reopened",))}
    assert ask(alert(kind="reopened"), EVENING, rules).send
    assert ask(alert(severity=4), EVENING, rules).wait


# ---- collected -----------------------------------------------------------------------------------

COLLECT: dict[str, Any] = {"group": Grouping(wait_minutes=2, interval_minutes=30)}


def test_the_first_waits_for_others() -> None:
    assert waits(ask(alert(), NOW, COLLECT)) == ("group_wait", NOW + 2 * MINUTE)
    assert ask(alert(), NOW + 2 * MINUTE, COLLECT).send


def test_the_next_goes_with_the_first() -> None:
    second = alert(kind="growth", id="g", created_at=NOW + MINUTE)
    known = {"begun": {"e1": NOW}}
    assert waits(ask(second, NOW + MINUTE, COLLECT, **known)) == ("group_wait", NOW + 2 * MINUTE)
    assert ask(second, NOW + 2 * MINUTE, COLLECT, **known).send


def test_after_a_mail_the_next_waits_for_the_interval() -> None:
    told = {"told": {"e1": NOW}}
    assert waits(ask(alert(kind="growth"), NOW + 5 * MINUTE, COLLECT, **told)) == ("group_interval", NOW + 30 * MINUTE)
    assert ask(alert(kind="growth"), NOW + 30 * MINUTE, COLLECT, **told).send
    assert ask(alert(2, created_at=NOW - HOUR, case_id=""), NOW + 5 * MINUTE, COLLECT, **told).send, "another event"


def test_what_is_grave_waits_for_nobody() -> None:
    assert ask(alert(severity=4), NOW, COLLECT, told={"e1": NOW}).send


# ---- capped --------------------------------------------------------------------------------------

CAP: dict[str, Any] = {"daily": Daily(mails=3, digest_at="16:30")}
DIGEST = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


def test_beyond_the_cap_all_goes_into_the_digest() -> None:
    assert ask(alert(), NOW, CAP, mails=2).send
    verdict = ask(alert(), NOW, CAP, mails=3)
    assert waits(verdict) == ("daily_cap", DIGEST)
    assert "已发 3 封（上限 3）" in verdict.wait[0].why
    assert waits(ask(alert(), DIGEST, CAP, mails=3)) == ("daily_cap", DIGEST + DAY), "the digest of today is out"
    assert waits(ask(alert(), FRIDAY_EVENING, CAP, mails=3))[1] == DIGEST + 5 * DAY, "no digest at the weekend"


def test_the_digest_is_not_capped_nor_scattered_and_what_is_grave_never_is() -> None:
    rules = {**CAP, **COLLECT}
    assert ask(alert(quiet="daily_cap"), DIGEST, rules, mails=3, told={"e1": DIGEST - MINUTE}).send
    assert ask(alert(severity=4), NOW, rules, mails=30).send


# ---- inhibited -----------------------------------------------------------------------------------


def inhibits(by: Alert, one: Alert, now: datetime = NOW, **case: Any) -> bool:
    rules = town(inhibit=(GRAVE_FIRST, LATE_FIRST))
    verdict = quiet([one], Situation(now, rules, WorkCalendar(), {"c1": make_case(**case)}, standing=[by]))
    assert not verdict.wait
    return [muted.code for muted in verdict.mute] == ["inhibited"]


def test_growth_is_not_told_where_grave_was() -> None:
    grave, growth = alert(id="g", kind="grave", state="sent"), alert(kind="growth")
    assert inhibits(grave, growth)
    assert inhibits(grave, replace(growth, severity=4)), "also what is urgent"
    assert not inhibits(grave, growth, NOW + 7 * HOUR), "it stands for six hours"
    assert not inhibits(replace(grave, event_id="e2"), growth)
    assert not inhibits(replace(grave, office="zhujian"), growth)
    assert not inhibits(replace(grave, state="muted"), growth), "it was never told"
    assert not inhibits(grave, alert(kind="reopened"))
    assert not inhibits(replace(grave, event_id="", case_id=""), replace(growth, event_id="")), "none is not the same"


def test_a_reminder_is_about_the_clock_that_runs_not_about_one_of_its_name_that_was_met() -> None:
    twice = make_case(clocks=(make_clock("objection", due=-30, done=-31), make_clock("objection", due=-1)))
    one = alert(kind="overdue", figures={"clock": "objection"})
    at = Situation(NOW, town(), WorkCalendar(), {one.case_id: replace(twice, id=one.case_id)})
    assert quiet([one], at).send == (one,)


def test_due_soon_is_not_told_where_the_same_clock_is_overdue() -> None:
    late: dict[str, Any] = {"clocks": (make_clock(due=-1), make_clock("verify", due=-1))}
    overdue = alert(id="o", kind="overdue", state="sent", figures={"clock": "respond"})
    soon = alert(kind="due_soon", figures={"clock": "respond"})
    assert inhibits(overdue, soon, **late)
    assert not inhibits(overdue, replace(soon, figures={"clock": "verify"}), **late)
    assert not inhibits(overdue, soon), "the clock was extended, so the older alert stands no more"
    assert not inhibits(overdue, soon, clocks=(make_clock(due=-1, done=0), *late["clocks"][1:]))


# ---- silenced ------------------------------------------------------------------------------------


def silence(now: datetime = NOW, hours: float = 4, **changes: Any) -> Silence:
    matchers = changes.pop("matchers", Matchers(offices=("renshe",)))
    return replace(Silence("S-1", now, "王值班", "已电话通知", now, now + hours * HOUR, matchers), **changes)


def test_what_is_silenced_waits_for_the_end_or_is_dropped() -> None:
    verdict = ask(alert(), NOW, silences=[silence()])
    assert waits(verdict) == ("silenced", NOW + 4 * HOUR)
    assert "王值班 设了静默 S-1（已电话通知）" in verdict.wait[0].why
    dropped = ask(alert(), NOW, silences=[silence(hours=9), silence(drop=True)])
    assert [(one.code, "不补发" in one.why) for one in dropped.mute] == [("silenced", True)]


def test_what_is_grave_is_silenced_only_where_it_is_said_so() -> None:
    assert ask(alert(severity=4), NOW, silences=[silence()]).send
    assert ask(alert(severity=4), NOW, silences=[silence(grave=True)]).wait


@pytest.mark.parametrize(
    ("sentence", "changes"),
    [
        ("not begun", {"starts_at": NOW + MINUTE}),
        ("over", {"ends_at": NOW}),
        ("ended by somebody", {"ended_at": NOW}),
        ("of another office", {"matchers": Matchers(offices=("zhujian",))}),
    ],
)
def test_a_silence_that_does_not_hold(sentence: str, changes: dict[str, Any]) -> None:
    assert ask(alert(), NOW, silences=[silence(**changes)]).send


@pytest.mark.parametrize(
    ("matchers", "caught"),
    [
        (Matchers(offices=("renshe",)), True),
        (Matchers(offices=("zhujian", "renshe")), True),
        (Matchers(offices=("renshe@330109",)), False),
        (Matchers(events=("e1",)), True),
        (Matchers(events=("e2",)), False),
        (Matchers(cases=("c1",)), True),
        (Matchers(topics=("wages",)), True),
        (Matchers(topics=("ecology",)), False),
        (Matchers(regions=("330700",)), True),
        (Matchers(regions=("330782",)), True),
        (Matchers(regions=("330100",)), False),
        (Matchers(kinds=("growth",)), False),
        (Matchers(rules=("gathering",)), True),
        (Matchers(rules=("grave",)), False),
        (Matchers(offices=("renshe",), kinds=("growth",)), False),
        (Matchers(offices=("renshe",), kinds=("new_case",), topics=("wages",)), True),
    ],
)
def test_all_matchers_must_hold(matchers: Matchers, caught: bool) -> None:
    assert bool(ask(alert(), NOW, silences=[silence(matchers=matchers)]).wait) is caught


def test_an_alert_without_a_case_is_matched_by_its_event() -> None:
    one, found = alert(case_id=""), silence(matchers=Matchers(topics=("wages",), regions=("330700",)))
    assert ask(one, NOW, silences=[found], events={"e1": make_event()}).wait
    assert ask(one, NOW, silences=[found]).send


def test_a_branch_is_silenced_with_its_office() -> None:
    one = alert(office="renshe@330782", case_id="")
    assert ask(one, NOW, silences=[silence()]).wait


# ---- always --------------------------------------------------------------------------------------

SHIPPED = load_catalog([]).quiet
KINDS = st.sampled_from(ALERT_KINDS)
INSTANTS = st.integers(0, 700 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE)


@given(
    st.lists(st.tuples(KINDS, st.integers(1, 4), st.floats(0, 72)), max_size=6),
    INSTANTS,
    st.booleans(),
    st.integers(0, 20),
    st.booleans(),
)
def test_every_alert_is_in_one_place_nothing_urgent_waits_and_every_wait_ends(
    drawn: list[tuple[AlertKind, int, float]], now: datetime, is_silent: bool, mails: int, under_way: bool
) -> None:
    alerts = [
        alert(n, id=f"a{n}", kind=kind, severity=severity, created_at=now - hours * HOUR, case_id="")
        for n, (kind, severity, hours) in enumerate(drawn)
    ]
    catalog = make_catalog().model_copy(update={"quiet": SHIPPED})
    silences = [silence(now - HOUR, matchers=Matchers(kinds=("growth",)))] if is_silent else []
    told = {"e1": now - 10 * MINUTE}
    at = Situation(now, catalog, WorkCalendar(), silences=silences, standing=alerts, told=told, mails=mails)
    verdict = quiet(alerts, at, under_way=under_way)
    objections: list[Waiting | Muted] = [*verdict.wait, *verdict.mute]
    held = [one.alert for one in objections]
    assert sorted(one.id for one in (*verdict.send, *held)) == sorted(one.id for one in alerts)
    assert not [one for one in verdict.wait if is_urgent(SHIPPED, one.alert) or one.until <= now]
    assert all(one.why and one.code for one in objections)
    assert not (under_way and held)


def test_every_kind_of_alert_is_known_to_the_configuration_and_has_a_name() -> None:
    missing = set(get_args(AlertKind)) - set(ALERT_KINDS)
    assert not missing, "ALERT_KINDS of configs/quiet.py"
    assert set(get_args(AlertKind)) <= set(KIND)
