"""Event, Case, Action, Clock and Alert as values. All times are timezone-aware UTC; all values are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from configs.quiet import AlertKind

AlertState = Literal["pending", "sent", "failed", "muted"]

OPEN_STATES = ("new", "confirmed", "dispatched", "accepted", "objected", "in_progress", "answered", "verified")
CLOSED_STATES = ("closed", "not_responsible", "duplicate", "referred", "false_information", "no_response_needed")


@dataclass(frozen=True, slots=True)
class Event:
    """Posts about the same concrete problem at the same concrete place.

    `title` is a real phrase of one of its posts. `severity` is the largest of its posts'. `heat` and `trend`: see
    `alerts/events.py` for the formulas. `sources` and `daily` count posts (per source; per Shanghai date, ISO).
    `representatives` are post ids, most telling first. `merged_into` is the event that took this one over ("" if none).
    """

    id: str
    title: str
    topic: str
    office_hint: str
    region: str
    place: str
    first_seen: datetime
    last_seen: datetime
    posts: int
    severity: int
    severity_score: float
    sentiment_neg: int
    heat: float
    trend: float
    sources: Mapping[str, int] = field(default_factory=dict)
    daily: Mapping[str, int] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    representatives: tuple[str, ...] = ()
    event_grade: str | None = None
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class EventPost:
    """That a post belongs to an event, and why (`similarity` 0 to 1; 1 for the first). A post belongs to one event.

    `intent` is the judgement's, so that rules can count complaints alone. `accuses` are the keys of the offices that
    the text plainly accuses: the post must not be shown to them (信访工作条例 art. 30).
    """

    post_id: str
    event_id: str
    at: datetime
    source: str
    severity: int
    similarity: float
    near_copy: bool = False
    intent: str = ""
    accuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunningClock:
    """One clock of a case. It is open while `done_at` is None; `provisional`: the calendar for `due_at` is not out yet.

    `done_by` are the action verbs that stop it; whatever closes the case stops every clock. `working_days`: the days after
    which it ends by the calendar, None where hours or a person say when. While `paused_at` is set it stands still;
    `paused_seconds` are its pauses so far. `extended`: how often it was put off.
    """

    key: str
    name: str
    source: str
    started_at: datetime
    due_at: datetime
    due_soon_at: datetime
    done_at: datetime | None = None
    local: bool = False
    provisional: bool = False
    done_by: tuple[str, ...] = ("answer", "close")
    working_days: int | None = None
    pauses: bool = True
    paused_at: datetime | None = None
    paused_seconds: int = 0
    extended: int = 0

    @property
    def runs(self) -> bool:
        return self.done_at is None and self.paused_at is None


@dataclass(frozen=True, slots=True)
class Promise:
    """What an office promised, and by when. `kept` is None until somebody has checked it."""

    id: str
    what: str
    by: datetime
    office: str
    made_at: datetime
    made_by: str
    kept: bool | None = None
    checked_at: datetime | None = None
    checked_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One event at one lead office. `office` is an office id ("renshe", or a branch "renshe@330109").

    `number` is what people say on the phone (MS-20261125-0007). `why` lists, in Chinese, why this office and these
    clocks. Changes are compare-and-set on `version`.

    `intent` is what most posts of its event wanted when it opened. `joins` is the number of the case that this one is a
    duplicate of. `relapses` counts the times that the problem came back soon after the closing; `solved_at` is when it was
    found not to have come back. `told`: which deadlines were told of to whom (see `alerts/escalation.py`); kept by `tick`
    alone, saving a case leaves it as it stands.
    """

    id: str
    number: str
    event_id: str
    title: str
    topic: str
    region: str
    place: str
    office: str
    helps: tuple[str, ...]
    state: str
    severity: int
    opened_at: datetime
    updated_at: datetime
    route: str = ""
    basis: str = ""
    why: tuple[str, ...] = ()
    event_grade: str | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    clocks: tuple[RunningClock, ...] = ()
    version: int = 1
    intent: str = ""
    joins: str = ""
    promises: tuple[Promise, ...] = ()
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    relapses: int = 0
    solved_at: datetime | None = None
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class Action:
    """Who did what to a case, when and why. Append-only. `actor` is a user name, an office id or "system"."""

    id: str
    case_id: str
    at: datetime
    actor: str
    verb: str
    note: str = ""
    before: str = ""
    after: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """A notice to one office, with its reason.

    `id` is a natural key (kind, case, what fired it), so the same thing is never told twice. `figures` are what fired
    it (for example {"posts": 12, "baseline": 3}); `posts` are the post ids that show it. `why_not` says why it is muted,
    failed or waits; `quiet` is the code of that reason (see alerts/quiet.py) and stays when it was sent after a wait.
    `again_at`: when it is told again if nobody does anything.
    """

    id: str
    kind: AlertKind
    office: str
    case_id: str
    event_id: str
    title: str
    reason: str
    created_at: datetime
    severity: int
    figures: Mapping[str, Any] = field(default_factory=dict)
    posts: tuple[str, ...] = ()
    state: AlertState = "pending"
    attempts: int = 0
    next_try_at: datetime | None = None
    sent_at: datetime | None = None
    why_not: str = ""
    quiet: str = ""
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person who may log in. `role`: duty (works on cases) or admin (also manages users)."""

    name: str
    display_name: str
    role: Literal["duty", "admin"]
    disabled: bool = False
