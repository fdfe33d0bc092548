"""Which office leads, which help, on what basis: the tree of configs/routes.yaml, explained in Chinese sentences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from alerts.accused import Accusation, accusations, complains, words
from alerts.match import Subject, found_word, matches, subject_of_event
from alerts.model import Event
from configs.catalog import Catalog, Office, Route
from stream.messages import Judgement

HINT = "@hint"
DISCIPLINE = "jiwei"
PETITIONS = "xinfang"
EARLIER = Accusation("", "conduct")  # by an earlier post of the event, whose text is not at hand


@dataclass(frozen=True, slots=True)
class Decision:
    """Where an event goes. `lead` and `helps` are office ids ("renshe@330109" is a branch).

    `route`: the keys of the nodes from the root to the one that decided. `clocks`: the clock set that the route names,
    or "". `why`: Chinese sentences for staff. `never`: keys of the offices that are accused. `version`: of the tree.
    """

    lead: str
    helps: tuple[str, ...]
    basis: str
    source: str
    route: tuple[str, ...]
    why: tuple[str, ...]
    clocks: str = ""
    never: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Office keys, not yet branches."""

    lead: str
    helps: tuple[str, ...]
    why: tuple[str, ...]


def decide_route(
    catalog: Catalog, event: Event, judged: Judgement | None, text: str, accused: Collection[str] = ()
) -> Decision:
    """Always names an office: what no branch of the tree takes, the root takes.

    Args:
        judged: of the post that brings the event up; None: the event alone decides.
        text: title and text of that post.
        accused: keys of offices that earlier posts of the event accuse.
    """
    subject = subject_of_event(event, judged, text)
    path = walk(catalog.routes, subject)
    said = accusations(catalog.offices, text, negative=complains(judged))
    against = dict.fromkeys(accused, EARLIER) | said
    against.pop(_root_lead(catalog), None)  # whoever is on duty reads everything that comes in
    chosen = _keep_from_accused(catalog, _choose(catalog, path, subject), against)
    lead = branch_id(catalog, chosen.lead, event.region)
    helps = tuple(branch_id(catalog, key, event.region) for key in chosen.helps if key != chosen.lead)
    basis = _inherited(path, "basis")
    return Decision(
        lead=lead,
        helps=helps,
        basis=basis,
        source=_inherited(path, "source"),
        route=tuple(node.key for node in path),
        why=(*chosen.why, *_explain_place(catalog, event, lead), *_explain_rest(catalog, helps, basis)),
        clocks=_inherited(path, "clocks"),
        never=tuple(against),
        version=catalog.routes_version,
    )


def instead_of(catalog: Catalog, office_id: str, against: Mapping[str, Accusation], region: str) -> str:
    """The office id that has a case in place of one that is accused."""
    return branch_id(catalog, _instead(catalog, office_id.partition("@")[0], against), region)


def walk(root: Route, subject: Subject) -> list[Route]:
    """The nodes from the root to the one that decides."""
    path = [root]
    while child := next((node for node in path[-1].routes if matches(node.match, subject)), None):
        path.append(child)
    return path


def branch_id(catalog: Catalog, key: str, region: str) -> str:
    """The office's branch in the county, else in the city, else the office itself."""
    office = catalog.office.get(key)
    regions = {branch.region for branch in office.branches} if office else set()
    wanted = next((code for code in (region, f"{region[:4]}00") if code in regions), "")
    return f"{key}@{wanted}" if wanted else key


def is_province(region: str) -> bool:
    """Whether a region's code (GB/T 2260) says no more than the province."""
    return region.endswith("0000")


def superior_id(catalog: Catalog, office_id: str, region: str) -> str:
    """The office that is told when clocks of this one run out; "" if it has none."""
    office = catalog.office.get(office_id.partition("@")[0])
    if office is None or not office.superior or office.superior == office.key:
        return ""
    return branch_id(catalog, office.superior, region)


def _choose(catalog: Catalog, path: Sequence[Route], subject: Subject) -> _Chosen:
    node = path[-1]
    helps = next((one.helps for one in reversed(path) if one.helps), ())
    lead, hinted = _lead(catalog, path, subject)
    name = catalog.office_name(lead)
    if hinted:
        why = f"规则要求按业务主管部门派单，研判认为应由{name}办理。"
    elif node.lead == HINT:
        why = f"研判没有给出可用的单位，改由上级规则的主办单位{name}办理。"
    else:
        why = f"按派单规则，由{name}主办。"
    return _Chosen(lead, helps, (_explain_node(catalog, path, subject), why))


