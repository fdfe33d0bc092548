"""Online grouping of posts into events: one pass, in event time, with bounded memory and a flat cost per post.

A post joins the live event whose posts it is most like (`grouping_match`), else it founds an event of its own. An event
lives while its newest post is within `window` of the newest post of all; a post from before that founds an event that
takes no others. The working set comes back from the ledger
by `restore`, and then the same posts get the same events as if nothing had been lost.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.grouping_features import Background, Grams, load_background, read_grams
from alerts.grouping_match import Context, Network, context_of, load_network, names_the_same, near_copies, weigh
from alerts.grouping_signature import pack, unpack
from alerts.grouping_store import Store
from alerts.grouping_unit import MEMBERS, Member, Taken, Unit, named_county, phrase_of, post_key
from alerts.model import Event, EventPost
from stream.messages import Judged, Post

CLOSEST = 12  # kept posts that a post is compared with
# Squared rarity that must be shared for a comparison: enough evidence for a join (grouping_match) means at least 90,
# since a gram of rarity r gives r - 5 of evidence and r² here; the rest is room for what the search does not reach.
LEAST_SHARED = 60.0

BURST = timedelta(days=10)  # how long a grave event draws what names the same thing
BURST_POSTS = 2  # posts that make a serious event one that is talked about


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a post went. `event` is its state after this post; `is_new`: this post founded the event."""

    event: Event
    post: EventPost
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Seat:
    """Whose a row of the store is."""

    unit: Unit
    member: Member


@dataclass(slots=True)
class _Match:
    """An event that a post may join: the compared members, each with the probability that both tell of the same."""

    unit: Unit
    members: list[tuple[Member, float]] = field(default_factory=list)
    near_copy: bool = False

    @property
    def best(self) -> float:
        return max(one for _, one in self.members)

    @property
    def rank(self) -> tuple[float, datetime, str]:
        return self.best, self.unit.last_seen, self.unit.id

    def support(self) -> int:
        """Let the post speak for each compared member; returns what it may claim for itself, the mean."""
        shares = [_hundredths(one) for _, one in self.members]
        for (member, _), share in zip(self.members, shares, strict=True):
            member.support += share
        return sum(shares) // len(shares)


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
        self._seats: dict[int, _Seat] = {}
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
        context = context_of(judged, self._background)
        match = self._find(judged, context, grams)
        unit = match.unit if match else Unit(event_id(judged.post.id), at, at)
        taken = Taken(key, _hundredths(match.best) if match else 100, bool(match and match.near_copy))
        support = match.support() if match else 0
        unit.count(judged, at)
        if not taken.near_copy:
            severity = judged.judgement.severity
            self._stand(unit, Member(-1, judged.post.id, phrase_of(judged), severity, context, support), grams)
        self._remember(unit, taken)
        self._admit(unit)
        self._advance(at)
        return _assignment(unit, judged, at, taken)

    def _find(self, judged: Judged, context: Context, grams: Grams) -> _Match | None:
        """The event the post joins; None if it is the first to tell of something."""
        rows = self._candidates(judged, grams)
        if not rows:
            return None
        likeness = self._store.compare(grams, rows)
        seats = [self._seats[row] for row in rows]
        contexts = [seat.member.context for seat in seats]
        probability = weigh(likeness, context, contexts, self._network).tolist()
        shared = names_the_same(likeness, context, contexts).tolist()
        at = event_time(judged.post)
        matches: dict[str, _Match] = {}
        for seat, one, copy, same in zip(seats, probability, near_copies(likeness).tolist(), shared, strict=True):
            match = matches.setdefault(seat.unit.id, _Match(seat.unit))
            drawn = self._drawn(seat.unit, at) if same else 0.0
            match.members.append((seat.member, max(one, drawn)))
            match.near_copy |= copy
        best = max(matches.values(), key=lambda match: match.rank)
        return best if best.best >= self._network.join else None

    def _drawn(self, unit: Unit, at: datetime) -> float:
        """What a grave event that is being talked about claims of a post that names the same thing in other words.

        What is said of the school in the days after a poisoning is about the poisoning; the larger event claims more.
        """
        is_burst = unit.severity == 4 or (unit.severity == 3 and unit.posts >= BURST_POSTS)
        if not is_burst or abs(at - unit.last_seen) > BURST:
            return 0.0
        return min(self._network.join + unit.posts / 500, 0.95)

    def _candidates(self, judged: Judged, grams: Grams) -> list[int]:
        """Rows of kept posts that may tell of the same."""
        shared = self._store.search(grams, CLOSEST)
        likely = [row for row, weight in shared.items() if weight >= LEAST_SHARED]
        rows = heapq.nsmallest(CLOSEST, likely, key=lambda row: (-shared[row], self._seats[row].member.post_id))
        copied = judged.judgement.near_copy_of
        if copied and (unit := self._unit_of_post.get(post_key(copied))):
            rows = list(dict.fromkeys([*rows, *(member.row for member in unit.members)]))
        return [row for row in rows if self._may_join(self._seats[row].unit, judged)]

    def _may_join(self, unit: Unit, judged: Judged) -> bool:
        """Whether time and place allow it; nothing that the texts have in common can overrule this."""
        if event_time(judged.post) < unit.first_seen - self._window:
            return False
        county = named_county(judged)
        return not county or unit.county in ("", county)

    def _stand(self, unit: Unit, member: Member, grams: Grams) -> None:
        """Let the post stand for its event; the least supported of the others makes room, never the founder."""
        if len(unit.members) >= MEMBERS:
            weakest = min(unit.members[1:], key=lambda one: (one.support, one.post_id))
            self._unseat(unit, weakest)
        unit.members.append(member)
        self._seat(unit, member, grams)

    def _seat(self, unit: Unit, member: Member, grams: Grams) -> None:
        member.row = self._store.add(grams)
        self._seats[member.row] = _Seat(unit, member)

    def _unseat(self, unit: Unit, member: Member) -> None:
        unit.members.remove(member)
        self._store.remove(member.row)
        del self._seats[member.row]

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
