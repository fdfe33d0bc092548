"""Which kept posts name the same thing as a new one, whatever else they share: many events may be told in the same words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from alerts.grouping_objects import lookup_keys

FOUND = 2  # posts of one name that a new one is compared with
ASKED = 4  # names of a post that are looked up
CROWD = 48  # posts that may name the same; of what more name, the name tells nothing


class ByName:
    """Rows of kept posts by what they name. Answers do not depend on the order in which rows came."""

    def __init__(self) -> None:
        self._rows: dict[str, set[int]] = {}

    def add(self, row: int, objects: Sequence[str]) -> None:
        for key in lookup_keys(objects):
            self._rows.setdefault(key, set()).add(row)

    def remove(self, row: int, objects: Sequence[str]) -> None:
        for key in lookup_keys(objects):
            rows = self._rows[key]
            rows.discard(row)
            if not rows:
                del self._rows[key]

    def find(
        self, new: Sequence[Sequence[str]], choose: Callable[[Collection[int], int], Iterable[int]]
    ) -> list[tuple[int, int]]:
        """(index of the new post, row), as `choose` takes at most so many of some rows; an earlier new post q stands
        there as ~q. `new`: what each new post names."""
        pairs, earlier = list[tuple[int, int]](), dict[str, list[int]]()
        for index, objects in enumerate(new):
            for key in lookup_keys(objects)[:ASKED]:
                before = earlier.setdefault(key, [])
                pairs += [(index, ~one) for one in before[-FOUND:]]
                rows = self._rows.get(key, ())
                if len(rows) <= CROWD:
                    pairs += [(index, row) for row in (choose(rows, FOUND) if len(rows) > 1 else rows)]
                before.append(index)
        return pairs
