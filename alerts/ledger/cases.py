"""Cases, their history and their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update
from sqlalchemy.sql.dml import ReturningInsert

from alerts.ledger.columns import contains_any, insert_in, names_of, within_region
from alerts.ledger.engine import writes
from alerts.ledger.rows import one_of
from alerts.ledger.tables import actions, case_numbers, cases
from alerts.model import CLOSED_STATES, OPEN_STATES, Action, Case, Promise, RunningClock
from alerts.promises import open_promises
from stream.errors import Conflict


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What to look for; an empty field does not filter. `opened_since` <= opened_at < `opened_until`.

    `offices` are office ids; a key without a branch ("renshe") also finds its branches. `overdue_at` finds open cases
    with a clock that had run out at that instant. `promised` finds cases with promises, `promise_until` those with one that
    nobody has checked and that was to be kept by then. `text` looks in number, title and place.
    """

    open: bool | None = None
    states: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    region: str = ""
    severity_min: int = 1
    opened_since: datetime | None = None
    opened_until: datetime | None = None
    overdue_at: datetime | None = None
    promised: bool = False
    promise_until: datetime | None = None
    relapsed: bool = False
    text: str = ""
    sort: Literal["due", "newest", "severity", "promise"] = "due"
    limit: int = 50
    offset: int = 0


_CASE = [cases.c[name] for name in names_of(Case)]
_ACTION = [actions.c[name] for name in names_of(Action)]
_TOLD = "told"  # the one field that saving a case leaves alone
_CLOCK_TIMES = ("started_at", "due_at", "due_soon_at", "done_at", "paused_at")
_PROMISE_TIMES = ("by", "made_at", "checked_at")
_ORDER: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "due": (cases.c.due_at.asc().nulls_last(), cases.c.severity.desc(), cases.c.number),
    "newest": (cases.c.opened_at.desc(), cases.c.number.desc()),
    "severity": (cases.c.severity.desc(), cases.c.due_at.asc().nulls_last(), cases.c.number),
    "promise": (cases.c.promise_at.asc().nulls_last(), cases.c.number.desc()),
}


class Cases:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def open(self, case: Case, action: Action) -> Case:
        """Create the case unless its event already has one; returns the case that stands."""
        row = _case_row(case) | {_TOLD: {}}
        if self._conn.execute(_create(self._conn.dialect.name), row).first():
            self._write_action(action)
            return case
        standing = self.by_event(case.event_id)
        if standing is None:
            raise Conflict(f"事件 {case.event_id} 的案件刚被他人改动，请重新读取后再试")
        return standing

    def next_number(self, day: date) -> str:
        """The next case number of a day (in Shanghai), as MS-20261125-0007; unique even among many writers."""
        row = {"day": f"{day:%Y%m%d}", "last": 1}
        last: int = self._conn.execute(_count_up(self._conn.dialect.name), row).scalar_one()
        return f"MS-{day:%Y%m%d}-{last:04d}"

    def get(self, case_id: str) -> Case | None:
        return self._one(cases.c.id == case_id)

    def by_number(self, number: str) -> Case | None:
        return self._one(cases.c.number == number)

    def by_event(self, event_id: str) -> Case | None:
        return self._one(cases.c.event_id == event_id)

    def by_events(self, event_ids: Sequence[str]) -> dict[str, Case]:
        """event id -> its case, for the events that have one."""
        if not event_ids:
            return {}
        rows = self._conn.execute(_of_events(self._conn.dialect.name), {"events": list(event_ids)}).all()
        return {row.event_id: _case(row) for row in rows}

    def find(self, wanted: CaseFilter) -> list[Case]:
        query = _where(select(*_CASE), wanted).order_by(*_ORDER[wanted.sort])
        return [_case(row) for row in self._conn.execute(query.limit(wanted.limit).offset(wanted.offset))]

    def count(self, wanted: CaseFilter) -> int:
        found: int = self._conn.execute(_where(select(func.count()).select_from(cases), wanted)).scalar_one()
        return found

    def save(self, case: Case, action: Action) -> Case:
        """Write a changed case if nobody changed it since it was read; returns it with the next version.

        Its deadlines are looked at anew with the next tick. Raises Conflict when `case.version` is not the stored one.
        """
        changed = replace(case, version=case.version + 1)
        statement = update(cases).where(cases.c.id == case.id, cases.c.version == case.version)
        row = _case_row(changed) | {"tell_at": changed.updated_at}
        if self._conn.execute(statement.values(row)).rowcount != 1:
            raise Conflict(f"案件 {case.number} 刚被他人改动，请刷新后再操作")
        self._write_action(action)
        return changed

    def actions(self, case_id: str) -> list[Action]:
        """The case's history, oldest first."""
        query = select(*_ACTION).where(actions.c.case_id == case_id).order_by(actions.c.seq)
        return [Action(*row) for row in self._conn.execute(query)]

    def actions_between(self, since: datetime, until: datetime) -> list[Action]:
        """All actions with `since` <= at < `until`, oldest first."""
        query = select(*_ACTION).where(actions.c.at >= since, actions.c.at < until)
        return [Action(*row) for row in self._conn.execute(query.order_by(actions.c.at, actions.c.seq))]

    def count_actions(self, verbs: Sequence[str], since: datetime, until: datetime) -> dict[str, int]:
        """How often each of the verbs was done with `since` <= at < `until`; those that were not are left out."""
        query = select(actions.c.verb, func.count()).where(actions.c.at >= since, actions.c.at < until)
        rows = self._conn.execute(query.where(actions.c.verb.in_(verbs)).group_by(actions.c.verb)).all()
        return {verb: n for verb, n in rows}

    def to_tell(self, now: datetime, limit: int = 500) -> list[Case]:
        """Cases whose deadlines are to be looked at (see `told`), closed ones too.

        A writing transaction locks them, so that nobody changes their clocks before they are told of, and passes over
        those that another one holds.
        """
        query = select(*_CASE).where(cases.c.tell_at <= now).order_by(cases.c.tell_at, cases.c.id).limit(limit)
        if writes(self._conn):
            query = query.with_for_update(skip_locked=True)
        return [_case(row) for row in self._conn.execute(query).all()]

    def told(self, case: Case, told: Mapping[str, Any], next_at: datetime | None) -> None:
        """All alerts of this case's deadlines up to now exist, as `told` says: look again at `next_at`.

        Does nothing when the case was changed since it was read: its clocks are others now, and are looked at anew.
        """
        same = (cases.c.id == case.id) & (cases.c.version == case.version)
        self._conn.execute(update(cases).where(same).values({_TOLD: dict(told), "tell_at": next_at}))

    def _one(self, condition: ColumnElement[bool]) -> Case | None:
        row = self._conn.execute(select(*_CASE).where(condition)).first()
        return _case(row) if row else None

    def _write_action(self, action: Action) -> None:
        row = {name: getattr(action, name) for name in names_of(Action)} | {"data": dict(action.data)}
        self._conn.execute(_WRITE_ACTION, row)


