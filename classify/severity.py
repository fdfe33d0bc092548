"""Facts of harm that a text states, and the floor that they put under its severity.

A number counts only in its clause: as deaths or injured when such a word stands close by, as people, households or money
when the clause tells of harm. Drills, denials, suppositions, a cheat's words, budgets and prices are no harm. Rules: configs/severity.yaml.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from classify.clean import Folded, fold
from classify.harm import Hit, Spotter, any_of, find_hits
from classify.numerals import NUMBER, number
from configs.severity import Floor, GradeRule, SeverityRules, SignRule
from stream.messages import Facts, Grade, Reason

Fact = Literal["deaths", "injured", "people", "households", "money", "sign"]
Field = Literal["title", "text"]
Harm = Literal["", "serious", "sick", "mild"]

_BREAK = re.compile(r"[,。;!?\n|:]|\.(?![0-9])")
_BREAK_BEFORE = re.compile(r"[^,。;!?\n|:]*")
_STOP = re.compile(r"[。;!?\n]")
_STOP_BEFORE = re.compile(r"[^。;!?\n]*")
GRADED = ("deaths", "serious", "injured", "sick", "money")
_NEAR = 12  # characters between a number of people and the word that says what befell them
_AGE = r"[0-9]+(?:多|余)?(?:岁|周岁|个月|月龄)"
_GAP = rf"(?:{_AGE}|[^,。;、0-9]){{0,{_NEAR}}}?"
_NOT_DEAD = re.compile(
    r"[要快想能会不没险烦吵堵逼气热累急笑吓臭熏挤焊封锁饿疼痛困因惨恨坑整疯卡“\"似被]$"
)  # 要死了, 烦死了, 没死亡
_AFTER_TOLD = re.compile(rf"(?:了|过)?(?:(?P<n>{NUMBER})(?:[个人口名位](?!月|小时|塘|棚|多月)|(?<=[俩仨])))?")
_AGO = re.compile(rf"(?:了|过)?{NUMBER}个?[年月]")
_ADDRESS = re.compile(r"(?:[栋幢座元楼层室路]|[0-9]-[0-9]+-|号[楼院]?)$")  # 3栋101户
_HEAD = 60  # characters in which a text says that it tells of a drill


@dataclass(frozen=True, slots=True)
class Found:
    """One number of harm with its phrase: offsets in the field as written. `harm`: how the injured are. `past`: long ago
    or elsewhere. `sign`: the key of the rule, for words that tell of danger without a number."""

    fact: Fact
    value: float
    phrase: str
    field: Field
    start: int
    end: int
    harm: Harm = ""
    past: bool = False
    sign: str = ""


@dataclass(frozen=True, slots=True)
class _Around:
    """The clause that a hit stands in, cut at the hit; the sentence when it is asked for."""

    plain: str
    at: int
    to: int
    before: str
    after: str

    @property
    def hit(self) -> str:
        return self.plain[self.at : self.to]

    @property
    def clause(self) -> str:
        return self.plain[self.at - len(self.before) : self.to + len(self.after)]

    @property
    def lead(self) -> str:
        """The sentence's clauses so far, with `before`."""
        return _cut_before(_STOP_BEFORE, self.plain, self.at)

    @property
    def rest(self) -> str:
        """`after`, to the end of the sentence."""
        return _cut_after(_STOP, self.plain, self.to)

    @property
    def head(self) -> str:
        return self.plain[:_HEAD]


