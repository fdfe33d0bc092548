"""Online grouping of posts into events: one pass, in event time, with bounded memory and a flat cost per post.

A post joins the live event whose posts it is most like (`grouping_match`), else it founds an event of its own. An event
lives while its newest post is within `window` of the newest post of all; a post from before that founds an event that
takes no others. The working set comes back from the ledger by `restore`, and then the same posts in the same batches
get the same events as if nothing had been lost.

Posts are taken CHUNK at a time. How like they are is reckoned for a whole chunk at once, with the counts of grams as
they were before it; then they are placed one after the other. Every earlier post of the chunk, whether it came to stand
for its event or not, speaks for the event it joined. So the same posts in other batches may, rarely, come out in other
events: a likeness close to the threshold moves a little with the counts.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from alerts.grouping_features import Background, Grams, load_background, read_grams, stack
from alerts.grouping_likeness import F32, I64
from alerts.grouping_lookup import ByName
from alerts.grouping_match import (
    THINGS_DIFFER,
    Context,
    Network,
    context_of,
    inputs,
    load_network,
    names_the_same,
    near_copies,
    weigh,
)
from alerts.grouping_objects import SAME
from alerts.grouping_signature import pack, unpack
from alerts.grouping_store import TOLD, Chunk, Pairs, Store, join
from alerts.grouping_unit import MEMBERS, Member, Taken, Unit, named_county, phrase_of, post_key
from alerts.model import Event, EventPost
from stream.messages import Judged, Post

CHUNK = 128  # posts that are compared at once
CLOSEST = 8  # kept posts, and as many earlier ones of the chunk, that a post is compared with
# Squared rarity that must be shared for a comparison: enough evidence for a join (grouping_match) means at least that much,
# since a gram of rarity r gives r - 5 of evidence and r² here.
LEAST_SHARED = 90.0

BURST = timedelta(days=3)  # how long a grave event draws what names the same thing
BURST_POSTS = 2  # posts that make a serious event one that is talked about


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a post went. `event` is its state after the posts that came with it; `is_new`: this post founded it."""

    event: Event
    post: EventPost
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Seat:
    """Which event a kept post, or a post of this chunk, belongs to."""

    unit: Unit
    member: Member


# Of a pair: the row of the older post, the probability that both tell of the same, whether they are near copies, whether a
# name is the same, and whether they name different things (see `differ`).
_Likeness = tuple[int, float, bool, bool, float]


