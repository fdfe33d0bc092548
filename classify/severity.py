"""Facts of harm that a text states, and the floor that they put under its severity.

A number counts only in its clause: as deaths or injured when such a word stands close by, as people, households or money
when the clause tells of harm. Drills, denials, suppositions, budgets and prices are no harm. Rules: configs/severity.yaml.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classify.clean import BMP, Folded, code_points
from classify.numerals import NUMBER, number
from configs.severity import GradeRule, SeverityRules
from stream.messages import Facts, Grade, Reason

Fact = Literal["deaths", "injured", "people", "households", "money"]
Field = Literal["title", "text"]
Harm = Literal["", "serious", "sick"]

_PERSON = (
    r"[名位]|个?(?:人(?![次民大行均口气手才体物格生类间事力文工家])|学生|同学|孩子|小孩|儿童|幼儿|娃|居民|村民|业主|工人|职工|员工|民工|农民|老人|患者"
    r"|病人|游客|乘客|群众|师生|家长|市民|教师|老师|消费者|会员|受害|投资|平民|男子|女子|司机|骑手|师傅|老乡|兄弟|工友|矿工|村干)"
)
_HOUSE = r"户(?![口籍外型头主名])|[家个](?:住户|农户|商户|业主|养殖户|门店|店铺|摊位)|多?家(?:人家)"
_YUAN = r"元|块|人民币|钱"
_COUNT = re.compile(
    rf"(?P<number>(?!12345[^0-9]){NUMBER})"
    rf"(?:(?P<money>(?:{_YUAN})|(?<=[万亿])(?![人户名位个吨平亩次辆件只张家级条步粉块]))|(?P<house>{_HOUSE})|(?P<people>{_PERSON}))"
)
_TOLL = re.compile(
    rf"(?<![一二三四五六七八九十百0-9])(?P<dead>{NUMBER})死(?!一生|不)(?:[,、]?(?P<hurt>{NUMBER})(?:重|轻)?伤)?"
)
_BREAK = re.compile(r"[,。;!?\n|:]|\.(?![0-9])")
_BREAK_BEFORE = re.compile(r"[^,。;!?\n|:]*")
_NUMERALS = "0123456789.一二三四五六七八九十百千两几数零〇万亿余多来"
_LARGE = (ord("万"), ord("亿"))
_UNIT_STARTS = "名位人户家元块钱学同孩小儿幼娃居村业工职员民农老患病游乘群师市教消会受投平男女司骑兄矿"
_ORDINALS = ("第", "每", "各", "/", "-", ".")
GRADED = ("deaths", "serious", "injured", "sick", "money")
_NEAR = 12  # characters between a number of people and the word that says what befell them


@dataclass(frozen=True, slots=True)
class Found:
    """One number of harm with its phrase: offsets in the field as written. `harm`: how the injured are."""

    fact: Fact
    value: float
    phrase: str
    field: Field
    start: int
    end: int
    harm: Harm = ""


@dataclass(frozen=True, slots=True)
class _Hit:
    """A numeral with what it counts: people, house, money; dead, hurt (三死两伤); or a death told without a number."""

    kind: str
    start: int
    end: int
    number: str


class SeverityReader:
    """Reads facts by the words of the rules; build it once."""

    def __init__(self, rules: SeverityRules) -> None:
        self._rules = rules
        words = rules.words
        self._death_after = re.compile(rf"^[^,。;、0-9]{{0,{_NEAR}}}?(?:{_any(words.death)})")
        self._death_before = re.compile(rf"(?:{_any(words.death)})(?:人数)?[^,。;、0-9一二三四五六七八九十]{{0,4}}$")
        self._injury_after = re.compile(rf"^[^,。;、0-9]{{0,{_NEAR}}}?(?:{_any(words.injury)})")
        self._injury_before = re.compile(rf"(?:{_any(words.injury)})(?:人数)?[^,。;、0-9一二三四五六七八九十]{{0,4}}$")
        self._serious, self._sick = re.compile(_any(words.serious)), re.compile(_any(words.sick))
        self._alone = words.death_alone
        self._harm = re.compile(_any(words.harm))
        self._loss = re.compile(_any(words.loss))
        self._harmless = re.compile(_any(words.harmless))
        self._denied = re.compile(_any((*words.negation, *words.supposed)))
        self._drill = re.compile(_any(words.drill))

    def read(self, folded: Sequence[Folded], originals: Sequence[str], field: Field) -> list[list[Found]]:
        """All numbers of harm in each text, largest of each fact first; none in a drill."""
        joined = "\n".join(one.text for one in folded)
        starts = np.cumsum([0] + [len(one.text) + 1 for one in folded])
        out: list[list[Found]] = [[] for _ in folded]
        for hit in self._hits(joined):
            index = bisect_right(starts, hit.start) - 1
            one = self._found(hit, folded[index], int(starts[index]), originals[index], field)
            out[index] += [one] if one else []
        return [sorted(found, key=lambda one: (one.fact, -one.value)) for found in out]

    def _hits(self, joined: str) -> Iterator[_Hit]:
        """What may be a number of harm anywhere in the joined texts."""
        for place in _candidates(joined):
            match = _COUNT.match(joined, place)
            if match and joined[place - 1 : place] not in _ORDINALS:
                yield _Hit(match.lastgroup or "", match.start(), match.end(), match["number"])
        for word in self._alone:
            for place in _find_all(joined, word):
                yield _Hit("alone", place, place + len(word), "一")
        for place in _find_all(joined, "死"):
            toll = _TOLL.search(joined, max(place - 8, 0), place + 10)
            if toll and toll.start() < place < toll.end() and toll["hurt"]:
                yield _Hit("dead", toll.start(), toll.end(), toll["dead"])
                yield _Hit("hurt", toll.start(), toll.end(), toll["hurt"])

    def _found(self, hit: _Hit, folded: Folded, base: int, original: str, field: Field) -> Found | None:
        """The number as a fact, None if it tells of no harm in its clause."""
        plain, at, to = folded.text, hit.start - base, hit.end - base
        start, end = _clause(plain, at, to)
        fact = self._fact(hit.kind, plain[start:at], plain[to:end], plain[start:end])
        value = number(hit.number) if fact else None
        if not fact or not value or self._drill.search(plain):
            return None
        first, last = folded.span(at, to)
        how = self._how(plain[start:end]) if fact == "injured" else ""
        return Found(fact, value, original[first:last], field, first, last, how)

    def _how(self, clause: str) -> Harm:
        """A heavy injury weighs more in the grades than a light one; the sick are counted by other rules."""
        if self._serious.search(clause):
            return "serious"
        return "sick" if self._sick.search(clause) else ""

    def _fact(self, kind: str, before: str, after: str, clause: str) -> Fact | None:
        """What a number counts in its clause; `before` and `after` are the clause's parts around it."""
        if kind in ("alone", "dead", "hurt"):
            return None if self._denied.search(clause) else ("injured" if kind == "hurt" else "deaths")
        if self._denied.search(before):
            return None
        if kind == "people":
            return self._people(before, after, clause)
        wanted = self._harm if kind == "house" else self._loss
        if self._harmless.search(clause) or not wanted.search(clause):
            return None
        return "households" if kind == "house" else "money"

    def _people(self, before: str, after: str, clause: str) -> Fact | None:
        if self._death_after.search(after) or self._death_before.search(before):
            return "deaths"
        if self._injury_after.search(after) or self._injury_before.search(before):
            return "injured"
        return "people" if self._harm.search(clause) and not self._harmless.search(clause) else None

    def floor(self, found: Sequence[Found]) -> tuple[int, list[Reason]]:
        """The least severity that the facts allow (1 if none decides) and the reasons for it."""
        level, reasons = 1, []
        for one in found:
            fired = [f for f in self._rules.floors if f.fact == one.fact and one.value >= f.at_least]
            best = max(fired, key=lambda rule: rule.severity, default=None)
            if best is not None:
                level = max(level, best.severity)
                reasons.append(_reason(one, best.severity, best.rule, best.source))
        return level, [reason for reason in reasons if reason.answer == f"severity:{level}"][:2]

    def grade(self, found: Sequence[Found]) -> Grade | None:
        """The statutory grade (rules and source: configs/severity.yaml); None unless somebody died, was hurt or fell ill."""
        figures = _figures(found)
        if figures.keys() <= {"money"}:
            return None
        return next((rule.grade for rule in self._rules.grades if _reached(rule, figures)), None)

    @property
    def grade_source(self) -> str:
        return self._rules.grade_source


