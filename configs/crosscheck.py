"""What no single file can tell: names that lead nowhere, rules that nothing reaches, deadlines that are none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import get_args

from configs.catalog import Catalog, Match, Office, Route, Rule, Source, region_within
from configs.catalog_files import CatalogLines
from configs.crosscheck_clocks import clock_problems
from configs.crosscheck_quiet import quiet_problems
from configs.crosscheck_rules import window_problems
from configs.errors import Problem
from configs.found import Found, doubled, unknown
from configs.yaml_lines import Path_, show

HINT = "@hint"
NO_OFFICE = "none"  # the classifier's hint when no office is concerned

KINDS: tuple[str, ...] = get_args(Source.model_fields["publishes"].annotation)
INTENTS = ("complaint", "help", "ask", "suggest", "report", "praise", "other")
SENTIMENTS = ("neg", "neu", "pos")
_FILES = ("topics", "offices", "regions", "sources")  # the lists of a Match whose values stand in a file of that name
_LISTS = ("topics", "offices", "regions", "sources", "kinds", "intents", "sentiments", "words")


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
        clock_problems(catalog, known.match, known.named_sets),
        _regions(catalog),
        _sources(catalog, known),
        _calendar(catalog),
        quiet_problems(catalog.quiet),
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


# ---- keys ----


def _doubled_keys(catalog: Catalog) -> Iterator[Found]:
    for part in ("topics", "offices", "rules", "clocks", "clock_sets", "sources"):
        items = getattr(catalog, part)
        yield from doubled(((part, i, "key"), item.key) for i, item in enumerate(items))
    yield from doubled(((*path, "key"), node.key) for path, node in _walk(catalog.routes, ("routes",)))


# ---- offices ----


def _office(office: Office, path: Path_, known: _Known) -> Iterator[Found]:
    if office.superior:
        yield from unknown((*path, "superior"), office.superior, "责任单位", known.offices, "offices.yaml")
    if office.label:
        yield from unknown((*path, "label"), office.label, "责任单位", {*known.offices, NO_OFFICE}, "offices.yaml")
    start, _, end = office.hours.partition("-")
    if end <= start:
        yield Found(
            (*path, "hours"),
            office.hours,
            "办公时间的结束不晚于开始",
            '写成 "08:30-17:30" 的样子，全天写 "00:00-23:59"',
        )
    for i, branch in enumerate(office.branches):
        where = (*path, "branches", i, "region")
        yield from unknown(where, branch.region, "区划代码", known.regions, "regions.yaml")
    yield from doubled(((*path, "branches", i, "region"), branch.region) for i, branch in enumerate(office.branches))


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
        yield Found(("routes",), None, "缺少默认主办单位 lead", "在 routes.yaml 顶层写上 lead，使每件事都有单位承接")
    elif root.lead == HINT:
        yield Found(("routes", "lead"), HINT, "默认主办单位必须是具体单位", "研判可能给不出单位，改为单位键名，如 duty")
    if not _is_empty(root.match):
        yield Found(("routes", "match"), None, "默认规则不能有条件", "删去顶层的 match，把条件移到 routes 下的规则")


def _route(node: Route, path: Path_, above: Sequence[Match], known: _Known) -> Iterator[Found]:
    if node.lead and node.lead != HINT:
        yield from unknown((*path, "lead"), node.lead, "责任单位", known.offices, "offices.yaml")
    for i, key in enumerate(node.helps):
        yield from unknown((*path, "helps", i), key, "责任单位", known.offices, "offices.yaml")
    if node.clocks:
        yield from unknown((*path, "clocks"), node.clocks, "时限组", known.clock_sets, "clocks.yaml")
    yield from _match(node.match, (*path, "match"), known)
    yield from _contradicts(node.match, (*path, "match"), above)
    for i, child in enumerate(node.routes):
        yield from _shadowed(node.routes, i, (*path, "routes", i))
        yield from _route(child, (*path, "routes", i), (*above, node.match), known)


def _match(match: Match, path: Path_, known: _Known) -> Iterator[Found]:
    for name, (what, values) in known.match.items():
        for i, value in enumerate(getattr(match, name)):
            yield from unknown((*path, name, i), value, what, values, f"{name}.yaml" if name in _FILES else "")
    for i, word in enumerate(match.words):
        if not word.strip():
            yield Found((*path, "words", i), word, "空词会匹配所有信息", "删去")


def _contradicts(match: Match, path: Path_, above: Sequence[Match]) -> Iterator[Found]:
    """A list none of whose values the node above lets through."""
    for name in ("topics", "offices", "kinds", "intents", "sentiments"):
        own = set(getattr(match, name))
        limits = [set(getattr(one, name)) for one in above if getattr(one, name)]
        if own and any(own.isdisjoint(limit) for limit in limits):
            yield Found((*path, name), sorted(own), "与上级规则的条件矛盾，永远不会匹配", "改条件，或把规则移到别处")


def _shadowed(siblings: Sequence[Route], i: int, path: Path_) -> Iterator[Found]:
    node = siblings[i]
    before = next((other for other in siblings[:i] if _covers(other.match, node.match)), None)
    if before:
        why = "没有条件" if _is_empty(before.match) else "条件更宽"
        yield Found(
            path,
            node.key,
            f"永远轮不到: 前面的规则 {before.key} {why}",
            f"把它移到 {before.key} 之前，或收紧 {before.key} 的条件",
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
    yield from window_problems(rule, path)
    if rule.kind == "threshold" and rule.sources > rule.posts:
        why = f"{rule.posts} 条信息不可能来自更多来源，{never}"
        yield Found((*path, "sources"), rule.sources, why, "sources 不要大于 posts")
    named = len(set(match.sources))
    if rule.kind == "threshold" and 0 < named < rule.sources:
        why = f"match.sources 只有 {named} 个来源，{never}"
        yield Found((*path, "sources"), rule.sources, why, "减小 sources 或增加来源")
    kinds = {known.publishes.get(key, "") for key in match.sources}
    if match.kinds and kinds and kinds.isdisjoint(match.kinds):
        why = f"match.sources 的来源没有这些种类的信息，{never}"
        yield Found((*path, "match", "kinds"), list(match.kinds), why, "改 kinds 或 sources")
    if set(match.topics) == {"none"}:
        yield Found((*path, "match", "topics"), ["none"], f"与政府职责无关的信息不立案，{never}", "改 topics")


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
    yield from doubled(codes)


def _inside(path: Path_, code: str, parent: str, name: str) -> Iterator[Found]:
    if not region_within(code, parent):
        yield Found(path, code, f"代码不属于{name}({parent})", "核对 GB/T 2260 代码")


def _sources(catalog: Catalog, known: _Known) -> Iterator[Found]:
    for i, source in enumerate(catalog.sources):
        if source.region:
            yield from unknown(("sources", i, "region"), source.region, "区划代码", known.regions, "regions.yaml")
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
        yield from unknown(("sheet", "required", i), field, "字段", sheet.columns.keys(), "columns")
    owner: dict[str, str] = {}
    for field, names in sheet.columns.items():
        for i, name in enumerate(names):
            first = owner.setdefault(name, field)
            if first != field:
                yield Found(("sheet", "columns", field, i), name, f"同一列名也写在 {first} 下", "只留在一个字段下")