@dataclass(slots=True)
class _Match:
    """An event that a post may join: the compared members, each with the probability that both tell of the same."""

    unit: Unit
    members: list[tuple[Member, float]] = field(default_factory=list)
    near_copy: bool = False
    same: bool = False  # some member names the same thing
    apart: bool = False  # some member names another one

    @property
    def is_about_another(self) -> bool:
        """A member that names nothing must not take in what is about another thing than the rest of its event."""
        return self.apart and not self.same

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
        self._by_name = ByName()
        self._unit_of_post: dict[int, Unit] = {}
        self._oldest: list[tuple[datetime, str]] = []
        self._newest: datetime | None = None
        self._seats: dict[int, _Seat] = {}  # by row; those of the chunk at hand by ~index
        self._waiting: dict[int, _Seat] = {}  # those of the chunk that stand for their event, until they get a row
        self._leaving: set[int] = set()  # rows of posts that stand for no event any more

    def __len__(self) -> int:
        """How many events are live."""
        return len(self._units)

    def assign(self, judged: Sequence[Judged]) -> list[Assignment]:
        """The event of each post, in order. A post that was assigned before gets the same event and changes nothing."""
        starts = range(0, len(judged), CHUNK)
        return [one for start in starts for one in self._assign(judged[start : start + CHUNK])]

    def signature(self, event_id: str) -> bytes:
        """What `restore` needs to know of a live event; raises KeyError when it is not live any more."""
        unit = self._units[event_id]
        return pack(unit, self._store.grams([member.row for member in unit.members]))

    def restore(self, rows: Iterable[tuple[Event, bytes]]) -> None:
        """Rebuild the working set of an empty index from the ledger's recent events.

        Raises Poison, naming the event, on a broken signature.
        """
        blocks, count = list[Grams](), 0
        for event, signature in rows:
            restored = unpack(event, signature)
            for member in restored.unit.members:
                member.row = ~count
                self._seats[member.row] = self._waiting[member.row] = _Seat(restored.unit, member)
                count += 1
            blocks.append(restored.grams)
            self._admit(restored.unit)
            self._unit_of_post.update(dict.fromkeys(restored.unit.taken, restored.unit))
            self._advance(event.last_seen)
        self._settle(stack(blocks))

    def _assign(self, judged: Sequence[Judged]) -> list[Assignment]:
        keys = [post_key(one.post.id) for one in judged]
        homes = {key: (unit, unit.taken[key]) for key in keys if (unit := self._unit_of_post.get(key))}
        fresh: dict[int, Judged] = {}
        for key, one in zip(keys, judged, strict=True):
            if key not in homes:
                fresh.setdefault(key, one)
        homes.update(self._place_all(fresh))
        states = {unit.id: unit for unit, _ in homes.values()}
        events = {event: unit.event() for event, unit in states.items()}
        return [_assignment(events, *homes[key], one) for key, one in zip(keys, judged, strict=True)]

    def _place_all(self, fresh: dict[int, Judged]) -> dict[int, tuple[Unit, Taken]]:
        """The event of each of the new posts of a chunk, by the key of the post."""
        posts = list(fresh.values())
        new = Chunk(read_grams(posts, self._background))
        contexts = [context_of(one, self._background) for one in posts]
        alike = self._compare(posts, new, contexts)
        homes = {}
        for index, (key, one) in enumerate(fresh.items()):
            member = Member(~index, one.post.id, "", one.judgement.severity, contexts[index])
            homes[key] = self._place(one, key, member, alike[index])
        self._settle(new.grams)
        return homes

    def _place(self, judged: Judged, key: int, member: Member, alike: Sequence[_Likeness]) -> tuple[Unit, Taken]:
        at = event_time(judged.post)
        self._advance(at)
        match = self._find(judged, alike)
        unit = match.unit if match else Unit(event_id(judged.post.id), at, at)
        taken = Taken(key, _hundredths(match.best) if match else 100, bool(match and match.near_copy))
        member.support = match.support() if match else 0
        self._seats[member.row] = _Seat(unit, member)
        unit.count(judged, at)
        if not taken.near_copy:
            member.phrase = phrase_of(judged)
            self._stand(unit, member)
        self._remember(unit, taken)
        self._admit(unit)
        self._advance(at)
        return unit, taken

    def _compare(self, posts: Sequence[Judged], new: Chunk, contexts: Sequence[Context]) -> list[list[_Likeness]]:
        """What each post of a chunk is to be held against."""
        pairs = self._pairs(posts, new, contexts)
        old = pairs.old.tolist()
        theirs = [contexts[~row] if row < 0 else self._seats[row].member.context for row in old]
        ours = [contexts[index] for index in pairs.new.tolist()]
        rows, named = inputs(self._store.compare(new, pairs), zip(ours, theirs, strict=True))
        self._look_again(rows, named, new, pairs)
        columns = (weigh(rows, self._network), near_copies(rows), names_the_same(rows), rows[:, THINGS_DIFFER])
        alike = list(zip(old, *(column.tolist() for column in columns), strict=True))
        ends = np.searchsorted(pairs.new, np.arange(len(posts)), side="right").tolist()
        return [alike[start:end] for start, end in pairwise([0, *ends])]

    def _look_again(self, rows: F32, named: I64, new: Chunk, pairs: Pairs) -> None:
        """Where things differ: what the one post names may stand in the other without its kind."""
        doubtful = np.flatnonzero(rows[:, THINGS_DIFFER] > 0)
        theirs, ours = self._store.olds(new, pairs.old[doubtful]), new.ids[pairs.new[doubtful]]
        our, their = named[doubtful].T[:, :, None]
        rows[doubtful[(theirs == our).any(axis=1) | (ours == their).any(axis=1)], THINGS_DIFFER] = SAME

    def _pairs(self, posts: Sequence[Judged], new: Chunk, contexts: Sequence[Context]) -> Pairs:
        """Each post with the kept and the earlier ones that may tell of the same."""
        place = {one.post.id: index for index, one in enumerate(posts)}
        copies: list[tuple[int, int]] = []
        for index, copied in enumerate(one.judgement.near_copy_of for one in posts):
            if copied and (unit := self._unit_of_post.get(post_key(copied))):
                copies += [(index, member.row) for member in unit.members]
            elif copied and place.get(copied, index) < index:
                copies.append((index, ~place[copied]))
        copies += self._by_name.find([one.objects for one in contexts], self._told_last)
        named = np.array(copies, dtype=np.int64).reshape(-1, 2)
        told = Pairs(named[:, 0], named[:, 1], np.full(len(named), TOLD))
        return join([told, self._store.search(new, CLOSEST, LEAST_SHARED)])

    def _told_last(self, rows: Collection[int], most: int) -> list[int]:
        """Those whose events were told of last, the last first, equally late ones by the id of the post."""
        seen = [self._seats[row].unit.last_seen for row in rows]
        if len(seen) > most:  # many posts name the same in a full window, and all but a few are soon out of it
            least = sorted(seen)[-most]
            rows = [row for row, at in zip(rows, seen, strict=True) if at >= least]
        return sorted(rows, key=self._newest_first)[:most]

    def _newest_first(self, row: int) -> tuple[float, str]:
        seat = self._seats[row]
        return -seat.unit.last_seen.timestamp(), seat.member.post_id

    def _find(self, judged: Judged, alike: Sequence[_Likeness]) -> _Match | None:
        """The event the post joins; None if it is the first to tell of something."""
        at, county = event_time(judged.post), named_county(judged)
        claims = self._claims(at, alike)
        if max(claims, default=0.0) < self._network.join:
            return None
        matches: dict[str, _Match] = {}
        for (row, _, near_copy, _, apart), claim in zip(alike, claims, strict=True):
            seat = self._seats[row]
            if self._may_join(seat.unit, at, county):
                match = matches.get(seat.unit.id)
                if match is None:
                    match = matches[seat.unit.id] = _Match(seat.unit)
                match.members.append((seat.member, claim))
                match.near_copy |= near_copy
                match.same |= apart == SAME
                match.apart |= apart == 1
        fit = [match for match in matches.values() if not match.is_about_another]
        best = max(fit, key=lambda match: match.rank, default=None)
        return best if best and best.best >= self._network.join else None

    def _claims(self, at: datetime, alike: Sequence[_Likeness]) -> list[float]:
        """How strongly the event of each older post claims the new one, which is of the time `at`."""
        claims, standing = [], 0
        for row, chance, _, names_same, _ in alike:
            if row in self._waiting or (row >= 0 and row not in self._leaving):
                standing += 1
                if names_same and standing <= CLOSEST:  # only the closest that stand for an event draw others
                    chance = max(chance, self._drawn(self._seats[row].unit, at))
            claims.append(chance)
        return claims

    def _may_join(self, unit: Unit, at: datetime, county: str) -> bool:
        """Whether the event lives and time and place allow it; nothing that the texts have in common can overrule this."""
        if not unit.members or at < unit.first_seen - self._window:
            return False
        return not county or unit.county in ("", county)

    def _drawn(self, unit: Unit, at: datetime) -> float:
        """What a grave event that is being talked about claims of a post that names the same thing in other words.

        What is said of the school in the days after a poisoning is about the poisoning; the larger event claims more.
        Posts of the very same instant are posts whose time is not known: nothing can be said of the days after.
        """
        is_burst = unit.severity == 4 or (unit.severity == 3 and unit.posts >= BURST_POSTS)
        if not is_burst or at == unit.last_seen or abs(at - unit.last_seen) > BURST:
            return 0.0
        return min(self._network.join + unit.posts / 500, 0.95)

    def _stand(self, unit: Unit, member: Member) -> None:
        """Let the post stand for its event; the least supported of the others makes room, never the founder."""
        if len(unit.members) >= MEMBERS:
            weakest = min(unit.members[1:], key=lambda one: (one.support, one.post_id))
            self._unseat(unit, weakest)
        unit.members.append(member)
        self._waiting[member.row] = self._seats[member.row]

    def _unseat(self, unit: Unit, member: Member) -> None:
        unit.members.remove(member)
        if member.row >= 0:
            self._leaving.add(member.row)
        else:
            del self._waiting[member.row]

    def _settle(self, grams: Grams) -> None:
        """After a chunk: give up the rows of those who stand for no event any more, give rows to the new ones."""
        self._store.remove(sorted(self._leaving))
        for row in self._leaving:
            self._by_name.remove(row, self._seats[row].member.context.objects)
        for row in (*self._leaving, *(~index for index in range(len(grams)))):
            del self._seats[row]
        seats = list(self._waiting.values())
        keys = [post_key(seat.member.post_id) for seat in seats]
        rows = self._store.add(grams.take([~row for row in self._waiting]), keys)
        for seat, row in zip(seats, rows, strict=True):
            seat.member.row = row
            self._seats[row] = seat
            self._by_name.add(row, seat.member.context.objects)
        self._waiting, self._leaving = {}, set()

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


def _assignment(events: Mapping[str, Event], unit: Unit, taken: Taken, judged: Judged) -> Assignment:
    post, judgement = judged.post, judged.judgement
    link = EventPost(
        post_id=post.id,
        event_id=unit.id,
        at=event_time(post),
        source=post.source,
        severity=judgement.severity,
        similarity=taken.likeness / 100,
        near_copy=taken.near_copy,
        intent=judgement.intent.key,
    )
    return Assignment(events[unit.id], link, unit.id == event_id(post.id))
