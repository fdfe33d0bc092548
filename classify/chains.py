"""A hash index of fixed size over the newest items: an item leaves by itself when `capacity` newer ones have come.

Plain arrays, allocated once: memory is the same with one item as with millions.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

_KEY = 0xFFFFFFFF


class Chains:
    """Keys (32 bits) -> the numbers of the items that have it, newest first.

    Items are numbered from 1 upwards by the caller, each number added at most once and never a smaller one after a larger.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._mask = (1 << max(4, capacity.bit_length())) - 1
        self._newest = array("I", [0]) * (self._mask + 1)
        self._keys = array("I", [0]) * capacity
        self._older = array("I", [0]) * capacity

    def add(self, key: int, item: int) -> None:
        slot, place = item % self._capacity, key & self._mask
        self._keys[slot] = key & _KEY
        self._older[slot] = self._newest[place]
        self._newest[place] = item

    def find(self, key: int, last: int, most: int) -> Iterator[int]:
        """At most `most` items with this key, newest first; `last` is the number given last."""
        item, oldest = self._newest[key & self._mask], last - self._capacity
        while item > oldest and item > 0 and most > 0:
            slot = item % self._capacity
            if self._keys[slot] == key & _KEY:
                most -= 1
                yield item
            item = self._older[slot]
