"""`minsheng weekly`, and the same by itself when a week has ended: gather, write, audit."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from configs.catalog import SHANGHAI

if TYPE_CHECKING:
    from app.wire import House

WEEK = timedelta(days=7)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def last_monday(now: datetime) -> date:
    """The Monday of the last whole week in Shanghai."""
    return monday_of(now.astimezone(SHANGHAI).date()) - WEEK


def export_week(house: House, text: str, out: Path | None) -> list[Path]:
    """The week in which the day lies ("": last week) as files; returns their paths."""
    from app.cli import day
    from app.users import operator

    week = monday_of(day(text, "--week").date()) if text else last_monday(house.now())
    return write(house, week, out or house.exports, operator())


def export_missing_week(house: House, now: datetime) -> list[Path]:
    """Last week's files if they are not there yet; returns what was written."""
    week = last_monday(now)
    number = week.isocalendar()
    if any(house.exports.glob(f"*{number.year}-W{number.week:02}*.docx")):
        return []
    return write(house, week, house.exports, "system")


def write(house: House, week: date, folder: Path, actor: str) -> list[Path]:
    from reports.export import write_week
    from reports.gather import gather_week

    now = house.now()
    demo = house.settings.dashboard.demo_notice
    paths = list(write_week(folder, gather_week(house.archive, house.ledger, house.catalog, week, now, demo=demo)))
    with house.ledger.begin() as tx:
        tx.audit.add(now, actor, "export.weekly", week.isoformat(), "、".join(path.name for path in paths))
    return paths
