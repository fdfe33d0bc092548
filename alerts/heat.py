"""How hot an event is and where it is heading: pure functions of the event.

heat(event, now) = fresh · spread · gravity
    fresh   = Σ over days d of posts(d) · 2^(−age(d) / 3 days)
    spread  = 1 + ¼ · (sources − 1), at most 2
    gravity = 1, 1½, 2½ or 4 by severity 1 to 4

age(d) runs from the middle of the Shanghai day d to `now`, never below 0. So a post counts half after three days, an
event told on five sources counts twice as much, a grave one four times. The numbers are the product's own choice; an
event of one new mild post on one source has heat about 1.

trend(event) = log2((a + 1) / (b + 1)), a the posts of the last three Shanghai days up to `last_seen`, b those of the
three days before: +1 twice as many, −1 half as many, 0 steady.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from math import log2

from alerts.model import Event
from configs.catalog import SHANGHAI

HALF_LIFE_DAYS = 3.0
GRAVITY = {1: 1.0, 2: 1.5, 3: 2.5, 4: 4.0}
DAYS = 3


def heat(event: Event, now: datetime) -> float:
    """The heat at `now` (timezone-aware); `event.heat` itself is the heat at `event.last_seen`."""
    return heat_of(event.daily, len(event.sources), event.severity, now)


def heat_of(daily: Mapping[str, int], sources: int, severity: int, now: datetime) -> float:
    spread = min(1 + 0.25 * (sources - 1), 2.0)
    return round(fresh_of(daily, now) * spread * GRAVITY.get(severity, 1.0), 3)


def fresh_of(daily: Mapping[str, int], now: datetime) -> float:
    """The posts, each counting half after HALF_LIFE_DAYS."""
    moment = _moment(now) - 0.5
    ages = sorted([(max(moment - _ordinal(day), 0.0), count) for day, count in daily.items()])
    return sum([count * 2 ** (-age / HALF_LIFE_DAYS) for age, count in ages])


def trend_of(daily: Mapping[str, int], last_seen: datetime) -> float:
    last = shanghai_day(last_seen).toordinal()
    late = early = 0
    for day, count in daily.items():
        back = last - _ordinal(day)
        late += count if 0 <= back < DAYS else 0
        early += count if DAYS <= back < 2 * DAYS else 0
    return round(log2((late + 1) / (early + 1)), 3)


def shanghai_day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


@lru_cache(maxsize=1 << 12)
def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _moment(at: datetime) -> float:
    """The Shanghai time as days: the ordinal of the date, and the part of the day that is over."""
    local = at.astimezone(SHANGHAI)
    return local.toordinal() + (local.hour * 3600 + local.minute * 60 + local.second) / 86400
