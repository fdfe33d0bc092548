"""Online grouping of posts into events: one pass, in event time, with bounded memory and a flat cost per post.

A post joins the live event whose posts it is most like (`grouping_match`), else it founds an event of its own. An event
lives while its newest post is within `window` of the newest post of all. The working set comes back from the ledger
by `restore`, and then the same posts get the same events as if nothing had been lost.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.grouping_features import Background, Grams, load_background, read_grams
from alerts.grouping_match import Network, context_of, load_network, near_copies, weigh
from alerts.grouping_signature import pack, unpack
from alerts.grouping_store import Store
from alerts.grouping_unit import MEMBERS, Member, Taken, Unit, named_county, phrase_of, post_key
from alerts.model import Event, EventPost
from stream.messages import Judged, Post

CLOSEST = 16  # kept posts that a search brings up
CANDIDATES = 6  # events a post is compared with


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a post went. `event` is its state after this post; `is_new`: this post founded the event."""

    event: Event
    post: EventPost
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Match:
    """An event that a post may join: the probability for each of its members, in order."""

    unit: Unit
    probability: tuple[float, ...]
    near_copy: bool

    @property
    def best(self) -> float:
        return max(self.probability)

    @property
    def rank(self) -> tuple[float, datetime, str]:
        return self.best, self.unit.last_seen, self.unit.id

    def support(self) -> int:
        """Let the post speak for each member; returns what it may claim for itself, the mean."""
        for member, one in zip(self.unit.members, self.probability, strict=True):
            member.support += _hundredths(one)
        return _hundredths(sum(self.probability) / len(self.probability))


