"""The promise ledger as the pages show it (承诺台账), without Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

from alerts.ledger import CaseFilter
from alerts.model import Case, Promise
from alerts.promises import open_promises
from configs.catalog import Catalog
from dashboard.desk import Desk
from dashboard.markup import chip, said, table
from dashboard.text import countdown, office_name, stamp, until

MOST = 1000  # cases looked at


@dataclass(frozen=True)
class PromiseRow:
    case: Case
    promise: Promise

    @property
    def waits(self) -> bool:
        """Whether it is still to be checked."""
        return self.promise in open_promises(self.case)


def promises_of(case: Case) -> list[PromiseRow]:
    return [PromiseRow(case, one) for one in case.promises]


def count_overdue_promises(desk: Desk) -> int:
    return len(find_promises(desk, "overdue"))


def find_promises(desk: Desk, which: str, office: str = "") -> list[PromiseRow]:
    """`which`: overdue, waiting, kept, broken, or "" for all. What is to be checked comes first, the next to fall due first."""
    now = desk.now()
    wanted = CaseFilter(promised=True, offices=(office,) if office else (), sort="promise", limit=MOST)
    if which == "overdue":
        wanted = replace(wanted, promise_until=now)
    with desk.ledger.read() as tx:
        rows = [row for case in tx.cases.find(wanted) for row in promises_of(case)]
    found = [row for row in rows if _is(row, which, now)]
    return sorted(found, key=lambda row: (not row.waits, row.promise.by if row.waits else now, row.case.number))


def _is(row: PromiseRow, which: str, now: datetime) -> bool:
    match which:
        case "overdue":
            return row.waits and row.promise.by <= now
        case "waiting":
            return row.waits
        case "kept":
            return row.promise.kept is True
        case "broken":
            return row.promise.kept is False
    return True


def promise_table(catalog: Catalog, rows: Sequence[PromiseRow], now: datetime) -> str:
    return table(("承诺", "兑现时间", "作出", "核实"), [_cells(catalog, row, now) for row in rows])


def _cells(catalog: Catalog, row: PromiseRow, now: datetime) -> tuple[str, ...]:
    one = row.promise
    made = f"{office_name(catalog, one.made_by)} {stamp(one.made_at)}"
    when = said(until(one.by), "number")
    if row.waits:
        when += chip(countdown(one.by, now), "late" if one.by <= now else "open")
    return escape(one.what), when, escape(made), _checked(catalog, one, waits=row.waits)


def _checked(catalog: Catalog, one: Promise, *, waits: bool) -> str:
    if one.kept is None:
        return chip("待核实", "soon") if waits else chip("案件已另行了结", "mild")
    verdict = chip("已兑现", "done") if one.kept else chip("未兑现", "late")
    who = f"{office_name(catalog, one.checked_by)} {stamp(one.checked_at)}"
    return verdict + escape(who) + (f"<br>{escape(one.note)}" if one.note else "")
