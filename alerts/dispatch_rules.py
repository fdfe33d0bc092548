"""What staff keep choosing instead of the dispatch tree, offered as rules for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

OFTEN = 3  # redispatches of one kind that make a rule worth offering


@dataclass(frozen=True, slots=True)
class Override:
    """A case that a person sent elsewhere. `sent`, `office`: the tree's office key and the person's; `hint`: the classifier's."""

    number: str
    at: datetime
    actor: str
    note: str
    topic: str
    hint: str
    region: str
    keywords: tuple[str, ...]
    sent: str
    office: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A rule that would have sent these cases where people sent them. `region`, `words`: what all have in common, if anything."""

    topic: str
    hint: str
    sent: str
    office: str
    region: str
    words: tuple[str, ...]
    cases: tuple[Override, ...]

    @property
    def key(self) -> str:
        parts = (self.topic, self.hint, "to", self.office, self.region)
        return "staff." + ".".join(part for part in parts if part)


def suggestions(overrides: Sequence[Override], at_least: int = OFTEN) -> list[Suggestion]:
    """Kinds of cases (topic, hint, from where to where) that people moved at least so often, the most frequent first."""
    kinds: defaultdict[tuple[str, str, str, str], list[Override]] = defaultdict(list)
    for one in overrides:
        kinds[one.topic, one.hint, one.sent, one.office].append(one)
    found = [_suggestion(kind, its) for kind, its in kinds.items() if len(its) >= at_least]
    return sorted(found, key=lambda one: (-len(one.cases), one.key))


def _suggestion(kind: tuple[str, str, str, str], its: Sequence[Override]) -> Suggestion:
    regions = {one.region for one in its}
    common = set(its[0].keywords).intersection(*(one.keywords for one in its))
    words = tuple(word for word in its[0].keywords if word in common and len(word) > 1)
    return Suggestion(*kind, region=regions.pop() if len(regions) == 1 else "", words=words, cases=tuple(its))
