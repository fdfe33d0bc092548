"""Doing something to a case within a transaction, as a person or an office asks for it: on a page, by a link, by mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.calendar import WorkCalendar
from alerts.cases import act
from alerts.clocks import clocks_of_case
from alerts.dispatch import refuse, taken_up_elsewhere
from alerts.extensions import granted, refuse_extension
from alerts.ledger import Tx
from alerts.model import Case
from alerts.notices import after_action
from configs.catalog import Catalog
from stream.errors import MinshengError


def do(
    tx: Tx,
    catalog: Catalog,
    case: Case,
    verb: str,
    actor: str,
    now: datetime,
    note: str = "",
    data: Mapping[str, Any] | None = None,
) -> Case:
    """The case as saved, with its line of history, the clocks that start by it, and the notices that follow from it.

    Raises MinshengError when it is not allowed, Conflict when somebody changed the case since it was read.
    """
    given, calendar = dict(data or {}), WorkCalendar(catalog.calendar)
    if verb == "duplicate" and given.get("number"):
        given["number"] = _other_case(tx, case, str(given["number"]).strip())
    refuse(tx, catalog, case, verb, actor, now, given)
    if verb == "reopen":
        elsewhere, why = taken_up_elsewhere(tx, catalog, case)
        given, note = given | elsewhere, "。".join(one for one in (note.strip(), why) if one)
    if verb == "uphold":
        given["office"] = case.office  # designated: it may not return the case again
    parts = _STARTS.get(verb)
    clocks = clocks_of_case(catalog, calendar, case, now, parts) if parts else ()
    changed, action = act(case, verb, actor, now, note, given, clocks, calendar)
    if verb == "extend":
        _within_limits(catalog, calendar, case, changed)
        granted(tx, case, str(given["clock"]), actor, now)
    saved = tx.cases.save(changed, action)
    tx.alerts.add(after_action(saved, action))
    return saved


_STARTS: Mapping[str, tuple[str, ...]] = {"reopen": ("report", "respond", "handle"), "object": ("object",)}


def _within_limits(catalog: Catalog, calendar: WorkCalendar, before: Case, after: Case) -> None:
    for clock, later in zip(before.clocks, after.clocks, strict=True):
        if later.extended > clock.extended:
            refuse_extension(catalog, calendar, before.number, clock, later.due_at)


def _other_case(tx: Tx, case: Case, number: str) -> str:
    """The number of a case that this one can join: one that is there, and does not itself join this one."""
    other = tx.cases.by_number(number)
    if other is None:
        raise MinshengError(f"没有编号为“{number}”的案件，请核对要并入的案件编号")
    if other.state == "duplicate":
        raise MinshengError(f"案件 {number} 本身已并入 {other.joins}，请直接并入该案")
    return other.number