@cache
def _create(dialect: str) -> ReturningInsert[Any]:
    """Built once: building a statement takes longer than running it.

    No column is named to conflict on: of two processes that open the same case at once, PostgreSQL would let the second
    fail on whichever unique column it checks first.
    """
    return insert_in(dialect, cases).on_conflict_do_nothing().returning(cases.c.id)


@cache
def _of_events(dialect: str) -> Select[*tuple[Any, ...]]:
    return select(*_CASE).where(one_of(dialect, cases.c.event_id, "events"))


@cache
def _count_up(dialect: str) -> ReturningInsert[Any]:
    more = {"last": case_numbers.c.last + 1}
    insert = insert_in(dialect, case_numbers).on_conflict_do_update(index_elements=["day"], set_=more)
    return insert.returning(case_numbers.c.last)


_WRITE_ACTION = actions.insert()


def _case_row(case: Case) -> dict[str, Any]:
    row = {name: getattr(case, name) for name in names_of(Case) if name != _TOLD}
    running = [clock for clock in case.clocks if clock.runs] if case.is_open else []
    open_ones = [promise.by for promise in open_promises(case)]
    asked = [case.updated_at] if any(clock.provisional for clock in running) else []  # what the calendar says by now
    return row | {
        "clocks": [_json(clock, names_of(RunningClock), _CLOCK_TIMES) for clock in case.clocks],
        "promises": [_json(promise, names_of(Promise), _PROMISE_TIMES) for promise in case.promises],
        "promised": len(case.promises),
        "promise_at": min(open_ones, default=None),
        "due_at": min((clock.due_at for clock in running), default=None),
        "tell_at": min((*(clock.due_soon_at for clock in running), *open_ones, *asked), default=None),
    }


def _case(row: Row[*tuple[Any, ...]]) -> Case:
    values = {name: getattr(row, name) for name in names_of(Case)}
    values |= {name: tuple(values[name]) for name in ("helps", "why")}
    values["clocks"] = tuple(_clock(clock) for clock in values["clocks"])
    values["promises"] = tuple(Promise(**_with_times(one, _PROMISE_TIMES)) for one in values["promises"])
    return Case(**values)


def _json(value: object, names: Sequence[str], times: Sequence[str]) -> dict[str, Any]:
    row = {name: getattr(value, name) for name in names}
    return row | {name: row[name].isoformat() for name in times if row[name] is not None}


def _with_times(row: Mapping[str, Any], times: Sequence[str]) -> dict[str, Any]:
    return {**row, **{name: datetime.fromisoformat(row[name]) for name in times if row.get(name)}}


def _clock(row: Mapping[str, Any]) -> RunningClock:
    return RunningClock(**{**_with_times(row, _CLOCK_TIMES), "done_by": tuple(row["done_by"])})


def _where(query: Select[*tuple[Any, ...]], wanted: CaseFilter) -> Select[*tuple[Any, ...]]:
    if wanted.open is not None:
        query = query.where(cases.c.state.in_(OPEN_STATES if wanted.open else CLOSED_STATES))
    if wanted.states:
        query = query.where(cases.c.state.in_(wanted.states))
    if wanted.offices:
        branches = [cases.c.office.startswith(f"{key}@", autoescape=True) for key in wanted.offices if "@" not in key]
        query = query.where(or_(cases.c.office.in_(wanted.offices), *branches))
    if wanted.topics:
        query = query.where(cases.c.topic.in_(wanted.topics))
    if wanted.region:
        query = query.where(within_region(cases.c.region, wanted.region))
    if wanted.severity_min > 1:
        query = query.where(cases.c.severity >= wanted.severity_min)
    if wanted.opened_since:
        query = query.where(cases.c.opened_at >= wanted.opened_since)
    if wanted.opened_until:
        query = query.where(cases.c.opened_at < wanted.opened_until)
    if wanted.overdue_at:
        query = query.where(cases.c.state.in_(OPEN_STATES), cases.c.due_at <= wanted.overdue_at)
    if wanted.promised:
        query = query.where(cases.c.promised > 0)
    if wanted.promise_until:
        query = query.where(cases.c.promise_at <= wanted.promise_until)
    if wanted.relapsed:
        query = query.where(cases.c.relapses > 0)
    if wanted.text:
        query = query.where(contains_any([cases.c.number, cases.c.title, cases.c.place], wanted.text))
    return query