class SeverityReader:
    """Reads facts by the words of the rules; build it once."""

    def __init__(self, rules: SeverityRules) -> None:
        self._rules = rules
        words = rules.words
        death, injury = any_of(words.death), any_of(words.injury)
        self._death_after = re.compile(rf"^{_GAP}(?:{death})")
        self._death_before = re.compile(rf"(?:{death})(?:人数)?[^,。;、0-9一二三四五六七八九十]{{0,4}}$")
        self._injury_after = re.compile(rf"^{_GAP}(?:{injury})")
        self._injury_before = re.compile(rf"(?:{injury})(?:人数)?[^,。;、0-9一二三四五六七八九十]{{0,4}}$")
        self._serious, self._sick = re.compile(any_of(words.serious)), re.compile(any_of(words.sick))
        self._mild, self._treated = re.compile(any_of(words.mild)), re.compile(any_of(words.treated))
        self._harm, self._loss = re.compile(any_of(words.harm)), re.compile(any_of(words.loss))
        self._sure = re.compile(any_of(words.loss_sure))
        self._harmless = re.compile(any_of(words.harmless))
        self._denied = re.compile(any_of((*words.negation, *words.supposed)))
        self._asked, self._past = re.compile(any_of(words.asked)), re.compile(any_of(words.past))
        self._none = re.compile(rf"(?:{any_of(words.none)})[^,。;]{{0,3}}$")
        self._animal = re.compile(any_of(words.not_people))
        victims = any_of(words.victims)
        self._victim = re.compile(victims)
        self._victim_before = re.compile(rf"(?:{victims})(?:{_AGE}|[^,。;、]){{0,{_NEAR}}}$")
        self._victim_next = re.compile(rf"^[个名位]?(?:人(?![民生家才])|{victims})")
        self._lost_before = re.compile(rf"(?:{victims})[也就都人已经全]{{0,3}}$")
        self._drill, self._cheat = re.compile(any_of(words.drill)), re.compile(any_of(words.cheat))
        self._signs: Mapping[str, SignRule] = {sign.key: sign for sign in rules.signs}
        self._spotter = Spotter(_kinds(rules))

    def read(self, folded: Sequence[Folded], originals: Sequence[str], field: Field) -> list[list[Found]]:
        """All harm that each text states, largest of each fact first; none in a drill."""
        joined = "\n".join(one.text for one in folded)
        starts = np.cumsum([0] + [len(one.text) + 1 for one in folded]).tolist()
        out: list[list[Found]] = [[] for _ in folded]
        for hit in find_hits(joined, self._spotter):
            index = bisect_right(starts, hit.start) - 1
            one = self._found(hit, folded[index], starts[index], originals[index], field)
            out[index] += [one] if one else []
        return [sorted(found, key=lambda one: (one.fact, -one.value)) if len(found) > 1 else found for found in out]

    def _found(self, hit: Hit, folded: Folded, base: int, original: str, field: Field) -> Found | None:
        """The hit as a fact, None if it tells of no harm in its clause."""
        around = _around(folded.text, hit.start - base, hit.end - base)
        fact, value = self._fact(hit, around)
        if not fact or not value or self._drill.search(f"{around.head}\n{around.lead}{around.rest}"):
            return None
        if fact in ("deaths", "injured") and self._is_said_by_a_cheat(around):
            return None
        first, last = folded.span(hit.start - base, hit.end - base)
        how = self._how(hit, around.clause) if fact == "injured" else ""
        past = fact == "deaths" and bool(self._past.search(around.lead))
        sign = hit.kind if fact == "sign" else ""
        return Found(fact, value, original[first:last], field, first, last, how, past, sign)

    def _is_said_by_a_cheat(self, around: _Around) -> bool:
        """Between quotation marks in a text about a swindle: 称“孙子撞死了人要赔”, 骗局不攻自破."""
        return around.plain[: around.at].count('"') % 2 == 1 and bool(self._cheat.search(around.plain))

    def _how(self, hit: Hit, clause: str) -> Harm:
        """A heavy injury weighs more in the grades than a light one; the sick are counted by other rules, and those whom
        nobody had to treat weigh less."""
        if hit.kind == "badly" or (hit.kind != "hurt" and self._serious.search(clause)):
            return "serious"
        if self._mild.search(clause) and not self._treated.search(clause):
            return "mild"
        return "sick" if self._sick.search(clause) else ""

    def _fact(self, hit: Hit, around: _Around) -> tuple[Fact | None, float]:
        """What a hit counts, and how many."""
        if hit.kind in ("people", "house", "money"):
            return self._counted(hit.kind, around), hit.value
        if self._denied.search(around.clause) or self._unreal(around):
            return None, 0.0
        if hit.kind in self._signs:
            return "sign", 1.0
        if hit.kind == "told":
            return "deaths", self._told(hit.word, around)
        if hit.kind == "alone" and "人" not in hit.word and self._animal.search(around.clause):
            return None, 0.0
        return ("injured" if hit.kind in ("hurt", "badly") else "deaths"), hit.value

    def _unreal(self, around: _Around) -> bool:
        """Supposed or asked in the same sentence: 要是电梯掉下来, 死了人谁负责."""
        return bool(self._asked.search(around.lead) or self._asked.search(around.rest))

    def _told(self, word: str, around: _Around) -> float:
        """How many died by a word that tells of people only where one is named: 撞死了一个孩子, 炸死四个; 0 for fish and dogs."""
        if self._animal.search(f"{around.lead}{around.hit}{around.after}") or _NOT_DEAD.search(around.before):
            return 0.0
        next_ = _AFTER_TOLD.match(around.after)
        if next_ and next_["n"]:
            return number(next_["n"]) or 0.0
        if word != "死亡" and next_ and self._victim_next.search(around.after[next_.end() :]):
            return 1.0
        if word == "人没了":
            return 1.0 if self._victim.search(around.lead) else 0.0
        before = self._lost_before if word == "没了" else self._victim_before
        return 1.0 if before.search(around.before) and not _AGO.match(around.after) else 0.0

    def _counted(self, kind: str, around: _Around) -> Fact | None:
        """What a number counts in its clause."""
        if kind == "money" and not self._loss.search(around.clause):
            return None  # asked first: nearly all sums are prices
        if self._denied.search(around.before) or self._asked.search(around.before):
            return None
        if kind != "money" and around.hit[0].isascii() and _ADDRESS.search(around.before):
            return None
        if kind == "people":
            return self._people(around)
        if self._harmless.search(around.clause) and not (kind == "money" and self._sure.search(around.clause)):
            return None
        if kind == "house":
            return "households" if self._harm.search(f"{around.lead}{around.hit}{around.rest}") else None
        return "money"

    def _people(self, around: _Around) -> Fact | None:
        before, after = around.before, around.after
        dead = self._death_after.search(after) or self._death_before.search(before)
        if dead or self._injury_after.search(after) or self._injury_before.search(before):
            unreal = self._none.search(before) or self._unreal(around)
            return None if unreal else ("deaths" if dead else "injured")
        harmed = self._harm.search(around.clause) and not self._harmless.search(around.clause)
        return "people" if harmed else None

    def floor(self, found: Sequence[Found]) -> tuple[int, list[Reason]]:
        """The least severity that the facts allow (1 if none decides) and the reasons for it."""
        fired: dict[tuple[str, int], Reason] = {}  # the largest number of each rule speaks for it
        for one in found:
            if best := self._rule_of(one):
                severity = min(best.severity - one.past, 3 if one.harm == "mild" else 4)
                fired.setdefault((best.key, severity), _reason(one, severity, best.rule, best.source))
        level = max((severity for _, severity in fired), default=1)
        return level, [reason for (_, severity), reason in fired.items() if severity == level > 1][:2]

    def _rule_of(self, one: Found) -> Floor | SignRule | None:
        if one.sign:
            return self._signs[one.sign]
        fired = [rule for rule in self._rules.floors if rule.fact == one.fact and one.value >= rule.at_least]
        return max(fired, key=lambda rule: rule.severity, default=None)

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
        if one.fact != "sign":
            best[one.fact] = max(best.get(one.fact, 0), one.value)
    whole = {fact: int(value) for fact, value in best.items() if fact != "money"}
    return Facts(**whole, money=best.get("money"))


