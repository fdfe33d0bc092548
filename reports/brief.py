"""The words of the brief: figures put into the sentences of `brief.md.j2`, as plain lines with their kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

from jinja2 import Environment, StrictUndefined

from alerts.moments import moment
from alerts.notify.clean import clean_line, clip
from reports.detail import UNKNOWN_PLACE, VAGUE
from reports.week import CaseLine, Detail, Figure, Week

NAMED = 3  # areas and regions named in a sentence
EVENTS = 10
LISTED = 15
Kind = Literal["title", "line", "part", "warning", "paragraph", "item", "table"]
_MARKS: dict[str, Kind] = {"# ": "title", "## ": "part", "> ": "line", "! ": "warning", "- ": "item"}
_USED = ("posts", "negative", "grave", "copies", "open", "opened", "answered", "closed", "overdue", "relapsed")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the brief; of a table `text` is the name."""

    kind: Kind
    text: str


def brief_of(week: Week) -> tuple[Block, ...]:
    environment = Environment(  # plain text for Word, not HTML: nothing to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701
    )
    template = environment.from_string(files("reports").joinpath("brief.md.j2").read_text(encoding="utf-8"))
    return tuple(_blocks(template.render(_values(week))))


def number(value: float | None) -> str:
    """1,234; — for nothing to measure."""
    return "—" if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    return "—" if value is None else f"{value * 100:.1f}%"


def compared(figure: Figure) -> str:
    """较上周增加 12 条（10.0%），较上周持平 …"""
    if figure.change is None:
        return "上周无可比数据"
    if figure.change == 0:
        return "与上周持平"
    share = "" if figure.ratio is None else f"（{percent(abs(figure.ratio))}）"
    return f"较上周{'增加' if figure.change > 0 else '减少'} {number(abs(figure.change))} {figure.unit}{share}"


def _share(part: Figure, whole: Figure) -> str:
    return percent((part.value or 0) / whole.value) if whole.value else "—"


def _values(week: Week) -> dict[str, Any]:
    totals = {figure.key: figure for figure in (*week.totals, *week.case_totals)}
    alerts = {figure.key.partition(".")[2]: figure for figure in week.alert_totals}
    until = moment(week.until)
    return {
        "n": number,
        "percent": percent,
        "share": _share,
        "compared": compared,
        "number": f"{week.start.isocalendar().year} 年第 {week.start.isocalendar().week} 周",
        "start": f"{week.start:%Y年%m月%d日}",
        "end": f"{week.end:%Y年%m月%d日}",
        "period": "本周" if week.complete else f"本周截至 {until}",
        "until": until,
        "made_at": moment(week.made_at),
        "complete": week.complete,
        "demo": week.demo,
        **{key: totals[key] for key in _USED},
        "rate": totals["answered_in_time"],
        **alerts,
        "alerts_total": len(week.alerts),
        "areas": _largest(week.areas),
        "regions": _largest(week.regions),
        "events": week.events[:EVENTS],
        "event_count": len(week.events),
        "grave_titles": [_grave_line(row) for row in week.grave[:LISTED]],
        "offices": week.offices,
        "overdue_cases": _overdue(week),
        "relapsed_cases": _relapsed(week),
        "silent": "、".join(line.name for line in week.silent_sources),
        "aside": [item for item in week.set_aside if item.value],
    }


def _largest(lines: tuple[Any, ...]) -> list[Any]:
    counted = [line for line in lines if line.posts.value and not line.name.endswith(VAGUE)]
    known = [line for line in counted if line.name not in ("其他", UNKNOWN_PLACE)]
    return sorted(known, key=lambda line: -line.posts.value)[:NAMED]


def _grave_line(row: Detail) -> str:
    words = clip(row.title or clean_line(row.text), 50)
    number = f"，案件 {row.case_number}" if row.case_number else "，未立案"
    return f"“{words}”（{row.source}，{moment(row.at)}{number}）"


def _overdue(week: Week) -> list[str]:
    return [_overdue_line(line) for line in [line for line in week.cases if line.late][:LISTED]]


def _overdue_line(line: CaseLine) -> str:
    title = clip(clean_line(line.case.title), 40)
    return f"{line.case.number} {title}（{line.office}，{'、'.join(line.late)}）"


def _relapsed(week: Week) -> list[str]:
    return [_relapsed_line(line) for line in [line for line in week.cases if line.relapsed][:LISTED]]


def _relapsed_line(line: CaseLine) -> str:
    title = clip(clean_line(line.case.title), 40)
    return f"{line.case.number} {title}（{line.office}，累计回潮 {line.case.relapses} 次）"


def _blocks(text: str) -> Iterator[Block]:
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.startswith("[table "):
            yield Block("table", line[7:-1])
            continue
        mark, kind = next(((mark, kind) for mark, kind in _MARKS.items() if line.startswith(mark)), ("", "paragraph"))
        yield Block(kind, line[len(mark) :])