def _lead(catalog: Catalog, path: Sequence[Route], subject: Subject) -> tuple[str, bool]:
    """The nearest lead up the path that names an office that exists, and whether the hint named it."""
    for node in reversed(path):
        if node.lead == HINT and subject.office in catalog.office:
            return subject.office, True
        if node.lead in catalog.office:
            return node.lead, False
    return _root_lead(catalog), False


def _keep_from_accused(catalog: Catalog, chosen: _Chosen, against: Mapping[str, Accusation]) -> _Chosen:
    """Send nothing to an office that is accused."""
    hit = [key for key in (chosen.lead, *chosen.helps) if key in against]
    if not hit:
        return chosen
    why = [*chosen.why, *(_explain_accused(catalog, key, against[key]) for key in hit)]
    helps = tuple(key for key in chosen.helps if key not in against)
    if chosen.lead not in against:
        return replace(chosen, helps=helps, why=(*why, f"因此不列{_names(catalog, hit)}为协办单位。"))
    lead = _instead(catalog, chosen.lead, against)
    secret = against[chosen.lead].kind == "discipline"  # no other office is let in on it
    helps = () if secret else tuple(key for key in helps if key != lead)
    why.append(f"因此改由{catalog.office_name(lead)}办理，不转给被反映单位。")
    return replace(chosen, lead=lead, helps=helps, why=tuple(why))


def _instead(catalog: Catalog, key: str, against: Mapping[str, Accusation]) -> str:
    """Discipline matters go to the discipline office, others up the chain; to the root when all are accused."""
    above = superiors(catalog.office, key)
    order = [DISCIPLINE, *above] if against[key].kind == "discipline" else [*above, DISCIPLINE]
    order += [PETITIONS, catalog.routes.lead, *catalog.office]
    free = (one for one in order if one in catalog.office and one not in against)
    return next(free, _root_lead(catalog))


def _root_lead(catalog: Catalog) -> str:
    lead = catalog.routes.lead
    return lead if lead in catalog.office else catalog.offices[0].key


def superiors(offices: Mapping[str, Office], key: str) -> list[str]:
    """The chain of superiors, nearest first; a ring in it ends it."""
    chain: list[str] = []
    office = offices.get(key)
    while office and office.superior and office.superior not in (key, *chain):
        chain.append(office.superior)
        office = offices.get(office.superior)
    return chain


def _inherited(path: Sequence[Route], name: str) -> str:
    return next((value for node in reversed(path) if (value := getattr(node, name))), "")


def _explain_node(catalog: Catalog, path: Sequence[Route], subject: Subject) -> str:
    node = path[-1]
    topic = catalog.topic.get(subject.topic)
    about = f"事项归为“{topic.name}”" if topic else "事项未归入已知类别"
    if len(path) == 1:
        return f"{about}，没有更具体的派单规则，适用默认规则“{node.name or node.key}”。"
    word = found_word(node.match, subject)
    return f"{about}，适用派单规则“{node.name or node.key}”{f'(文中有“{word}”)' if word else ''}。"


def _explain_accused(catalog: Catalog, key: str, found: Accusation) -> str:
    name = catalog.office_name(key)
    said = f"文中“{found.phrase}”直接指向{name}" if found.phrase else f"同一事件此前的信息直接指向{name}"
    return f"{said}({words().source}: 检举控告材料不得转给被检举控告的单位)。"


def _explain_place(catalog: Catalog, event: Event, lead: str) -> tuple[str, ...]:
    where = event.place or catalog.place_name(event.region)
    if not where:
        return ("地点不明，由本级单位先行承接。",)
    if is_province(event.region):
        return (f"地点未能定位到市县(只知在{where})，由本级单位先行承接。",)
    if "@" in lead:
        return (f"地点在{where}，由当地的{catalog.office_name(lead)}承办(属地管理)。",)
    return (f"地点在{where}，当地没有登记的下设机构，由本级单位承办。",)


def _explain_rest(catalog: Catalog, helps: Sequence[str], basis: str) -> tuple[str, ...]:
    sentences = (
        f"协办单位: {_names(catalog, helps)}。" if helps else "",
        f"依据: {basis}。" if basis else "",
        f"派单规则版本 {catalog.routes_version}。",
    )
    return tuple(sentence for sentence in sentences if sentence)


def _names(catalog: Catalog, office_ids: Sequence[str]) -> str:
    return "、".join(catalog.office_name(office_id) for office_id in office_ids)
