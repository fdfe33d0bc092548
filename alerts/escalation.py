"""Who is told that a deadline comes near or has run out, level by level, and who hears that it was met at last.

A deadline is a running clock, or a promise that nobody has checked. Each level of the case's ladder (configs/clocks.yaml,
`follow_up`) is told once, and no level before the one below it has had its time. While somebody has the case in hand the
levels above the office wait; when nothing follows, they go on where they were. `look` is pure; what it says was told is
kept in the ledger and handed in again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.clocks import OBJECTION
from alerts.model import Alert, Case
from alerts.notices import Deadline, came_near, met_at_last, ran_out
from alerts.promises import open_promises
from configs.catalog import FollowUp, Ladder, Step

OFFICE = "office"
DEPUTY = "deputy"
GOVERNMENT = "government"

Recipient = Callable[[str], str]  # level -> office id, "" where nobody is to be told


@dataclass(frozen=True, slots=True)
class Told:
    """How many levels were told that a deadline comes near (`soon`) and that it ran out (`late`), the last of them `at`.

    `to`: the (level, office) pairs that were told that it ran out.
    """

    soon: int = 0
    late: int = 0
    at: datetime | None = None
    to: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, row: Mapping[str, Any] | None) -> Told:
        if not row:
            return cls()
        at = datetime.fromisoformat(row["at"]) if row["at"] else None
        return cls(row["soon"], row["late"], at, tuple((level, office) for level, office in row["to"]))

    def row(self) -> dict[str, Any]:
        at = self.at.isoformat() if self.at else None
        return {"soon": self.soon, "late": self.late, "at": at, "to": [list(pair) for pair in self.to]}


@dataclass(frozen=True, slots=True)
class Looked:
    """What is to be told now, what was told by now, and when to look again (None: never)."""

    alerts: tuple[Alert, ...]
    told: Mapping[str, Any]
    next_at: datetime | None


def look(case: Case, follow: FollowUp, recipient: Recipient, now: datetime, reviewer: str = "") -> Looked:
    """All deadlines of a case at `now`. A level that has nobody, or nobody new, is passed over.

    `reviewer`: the office id of those who review objections, whom the clock of one is about.
    """
    round_ = _Round(case, _ladder(follow, case.severity), recipient, now, held_until(case, follow), reviewer)
    told: dict[str, Any] = {}
    alerts: list[Alert] = []
    times: list[datetime] = []
    for one in deadlines(case):
        before = Told.read(case.told.get(one.id))
        if one.done_at is not None:
            alerts += _met(case, one, before, now)
            continue
        after, its = round_.tell(one, before)
        alerts += its
        told[one.id] = after.row()
        times += round_.next_of(one, after)
    return Looked(tuple(alerts), told, min(times, default=None))


def deadlines(case: Case) -> Iterator[Deadline]:
    """Those that run, those that stand still, and those that were met; promises are met when they were kept."""
    for clock in case.clocks:
        soon_at = clock.due_soon_at if clock.paused_at is None else None
        stands = clock.paused_at is not None and clock.done_at is None
        yield Deadline(
            f"{clock.key}:{clock.due_at:%Y%m%d%H%M%S}",
            clock.key,
            clock.name,
            clock.due_at,
            soon_at,
            clock.done_at,
            source=clock.source,
            provisional=clock.provisional,
            stands_still=stands,
        )
    open_ones = {promise.id for promise in open_promises(case)}
    for promise in case.promises:
        if promise.id in open_ones or promise.kept:
            key = f"promise-{promise.id.rpartition(':')[2]}"
            name = f"{key}:{promise.by:%Y%m%d%H%M%S}"
            yield Deadline(name, key, promise.what, promise.by, None, promise.checked_at, is_promise=True)


def held_until(case: Case, follow: FollowUp) -> datetime | None:
    """Until when the case's acknowledgement holds the higher levels back; None without one, and for a closed case."""
    if case.acknowledged_at is None or not case.is_open:
        return None
    return case.acknowledged_at + timedelta(hours=follow.acknowledged_hours)


def highest_level(case: Case) -> str:
    """The highest level that was told that a deadline which still runs has run out; "" if none was."""
    running = {one.id for one in deadlines(case) if one.done_at is None}
    reached = [Told.read(row).to for name, row in case.told.items() if name in running]
    levels = [level for pairs in reached for level, _ in pairs]
    return max(levels, key=LEVELS.index, default="")


LEVELS = (OFFICE, DEPUTY, "superior", GOVERNMENT)


def _ladder(follow: FollowUp, severity: int) -> Ladder:
    return next((one for one in follow.ladders if severity >= one.severity_min), Ladder())


def _met(case: Case, one: Deadline, before: Told, now: datetime) -> Iterator[Alert]:
    if one.done_at is not None and one.done_at > one.due_at:
        for level, office in before.to:
            yield met_at_last(case, one, level, office, now)


@dataclass(frozen=True, slots=True)
class _Round:
    case: Case
    ladder: Ladder
    recipient: Recipient
    now: datetime
    held: datetime | None
    reviewer: str = ""

    def tell(self, one: Deadline, before: Told) -> tuple[Told, list[Alert]]:
        """Every level whose time has come; after each the next has its own delay to wait."""
        told, alerts = before, list[Alert]()
        while (when := self._next(one, told)) is not None and when <= self.now:
            late = one.due_at <= self.now
            step = self._steps(one)[told.late if late else told.soon]
            office = self._to(one, step, told, late)
            if office:
                alerts.append((ran_out if late else came_near)(self.case, one, step.to, office, self.now))
            told = self._after(told, step, office, late)
        return told, alerts

    def next_of(self, one: Deadline, told: Told) -> list[datetime]:
        """When to look at it again."""
        if one.stands_still:
            return []
        times = [self._next(one, told), one.due_at if one.due_at > self.now else None]
        return [at for at in times if at is not None and at > self.now]

    def _steps(self, one: Deadline) -> Sequence[Step]:
        return self.ladder.overdue if one.due_at <= self.now else self.ladder.due_soon

    def _next(self, one: Deadline, told: Told) -> datetime | None:
        """When the next level is to be told of what is the case now: near, or run out."""
        late = one.due_at <= self.now
        start, n, steps = (one.due_at if late else one.soon_at), (told.late if late else told.soon), self._steps(one)
        if start is None or one.stands_still or n >= len(steps):
            return None
        when = start + timedelta(hours=steps[n].after_hours)
        if n and told.at is not None:
            when = max(when, told.at + timedelta(hours=steps[n].after_hours - steps[n - 1].after_hours))
        if self.held is not None and steps[n].to != OFFICE and self.now < self.held:
            when = max(when, self.held)
        return when

    def _to(self, one: Deadline, step: Step, told: Told, late: bool) -> str:
        office = self._reviewing(step) if self.reviewer and one.key == OBJECTION else self.recipient(step.to)
        known = {one for _, one in told.to} if late and step.to != DEPUTY else set()
        return "" if office in known else office

    def _reviewing(self, step: Step) -> str:
        """The office that objects only waits for the review."""
        return {OFFICE: self.reviewer, GOVERNMENT: self.recipient(GOVERNMENT)}.get(step.to, "")

    def _after(self, told: Told, step: Step, office: str, late: bool) -> Told:
        if late:
            to = (*told.to, (step.to, office)) if office else told.to
            told = replace(told, late=told.late + 1, to=to)
        else:
            told = replace(told, soon=told.soon + 1)
        return replace(told, at=self.now) if office else told
