"""静默 and what waits, without Streamlit. Every silence and every end of one is written to the audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.ledger import AlertFilter
from alerts.silences import Silence, end_silence, set_silence, silence_words
from dashboard.desk import Desk
from dashboard.text import ALERT_KIND, REASON
from stream.errors import MinshengError

MOST = 1000  # waiting alerts that are looked at
LASTING: Mapping[str, timedelta] = {
    "1 小时": timedelta(hours=1),
    "4 小时": timedelta(hours=4),
    "12 小时": timedelta(hours=12),
    "1 天": timedelta(days=1),
    "3 天": timedelta(days=3),
    "7 天": timedelta(days=7),
    "30 天": timedelta(days=30),
}


@dataclass(frozen=True)
class Wanted:
    """A silence as the form says it. `what`: the names of `Matchers` -> keys; a case by its number or id."""

    what: Mapping[str, Sequence[str]]
    reason: str
    lasting: timedelta
    grave: bool = False
    drop: bool = False


def silence(desk: Desk, actor: str, wanted: Wanted) -> Silence:
    """Raises MinshengError when it names nothing, or something that is not there, or no reason."""
    now = desk.now()
    with desk.ledger.begin() as tx:
        return set_silence(
            tx,
            desk.catalog,
            actor,
            wanted.what,
            wanted.reason,
            now,
            now + wanted.lasting,
            grave=wanted.grave,
            drop=wanted.drop,
        )


def end(desk: Desk, actor: str, silence_id: str, note: str = "") -> None:
    with desk.ledger.begin() as tx:
        end_silence(tx, silence_id, actor, desk.now(), note)


def silences(desk: Desk) -> tuple[list[Silence], list[Silence]]:
    """Those in force or to come, the first to end first; and the latest that are over."""
    now = desk.now()
    with desk.ledger.read() as tx:
        coming, all_of_them = tx.silences.coming(now), tx.silences.find()
    return coming, [one for one in all_of_them if one.until <= now][:20]


def caught(desk: Desk, one: Silence) -> str:
    return silence_words(desk.catalog, one.matchers, ALERT_KIND)


def state_of(one: Silence, now: datetime) -> str:
    return "生效中" if one.holds(now) else "未开始" if now < one.starts_at and one.ended_at is None else "已结束"


def waiting(desk: Desk) -> list[tuple[str, int]]:
    """(why, how many) of the alerts that wait, most first."""
    with desk.ledger.read() as tx:
        found = tx.alerts.find(AlertFilter(states=("pending",), limit=MOST))
    counts = Counter(REASON.get(one.quiet, one.quiet) for one in found if one.quiet and one.next_try_at)
    return counts.most_common()


def keys_of(text: str) -> tuple[str, ...]:
    """What was typed, split at spaces and commas."""
    return tuple(text.replace("，", " ").replace(",", " ").replace("、", " ").split())


def lasting_of(name: str) -> timedelta:
    if name not in LASTING:
        raise MinshengError("请选静默多久")
    return LASTING[name]
