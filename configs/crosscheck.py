"""What no single file can tell: names that lead nowhere, rules that nothing reaches, deadlines that are none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, get_args

from configs.catalog import Catalog, Clock, ClockSet, Match, Office, Route, Rule, Source, region_within
from configs.catalog_files import CatalogLines
from configs.errors import Problem
from configs.reasons import suggest
from configs.yaml_lines import Path_, show

HINT = "@hint"
NO_OFFICE = "none"  # the classifier's hint when no office is concerned

KINDS: tuple[str, ...] = get_args(Source.model_fields["publishes"].annotation)
INTENTS = ("complaint", "help", "ask", "suggest", "report", "praise", "other")
SENTIMENTS = ("neg", "neu", "pos")
ACTIONS = ("confirm", "dispatch", "accept", "start", "answer", "verify", "close", "promise")  # what may stop a clock
GRADES = ("一般", "较大", "重大", "特别重大")
_FILES = ("topics", "offices", "regions", "sources")  # the lists of a Match whose values stand in a file of that name
_LISTS = ("topics", "offices", "regions", "sources", "kinds", "intents", "sentiments", "words")


class Found(NamedTuple):
    """A problem before it has a file and line: `path` leads to it in the Catalog."""

    path: Path_
    value: object
    reason: str
    todo: str


def problems(catalog: Catalog, lines: CatalogLines) -> list[Problem]:
    """Everything wrong between the parts of a catalogue whose form is right, in the order of the files."""
    known = _Known(catalog)
    found = chain(
        _doubled_keys(catalog),
        *(_office(office, ("offices", i), known) for i, office in enumerate(catalog.offices)),
        _superior_rings(catalog),
        _root(catalog.routes),
        _route(catalog.routes, ("routes",), (), known),
        *(_rule(rule, ("rules", i), known) for i, rule in enumerate(catalog.rules)),
        *(_clock(clock, ("clocks", i)) for i, clock in enumerate(catalog.clocks)),
        _clock_sets(catalog, known),
        _regions(catalog),
        _sources(catalog, known),
        _calendar(catalog),
        _sheet(catalog),
    )
    return [
        lines.problem(path, "" if value is None else show(value), reason, todo) for path, value, reason, todo in found
    ]


class _Known:
    """The names that may be used: what each is called in a message, and which there are."""

    def __init__(self, catalog: Catalog) -> None:
        self.offices = set(catalog.office)
        self.regions = set(catalog.region_names)
        self.publishes = {source.key: source.publishes for source in catalog.sources}
        self.clocks = {clock.key for clock in catalog.clocks}
        self.clock_sets = {item.key for item in catalog.clock_sets}
        self.named_sets = {node.clocks for _, node in _walk(catalog.routes, ("routes",)) if node.clocks}
        self.match: Mapping[str, tuple[str, Collection[str]]] = {
            "topics": ("事项分类", set(catalog.topic)),
            "offices": ("责任单位", self.offices | {NO_OFFICE}),
            "regions": ("区划代码", self.regions),
            "sources": ("来源", set(catalog.source)),
            "kinds": ("信息种类", KINDS),
            "intents": ("诉求类型", INTENTS),
            "sentiments": ("情绪", SENTIMENTS),
        }


def _unknown(path: Path_, value: str, what: str, known: Collection[str], where: str = "") -> Iterator[Found]:
    """`where`: the file in which more of them can be added; "" where `known` is all there can be."""
    if value not in known:
        otherwise = f"改为已有的, 或先在 {where} 中添加" if where else f"只能是 {'、'.join(known)}"
        yield Found(path, value, f"没有这个{what}", suggest(value, known, otherwise))


# ---- keys ----


def _doubled_keys(catalog: Catalog) -> Iterator[Found]:
    for part in ("topics", "offices", "rules", "clocks", "clock_sets", "sources"):
        items = getattr(catalog, part)
        yield from _doubled(((part, i, "key"), item.key) for i, item in enumerate(items))
    yield from _doubled(((*path, "key"), node.key) for path, node in _walk(catalog.routes, ("routes",)))


def _doubled(items: Iterable[tuple[Path_, str]]) -> Iterator[Found]:
    seen: set[str] = set()
    for path, value in items:
        if value in seen:
            yield Found(path, value, "与前面的重复", "改名或删去其中一个")
        seen.add(value)


# ---- offices ----


def _office(office: Office, path: Path_, known: _Known) -> Iterator[Found]:
    if office.superior:
        yield from _unknown((*path, "superior"), office.superior, "责任单位", known.offices, "offices.yaml")
    start, _, end = office.hours.partition("-")
    if end <= start:
        yield Found(
            (*path, "hours"),
            office.hours,
            "办公时间的结束不晚于开始",
            '写成 "08:30-17:30" 的样子, 全天写 "00:00-23:59"',
        )
    for i, branch in enumerate(office.branches):
        where = (*path, "branches", i, "region")
        yield from _unknown(where, branch.region, "区划代码", known.regions, "regions.yaml")
    yield from _doubled(((*path, "branches", i, "region"), branch.region) for i, branch in enumerate(office.branches))


def _superior_rings(catalog: Catalog) -> Iterator[Found]:
    """Each ring of superiors once, at the first office of it in the file."""
    above = {office.key: office.superior for office in catalog.offices}
    told: set[str] = set()
    for i, office in enumerate(catalog.offices):
        ring = _ring(office.key, above)
        if ring and not told.intersection(ring):
            told.update(ring)
            way = " → ".join((*ring, office.key))
            yield Found(
                ("offices", i, "superior"), office.superior, f"上级单位绕成一圈: {way}", "去掉其中一处 superior"
            )


def _ring(key: str, above: Mapping[str, str | None]) -> list[str]:
    """The offices from `key` up and back to it; [] if the way up does not come back."""
    way, at = [key], above.get(key)
    while at and at not in way:
        way.append(at)
        at = above.get(at)
    return way if at == key else []


# ---- routes and rules ----


def _walk(node: Route, path: Path_) -> Iterator[tuple[Path_, Route]]:
    yield path, node
    for i, child in enumerate(node.routes):
        yield from _walk(child, (*path, "routes", i))


def _root(root: Route) -> Iterator[Found]:
    if not root.lead:
        yield Found(("routes",), None, "缺少默认主办单位 lead", "在 routes.yaml 顶层写上 lead, 使每件事都有单位承接")
    elif root.lead == HINT:
        yield Found(("routes", "lead"), HINT, "默认主办单位必须是具体单位", "研判可能给不出单位, 改为单位键名, 如 duty")
    if not _is_empty(root.match):
        yield Found(("routes", "match"), None, "默认规则不能有条件", "删去顶层的 match, 把条件移到 routes 下的规则")


def _route(node: Route, path: Path_, above: Sequence[Match], known: _Known) -> Iterator[Found]:
    if node.lead and node.lead != HINT:
        yield from _unknown((*path, "lead"), node.lead, "责任单位", known.offices, "offices.yaml")
    for i, key in enumerate(node.helps):
        yield from _unknown((*path, "helps", i), key, "责任单位", known.offices, "offices.yaml")
    if node.clocks:
        yield from _unknown((*path, "clocks"), node.clocks, "时限组", known.clock_sets, "clocks.yaml")
    yield from _match(node.match, (*path, "match"), known)
    yield from _contradicts(node.match, (*path, "match"), above)
    for i, child in enumerate(node.routes):
        yield from _shadowed(node.routes, i, (*path, "routes", i))
        yield from _route(child, (*path, "routes", i), (*above, node.match), known)


def _match(match: Match, path: Path_, known: _Known) -> Iterator[Found]:
    for name, (what, values) in known.match.items():
        for i, value in enumerate(getattr(match, name)):
            yield from _unknown((*path, name, i), value, what, values, f"{name}.yaml" if name in _FILES else "")
    for i, word in enumerate(match.words):
        if not word.strip():
            yield Found((*path, "words", i), word, "空词会匹配所有信息", "删去")


def _contradicts(match: Match, path: Path_, above: Sequence[Match]) -> Iterator[Found]:
    """A list none of whose values the node above lets through."""
    for name in ("topics", "offices", "kinds", "intents", "sentiments"):
        own = set(getattr(match, name))
        limits = [set(getattr(one, name)) for one in above if getattr(one, name)]
        if own and any(own.isdisjoint(limit) for limit in limits):
            yield Found((*path, name), sorted(own), "与上级规则的条件矛盾, 永远不会匹配", "改条件, 或把规则移到别处")


def _shadowed(siblings: Sequence[Route], i: int, path: Path_) -> Iterator[Found]:
    node = siblings[i]
    before = next((other for other in siblings[:i] if _covers(other.match, node.match)), None)
    if before:
        why = "没有条件" if _is_empty(before.match) else "条件更宽"
        yield Found(
            path,
            node.key,
            f"永远轮不到: 前面的规则 {before.key} {why}",
            f"把它移到 {before.key} 之前, 或收紧 {before.key} 的条件",
        )


def _is_empty(match: Match) -> bool:
    return match == Match()


def _covers(wide: Match, narrow: Match) -> bool:
    """Whether every post that `narrow` takes is taken by `wide` too."""
    return wide.severity_min <= narrow.severity_min and all(_covers_list(wide, narrow, name) for name in _LISTS)


def _covers_list(wide: Match, narrow: Match, name: str) -> bool:
    limit, values = getattr(wide, name), getattr(narrow, name)
    if not limit:
        return True
    if name == "regions":
        return bool(values) and all(any(region_within(value, code) for code in limit) for value in values)
    if name == "words":
        return bool(values) and all(any(word in value for word in limit) for value in values)
    return bool(values) and set(values) <= set(limit)


def _rule(rule: Rule, path: Path_, known: _Known) -> Iterator[Found]:
    match, never = rule.match, "规则永远不会触发"
    yield from _match(match, (*path, "match"), known)
    if rule.kind == "threshold" and rule.sources > rule.posts:
        why = f"{rule.posts} 条信息不可能来自更多来源, {never}"
        yield Found((*path, "sources"), rule.sources, why, "sources 不要大于 posts")
    named = len(set(match.sources))
    if rule.kind == "threshold" and 0 < named < rule.sources:
        why = f"match.sources 只有 {named} 个来源, {never}"
        yield Found((*path, "sources"), rule.sources, why, "减小 sources 或增加来源")
    kinds = {known.publishes.get(key, "") for key in match.sources}
    if match.kinds and kinds and kinds.isdisjoint(match.kinds):
        why = f"match.sources 的来源没有这些种类的信息, {never}"
        yield Found((*path, "match", "kinds"), list(match.kinds), why, "改 kinds 或 sources")
    if set(match.topics) == {"none"}:
        yield Found((*path, "match", "topics"), ["none"], f"与政府职责无关的信息不立案, {never}", "改 topics")


# ---- clocks ----


def _clock(clock: Clock, path: Path_) -> Iterator[Found]:
    if clock.hours is None and clock.working_days is None:
        yield Found(path, clock.key, "时限没有长度", "写上 hours(小时)或 working_days(工作日)")
    if clock.hours is not None and clock.working_days is not None:
        yield Found((*path, "working_days"), clock.working_days, "hours 和 working_days 只能写一个", "删去其中一个")
    if clock.hours is not None and clock.due_soon_hours >= clock.hours:
        yield Found(
            (*path, "due_soon_hours"), clock.due_soon_hours, f"提醒早于时限开始(共 {clock.hours:g} 小时)", "改小"
        )
    if not clock.done_by:
        yield Found((*path, "done_by"), None, "没有动作能停止这个时限", "写上办理动作, 如 [answer, close]")
    for i, action in enumerate(clock.done_by):
        yield from _unknown((*path, "done_by", i), action, "办理动作", ACTIONS)


def _clock_sets(catalog: Catalog, known: _Known) -> Iterator[Found]:
    sets = catalog.clock_sets
    for i, item in enumerate(sets):
        path = ("clock_sets", i)
        yield from _clock_set(item, path, known)
        before = next((one for one in sets[:i] if _takes_all(one, item)), None)
        if before and item.key not in known.named_sets:
            why = f"永远轮不到: 前面的 {before.key} 条件更宽, 也没有派单规则指定它"
            yield Found(path, item.key, why, f"移到 {before.key} 之前, 或删去")
    if not any(not item.grades and item.severity_min == 1 for item in sets):
        why = "缺少没有条件的时限组, 有的案件会没有时限"
        yield Found(("clock_sets",), None, why, "在最后加一个不写 grades 和 severity_min 的时限组")


def _clock_set(item: ClockSet, path: Path_, known: _Known) -> Iterator[Found]:
    for n, key in enumerate(item.clocks):
        yield from _unknown((*path, "clocks", n), key, "时限", known.clocks, "clocks")
    yield from _doubled(((*path, "clocks", n), key) for n, key in enumerate(item.clocks))
    for n, grade in enumerate(item.grades):
        yield from _unknown((*path, "grades", n), grade, "事件分级", GRADES)


def _takes_all(wide: ClockSet, narrow: ClockSet) -> bool:
    """Whether every case that `narrow` takes is taken by `wide` too."""
    grades = not wide.grades or (bool(narrow.grades) and set(narrow.grades) <= set(wide.grades))
    return grades and wide.severity_min <= narrow.severity_min


# ---- regions, sources, calendar, sheet ----


def _regions(catalog: Catalog) -> Iterator[Found]:
    codes: list[tuple[Path_, str]] = []
    for p, province in enumerate(catalog.provinces):
        at: tuple[str | int, ...] = ("provinces", p)
        codes.append(((*at, "code"), province.code))
        for c, city in enumerate(province.cities):
            here = (*at, "cities", c)
            codes.append(((*here, "code"), city.code))
            yield from _inside((*here, "code"), city.code, province.code, province.name)
            for n, county in enumerate(city.counties):
                codes.append(((*here, "counties", n, "code"), county.code))
                yield from _inside((*here, "counties", n, "code"), county.code, city.code, city.name)
    yield from _doubled(codes)


def _inside(path: Path_, code: str, parent: str, name: str) -> Iterator[Found]:
    if not region_within(code, parent):
        yield Found(path, code, f"代码不属于{name}({parent})", "核对 GB/T 2260 代码")


def _sources(catalog: Catalog, known: _Known) -> Iterator[Found]:
    for i, source in enumerate(catalog.sources):
        if source.region:
            yield from _unknown(("sources", i, "region"), source.region, "区划代码", known.regions, "regions.yaml")
    first: dict[str, str] = {}
    for i, source in enumerate(catalog.sources):
        if source.enabled and first.setdefault(source.url, source.key) != source.key:
            yield Found(
                ("sources", i, "url"), source.url, f"与已启用的来源 {first[source.url]} 网址相同", "停用或删去其中一个"
            )


def _calendar(catalog: Catalog) -> Iterator[Found]:
    days = catalog.calendar
    for i, day in enumerate(days.workdays):
        if day in days.holidays:
            yield Found(("calendar", "workdays", i), day, "同一天既放假又上班", "从 holidays 或 workdays 中删去")


def _sheet(catalog: Catalog) -> Iterator[Found]:
    sheet = catalog.sheet
    for i, field in enumerate(sheet.required):
        yield from _unknown(("sheet", "required", i), field, "字段", sheet.columns.keys(), "columns")
    owner: dict[str, str] = {}
    for field, names in sheet.columns.items():
        for i, name in enumerate(names):
            first = owner.setdefault(name, field)
            if first != field:
                yield Found(("sheet", "columns", field, i), name, f"同一列名也写在 {first} 下", "只留在一个字段下")
