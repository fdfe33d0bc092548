"""What a spider reads from a page, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stream.messages import Kind, Post


@dataclass(frozen=True, slots=True)
class FoundReply:
    text: str
    office: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One public item as a page shows it: texts as they stand there, times not yet understood.

    `key` is the natural key within the source (a normalised address). `kind` "" is what the source publishes.
    """

    key: str
    url: str
    title: str
    text: str
    time: str
    author: str = ""
    kind: Kind | None = None
    reply: FoundReply | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list: where it leads, what marks its state ("" if the list shows none) and the time it shows."""

    url: str
    mark: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One page that was read: its items, or posts already built and masked (a spreadsheet's rows).

    `entry` None: the page is no entry of a list (a feed) and its state is not kept. `follow` is whether later changes
    are to be expected (an answer, another comment) when the list shows no mark. `may_be_empty`: no items is no fault.
    """

    entry: Entry | None
    found: tuple[Found, ...] = ()
    posts: tuple[Post, ...] = ()
    follow: bool = True
    may_be_empty: bool = False
