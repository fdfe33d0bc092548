"""Silences: what staff do not want to be sent for a while, with author, reason and end.

A silence is never changed: it ends at its end, or when somebody ends it, which is written beside it. What it catches
waits until then and is looked at anew; with `drop` it is not sent at all. What is urgent passes unless `grave` is set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts.model import Alert, Case, Event
from alerts.moments import moment
from configs.catalog import Catalog, region_within
from configs.quiet import ALERT_KINDS
from stream.errors import MinshengError

if TYPE_CHECKING:
    from alerts.ledger import Tx

SILENCED = "silenced"  # the code of what waits for the end of a silence


@dataclass(frozen=True, slots=True)
class Matchers:
    """All that are given must hold, within one any. `cases` are ids, `offices` without a branch take the branches too, a
    region takes the counties in it, `rules` are the keys of rules.yaml."""

    offices: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Silence:
    id: str
    made_at: datetime
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    matchers: Matchers
    grave: bool = False
    drop: bool = False
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""

    @property
    def until(self) -> datetime:
        return min(self.ends_at, self.ended_at) if self.ended_at else self.ends_at

    def holds(self, now: datetime) -> bool:
        return self.starts_at <= now < self.until


def catches(matchers: Matchers, alert: Alert, case: Case | None, event: Event | None) -> bool:
    """Whether all the matchers hold for the alert; topic and region are those of its case, else of its event."""
    about = case or event
    return (
        _office_in(alert.office, matchers.offices)
        and _in(alert.event_id, matchers.events)
        and _in(alert.case_id, matchers.cases)
        and _in(about.topic if about else "", matchers.topics)
        and _region_in(about.region if about else "", matchers.regions)
        and _in(alert.kind, matchers.kinds)
        and _in(str(alert.figures.get("rule", "")), matchers.rules)
    )


def _in(value: str, wanted: Sequence[str]) -> bool:
    return not wanted or value in wanted


def _office_in(office: str, wanted: Sequence[str]) -> bool:
    return not wanted or office in wanted or office.partition("@")[0] in wanted


def _region_in(region: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(region_within(region, one) for one in wanted)


def make_silence(
    catalog: Catalog,
    author: str,
    reason: str,
    matchers: Matchers,
    now: datetime,
    ends_at: datetime,
    starts_at: datetime | None = None,
    *,
    grave: bool = False,
    drop: bool = False,
) -> Silence:
    """Raises MinshengError (Chinese) when it names nothing, something unknown, or gives no reason or no proper end."""
    start = starts_at or now
    _check_time(start, ends_at, now, catalog.quiet.silences.longest_days)
    if not reason.strip():
        raise MinshengError("静默须写明理由")
    if matchers == Matchers():
        raise MinshengError("静默须至少指定一项: 单位、事件、案件、事项、地区、种类或规则")
    _check_names(catalog, matchers)
    what = f"{author}\n{now.isoformat()}\n{start.isoformat()}\n{ends_at.isoformat()}\n{matchers}"
    name = f"S-{hashlib.sha256(what.encode()).hexdigest()[:8]}"
    return Silence(name, now, author, " ".join(reason.split()), start, ends_at, matchers, grave, drop)


def _check_time(start: datetime, end: datetime, now: datetime, longest_days: int) -> None:
    if end <= now or end <= start:
        raise MinshengError(f"静默的结束时间 {moment(end)} 已过，或不晚于开始")
    if end - start > timedelta(days=longest_days):
        raise MinshengError(f"静默最长 {longest_days} 天 (quiet.yaml 的 silences.longest_days)")


def _check_names(catalog: Catalog, matchers: Matchers) -> None:
    known: Sequence[tuple[str, Sequence[str], Collection[str]]] = (
        ("责任单位", [one.partition("@")[0] for one in matchers.offices], catalog.office),
        ("事项", matchers.topics, catalog.topic),
        ("地区", matchers.regions, catalog.region_names),
        ("预警种类", matchers.kinds, ALERT_KINDS),
        ("规则", matchers.rules, {rule.key for rule in catalog.rules}),
    )
    for what, names, there in known:
        for one in names:
            if one not in there:
                raise MinshengError(f"没有{what} {one}，请核对后再设静默")


def add_silence(tx: Tx, silence: Silence) -> None:
    """Keep it and note it in the audit. Raises MinshengError when an event or a case of it is not there."""
    for one in silence.matchers.cases:
        if tx.cases.get(one) is None:
            raise MinshengError(f"没有案件 {one}，请核对后再设静默")
    for one in silence.matchers.events:
        if tx.events.get(one) is None:
            raise MinshengError(f"没有事件 {one}，请核对后再设静默")
    if tx.silences.add(silence):
        tx.audit.add(silence.made_at, silence.author, "silence.add", silence.id, silence.reason)


def set_silence(
    tx: Tx,
    catalog: Catalog,
    author: str,
    wanted: Mapping[str, Sequence[str]],
    reason: str,
    now: datetime,
    ends_at: datetime,
    starts_at: datetime | None = None,
    *,
    grave: bool = False,
    drop: bool = False,
) -> Silence:
    """Make and keep one as people ask for it. `wanted`: the names of `Matchers` -> keys; a case by its number or id."""
    cases = [found.id if (found := tx.cases.by_number(one)) else one for one in wanted.get("cases", ())]
    matchers = matchers_from({**wanted, "cases": cases})
    silence = make_silence(catalog, author, reason, matchers, now, ends_at, starts_at, grave=grave, drop=drop)
    add_silence(tx, silence)
    return silence


def end_silence(tx: Tx, silence_id: str, actor: str, now: datetime, note: str = "") -> Silence:
    """End it before its time; what waited for it is looked at anew at once. Raises MinshengError when it is not there or
    over already."""
    silence = tx.silences.get(silence_id)
    if silence is None:
        raise MinshengError(f"没有静默 {silence_id}；现有的见 minsheng silence list 或看板的预警页")
    if silence.until <= now or not tx.silences.end(silence_id, now, actor, note.strip()):
        raise MinshengError(f"静默 {silence_id} 已经结束")
    tx.audit.add(now, actor, "silence.end", silence_id, note.strip())
    tx.quiet.wake(SILENCED)
    return silence


def silence_words(catalog: Catalog, matchers: Matchers, kinds: Mapping[str, str]) -> str:
    """What it catches, in Chinese: 单位 人社局; 种类 快速增长. `kinds`: their labels."""
    rules = {rule.key: rule.name for rule in catalog.rules}
    names: dict[str, tuple[str, Sequence[str]]] = {
        "offices": ("单位", [catalog.office_name(one) for one in matchers.offices]),
        "events": ("事件", matchers.events),
        "cases": ("案件", matchers.cases),
        "topics": ("事项", [catalog.topic[one].short if one in catalog.topic else one for one in matchers.topics]),
        "regions": ("地区", [catalog.place_name(one) or one for one in matchers.regions]),
        "kinds": ("种类", [kinds.get(one, one) for one in matchers.kinds]),
        "rules": ("规则", [rules.get(one, one) for one in matchers.rules]),
    }
    return "；".join(f"{label} {'、'.join(values)}" for label, values in names.values() if values)


def matchers_from(data: Mapping[str, Sequence[str]]) -> Matchers:
    return Matchers(**{one.name: tuple(data.get(one.name, ())) for one in fields(Matchers)})


def matchers_data(matchers: Matchers) -> dict[str, list[str]]:
    """Only those that are given, as they are stored."""
    return {name: list(values) for name, values in asdict(matchers).items() if values}
