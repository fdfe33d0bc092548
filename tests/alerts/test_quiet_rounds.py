"""Reminders that can wait come together, and nobody hears that something is over of which he was never told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.calendar import WorkCalendar
from alerts.cases import act
from alerts.ledger import Ledger
from alerts.model import Alert
from alerts.notify.view import subject_of
from alerts.quiet import Situation, quiet
from alerts.quiet_gather import repeat_of
from configs.catalog import Catalog
from configs.loader import load_catalog
from configs.quiet import Quiet, Repeat, Rounds
from tests.alerts.delivering import Post, town
from tests.alerts.mailing import (
    NOW,
    fill,
    make_alert,
    make_case,
    make_clock,
    make_notice,
)

HOUR = timedelta(hours=1)
ROUNDS = Rounds(
    at=("09:00", "14:30"),
    kinds=("due_soon", "overdue", "clock_met"),
    first_at_once=("overdue",),
)
NINE = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # of a Wednesday, in Shanghai
HALF_PAST_TWO, NEXT_NINE = NINE + 5.5 * HOUR, NINE + 24 * HOUR
REPEAT = Repeat(kinds=("overdue",), hours=24, office_only=True)
TOWN = town(rounds=ROUNDS)


def reminder(kind: str = "due_soon", due: datetime = NINE + 48 * HOUR, level: str = "office", **more: Any) -> Alert:
    figures = {"clock": "respond", "due_at": due.isoformat(), "level": level, **more.pop("figures", {})}
    return make_alert(1, **{"kind": kind, "severity": 3, "figures": figures, "case_id": "", **more})


def waits_until(one: Alert, now: datetime, catalog: Catalog | None = None) -> datetime | None:
    """None: it is sent now."""
    verdict = quiet([one], Situation(now, catalog or TOWN, WorkCalendar()))
    assert not verdict.mute
    return verdict.wait[0].until if verdict.wait else None


@pytest.mark.parametrize(
    ("sentence", "one", "now", "until"),
    [
        ("a reminder in the morning", reminder(), NINE + HOUR, HALF_PAST_TWO),
        ("in the afternoon", reminder(), HALF_PAST_TWO + HOUR, NEXT_NINE),
        ("on a Friday evening", reminder(due=NINE + 200 * HOUR), NINE + 56 * HOUR, NINE + 5 * 24 * HOUR),
        ("that would come too late", reminder(due=NEXT_NINE), HALF_PAST_TWO + HOUR, None),
        ("what is grave", reminder(severity=4), NINE + HOUR, None),
        ("overdue, for the office that has it", reminder("overdue"), NINE + HOUR, None),
        ("overdue, once more", reminder("overdue", figures={"again": 1}), NINE + HOUR, HALF_PAST_TWO),
        ("overdue, for the office above", reminder("overdue", level="superior"), NINE + HOUR, HALF_PAST_TWO),
        ("over", reminder("clock_met"), NINE + HOUR, HALF_PAST_TWO),
        ("a first dispatch", reminder("new_case"), NINE + HOUR, None),
        ("what waited for this round", reminder(quiet="round"), HALF_PAST_TWO, None),
    ],
)
def test_when_a_reminder_goes_out(sentence: str, one: Alert, now: datetime, until: datetime | None) -> None:
    assert waits_until(one, now) == until


def test_an_office_that_is_always_open_is_reminded_on_sundays_too() -> None:
    catalog = town(rounds=ROUNDS)
    offices = tuple(one.model_copy(update={"hours": "00:00-23:59"}) for one in catalog.offices)
    one, saturday = reminder(due=NINE + 200 * HOUR), NINE + 78 * HOUR
    assert waits_until(one, saturday, catalog.model_copy(update={"offices": offices})) == NINE + 96 * HOUR


def test_without_times_nothing_waits() -> None:
    assert waits_until(reminder(), NINE + HOUR, town(rounds=Rounds(kinds=("due_soon",)))) is None


def test_all_of_an_office_come_in_one_mail_and_what_was_done_meanwhile_in_none(ledger: Ledger) -> None:
    """Three cases come near their deadline at different hours; one is answered before the round."""
    cases = [make_case(n, severity=3, state="dispatched", clocks=(make_clock(due=30),)) for n in (1, 2, 3)]
    due = cases[0].clocks[0].due_at
    alerts = [
        replace(reminder(due=due), id=f"due_soon:c{n}", case_id=f"c{n}", event_id=f"e{n}", created_at=NOW)
        for n in (1, 2, 3)
    ]
    fill(ledger, alerts[:1], cases=cases)
    post = Post(ledger, TOWN)

    def look(hours: float) -> list[list[str]]:
        post.at(NOW + hours * HOUR)
        return post.mails

    assert look(1) == []
    with ledger.begin() as tx:
        tx.alerts.add(alerts[1:])
    assert look(2) == []
    with ledger.begin() as tx:
        tx.cases.save(*act(tx.cases.get("c2") or cases[1], "answer", "wang", NOW + 3 * HOUR, "已办"))
    assert look(17) == []
    assert look(18.5) == [["due_soon:c1", "due_soon:c3"]]
    assert look(30) == [["due_soon:c1", "due_soon:c3"]]


@pytest.mark.parametrize(
    ("state", "code"), [("sent", ""), ("muted", "never_told"), ("pending", "never_told"), ("", "")]
)
def test_a_recovery_is_told_to_whoever_was_told_before(ledger: Ledger, state: str, code: str) -> None:
    met = reminder("clock_met", level="gov", id="clock_met:c1:respond:1:superior:gov", office="gov", case_id="c1")
    late = replace(met, id="overdue:c1:respond:1:superior:gov", kind="overdue")
    fill(ledger, [met], cases=[make_case()])
    if state:
        with ledger.begin() as tx:
            tx.alerts.add([replace(late, state=state, next_try_at=NOW + 99 * HOUR)])  # type: ignore[arg-type]
    post = Post(ledger, town())
    post.at(NOW)
    found = post.alert(met.id)
    assert (found.quiet, found.state) == (code, "muted" if code else "sent")


def test_only_the_office_that_has_the_case_is_reminded_again() -> None:
    rules = Quiet(repeats=(REPEAT,))
    assert repeat_of(rules, reminder("overdue")) is REPEAT
    assert repeat_of(rules, reminder("overdue", level="superior")) is None
    everybody = REPEAT.model_copy(update={"office_only": False})
    assert repeat_of(Quiet(repeats=(everybody,)), reminder("overdue", level="superior")) is everybody


def test_a_mail_of_several_reminders_says_so_in_its_subject() -> None:
    both = [[make_notice(n, alert=replace(reminder(quiet="round"), id=f"a{n}"))] for n in (1, 2)]
    assert "时限提醒" in subject_of(both)
    assert "临期" in subject_of(both[:1])


def test_the_shipped_rules_hold_back_no_first_dispatch() -> None:
    rounds = load_catalog([]).quiet.rounds
    assert rounds.at
    assert {"new_case", "reopened", "grave", "growth"}.isdisjoint(rounds.kinds)
