"""The second look: what the fast model judged alone is read by the encoder too when there is nothing else to do.

So the quality of the archive does not depend on the load for long. Only the archive is written, as `minsheng rejudge` does it:
no event moves and no alert goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.rejudging import Rejudge, Span
from app.stages import SOURCES
from classify.cascade import BOTH, Cascade
from stream.log import REREADS
from stream.worker import Count

if TYPE_CHECKING:
    from app.rejudge_notes import Outcome
    from app.wire import House
    from stream.messages import Judged, Post

GROUP = f"{REREADS}second-look"
BATCH = 16  # posts between two looks at whether there is something new to judge


class _Unnoted:
    """The second look is counted, not written down."""

    def add(self, outcomes: Sequence[Outcome]) -> None: ...


class SecondLook:
    def __init__(self, house: House, count: Count) -> None:
        self._house = house
        self._judging = house.judge(mode="transformer")
        self._again = Rejudge(house, self._judge, GROUP, _Unnoted(), Span(), count)
        self.has_more = True

    def round(self) -> int:
        """Look at up to BATCH posts again; returns how many records were passed."""
        house = self._house
        if house.log.lag(SOURCES["archive"], "archive"):  # what is not archived yet would be passed over
            return 0
        done = len(self._again.round(BATCH))
        self.has_more = bool(done)
        return done

    def _judge(self, posts: Sequence[Post]) -> list[Judged]:
        """As the encoder reads them; what it has read already stays as it is and costs nothing."""
        stored = {post.id: self._house.archive.get(post.id) for post in posts}
        due = [post for post in posts if (one := stored[post.id]) and BOTH not in one.judgement.model]
        read = {one.post.id: one for one in self._judging(due)} if due else {}
        known = [read.get(post.id) or stored[post.id] for post in posts]
        return [one for one in known if one]


def second_look(house: House, count: Count) -> SecondLook | None:
    """None where it is switched off, or where there is no encoder to look with."""
    if not house.settings.judge.second_look or house.settings.judge.mode != "cascade":
        return None
    return SecondLook(house, _renamed(count)) if isinstance(house.classifier(), Cascade) else None


def _renamed(count: Count) -> Count:
    """Counts under a name of their own: what is handled here was handled before."""
    return lambda what, reason, n: count("second_look", reason if what != "handled" else "judged", n)
