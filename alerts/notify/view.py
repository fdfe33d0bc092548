"""An alert as the mail templates see it: plain, cleaned Chinese strings. Nothing in it that no stored value says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from alerts.clocks import by_due
from alerts.ledger.alerts import DIGEST, ROUND
from alerts.model import Event, RunningClock
from alerts.moments import moment
from alerts.notify.clean import clean_line, clip
from alerts.notify.notice import Notice, Quote
from alerts.notify.words import COLOUR, FIGURE, KIND, SEVERITY, SEVERITY_MEANS, UNREAD, WITHHELD, remaining
from alerts.routes import is_province

TITLE_LIMIT = 60
DIGEST_TAG, ROUND_TAG = "今日汇总", "时限提醒"
_SAID_ELSEWHERE = (
    "协办单位",
    "依据",
    "派单规则版本",
)  # reasons of a case that have rows of their own, or are for staff
_LATE, _SOON, _FINE, _DONE = "#b3261e", "#c2570c", "#333333", "#1b7f4b"


def order(notices: Iterable[Notice]) -> list[Notice]:
    """The gravest first, then what is overdue, then the oldest."""
    return sorted(notices, key=lambda item: (-item.alert.severity, item.alert.kind != "overdue", item.alert.created_at))


def by_case(ordered: Iterable[Notice]) -> list[list[Notice]]:
    """What is told of the same case comes together, where its gravest alert stands."""
    groups: dict[str, list[Notice]] = {}
    for notice in ordered:
        groups.setdefault(notice.alert.case_id or notice.alert.id, []).append(notice)
    return list(groups.values())


NAMED_IN_SUBJECT = frozenset(
    {"due_soon", "overdue", "clock_met", "extension", "promise_overdue", "reopened", "drift", "unreachable"}
)


def _kind_in_subject(matters: Sequence[Sequence[Notice]]) -> str:
    """ "" for what every mail may tell of."""
    if all(notice.alert.quiet == DIGEST for matter in matters for notice in matter):
        return DIGEST_TAG
    if len(matters) > 1 and all(notice.alert.quiet == ROUND for matter in matters for notice in matter):
        return ROUND_TAG
    kind = matters[0][0].alert.kind
    return KIND[kind] if kind in NAMED_IN_SUBJECT else ""


def subject_of(matters: Sequence[Sequence[Notice]]) -> str:
    """As 【舆情预警·特别严重】义乌市某工地拖欠工资 等3件."""
    first = matters[0][0]
    more = f" 等{len(matters)}件" if len(matters) > 1 else ""
    kind = _kind_in_subject(matters)
    tag = "·".join(part for part in (kind, SEVERITY[first.alert.severity]) if part)
    return f"【舆情预警·{tag}】{clip(_headline(first), 50)}{more}"


def case_link(public_url: str, case_id: str) -> str:
    """The page of the case, or the first page."""
    home = public_url.rstrip("/")
    return f"{home}/case?id={quote(case_id, safe='')}" if case_id else home


def view(matter: Sequence[Notice], public_url: str, now: datetime) -> dict[str, Any]:
    """One case with all that is told of it."""
    notice = matter[0]
    alert, case = notice.alert, notice.case
    return {
        "kind": "、".join(dict.fromkeys(KIND[item.alert.kind] for item in matter)),
        "severity": SEVERITY[alert.severity],
        "means": SEVERITY_MEANS[alert.severity],
        "colour": COLOUR[alert.severity],
        "title": clip(clean_line(alert.title), TITLE_LIMIT),
        "number": case.number if case else "",
        "link": case_link(public_url, alert.case_id),
        "reasons": list(dict.fromkeys(clean_line(item.alert.reason) for item in matter)),
        "facts": _facts(notice),
        "clocks": [_clock(clock, now) for clock in by_due(case.clocks)] if case else [],
        "quotes": [_quote(item) for item in notice.quotes],
        "withheld": UNREAD if notice.unread else WITHHELD if notice.withheld else "",
        "why": [clean_line(line) for line in case.why if not line.startswith(_SAID_ELSEWHERE)] if case else [],
        "basis": clean_line(case.basis) if case else "",
        "basis_source": clean_line(notice.basis_source),
        "lead": clean_line(notice.lead),
        "helps": "、".join(clean_line(name) for name in notice.helps),
    }


def _headline(notice: Notice) -> str:
    """The title, with the place before it unless it says it already."""
    title, place = clean_line(notice.alert.title), "" if _is_vague(notice) else _place(notice)
    said = not place or any(part in title for part in (place, place[-3:]))
    return title if said else f"{place} {title}"


def _place(notice: Notice) -> str:
    return clean_line((notice.event.place if notice.event else "") or (notice.case.place if notice.case else ""))


def _is_vague(notice: Notice) -> bool:
    region = notice.event.region if notice.event else notice.case.region if notice.case else ""
    return is_province(region)


def _where(notice: Notice) -> str:
    if notice.alert.kind in ("drift", "unreachable"):
        return _place(notice)
    if not (place := _place(notice)):
        return "未能从原文识别，请核实"
    return f"{place}（未能定位到市县，请核实）" if _is_vague(notice) else place


def _facts(notice: Notice) -> list[tuple[str, str]]:
    """(label, value) rows; what is not known has no row."""
    grade = (notice.case.event_grade if notice.case else None) or (notice.event.event_grade if notice.event else None)
    rows = [
        ("领域", clean_line(notice.topic)),
        ("地点", _where(notice)),
        ("信息量", _amount(notice.event)),
        ("事件分级", f"{grade}（据原文所述数字，待核实）" if grade else ""),
        ("触发数据", _figures(notice)),
    ]
    return [(label, value) for label, value in rows if value]


def _amount(event: Event | None) -> str:
    if event is None:
        return ""
    since = f"首条 {moment(event.first_seen)}，最近 {moment(event.last_seen)}"
    return f"{event.posts} 条，来自 {max(1, len(event.sources))} 个来源；{since}"


def _figures(notice: Notice) -> str:
    """Only figures that have a name in Chinese; the alert's reason says the same in words."""
    numbers = ((FIGURE.get(key), value) for key, value in notice.alert.figures.items())
    return "，".join(f"{name} {_number(value)}" for name, value in numbers if name and _is_number(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float) -> str:
    return f"{value:,.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def _clock(clock: RunningClock, now: datetime) -> dict[str, Any]:
    notes = [clean_line(clock.source)] if clock.source else []
    if clock.provisional:
        notes.append("节假日安排尚未公布，暂按推算")
    return {
        "name": clean_line(clock.name),
        "due": moment(clock.due_at),
        "left": _left(clock, now),
        "colour": _clock_colour(clock, now),
        "done": clock.done_at is not None,
        "source": "；".join(notes),
    }


def _left(clock: RunningClock, now: datetime) -> str:
    if clock.done_at is None:
        return remaining(clock.due_at, now)
    late = clock.done_at > clock.due_at
    return f"已完成 {moment(clock.done_at)}{'（超期）' if late else ''}"


def _clock_colour(clock: RunningClock, now: datetime) -> str:
    if clock.done_at is not None:
        return _DONE
    if clock.due_at <= now:
        return _LATE
    soon = clock.due_soon_at <= now or clock.due_at - now <= timedelta(hours=2)
    return _SOON if soon else _FINE


def _quote(item: Quote) -> dict[str, str]:
    return {"text": item.text, "source": item.source, "at": moment(item.at), "url": item.url, "id": item.post_id}
