"""Who a word of misconduct is said of: the nearest body before it in the sentence, by the part which that body plays.

An office that is asked for help (请人社局) or that is only where somebody went (向人社局反映) does not play the part of the one
who does it; one that suffers the mention (被城管) does. Between name and word a company, a teacher, a neighbour takes the
word for itself, unless it is only the object (收了老板的好处).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from alerts.accused_names import Named, Names
from alerts.accused_words import Class, patterns

_STOPS = "。！？；!?;\\n…"
# between two sentences: stops, or two spaces; a set of letters comes first as that is looked for quicker than a choice
_SENTENCES = re.compile(rf"[{_STOPS}\s](?:(?<=[{_STOPS}])[{_STOPS}]*|\s+)")
COMMAS = "，、,：:"
_COMMA = re.compile(f"[{COMMAS}]")
FAR = 44  # characters between name and word
MANY = 3  # commas between name and word
SHORT = 160  # characters of a text in which every word is to the point
TELLING = 3  # characters of a clause that says something of an office
CLOSE = 8  # characters between a loose name and the word

Part = Literal["does", "asked", "told", "thing", "posed"]


@dataclass(frozen=True, slots=True)
class Body:
    """An office in a sentence with the part it plays."""

    named: Named
    part: Part

    @property
    def start(self) -> int:
        return self.named.start

    @property
    def end(self) -> int:
        return self.named.end


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of misconduct in a sentence."""

    kind: Class
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Charge:
    """That a sentence accuses an office, with the words of the sentence."""

    key: str
    kind: Class
    phrase: str


def charges(names: Names, text: str, *, negative: bool = False) -> Iterator[Charge]:
    """Every accusation in the text, in its order.

    Args:
        negative: the text complains: then, where it is short, an office of which something is said that is neither its
            ordinary work nor asked of it counts as accused, whatever the words. Long texts name offices in passing.
    """
    if not names.any(text):
        return
    doubtful = negative and len(text) <= SHORT
    before: Body | None = None
    for sentence in _SENTENCES.split(text):
        found = names.found(sentence)
        if not found and before is None:
            continue
        bodies = [Body(one, _part(sentence, one)) for one in found]
        yield from _complaints(sentence, bodies)
        for hit in _hits(sentence):
            yield from _charges(sentence, hit, bodies, before)
        if doubtful and bodies:
            yield from _doubts(sentence, bodies)
        before = _last(bodies)


def _last_clause(before: str) -> str:
    """What stands behind the last comma."""
    return _COMMA.split(before)[-1]


def _last(bodies: Sequence[Body]) -> Body | None:
    """The office that the next sentence may mean by 他们, or by nobody; where it stands says nothing there."""
    return next((body for body in reversed(bodies) if body.part in ("does", "told")), None)


def _hits(sentence: str) -> list[Hit]:
    """The words of misconduct, those that are contained in another left out."""
    if not patterns().any_class.search(sentence):
        return []
    found = [
        Hit(kind, match.start(), match.end())
        for kind, pattern in patterns().classes
        for match in pattern.finditer(sentence)
        if match.end() > match.start()
    ]
    if any(hit.kind == "insisted" for hit in found) and not patterns().insistence.search(sentence):
        found = [hit for hit in found if hit.kind != "insisted"]
    return sorted(found, key=lambda hit: (hit.start, -hit.end))


def _part(sentence: str, named: Named) -> Part:
    its = patterns()
    before, after = _last_clause(sentence[: named.start]), sentence[named.end :]
    if its.thing.match(after):
        return "told" if its.phoned.search(before) else "thing"
    if its.posing.search(before):
        return "posed"
    if its.suffered.search(before) or its.complained.search(before):
        return "does"
    if (wish := its.wished.search(before)) and not its.object.search(wish.group(1)):
        return "asked"
    if its.told.search(before):
        return "told"
    return "does"


def _complaints(sentence: str, bodies: Sequence[Body]) -> Iterator[Charge]:
    """我要举报人社局, 好一个人社局: the office is what is complained of, not whom it is told to."""
    its = patterns()
    for body in bodies:
        clause = _last_clause(sentence[: body.start])
        verb = its.complained.search(clause)
        if verb and not body.named.loose and its.complained_of.match(sentence[body.end :]):
            yield Charge(body.named.key, "discipline", verb.group() + sentence[body.start : body.end])
        if mock := its.mocked.search(clause):
            yield Charge(body.named.key, "conduct", mock.group() + sentence[body.start : body.end])


def _charges(sentence: str, hit: Hit, bodies: Sequence[Body], before: Body | None) -> Iterator[Charge]:
    if _taken_back(sentence, hit):
        return
    if hit.kind == "leaks":
        yield from (
            Charge(one.named.key, hit.kind, sentence[hit.start : hit.end]) for one in bodies if _within(one, hit)
        )
    at = _doer(sentence, hit, bodies)
    if at is None:
        if ahead := _ahead(sentence, hit, bodies):
            yield ahead
        elif before is not None and not bodies and _carried(sentence, hit, before):
            yield Charge(before.named.key, hit.kind, sentence[hit.start : hit.end])
        return
    if not _said_of(sentence, hit, bodies[at]):
        return
    first = at
    while first and patterns().beside.fullmatch(sentence[bodies[first - 1].end : bodies[first].start]):
        first -= 1
    for body in bodies[first : at + 1]:
        yield Charge(body.named.key, hit.kind, _speaking(sentence, body, hit))


def _speaking(sentence: str, body: Body, hit: Hit) -> str:
    """From the name to the word; where commas lie between them only the clause that holds the word."""
    clause = _last_clause(sentence[body.start : hit.start])
    return sentence[hit.start - len(clause) : hit.end].strip()


