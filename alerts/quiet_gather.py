"""Reads from the ledger what `alerts.quiet` decides with, and what is to be told again because nobody did anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.calendar import WorkCalendar
from alerts.cases import SYSTEM
from alerts.ledger import Tx
from alerts.ledger.quiet import Told
from alerts.model import Alert, Case, Event
from alerts.quiet import Situation, matter_of, settled, told_level
from alerts.quiet_hours import midnight
from configs.catalog import Catalog
from configs.quiet import Quiet, Repeat

AGAIN = ":again"  # in the id of what is told again
MOST = 200  # told again in one transaction


def situation_of(tx: Tx, catalog: Catalog, alerts: Sequence[Alert], now: datetime) -> Situation:
    """Of alerts that all go to one office. Asks only for what the rules need."""
    office, rules = alerts[0].office, catalog.quiet
    silences = tx.silences.holding(now)
    return Situation(
        now=now,
        catalog=catalog,
        calendar=WorkCalendar(catalog.calendar),
        cases=_cases(tx, alerts),
        events=_events(tx, alerts) if silences else {},
        silences=silences,
        standing=_standing(tx, rules, alerts),
        told=_told(tx, rules, office, now),
        begun=_begun(tx, rules, office, now),
        mails=tx.quiet.mails_since(office, midnight(now)) if rules.daily.mails else 0,
        untold=frozenset(alert.id for alert in alerts if alert.kind == "clock_met" and not _was_told(tx, alert)),
    )


def _was_told(tx: Tx, met: Alert) -> bool:
    """Whether the office heard that this deadline had run out: both alerts are named after it. Yes where no book says so."""
    name = met.id.removeprefix("clock_met")
    late = tx.alerts.get(f"overdue{name}") or tx.alerts.get(f"promise_overdue{name}")
    return late is None or late.state == "sent"


def _cases(tx: Tx, alerts: Sequence[Alert]) -> dict[str, Case]:
    ids = {alert.case_id for alert in alerts if alert.case_id}
    return {case.id: case for case in map(tx.cases.get, ids) if case is not None}


def _events(tx: Tx, alerts: Sequence[Alert]) -> dict[str, Event]:
    """Of those that have no case: a case knows its topic and region."""
    ids = {alert.event_id for alert in alerts if alert.event_id and not alert.case_id}
    return {event.id: event for event in map(tx.events.get, ids) if event is not None}


def _standing(tx: Tx, rules: Quiet, alerts: Sequence[Alert]) -> list[Alert]:
    mutable = {kind for rule in rules.inhibit for kind in rule.mutes}
    mute = [alert for alert in alerts if alert.kind in mutable]
    if not mute:
        return []
    cases, events = ({getattr(alert, name) for alert in mute} - {""} for name in ("case_id", "event_id"))
    return tx.quiet.standing(
        sorted(cases), sorted(events), sorted({kind for rule in rules.inhibit for kind in rule.by})
    )


def _told(tx: Tx, rules: Quiet, office: str, now: datetime) -> Mapping[str, datetime]:
    if not rules.group.interval_minutes:
        return {}
    found = tx.quiet.told(office, now - timedelta(minutes=rules.group.interval_minutes))
    return _by_matter(found, latest=True)


def _begun(tx: Tx, rules: Quiet, office: str, now: datetime) -> Mapping[str, datetime]:
    """Looks back twice the wait: what came up earlier has gone out, or waits for something else."""
    if not rules.group.wait_minutes:
        return {}
    found = tx.quiet.begun(office, now - timedelta(minutes=2 * rules.group.wait_minutes))
    return _by_matter(found, latest=False)


def _by_matter(found: Told, *, latest: bool) -> Mapping[str, datetime]:
    """The latest (or earliest) of each matter."""
    ordered = sorted(found.items(), key=lambda item: item[1], reverse=not latest)
    return {matter_of(*key): at for key, at in ordered}


# ---- told again ----------------------------------------------------------------------------------


def repeat_of(rules: Quiet, alert: Alert) -> Repeat | None:
    """The rule by which it is told again once more; None when there is none, or it was told often enough."""
    rule = next((one for one in rules.repeats if alert.kind in one.kinds), None)
    if rule is None or (rule.office_only and told_level(alert) != "office"):
        return None
    return rule if _times(alert) < rule.times else None


def plan_repeats(tx: Tx, rules: Quiet, sent: Sequence[Alert], now: datetime) -> None:
    """Of what was sent just now, note when it is to be told again."""
    for alert in sent:
        if rule := repeat_of(rules, alert):
            tx.quiet.tell_again(alert.id, now + timedelta(hours=rule.hours))


def tell_again(tx: Tx, catalog: Catalog, now: datetime) -> list[Alert]:
    """Add anew what nobody did anything about; returns those. What somebody did since puts it off by as much again."""
    if not catalog.quiet.repeats:
        return []
    added: list[Alert] = []
    for alert in tx.quiet.unanswered(now, MOST):
        case, rule = tx.cases.get(alert.case_id) if alert.case_id else None, repeat_of(catalog.quiet, alert)
        if case is None or rule is None or _is_settled(alert, case, catalog, now):
            tx.quiet.tell_again(alert.id, None)
        elif (later := _last_done(tx, case, alert) + timedelta(hours=rule.hours)) > now:
            tx.quiet.tell_again(alert.id, later)
        else:
            added.append(_once_more(alert, now))
            tx.quiet.tell_again(alert.id, None)
    tx.alerts.add(added)
    return added


def _is_settled(alert: Alert, case: Case, catalog: Catalog, now: datetime) -> bool:
    return settled(alert, Situation(now, catalog, WorkCalendar(catalog.calendar), {case.id: case})) is not None


def _last_done(tx: Tx, case: Case, alert: Alert) -> datetime:
    """When a person last did something to the case since the alert was sent, else when it was sent."""
    sent = alert.sent_at or alert.created_at
    return max([sent, *(action.at for action in tx.cases.actions(case.id) if action.actor != SYSTEM)])


def _once_more(alert: Alert, now: datetime) -> Alert:
    """The id says how often, so that it is added once."""
    times, first = _times(alert) + 1, alert.id.partition(AGAIN)[0]
    reason = f"第 {times} 次再提醒：{alert.figures.get('first_reason', alert.reason)}"
    figures = {**alert.figures, "again": times, "first_reason": alert.figures.get("first_reason", alert.reason)}
    return replace(
        alert,
        id=f"{first}{AGAIN}{times}",
        reason=reason,
        figures=figures,
        created_at=now,
        state="pending",
        attempts=0,
        next_try_at=None,
        sent_at=None,
        why_not="",
        quiet="",
        again_at=None,
    )


def _times(alert: Alert) -> int:
    return int(alert.figures.get("again", 0))
