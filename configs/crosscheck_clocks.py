"""What is wrong with deadlines between the parts of a catalogue: sets that nothing reaches, levels out of order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from configs.catalog import Catalog, Clock, ClockSet, Ladder
from configs.found import Found, doubled, unknown
from configs.yaml_lines import Path_

ACTIONS = (  # what may stop a clock
    "confirm",
    "dispatch",
    "redispatch",
    "accept",
    "acknowledge",
    "report",
    "start",
    "answer",
    "verify",
    "close",
    "promise",
)
GRADES = ("一般", "较大", "重大", "特别重大")
_SET_LISTS = ("grades", "intents", "topics", "offices")  # the conditions of a ClockSet
_FILES = ("topics", "offices")  # the lists whose values stand in a file of that name

Names = Mapping[
    str, tuple[str, Collection[str]]
]  # a list of conditions -> what its values are called, and which there are


def clock_problems(catalog: Catalog, names: Names, named_sets: Collection[str]) -> Iterator[Found]:
    """`named_sets`: the keys of the sets that routes name."""
    for i, clock in enumerate(catalog.clocks):
        yield from _clock(clock, ("clocks", i))
    yield from _clock_sets(catalog, names, named_sets)
    yield from _follow_up(catalog)


def _clock(clock: Clock, path: Path_) -> Iterator[Found]:
    if clock.hours is None and clock.working_days is None:
        yield Found(path, clock.key, "时限没有长度", "写上 hours(小时)或 working_days(工作日)")
    if clock.hours is not None and clock.working_days is not None:
        yield Found((*path, "working_days"), clock.working_days, "hours 和 working_days 只能写一个", "删去其中一个")
    if clock.hours is not None and clock.due_soon_hours >= clock.hours:
        yield Found(
            (*path, "due_soon_hours"), clock.due_soon_hours, f"提醒早于时限开始(共 {clock.hours:g} 小时)", "改小"
        )
    if clock.extension and (clock.extension.hours is None) == (clock.extension.working_days is None):
        yield Found((*path, "extension"), clock.key, "延期的长度没有写，或写了两个", "hours 和 working_days 写其中一个")
    if not clock.done_by:
        yield Found((*path, "done_by"), None, "没有动作能停止这个时限", "写上办理动作，如 [answer, close]")
    for i, action in enumerate(clock.done_by):
        yield from unknown((*path, "done_by", i), action, "办理动作", ACTIONS)


def _clock_sets(catalog: Catalog, names: Names, named_sets: Collection[str]) -> Iterator[Found]:
    sets = catalog.clock_sets
    for i, item in enumerate(sets):
        path = ("clock_sets", i)
        yield from _clock_set(item, path, names, {clock.key for clock in catalog.clocks})
        before = next((one for one in sets[:i] if _takes_all(one, item)), None)
        if before and item.key not in named_sets:
            why = f"永远轮不到: 前面的 {before.key} 条件更宽，也没有派单规则指定它"
            yield Found(path, item.key, why, f"移到 {before.key} 之前，或删去")
    if not any(_takes_everything(item) for item in sets):
        why = "缺少没有条件的时限组，有的案件会没有时限"
        yield Found(("clock_sets",), None, why, "在最后加一个不写 grades 和 severity_min 的时限组")


def _takes_everything(item: ClockSet) -> bool:
    """Whether every case gets a clock by this set when it opens."""
    free = item.severity_min == 1 and not any(getattr(item, name) for name in _SET_LISTS)
    return free and bool(item.clocks) and item.part in ("report", "respond", "handle")


def _clock_set(item: ClockSet, path: Path_, names: Names, clocks: Collection[str]) -> Iterator[Found]:
    for n, key in enumerate(item.clocks):
        yield from unknown((*path, "clocks", n), key, "时限", clocks, "clocks")
    yield from doubled(((*path, "clocks", n), key) for n, key in enumerate(item.clocks))
    for n, grade in enumerate(item.grades):
        yield from unknown((*path, "grades", n), grade, "事件分级", GRADES)
    for name in ("intents", "topics", "offices"):
        what, values = names[name]
        for n, value in enumerate(getattr(item, name)):
            yield from unknown((*path, name, n), value, what, values, f"{name}.yaml" if name in _FILES else "")


def _takes_all(wide: ClockSet, narrow: ClockSet) -> bool:
    """Whether every case that `narrow` takes is taken by `wide` too."""
    limits = ((set(getattr(wide, name)), set(getattr(narrow, name))) for name in _SET_LISTS)
    lists = all(not limit or (bool(own) and own <= limit) for limit, own in limits)
    return wide.part == narrow.part and lists and wide.severity_min <= narrow.severity_min


def _follow_up(catalog: Catalog) -> Iterator[Found]:
    found, path = catalog.follow_up, ("follow_up",)
    if found.government:
        yield from unknown((*path, "government"), found.government, "责任单位", catalog.office, "offices.yaml")
    if not any(ladder.severity_min == 1 for ladder in found.ladders):
        why = "缺少适用于所有案件的提醒层级，有的案件超期无人得知"
        yield Found((*path, "ladders"), None, why, "在最后加一个不写 severity_min 的层级")
    for i, ladder in enumerate(found.ladders):
        yield from _ladder(ladder, (*path, "ladders", i))


def _ladder(ladder: Ladder, path: Path_) -> Iterator[Found]:
    if not ladder.overdue:
        yield Found((*path, "overdue"), None, "超期不告知任何人", "至少写一级，如 {to: office}")
    for name in ("due_soon", "overdue"):
        steps = getattr(ladder, name)
        for n in range(1, len(steps)):
            if steps[n].after_hours < steps[n - 1].after_hours:
                yield Found(
                    (*path, name, n, "after_hours"), steps[n].after_hours, "早于前一级", "层级按先后排，小时数递增"
                )