def _doubts(sentence: str, bodies: Sequence[Body]) -> Iterator[Charge]:
    """Offices that do something in a complaint which is not known to be harmless."""
    its = patterns()
    if its.asking.search(sentence) or its.thanked.search(sentence) or its.supposed.search(sentence):
        return
    for body in bodies:
        rest = sentence[body.end :]
        clause = next((one for one in _COMMA.split(rest) if one), "")
        if body.part != "does" or body.named.loose or body.named.company or len(clause) < TELLING or rest[0] == "、":
            continue
        if its.routine.search(clause) or _of_others(sentence[: body.start][-TELLING * 4 :]) or _others_after(rest):
            continue
        yield Charge(body.named.key, "conduct", sentence[body.start : sentence.index(clause, body.end) + len(clause)])


def _others_after(rest: str) -> bool:
    """Whether a later clause begins with somebody else, of whom the complaint then is: 城管来过，店家……"""
    return any(patterns().others.match(clause) for clause in _COMMA.split(rest)[1:])


def _within(body: Body, hit: Hit) -> bool:
    return hit.start <= body.start and body.end <= hit.end


def _doer(sentence: str, hit: Hit, bodies: Sequence[Body]) -> int | None:
    """The nearest office before the word, by its place in the list; a place's name that is too far off is none."""
    for at in range(len(bodies) - 1, -1, -1):
        body = bodies[at]
        gap = sentence[body.end : hit.start]
        if body.end > hit.start or body.part in ("thing", "posed"):
            continue
        if body.named.loose and (len(gap) > CLOSE or _COMMA.search(gap)):
            continue
        return at
    return None


def _taken_back(sentence: str, hit: Hit) -> bool:
    """Denied, supposed, condemned: 没有推诿, 如果推诿, 对推诿零容忍."""
    its = patterns()
    clause = _last_clause(sentence[: hit.start])
    rest = sentence[hit.end :]
    if its.supposed.search(clause):
        return True
    if re.search(r"(?:对|对于|针对|就|向)[^，]{0,8}$", clause) and its.condemned.search(rest[:12]):
        return True
    denied = its.denied.search(clause)
    if not denied or its.doubted.search(clause[-8:] + sentence[hit.start : hit.end + 8]):
        return False
    return not its.again.search(denied.group(1))


def _said_of(sentence: str, hit: Hit, body: Body) -> bool:
    gap = sentence[body.end : hit.start]
    commas = len(_COMMA.findall(gap))
    if len(gap) > FAR or commas > MANY:
        return False
    if body.named.company and hit.kind in ("neglect", "insisted"):
        return False
    if hit.kind == "leaks":
        return body.part != "asked"
    if hit.kind == "gifts" and body.part == "told":
        return patterns().given.search(sentence[: body.start]) is not None
    if _at_work(gap) or _of_others(_by_phone(sentence, body, gap)):
        return False
    return _does(sentence, hit, body, gap, commas)


def _does(sentence: str, hit: Hit, body: Body, gap: str, commas: int) -> bool:
    its = patterns()
    if body.part == "asked":  # 请你们不要再推诿 owns up that they do
        denied = its.denied.search(gap)
        return (
            denied is not None and its.again.search(denied.group(1)) is not None and hit.kind in ("conduct", "neglect")
        )
    if body.part == "told":
        if hit.kind == "discipline" and not commas and its.tied.search(sentence[: body.start]):
            return not its.told_what.search(gap)
        told = its.told_what.search(gap)
        if hit.kind in ("neglect", "insisted"):
            return True
        return commas > 0 or (not told and its.they.search(gap) is not None)
    clause = _last_clause(sentence[: body.start])
    return not its.thanked.search(clause) or commas == 0


def _of_others(gap: str) -> bool:
    """Whether somebody else in between is the one who does it."""
    its = patterns()
    gap = re.sub(r"^(?:里|内|内部|那边|这边)?有(?:些|的)?人", "", gap)
    for other in its.others.finditer(gap):
        if its.object_mark.search(gap[: other.start()]) or gap[other.end() : other.end() + 1] == "的":
            continue
        return True
    return False


def _by_phone(sentence: str, body: Body, gap: str) -> str:
    """致电住建局, 对方……: who is at the other end is the office."""
    return gap.replace("对方", "") if patterns().phoned.search(sentence[: body.start]) else gap


def _at_work(gap: str) -> bool:
    return patterns().doing.search(gap) is not None


def _ahead(sentence: str, hit: Hit, bodies: Sequence[Body]) -> Charge | None:
    """不作为的人社局: the word stands before the name and is said of it."""
    for body in bodies:
        gap = sentence[hit.end : body.start]
        if body.start >= hit.end and re.fullmatch(rf"[^{COMMAS}]{{0,4}}的[^的{COMMAS}]{{0,4}}", gap):
            clause = _last_clause(sentence[: hit.start])
            if not patterns().others.search(clause + gap):
                return Charge(body.named.key, hit.kind, sentence[hit.start : body.end])
    return None


def _carried(sentence: str, hit: Hit, before: Body) -> bool:
    """Whether a sentence that names no body speaks of the office of the sentence before."""
    its = patterns()
    lead = sentence[: hit.start]
    if its.others.search(lead) or len(lead) > FAR or before.named.loose:
        return False
    if before.named.company and hit.kind in ("neglect", "insisted"):
        return False
    if its.they.search(lead):
        return True
    return hit.kind not in ("discipline", "gifts") and len(lead) <= CLOSE and not re.search(r"[我咱]", lead)
