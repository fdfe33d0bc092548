"""Which alerts need not be told any more, and why. Pure: alerts in, fewer alerts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.cases import STATE_LABELS
from alerts.model import Alert, Case, RunningClock
from alerts.notify.address import office_superior
from configs.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Muted:
    """An alert that is not sent: `code` for counting, `why` in Chinese for people."""

    alert: Alert
    code: str
    why: str


def quiet(alerts: Sequence[Alert], cases: Mapping[str, Case], catalog: Catalog) -> tuple[list[Alert], list[Muted]]:
    """(to send, not to send). `cases`: case id -> the case as it is now; an alert whose case is not there is sent."""
    send: list[Alert] = []
    muted: list[Muted] = []
    for alert in alerts:
        found = _mute(alert, cases.get(alert.case_id), catalog)
        if found is None:
            send.append(alert)
        else:
            muted.append(found)
    return send, muted


def _mute(alert: Alert, case: Case | None, catalog: Catalog) -> Muted | None:
    if case is None:
        return None
    if not case.is_open:
        return Muted(alert, "case_closed", f"案件 {case.number} {STATE_LABELS[case.state]}，不再通知")
    if not _concerned(alert.office, case, catalog):
        why = f"案件 {case.number} 已改派 {catalog.office_name(case.office)}，不再通知原单位"
        return Muted(alert, "case_moved", why)
    if (clock := _told_clock(alert, case)) is not None and clock.done_at is not None:
        return Muted(alert, "clock_done", f"时限“{clock.name}”已完成，不再提醒")
    return None


def _told_clock(alert: Alert, case: Case) -> RunningClock | None:
    """The clock that a reminder is about; None for other alerts."""
    key = alert.figures.get("clock") if alert.kind in ("due_soon", "overdue") else None
    return next((clock for clock in case.clocks if clock.key == key), None)


def _concerned(office: str, case: Case, catalog: Catalog) -> bool:
    """Whether the office leads the case, helps with it, or is above the one that leads."""
    if office == case.office or office in case.helps:
        return True
    above = office_superior(catalog, case.office)
    return bool(above) and office.partition("@")[0] == above