def _kinds(rules: SeverityRules) -> dict[str, str]:
    """What each word that is looked for without a number tells."""
    words = {fold(word).text: sign.key for sign in rules.signs for word in sign.words}
    words |= {fold(word).text: "told" for word in rules.words.death_told}
    return words | {fold(word).text: "alone" for word in rules.words.death_alone}


def _figures(found: Sequence[Found]) -> dict[str, float]:
    """The largest figure of each kind that grades go by; what is long past or elsewhere has none."""
    figures: dict[str, float] = {}
    for one in found:
        kind = {"mild": "sick"}.get(one.harm, one.harm) or one.fact
        if kind in GRADED and not one.past:
            figures[kind] = max(figures.get(kind, 0.0), one.value)
    return figures


def _reached(rule: GradeRule, figures: Mapping[str, float]) -> bool:
    given = {kind: least for kind in GRADED if (least := getattr(rule, kind)) is not None}
    met = [figures.get(kind, 0.0) >= least for kind, least in given.items()]
    return bool(met) and (all(met) if rule.together else any(met))


def _reason(one: Found, severity: int, rule: str, source: str) -> Reason:
    told = f"{rule}（既往或他处的，低一级）" if one.past else rule
    return Reason(f"severity:{severity}", one.phrase, one.field, one.start, one.end, 10.0, told, source)


def _around(plain: str, at: int, to: int) -> _Around:
    return _Around(plain, at, to, _cut_before(_BREAK_BEFORE, plain, at), _cut_after(_BREAK, plain, to))


def _cut_before(unbroken: re.Pattern[str], plain: str, at: int) -> str:
    found = unbroken.match(plain[at - 1 :: -1]) if at else None
    return plain[at - found.end() : at] if found else ""


def _cut_after(breaks: re.Pattern[str], plain: str, to: int) -> str:
    found = breaks.search(plain, to)
    return plain[to : found.start() if found else len(plain)]