class EventIndex:
    """The live events.

    Args:
        window: how long an event takes new posts after its newest one.
        background: gram counts of a training collection; the shipped ones if not given.
        network: what weighs likenesses; the shipped one if not given.
    """

    def __init__(self, window: timedelta, background: Background | None = None, network: Network | None = None) -> None:
        self._window = window
        self._background = background or load_background()
        self._network = network or load_network()
        self._store = Store(self._background)
        self._units: dict[str, Unit] = {}
        self._unit_of_row: dict[int, Unit] = {}
        self._unit_of_post: dict[int, Unit] = {}
        self._oldest: list[tuple[datetime, str]] = []
        self._newest: datetime | None = None

    def __len__(self) -> int:
        """How many events are live."""
        return len(self._units)

    def assign(self, judged: Sequence[Judged]) -> list[Assignment]:
        """The event of each post, in order. A post that was assigned before gets the same event and changes nothing."""
        grams = read_grams(judged, self._background)
        return [self._assign(one, its) for one, its in zip(judged, grams, strict=True)]

    def signature(self, event_id: str) -> bytes:
        """What `restore` needs to know of a live event; raises KeyError when it is not live any more."""
        unit = self._units[event_id]
        return pack(unit, [self._store.grams(member.row) for member in unit.members])

    def restore(self, rows: Iterable[tuple[Event, bytes]]) -> None:
        """Rebuild the working set of an empty index from the ledger's recent events.

        Raises Poison, naming the event, on a broken signature.
        """
        for event, signature in rows:
            restored = unpack(event, signature)
            for member, grams in zip(restored.unit.members, restored.grams, strict=True):
                self._seat(restored.unit, member, grams)
            self._admit(restored.unit)
            self._unit_of_post.update(dict.fromkeys(restored.unit.taken, restored.unit))
            self._advance(event.last_seen)

    def _assign(self, judged: Judged, grams: Grams) -> Assignment:
        at = event_time(judged.post)
        self._advance(at)
        key = post_key(judged.post.id)
        if known := self._unit_of_post.get(key):
            return _assignment(known, judged, at, known.taken[key])
        match = self._find(judged, grams)
        unit = match.unit if match else Unit(event_id(judged.post.id), at, at)
        taken = Taken(key, _hundredths(match.best) if match else 100, bool(match and match.near_copy))
        support = match.support() if match else 0
        unit.count(judged, at)
        if not taken.near_copy:
            self._stand(unit, judged, grams, support)
        self._remember(unit, taken)
        self._admit(unit)
        self._advance(at)
        return _assignment(unit, judged, at, taken)

    def _find(self, judged: Judged, grams: Grams) -> _Match | None:
        """The event the post joins; None if it is the first to tell of something."""
        units = self._candidates(judged, grams)
        if not units:
            return None
        members = [member for unit in units for member in unit.members]
        likeness = self._store.compare(grams, [member.row for member in members])
        contexts = [member.context for member in members]
        probability = weigh(likeness, context_of(judged), contexts, self._network).tolist()
        copies = near_copies(likeness).tolist()
        best: _Match | None = None
        start = 0
        for unit in units:
            end = start + len(unit.members)
            match = _Match(unit, tuple(probability[start:end]), any(copies[start:end]))
            start = end
            if match.best >= self._network.join and (best is None or match.rank > best.rank):
                best = match
        return best

    def _candidates(self, judged: Judged, grams: Grams) -> list[Unit]:
        shared: dict[str, float] = {}
        for row, weight in self._store.search(grams, CLOSEST).items():
            unit = self._unit_of_row[row]
            shared[unit.id] = max(shared.get(unit.id, 0.0), weight)
        named = heapq.nsmallest(CANDIDATES, shared, key=lambda one: (-shared[one], one))
        copied = (
            self._unit_of_post.get(post_key(judged.judgement.near_copy_of)) if judged.judgement.near_copy_of else None
        )
        if copied and copied.id not in named:
            named.append(copied.id)
        county = named_county(judged)
        units = [self._units[one] for one in named]
        return [unit for unit in units if not county or not unit.county or unit.county == county]

    def _stand(self, unit: Unit, judged: Judged, grams: Grams, support: int) -> None:
        """Let the post stand for its event; the least supported of the others makes room, never the founder."""
        if len(unit.members) >= MEMBERS:
            weakest = min(unit.members[1:], key=lambda one: (one.support, one.post_id))
            self._unseat(unit, weakest)
        severity = judged.judgement.severity
        member = Member(-1, judged.post.id, phrase_of(judged), severity, context_of(judged), support)
        unit.members.append(member)
        self._seat(unit, member, grams)

    def _seat(self, unit: Unit, member: Member, grams: Grams) -> None:
        member.row = self._store.add(grams)
        self._unit_of_row[member.row] = unit

    def _unseat(self, unit: Unit, member: Member) -> None:
        unit.members.remove(member)
        self._store.remove(member.row)
        del self._unit_of_row[member.row]

    def _remember(self, unit: Unit, taken: Taken) -> None:
        self._unit_of_post[taken.key] = unit
        for key in unit.remember(taken):
            del self._unit_of_post[key]

    def _admit(self, unit: Unit) -> None:
        if unit.id not in self._units:
            self._units[unit.id] = unit
            heapq.heappush(self._oldest, (unit.last_seen, unit.id))

    def _advance(self, at: datetime) -> None:
        """Move the newest event time on and let go of the events that fell out of the window."""
        self._newest = max(self._newest or at, at)
        limit = self._newest - self._window
        while self._oldest and self._oldest[0][0] < limit:
            _, event = heapq.heappop(self._oldest)
            unit = self._units[event]
            if unit.last_seen < limit:
                self._drop(unit)
            else:
                heapq.heappush(self._oldest, (unit.last_seen, event))

    def _drop(self, unit: Unit) -> None:
        for member in list(unit.members):
            self._unseat(unit, member)
        for key in unit.taken:
            del self._unit_of_post[key]
        del self._units[unit.id]


def event_id(post_id: str) -> str:
    """The id of the event that this post founds."""
    return f"ev-{post_id}"


def event_time(post: Post) -> datetime:
    """When the post was published; a date in the future (a typing error) counts as when it was fetched."""
    return min(post.published_at, post.fetched_at)


def _hundredths(likeness: float) -> int:
    return round(100 * likeness)


def _assignment(unit: Unit, judged: Judged, at: datetime, taken: Taken) -> Assignment:
    post, judgement = judged.post, judged.judgement
    link = EventPost(
        post_id=post.id,
        event_id=unit.id,
        at=at,
        source=post.source,
        severity=judgement.severity,
        similarity=taken.likeness / 100,
        near_copy=taken.near_copy,
        intent=judgement.intent.key,
    )
    return Assignment(unit.event(), link, unit.id == event_id(post.id))
