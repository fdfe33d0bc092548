"""Where a text names offices: by name, short name, alias, branch."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from alerts.accused_words import patterns, words
from configs.catalog import Office


@dataclass(frozen=True, slots=True)
class Named:
    """One office named in a text. `loose`: by a word that may also mean a place. `company`: by a company's name."""

    key: str
    start: int
    end: int
    loose: bool = False
    company: bool = False


class Names:
    """Finds the names of some offices; build it once."""

    def __init__(self, offices: Sequence[Office]) -> None:
        self._keys = {name: office.key for office in offices for name in reversed(office_names(office))}
        known = {office.key for office in offices}
        self._loose = {
            name: key
            for key, names in words().loose.items()
            if key in known
            for name in names
            if name not in self._keys
        }
        self._pattern = re.compile(_by_first_letter([*self._keys, *self._loose]))

    def any(self, text: str) -> bool:
        return self._pattern.search(text) is not None

    def found(self, text: str) -> list[Named]:
        """In the order of the text, none within another word (人民政府 does not name the 民政局)."""
        if not self.any(text):
            return []
        hits = list(self._pattern.finditer(text))
        taken = [match.span() for match in patterns().not_names.finditer(text)]
        return [
            self._named(hit) for hit in hits if not any(start < hit.end() and hit.start() < end for start, end in taken)
        ]

    def _named(self, hit: re.Match[str]) -> Named:
        name = hit.group()
        key = self._keys.get(name)
        return Named(key or self._loose[name], hit.start(), hit.end(), key is None, name.endswith("公司"))


def office_names(office: Office) -> list[str]:
    """What the office is called, longest first: its names, its branches', and "人社部门" for a 人社局."""
    names = {office.name, office.short, *office.aliases, *(branch.name for branch in office.branches)}
    names = {re.sub(r"[（(].*?[）)]", "", name) for name in names}
    names |= {name[:-1] + "部门" for name in names if name.endswith("局") and len(name) > 2}
    return sorted((name for name in names if len(name) > 1), key=lambda name: (-len(name), name))


def names_of(offices: Iterable[Office]) -> Names:
    """The finder for these offices; kept, also for an office alone, as each post is read for the one that a mail goes to."""
    return _names_of(_Same(offices if isinstance(offices, tuple) else tuple(offices)))


class _Same:
    """Equal only to the very same offices: comparing what they are takes longer than reading a text."""

    __slots__ = ("_ids", "of")

    def __init__(self, of: tuple[Office, ...]) -> None:
        self.of = of
        self._ids = tuple(map(id, of))

    def __hash__(self) -> int:
        return hash(self._ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._ids == other._ids


@lru_cache(maxsize=256)
def _names_of(offices: _Same) -> Names:
    return Names(offices.of)


def _by_first_letter(names: Iterable[str]) -> str:
    """A pattern for any of the names, the longest first, that leaves most letters of a text at a glance."""
    rests: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names), key=lambda name: (-len(name), name)):
        rests[name[0]].append(re.escape(name[1:]))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(some)})" for first, some in rests.items()) or r"(?!)"
