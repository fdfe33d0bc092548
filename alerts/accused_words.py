"""The words of accusations.yaml as patterns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict

Class = Literal["discipline", "conduct", "neglect", "insisted", "gifts", "leaks"]
CLASSES: tuple[Class, ...] = ("discipline", "gifts", "leaks", "conduct", "neglect", "insisted")


def _split(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


_LETTER = re.compile(r"\w(?![?*+{])")
_HEAD = re.compile(r"(?:\(\?:(?P<some>[^()\[\]]+)\)|(?P<one>\w)(?=\?))(?P<maybe>\??)(?![*+{])")


Listed = Annotated[tuple[str, ...], BeforeValidator(_split)]


class Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    discipline: Listed
    conduct: Listed
    neglect: Listed
    insisted: Listed
    insistence: Listed
    gifts: Listed
    leaks: Listed
    denied: Listed
    again: Listed
    doubted: Listed
    supposed: Listed
    wished: Listed
    object: Listed
    told: Listed
    told_what: Listed
    posing: Listed
    things: Listed
    suffered: Listed
    others: Listed
    not_others: Listed
    joined: Listed
    doing: Listed
    condemned: Listed
    they: Listed
    thanked: Listed
    mocked: Listed
    complained: Listed
    people: Listed
    not_names: Listed
    asking: Listed
    routine: Listed
    loose: Mapping[str, tuple[str, ...]]


@cache
def words() -> Words:
    return Words.model_validate(yaml.safe_load(Path(__file__).with_name("accusations.yaml").read_text("utf-8")))


def any_of(some: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first; those of one first letter together, which is quicker.

    Where every word begins with a letter, a search leaves most letters of a text at a glance.
    """
    rests, loners = defaultdict[str, list[str]](list), list[str]()
    for word in sorted(some, key=len, reverse=True):
        (rests[word[0]] if _LETTER.match(word) else loners).append(word)
    others = list[str]()
    for one in [one for word in loners for one in _opened(word)]:
        (rests[one[0]] if _LETTER.match(one) else others).append(one)
    return "|".join([*(f"{first}(?:{'|'.join(one[1:] for one in its)})" for first, its in rests.items()), *others])


def _opened(word: str) -> list[str]:
    """The same words with a letter first: of (?:我|他)?的 我的, 他的 and 的, of 的?电话 的电话 and 电话."""
    head = _HEAD.match(word)
    if not head:
        return [word]
    rest = word[head.end() :]
    heads = [*(head["some"] or head["one"]).split("|"), *([""] if head["maybe"] else [])]
    return [opened for one in heads for opened in ([one + rest] if _LETTER.match(one + rest) else _opened(one + rest))]


def _any(name: str) -> cached_property[re.Pattern[str]]:
    """A pattern for any of the words of one list."""
    return cached_property(lambda patterns: re.compile(any_of(getattr(patterns.of, name))))


@dataclass(frozen=True)
class Patterns:
    """Compiled on first use, each once for all texts."""

    of: Words = field(default_factory=words)

    others = _any("others")
    insistence = _any("insistence")
    doing = _any("doing")
    they = _any("they")
    supposed = _any("supposed")
    doubted = _any("doubted")
    again = _any("again")
    condemned = _any("condemned")
    told_what = _any("told_what")
    thing = _any("things")
    object = _any("object")
    thanked = _any("thanked")
    asking = _any("asking")
    not_names = _any("not_names")

    @cached_property
    def classes(self) -> tuple[tuple[Class, re.Pattern[str]], ...]:
        return tuple((one, re.compile(any_of(getattr(self.of, one)))) for one in CLASSES)

    @cached_property
    def any_class(self) -> re.Pattern[str]:
        """Finds something wherever one of the classes does: most sentences need no look at each."""
        return re.compile(any_of({word for one in CLASSES for word in getattr(self.of, one)}))

    @cached_property
    def object_mark(self) -> re.Pattern[str]:
        """Stands right before what is only the object: 和开发商, 收了老板."""
        near, far = any_of(self.of.not_others), any_of(self.of.joined)
        return re.compile(rf"(?:(?:{near})[^，、,]{{0,2}}|(?:{far})[^，、,]{{0,5}})$")

    @cached_property
    def denied(self) -> re.Pattern[str]:
        """At the end of what stands before the word; the group holds what makes it an accusation all the same."""
        filler = "有|出现|出|搞|任何|互相|相互|存在|过|发生|去|被|这样|对[^，]{0,6}"
        return re.compile(rf"(?:{any_of(self.of.denied)})((?:{any_of(self.of.again)}|{filler}){{0,3}})$")

    @cached_property
    def suffered(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{any_of(self.of.suffered)})[^，、,了的后过]{{0,5}}$")

    @cached_property
    def posing(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{any_of(self.of.posing)})[^，、,]{{0,5}}$")

    @cached_property
    def wished(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{any_of(self.of.wished)})([^，、,]{{0,12}})$")

    @cached_property
    def mocked(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{any_of(self.of.mocked)})[^，、,]{{0,8}}$")

    @cached_property
    def complained(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{any_of(self.of.complained)})(?![到给至向了过])[^，、,的到给至向]{{0,6}}$")

    @cached_property
    def complained_of(self) -> re.Pattern[str]:
        """Follows the name where the office itself is complained of."""
        return re.compile(rf"的?[^，、,]{{0,2}}(?:{any_of(self.of.people)})|$|[，、,：:]")

    @cached_property
    def told(self) -> re.Pattern[str]:
        return re.compile(
            rf"(?:{any_of(self.of.told)})(?:了|过|到|去|至|给|遍|完|回|[一两三四五六七八九十几多]*[次趟回])?[^，、,]{{0,6}}$"
        )

    @cached_property
    def given(self) -> re.Pattern[str]:
        return re.compile(r"(?:给|跟|向|请|与|和)[^，、,]{0,5}$")

    @cached_property
    def tied(self) -> re.Pattern[str]:
        """Before the name, of ties with it: 跟城管局关系硬."""
        return re.compile(r"(?:跟|和|与|同|靠|有|认识)[^，、,]{0,5}$")

    @cached_property
    def beside(self) -> re.Pattern[str]:
        """Between two names that do something together."""
        return re.compile(r"(?:和|与|跟|同|、|以及|还有)[^，,]{0,4}")

    @cached_property
    def phoned(self) -> re.Pattern[str]:
        return re.compile(r"(?:打|拨打?|致电|电话联系|电话[给到])[^，、,]{0,6}$")

    @cached_property
    def routine(self) -> re.Pattern[str]:
        return re.compile(any_of((*self.of.routine, *self.of.doing)))


@cache
def patterns() -> Patterns:
    return Patterns()
