"""An event's working state as bytes, so that the ledger can give back what a lost process knew.

Layout, big-endian: one byte VERSION, four bytes length of a JSON object (UTF-8), the object, then for each member KEPT
gram ids (4 bytes each) and KEPT frequencies (1 byte each), then 9 bytes per remembered post: its hashed id (8) and its
likeness in hundredths (7 bits) with the near-copy bit (128). At most about 8 kB. Counts that the Event itself holds are
not repeated.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic_core import to_json

from alerts.grouping_features import KEPT, Grams
from alerts.grouping_match import Context
from alerts.grouping_names import Names
from alerts.grouping_unit import Member, Taken, Unit
from alerts.model import Event
from stream.errors import Poison

VERSION = 1
_COPY_BIT = 128
_HEAD = struct.Struct(">BI")
_TAKEN = struct.Struct(">QB")


@dataclass(frozen=True, slots=True)
class Restored:
    """A unit whose members have no rows yet, with the grams of each member."""

    unit: Unit
    grams: Grams


def pack(unit: Unit, grams: Grams) -> bytes:
    """`grams`: those of the members, in their order."""
    state = {
        "topics": unit.topics,
        "offices": unit.offices,
        "places": unit.places,
        "counties": unit.counties,
        "words": unit.words,
        "members": [
            [
                m.post_id,
                m.phrase,
                m.severity,
                m.support,
                sorted(m.context.divisions),
                m.context.topics,
                [
                    sorted(m.context.names.pairs),
                    sorted(m.context.names.numbers),
                    list(m.context.objects),
                    m.context.general,
                ],
            ]
            for m in unit.members
        ],
        "taken": len(unit.taken),
    }
    head = to_json(state)
    ids = grams.ids.astype(">u4")
    rows = [part.tobytes() for both in zip(ids, grams.tf, strict=True) for part in both]
    taken = [_TAKEN.pack(t.key, t.likeness | (_COPY_BIT if t.near_copy else 0)) for t in unit.taken.values()]
    return b"".join([_HEAD.pack(VERSION, len(head)), head, *rows, *taken])


def unpack(event: Event, signature: bytes) -> Restored:
    """Raises Poison when the bytes are no signature of this version."""
    try:
        return _unpack(event, signature)
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise Poison(f"事件 {event.id} 的特征记录无法读取（{error}），该事件将不再接收新信息") from error


def _unpack(event: Event, signature: bytes) -> Restored:
    version, length = _HEAD.unpack_from(signature)
    if version != VERSION:
        raise ValueError(f"版本 {version}，本程序只认 {VERSION}")
    at = _HEAD.size + length
    state = json.loads(signature[_HEAD.size : at])
    members = [_member(*fields) for fields in state["members"]]
    rows = np.frombuffer(signature, np.uint8, 5 * KEPT * len(members), at).reshape(-1, 5 * KEPT)
    grams = Grams(rows[:, : 4 * KEPT].copy().view(">u4").astype(np.uint32), rows[:, 4 * KEPT :].copy())
    at += rows.size
    taken = [_TAKEN.unpack_from(signature, at + i * _TAKEN.size) for i in range(state["taken"])]
    unit = Unit(
        id=event.id,
        first_seen=event.first_seen,
        last_seen=event.last_seen,
        posts=event.posts,
        severity=event.severity,
        severity_score=event.severity_score,
        negative=event.sentiment_neg,
        grade=event.event_grade,
        sources=dict(event.sources),
        daily=dict(event.daily),
        topics=state["topics"],
        offices=state["offices"],
        places=state["places"],
        counties=state["counties"],
        words=state["words"],
        members=members,
        taken={key: Taken(key, bits & (_COPY_BIT - 1), bits >= _COPY_BIT) for key, bits in taken},
    )
    return Restored(unit, grams)


def _member(
    post_id: str,
    phrase: str,
    severity: int,
    support: int,
    divisions: list[str],
    topics: dict[str, float],
    names: Sequence[Any],
) -> Member:
    """`names`: pairs, numbers and, but for signatures of an older program, objects and whether it is a general question."""
    pairs, numbers, objects, general = (*names, [], False) if len(names) == 2 else names
    known = Names(frozenset(pairs), frozenset(numbers))
    context = Context(frozenset(divisions), topics, known, tuple(objects), general)
    return Member(-1, post_id, phrase, severity, context, support)
