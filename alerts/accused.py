"""Whether a post plainly accuses an office, so that it must not be sent there (信访工作条例 art. 30).

An office is accused when a word of misconduct stands right with its name (at most one comma between) and nothing there
says that it is meant of somebody else. In doubt it counts as accused: then a superior reads it first, which costs a
day; the other mistake hands the informer to those they inform on. The words are in accusations.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from configs.catalog import Office

GAP = 14  # characters between name and word
BEFORE = 6  # characters before the name in which a wish is looked for
COMMAS = "，、,"


class Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    discipline: tuple[str, ...]
    conduct: tuple[str, ...]
    denied: tuple[str, ...]
    wished: tuple[str, ...]
    asked: tuple[str, ...]
    condemned: tuple[str, ...]
    others: tuple[str, ...]
    together: tuple[str, ...]
    carried: tuple[str, ...]
    complained: tuple[str, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accusation:
    """`phrase` as it stands in the text; `kind` says who should read it: the discipline office or the superior."""

    phrase: str
    kind: Literal["discipline", "conduct"]


@cache
def words() -> Words:
    return Words.model_validate(yaml.safe_load(Path(__file__).with_name("accusations.yaml").read_text("utf-8")))


def accusation(office: Office, text: str) -> Accusation | None:
    """The first plain accusation of the office (or one of its branches) in the text; None if there is none."""
    names = _pattern(tuple(office_names(office)))
    for sentence in re.split(r"[。！？；!?;\n…]+|\s{2,}", text):
        if found := _in_sentence(names, sentence):
            return found
    return None


def accusations(offices: Iterable[Office], text: str) -> dict[str, Accusation]:
    """Office key -> how the text accuses it, for all that it accuses."""
    if not _hint().search(text):
        return {}
    return {office.key: found for office in offices if (found := accusation(office, text))}


def office_names(office: Office) -> list[str]:
    """What the office is called, longest first: its names, its branches', and "人社部门" for a 人社局."""
    names = {office.name, office.short, *office.aliases, *(branch.name for branch in office.branches)}
    names = {re.sub(r"[（(].*?[）)]", "", name) for name in names}
    names |= {name[:-1] + "部门" for name in names if name.endswith("局") and len(name) > 2}
    return sorted((name for name in names if len(name) > 1), key=lambda name: (-len(name), name))


def _in_sentence(names: re.Pattern[str], sentence: str) -> Accusation | None:
    for name in names.finditer(sentence):
        found = _after(sentence, name) or _ahead(sentence, name) or _complained(sentence, name)
        if found:
            return found
    return None


def _after(sentence: str, name: re.Match[str]) -> Accusation | None:
    """人社局一再推诿: the word follows the name."""
    before = sentence[max(0, name.start() - BEFORE) : name.start()]
    for word in _misconduct().finditer(sentence, name.end()):
        gap = sentence[name.end() : word.start()]
        if len(gap) > GAP or len(re.findall(f"[{COMMAS}]", gap)) > 1 or _of_others(gap):
            return None
        if not _denied(gap, before) and not _condemned(gap, sentence[word.end() :]):
            return _found(sentence[name.start() : word.end()], word)
    return None


def _ahead(sentence: str, name: re.Match[str]) -> Accusation | None:
    """不作为的人社局: the word stands before the name and is said of it."""
    clause = re.split(f"[{COMMAS}]", sentence[: name.start()])[-1]
    for word in _misconduct().finditer(clause):
        gap, before = clause[word.end() :], clause[: word.start()]
        if (
            re.fullmatch(r".{0,4}的[^的]{0,4}", gap)
            and not _has(words().others, before + gap)
            and not _denied(before, "")
        ):
            return _found(clause[word.start() :] + name.group(), word)
    return None


def _complained(sentence: str, name: re.Match[str]) -> Accusation | None:
    """我要举报人社局: the office is what is complained of, not whom it is told to."""
    verb = re.search(rf"(?:{_any(words().complained)})[^的{COMMAS}]{{0,6}}$", sentence[: name.start()])
    if not verb or not re.match(rf"的?(?:{_any(words().people)})|$|[{COMMAS}]", sentence[name.end() :]):
        return None
    return Accusation(verb.group() + name.group(), "discipline")


def _denied(gap: str, before: str) -> bool:
    """Whether the words between name and misconduct take the accusation back, or the office is asked for something."""
    if re.search(rf"(?:{_any(words().denied)})(?:再|有|存在|互相|相互|出现|搞|任何|继续|一味){{0,2}}$", gap):
        return True
    return _has(words().wished, before) and _has((*words().denied, *words().asked), gap)


def _condemned(gap: str, after: str) -> bool:
    """人社局对推诿零容忍."""
    against = re.search(r"(?:对|对于|针对|就|向)$", _misconduct().sub("", gap))
    return against is not None and _has(words().condemned, after[: BEFORE * 2])


def _of_others(gap: str) -> bool:
    """Whether the misconduct is somebody else's; together with somebody else it is the office's too."""
    own = re.sub(f"^的?(?:{_any(words().people)})", "", gap)
    own = re.sub(f"^(?:{_any(words().together)})[^{COMMAS}]{{0,4}}?(?:{_any(words().others)})", "", own)
    _, _, rest = re.sub(f"[{COMMAS}]", ",", own).partition(",")
    carried = re.fullmatch(f"(?:{_any((*words().carried, *words().denied))})*", rest)
    return _has(words().others, own) or carried is None


def _found(phrase: str, word: re.Match[str]) -> Accusation:
    return Accusation(phrase, "discipline" if word.group() in words().discipline else "conduct")


def _any(some: Sequence[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(some, key=len, reverse=True))


def _has(some: Sequence[str], text: str) -> bool:
    return any(word in text for word in some)


@cache
def _hint() -> re.Pattern[str]:
    """Without any of these there is no accusation; one look at the text instead of one for each office."""
    return _pattern((*words().discipline, *words().conduct, *words().complained))


@cache
def _misconduct() -> re.Pattern[str]:
    return _pattern((*words().discipline, *words().conduct))


@cache
def _pattern(some: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_any(some))