def to_facts(found: Sequence[Found]) -> Facts:
    """The largest number of each fact."""
    best: dict[str, float] = {}
    for one in found:
        best[one.fact] = max(best.get(one.fact, 0), one.value)
    whole = {fact: int(value) for fact, value in best.items() if fact != "money"}
    return Facts(**whole, money=best.get("money"))


def _figures(found: Sequence[Found]) -> dict[str, float]:
    """The largest figure of each kind that grades go by."""
    figures: dict[str, float] = {}
    for one in found:
        kind = one.harm or one.fact
        if kind in GRADED:
            figures[kind] = max(figures.get(kind, 0.0), one.value)
    return figures


def _reached(rule: GradeRule, figures: Mapping[str, float]) -> bool:
    given = {kind: least for kind in GRADED if (least := getattr(rule, kind)) is not None}
    met = [figures.get(kind, 0.0) >= least for kind, least in given.items()]
    return bool(met) and (all(met) if rule.together else any(met))


def _reason(one: Found, severity: int, rule: str, source: str) -> Reason:
    return Reason(f"severity:{severity}", one.phrase, one.field, one.start, one.end, 10.0, rule, source)


def _find_all(text: str, word: str) -> Iterator[int]:
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + len(word))


def _candidates(joined: str) -> list[int]:
    """Where a numeral starts that a unit follows (or that ends in 万 or 亿)."""
    codes = np.minimum(code_points(joined), BMP - 1)
    if not codes.size:
        return []
    numeral, unit = _classes()
    inside = np.concatenate(([False], numeral[codes], [False]))
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    padded = np.append(codes, (0, 0))
    after = np.where(padded[ends] == ord("个"), padded[ends + 1], padded[ends])  # 一个 is everywhere, 一个工人 is not
    counts = unit[after] | np.isin(codes[ends - 1], _LARGE)
    found: list[int] = starts[counts].tolist()
    return found


@cache
def _classes() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Per code point of the BMP: may stand in a numeral; may begin a unit."""
    numeral, unit = np.zeros(BMP, np.bool_), np.zeros(BMP, np.bool_)
    numeral[[ord(char) for char in _NUMERALS]] = True
    unit[[ord(char) for char in _UNIT_STARTS]] = True
    return numeral, unit


def _clause(plain: str, start: int, end: int) -> tuple[int, int]:
    """The clause around a span, between the breaks before and after it."""
    before = _BREAK_BEFORE.match(plain[start - 1 :: -1]) if start else None
    after = _BREAK.search(plain, end)
    return start - (before.end() if before else 0), after.start() if after else len(plain)


def _any(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
