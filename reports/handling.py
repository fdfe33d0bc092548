"""Figures of cases and offices: what came in, what was done, what was late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from alerts.cases import STATE_LABELS
from alerts.model import Action, Case, RunningClock
from alerts.notify.words import SEVERITY
from configs.catalog import Catalog
from reports.detail import Span
from reports.week import CaseLine, Figure, OfficeLine


@dataclass(frozen=True, slots=True)
class Step:
    """That an office took a case a step on. `hours` since its last dispatch; None where the history has none."""

    case_id: str
    office: str
    what: str
    at: datetime
    hours: float | None


def steps_of(case: Case, actions: Iterable[Action]) -> list[Step]:
    """The case's dispatches, acceptances, answers, closings and relapses, oldest first.

    The office of a step is the one that the latest dispatch named, else the case's; of a relapse the one that had closed it.
    """
    steps: list[Step] = []
    dispatched, office = None, case.office
    for action in sorted(actions, key=lambda item: item.at):
        if action.after == action.before:
            continue
        if action.verb == "relapse":
            steps.append(Step(case.id, office, "relapsed", action.at, None))
        if action.after == "dispatched":
            dispatched, office = action.at, str(action.data.get("office") or case.office)
        if action.after in ("dispatched", "accepted", "answered", "closed"):
            hours = (action.at - dispatched).total_seconds() / 3600 if dispatched else None
            steps.append(Step(case.id, office, action.after, action.at, hours))
    return steps


def late_clocks(case: Case, since: datetime, until: datetime) -> tuple[RunningClock, ...]:
    """The clocks that were past their end and still open at some time in [since, until)."""
    return tuple(
        clock for clock in case.clocks if clock.due_at < until and _end(case, clock, until) > max(clock.due_at, since)
    )


def answered_in_time(case: Case, answered_at: datetime) -> bool:
    """Whether every clock that had fallen due by then was done by its end (one that the answer itself stopped, too)."""
    return all(_end(case, clock, answered_at) <= clock.due_at for clock in case.clocks if clock.due_at < answered_at)


def _end(case: Case, clock: RunningClock, until: datetime) -> datetime:
    """When the clock stopped, or `until` if it runs on; whatever closes the case stops it."""
    ends = [at for at in (clock.done_at, case.closed_at, until) if at is not None]
    return min(ends)


def case_line(case: Case, steps: Sequence[Step], span: Span, catalog: Catalog) -> CaseLine:
    def last(what: str) -> Step | None:
        found = [step for step in steps if step.what == what and span.start <= step.at < span.until]
        return found[-1] if found else None

    accepted, answered = last("accepted"), last("answered")
    topic = catalog.topic.get(case.topic)
    return CaseLine(
        case=case,
        topic=topic.name if topic else case.topic,
        office=catalog.office_name(case.office),
        state=STATE_LABELS.get(case.state, case.state),
        severity=SEVERITY[case.severity],
        opened=span.start <= case.opened_at < span.until,
        closed=case.closed_at is not None and span.start <= case.closed_at < span.until,
        accepted_at=accepted.at if accepted else None,
        hours_to_accept=accepted.hours if accepted else None,
        answered_at=answered.at if answered else None,
        hours_to_answer=answered.hours if answered else None,
        in_time=answered_in_time(case, answered.at) if answered else None,
        late=tuple(clock.name for clock in late_clocks(case, span.start, span.until)),
        relapsed=last("relapsed") is not None,
    )


def count_cases(key: str, name: str, lines: Sequence[CaseLine], filter_value: str = "") -> Figure:
    ids = tuple(line.case.number for line in lines)
    return Figure(key, name, len(ids), ids, "件", sheet="案件", where={filter_value: "是"} if filter_value else {})


def case_totals(lines: Sequence[CaseLine], last_week: Mapping[str, Figure]) -> tuple[Figure, ...]:
    answered = [line for line in lines if line.in_time is not None]
    in_time = [line for line in answered if line.in_time]
    rate = Figure(
        key="answered_in_time",
        name="按时答复率",
        value=len(in_time) / len(answered) if answered else None,
        ids=tuple(line.case.number for line in in_time),
        unit="%",
        sheet="案件",
        where={"按时答复": "是"},
        whole=len(answered),
    )
    figures = (
        count_cases("open", "办理案件", lines),
        count_cases("opened", "新立案件", [line for line in lines if line.opened], "本周立案"),
        count_cases("answered", "答复案件", answered, "本周答复"),
        rate,
        count_cases("closed", "办结案件", [line for line in lines if line.closed], "本周办结"),
        count_cases("overdue", "超期案件", [line for line in lines if line.late], "本周超期"),
        count_cases("relapsed", "回潮案件", [line for line in lines if line.relapsed], "本周回潮"),
    )
    return tuple(_with_last(figure, last_week.get(figure.key)) for figure in figures)


def _with_last(figure: Figure, last: Figure | None) -> Figure:
    return replace(figure, before=last.value, before_ids=last.ids) if last else figure


def office_lines(
    lines: Sequence[CaseLine], steps: Iterable[Step], span: Span, catalog: Catalog
) -> tuple[OfficeLine, ...]:
    """One line per office that received or held a case in the week, the busiest first."""
    numbers = {line.case.id: line.case.number for line in lines}
    by_office: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if span.start <= step.at < span.until and step.case_id in numbers:
            by_office[step.office].append(step)
    held: dict[str, list[CaseLine]] = defaultdict(list)
    for line in lines:
        held[line.case.office].append(line)
    found = [_office_line(key, by_office[key], held[key], numbers, catalog) for key in {*by_office, *held}]
    return tuple(sorted(found, key=lambda line: (-(line.received.value or 0), -(line.overdue.value or 0), line.office)))


def _office_line(
    office: str, steps: Sequence[Step], held: Sequence[CaseLine], numbers: Mapping[str, str], catalog: Catalog
) -> OfficeLine:
    name = catalog.office_name(office)

    def count(key: str, label: str, what: str) -> Figure:
        ids = tuple(dict.fromkeys(numbers[step.case_id] for step in steps if step.what == what))
        return Figure(key, f"{name}·{label}", len(ids), ids, "件", sheet="案件")

    def middle(key: str, label: str, what: str) -> Figure:
        timed = [step for step in steps if step.what == what and step.hours is not None]
        value = median(step.hours for step in timed if step.hours is not None) if timed else None
        ids = tuple(dict.fromkeys(numbers[step.case_id] for step in timed))
        return Figure(key, f"{name}·{label}", value, ids, "小时", sheet="案件", whole=len(timed))

    def of_held(key: str, label: str, wanted: Callable[[CaseLine], object]) -> Figure:
        ids = tuple(line.case.number for line in held if wanted(line))
        return Figure(key, f"{name}·{label}", len(ids), ids, "件", sheet="案件")

    return OfficeLine(
        office=office,
        name=name,
        received=count("office.received", "收到", "dispatched"),
        accepted=count("office.accepted", "签收", "accepted"),
        answered=count("office.answered", "答复", "answered"),
        in_time=of_held("office.in_time", "按时答复", lambda line: line.in_time),
        closed=of_held("office.closed", "办结", lambda line: line.closed),
        overdue=of_held("office.overdue", "超期", lambda line: line.late),
        relapsed=count("office.relapsed", "回潮", "relapsed"),
        hours_to_accept=middle("office.hours_to_accept", "签收用时中位数", "accepted"),
        hours_to_answer=middle("office.hours_to_answer", "答复用时中位数", "answered"),
    )
