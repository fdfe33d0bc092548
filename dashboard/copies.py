"""How often a post was repeated: the first of its near copies, and how many others of its event repeat the same."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.desk import Desk
from stream.archive import Query
from stream.messages import Judged

MOST = 500  # posts of the event that are looked at, the newest


@dataclass(frozen=True)
class Copies:
    """`first` is the id of the post that this one repeats ("" if it is the first itself, or that one is gone).

    `others`: how many more posts of the event are the same text; `cut`: the event has more posts than were looked at.
    """

    first: str
    others: int
    cut: bool


def copies_of(desk: Desk, judged: Judged, event_id: str) -> Copies:
    """A post without an event (set aside, no public matter) has its first post named, and nobody counted."""
    named = judged.judgement.near_copy_of
    first = named if named and desk.archive.get(named) else ""
    if not event_id:
        return Copies(first, 0, cut=False)
    with desk.ledger.read() as tx:
        ids = [one.post_id for one in tx.events.posts(event_id, MOST) if one.post_id != judged.post.id]
    if not ids:
        return Copies(first, 0, cut=False)
    root = named or judged.post.id
    hits = desk.archive.search(Query(ids=tuple(ids), set_aside=None, limit=len(ids))).hits
    same = sum(root in (hit.judged.post.id, hit.judged.judgement.near_copy_of) for hit in hits)
    return Copies(first, same, cut=len(ids) >= MOST - 1)
