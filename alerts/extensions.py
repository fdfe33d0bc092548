"""How far a clock may be put off: what configs/clocks.yaml says under `extension`, which names what allows it. A clock for
which it says nothing cannot be put off. What offices ask for lies before the staff on duty, who grant it or refuse it."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.calendar import WorkCalendar
from alerts.ledger import Tx
from alerts.ledger.replies import DutyItem
from alerts.model import Case, RunningClock
from alerts.moments import moment
from configs.catalog import Catalog, Extension
from stream.errors import MinshengError

ASKED = "extend"  # the kind of the items before the staff, and what their ids begin with; the rest is the action's id


def latest(catalog: Catalog, calendar: WorkCalendar, clock: RunningClock) -> datetime | None:
    """Until when the clock may be put off now; None when it cannot be, or not once more."""
    rule = _rule(catalog, clock)
    if rule is None or clock.extended >= rule.times:
        return None
    if rule.working_days:
        return calendar.add_working_days(clock.due_at, rule.working_days).at
    return clock.due_at + timedelta(hours=rule.hours or 0)


def extendable(catalog: Catalog, calendar: WorkCalendar, case: Case) -> dict[str, datetime]:
    """The open clocks of the case that can be put off, by key, and until when."""
    found = {clock.key: latest(catalog, calendar, clock) for clock in case.clocks if clock.done_at is None}
    return {key: until for key, until in found.items() if until is not None}


def refuse_extension(
    catalog: Catalog, calendar: WorkCalendar, number: str, clock: RunningClock, until: datetime
) -> None:
    """Raises MinshengError, in Chinese, when the clock of this case may not be put off until then."""
    rule, last = _rule(catalog, clock), latest(catalog, calendar, clock)
    if rule is None:
        raise MinshengError(
            f"案件 {number}: 时限“{clock.name}”不得延期(依据 {clock.source})；请按期办理，办不完的先答复进展或与值班室联系"
        )
    why = f"依据 {rule.source or clock.source}，{limit_words(rule)}"
    if last is None:
        raise MinshengError(f"案件 {number}: 时限“{clock.name}”已延期 {clock.extended} 次，不得再延({why})")
    if until > last:
        raise MinshengError(f"案件 {number}: 时限“{clock.name}”至多延到 {moment(last)}({why})")


def asked_for(case: Case, action_id: str, text: str, now: datetime) -> DutyItem:
    """What the staff are to decide: that the action, a note of the office, asks for more time."""
    return DutyItem(f"{ASKED}:{action_id}", now, ASKED, case.number, text, case.office, case.id)


def asked_clock(tx: Tx, item: DutyItem) -> RunningClock | None:
    """The clock that the office still waits to hear about; None when there is nothing to decide any more."""
    case = tx.cases.get(item.case_id) if item.kind == ASKED else None
    if case is None or not case.is_open or case.office != item.office:
        return None
    key = _asked_key(tx, item)
    return next((clock for clock in case.clocks if clock.key == key and clock.done_at is None), None)


def granted(tx: Tx, case: Case, key: str, actor: str, now: datetime) -> None:
    """What was asked for this clock lies before nobody any more."""
    for item in tx.replies.open_items(case_id=case.id):
        if item.kind == ASKED and _asked_key(tx, item) == key:
            tx.replies.finish_item(item.id, actor, now, "已延期")


def _asked_key(tx: Tx, item: DutyItem) -> str:
    asked = (one for one in tx.cases.actions(item.case_id) if f"{ASKED}:{one.id}" == item.id)
    return next((str(one.data.get("clock", "")) for one in asked), "")


def limit_words(rule: Extension) -> str:
    """As 至多延期 1 次, 每次不超过 20 个工作日."""
    hours = rule.hours or 0
    span = f"{hours / 24:g} 天" if hours >= 24 else f"{hours:g} 小时"
    return f"至多延期 {rule.times} 次，每次不超过 {f'{rule.working_days} 个工作日' if rule.working_days else span}"


def _rule(catalog: Catalog, clock: RunningClock) -> Extension | None:
    return next((one.extension for one in catalog.clocks if one.key == clock.key), None)
