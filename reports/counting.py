"""Counts over the detail rows, each with the ids and the filter behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from alerts.notify.words import SEVERITY
from reports.detail import COUNTED, LAST, THIS
from reports.week import Detail, Figure, Line, Where

NEGATIVE = "负面"
GRAVE = SEVERITY[4]
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
HOT_WORDS = 60


def count_posts(
    key: str, name: str, this: Sequence[Detail], last: Sequence[Detail] | None, where: Where | None = None
) -> Figure:
    """How many posts; `where` is what tells them from the other counted posts of the week."""
    return Figure(
        key=key,
        name=name,
        value=len(this),
        ids=tuple(item.id for item in this),
        before=None if last is None else len(last),
        before_ids=tuple(item.id for item in last or ()),
        where={"week": THIS, "counted": COUNTED, **(where or {})},
    )


def make_line(field: str, name: str, this: Sequence[Detail], last: Sequence[Detail] | None, where: Where) -> Line:
    def part(key: str, label: str, attribute: str, value: str) -> Figure:
        now = [item for item in this if getattr(item, attribute) == value]
        then = None if last is None else [item for item in last if getattr(item, attribute) == value]
        both = where.get(attribute, value) == value  # no post is neutral and negative: a filter that finds nothing
        return count_posts(f"{field}.{key}", label, now, then, {**where, attribute: value} if both else {"id": ""})

    return Line(
        name=name,
        posts=count_posts(f"{field}.posts", name, this, last, where),
        negative=part("negative", f"{name}·负面", "sentiment", NEGATIVE),
        grave=part("grave", f"{name}·{GRAVE}", "severity", GRAVE),
    )


def lines_by(field: str, counted: Iterable[Detail], order: Sequence[str] = ()) -> tuple[Line, ...]:
    """A line per value of the field: those of `order` first and always there, the others by number of posts."""
    groups: dict[str, dict[str, list[Detail]]] = defaultdict(lambda: {THIS: [], LAST: []})
    for name in order:
        groups[name]  # an empty group is shown too
    for item in counted:
        groups[getattr(item, field)][item.week].append(item)
    lines = [make_line(field, name, weeks[THIS], weeks[LAST], {field: name}) for name, weeks in groups.items()]
    rank = {name: place for place, name in enumerate(order)}
    return tuple(sorted(lines, key=lambda line: (rank.get(line.name, len(rank)), -(line.posts.value or 0), line.name)))


def lines_by_day(monday: date, counted: Sequence[Detail]) -> tuple[Line, ...]:
    """Seven lines; last week's number is that of the same weekday."""
    by_day: dict[str, list[Detail]] = defaultdict(list)
    for item in counted:
        by_day[item.day].append(item)
    lines = []
    for number, weekday in enumerate(WEEKDAYS):
        day = monday + timedelta(days=number)
        this, last = by_day[day.isoformat()], by_day[(day - timedelta(days=7)).isoformat()]
        lines.append(make_line("day", f"{day:%m-%d} {weekday}", this, last, {"day": day.isoformat()}))
    return tuple(lines)


def count_hours(monday: date, counted: Sequence[Detail]) -> tuple[tuple[Figure, ...], ...]:
    """Seven rows of 24 figures."""
    cells: dict[tuple[str, str], list[Detail]] = defaultdict(list)
    for item in counted:
        cells[item.day, item.hour].append(item)
    days = [(monday + timedelta(days=number)).isoformat() for number in range(7)]
    hours = [f"{hour:02d}" for hour in range(24)]
    return tuple(
        tuple(
            count_posts("hour", f"{day} {hour}时", cells[day, hour], None, {"day": day, "hour": hour}) for hour in hours
        )
        for day in days
    )


def count_words(counted: Iterable[Detail]) -> tuple[Figure, ...]:
    """The words that most posts of the week share; a near copy counts for nothing, a word once per post."""
    groups: dict[str, dict[str, list[Detail]]] = defaultdict(lambda: {THIS: [], LAST: []})
    for item in counted:
        if item.copy == "否":
            for word in dict.fromkeys(item.keywords):
                groups[word][item.week].append(item)
    found = sorted(groups.items(), key=lambda pair: (-len(pair[1][THIS]), pair[0]))[:HOT_WORDS]
    return tuple(
        count_posts("word", word, weeks[THIS], weeks[LAST], {"keywords": word, "copy": "否"})
        for word, weeks in found
        if weeks[THIS]
    )


def count_aside(details: Iterable[Detail]) -> tuple[Figure, ...]:
    """What is not counted, by reason."""
    groups: dict[str, dict[str, list[Detail]]] = defaultdict(lambda: {THIS: [], LAST: []})
    for item in details:
        if item.counted != COUNTED:
            groups[item.counted][item.week].append(item)
    return tuple(
        count_posts("set_aside", reason, weeks[THIS], weeks[LAST], {"counted": reason})
        for reason, weeks in sorted(groups.items())
    )
