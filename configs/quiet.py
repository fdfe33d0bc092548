"""When an office is told and when not: the values of configs/quiet.yaml. Empty: everything is told at once.

The alerts' kinds are listed here because a configuration is checked before anything of alerts/ is there.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

AlertKind = Literal[
    "new_case",
    "grave",
    "growth",
    "reopened",
    "due_soon",
    "overdue",
    "clock_met",
    "extension",
    "promise_overdue",
    "drift",
    "unreachable",
    "spike",
    "sentiment",
    "new_term",
    "source_silent",
    "source_recovered",
]
ALERT_KINDS: tuple[AlertKind, ...] = get_args(AlertKind)

Clock = Annotated[str, StringConstraints(pattern=r"^([0-1]\d|2[0-3]):[0-5]\d$")]
Same = Literal["office", "case", "event", "clock"]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Urgent(Part):
    """What no wait, no office hours and no cap holds back: alerts of at least `severity`, or of one of the kinds."""

    severity: int = Field(default=4, ge=1, le=5)  # 5: none by its severity
    kinds: tuple[str, ...] = ()


class Grouping(Part):
    """Alerts of one office about one event: how long the first is kept for others, and how far apart two mails are."""

    wait_minutes: float = Field(default=0, ge=0, le=120)
    interval_minutes: float = Field(default=0, ge=0, le=1440)


class Rounds(Part):
    """Reminders that can wait: alerts of `kinds` go together, in one mail to an office, at these times of a working day.

    Of `first_at_once` the first notice to the office that has the case does not wait. `at` empty: none waits.
    """

    at: tuple[Clock, ...] = ()
    kinds: tuple[str, ...] = ()
    first_at_once: tuple[str, ...] = ()


class Repeat(Part):
    """What is told again while nobody does anything about its case: every so many hours, at most so many times.

    `office_only`: to the office that has the case, not to the levels above it.
    """

    kinds: tuple[str, ...] = Field(min_length=1)
    hours: float = Field(gt=0)
    times: int = Field(default=3, ge=1)
    office_only: bool = False


class Inhibition(Part):
    """While an alert of the kinds `by` stands, alerts of the kinds `mutes` about the same things are not sent.

    It stands when it was sent or is to be sent, its case is open, its clock runs, and it is younger than `hours` (0: of
    any age).
    """

    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_][a-z0-9_.-]*$")]
    name: str
    by: tuple[str, ...] = Field(min_length=1)
    mutes: tuple[str, ...] = Field(min_length=1)
    same: tuple[Same, ...] = Field(min_length=1)
    hours: float = Field(default=0, ge=0)


class Daily(Part):
    """After `mails` mails a day (0: no limit) the rest goes into one mail at `digest_at`, Shanghai time."""

    mails: int = Field(default=0, ge=0)
    digest_at: Clock = "16:30"


class Silencing(Part):
    longest_days: int = Field(default=30, ge=1)


class Quiet(Part):
    """See configs/quiet.yaml."""

    urgent: Urgent = Urgent()
    group: Grouping = Grouping()
    rounds: Rounds = Rounds()
    repeats: tuple[Repeat, ...] = ()
    inhibit: tuple[Inhibition, ...] = ()
    office_hours: bool = False
    daily: Daily = Daily()
    silences: Silencing = Silencing()
