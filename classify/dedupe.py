"""Near copies: posts that repeat an earlier one almost word for word (reposts, mass mailings, the same letter twice).

MinHash finds what may be alike; the stored sets of 3-grams decide: nearly the same in all (Jaccard), or the shorter nearly
whole within the longer, as when a text is cut or a sentence is added. Texts that differ in a place or a number stay apart
as soon as that makes them less alike than the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from classify.chains import Chains
from classify.shingles import BANDS, Set16, Shingled, shingle
from stream.messages import Post

ALIKE = 0.8  # Jaccard similarity of character 3-grams from which a post repeats another
WITHIN = 0.9  # or so much of the shorter text stands in the longer
LEAST = 0.55  # and the shorter is so much of the longer
SHORTEST = 12  # letters; a shorter text repeats another only when all letters are the same
_BODY = 60  # characters; a longer text is compared without its title, which reposts change
_LOOKS = 12  # earlier posts of one band that are compared
_CHUNK = 512
_POOL = 100  # 3-grams that are kept per post of the capacity, on average


class NearCopies:
    """Remembers the newest posts, at most `capacity`, and the text of those that repeat none.

    Memory does not grow: about 270 bytes a post of the capacity, allocated at the start, and the ids.
    """

    def __init__(self, capacity: int = 200_000, alike: float = ALIKE, least: float = LEAST) -> None:
        self._capacity, self._alike, self._least = capacity, alike, least
        self._posts = 0  # the number given last
        self._firsts: list[str] = [""] * capacity  # by number: the answer that a post got
        self._ids: list[str] = [""] * capacity
        self._whole = [0] * capacity
        self._known = Chains(capacity)
        self._exact = Chains(capacity)
        self._bands = [Chains(capacity) for _ in range(BANDS)]
        self._sets = SetPool(capacity, capacity * _POOL)
        self._seen = np.zeros(1 << 16, np.bool_)

    def link(self, posts: Sequence[Post]) -> list[str]:
        """The id of the first post that each nearly repeats ("" if none), in order; the posts are remembered.

        A post whose id is known gets the answer that it had, and is never the copy of itself.
        """
        answers: list[str] = []
        for start in range(0, len(posts), _CHUNK):
            chunk = posts[start : start + _CHUNK]
            signed = shingle([_body(post) for post in chunk])
            bands = signed.bands.tolist()
            answers += [self._link(post.id, signed, row, bands[row]) for row, post in enumerate(chunk)]
        return answers

    def _link(self, post_id: str, signed: Shingled, row: int, bands: Sequence[int]) -> str:
        key = int.from_bytes(blake2b(post_id.encode(), digest_size=4).digest(), "little")
        for item in self._known.find(key, self._posts, self._capacity):
            if self._ids[item % self._capacity] == post_id:
                return self._firsts[item % self._capacity]
        first = self._first(signed, row, bands) if signed.letters[row] else 0
        return self._add(post_id, key, first, signed, row, bands)

    def _first(self, signed: Shingled, row: int, bands: Sequence[int]) -> int:
        """The number of the earliest post that is alike, 0 if none."""
        whole = signed.whole[row]
        for item in self._exact.find(whole & 0xFFFFFFFF, self._posts, _LOOKS):
            if self._whole[item % self._capacity] == whole:
                return item
        if signed.letters[row] < SHORTEST:
            return 0
        maybe = {
            item for chain, key in zip(self._bands, bands, strict=True) for item in chain.find(key, self._posts, _LOOKS)
        }
        mine = signed.sets[row]
        self._seen[mine] = True
        try:
            return next((item for item in sorted(maybe) if self._is_alike(mine, item)), 0)
        finally:
            self._seen[mine] = False

    def _is_alike(self, mine: Set16, item: int) -> bool:
        theirs = self._sets.get(item)
        shorter, longer = sorted((len(mine), len(theirs)))
        if not shorter or shorter < self._least * longer:
            return False
        common = int(np.count_nonzero(self._seen[theirs]))
        return common >= self._alike * (shorter + longer - common) or common >= WITHIN * shorter

    def _add(self, post_id: str, key: int, first: int, signed: Shingled, row: int, bands: Sequence[int]) -> str:
        answer = self._ids[first % self._capacity] if first else ""
        self._posts += 1
        item, slot = self._posts, self._posts % self._capacity
        self._ids[slot], self._firsts[slot], self._whole[slot] = post_id, answer, signed.whole[row]
        self._known.add(key, item)
        if first or not signed.letters[row]:
            return answer
        self._exact.add(signed.whole[row] & 0xFFFFFFFF, item)
        if signed.letters[row] >= SHORTEST:
            self._sets.put(item, signed.sets[row])
            for chain, band in zip(self._bands, bands, strict=True):
                chain.add(band, item)
        return answer


class SetPool:
    """The sets of the newest items in one ring of 16-bit numbers; the oldest are written over."""

    def __init__(self, capacity: int, room: int) -> None:
        self._pool = np.empty(max(room, 1 << 12), np.uint16)
        self._pool.fill(0)
        self._starts = np.full(capacity, -1, np.int64)
        self._lengths = np.zeros(capacity, np.int32)
        self._owners = np.zeros(capacity, np.int64)
        self._end = 0  # counts on beyond the ring's size

    def put(self, item: int, values: Set16) -> None:
        room = len(self._pool)
        values = values[:room]
        if self._end % room + len(values) > room:
            self._end += room - self._end % room
        start, slot = self._end, item % len(self._starts)
        self._pool[start % room : start % room + len(values)] = values
        self._starts[slot], self._lengths[slot], self._owners[slot] = start, len(values), item
        self._end += len(values)

    def get(self, item: int) -> Set16:
        """The item's set; empty once it has been written over."""
        slot, room = item % len(self._starts), len(self._pool)
        start = int(self._starts[slot])
        if self._owners[slot] != item or start < self._end - room:
            return self._pool[:0]
        return self._pool[start % room : start % room + int(self._lengths[slot])]


def _body(post: Post) -> str:
    return post.text if len(post.text) >= _BODY else f"{post.title}\n{post.text}"
