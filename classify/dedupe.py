"""Near copies: posts that repeat an earlier one almost word for word (reposts, mass mailings, the same letter twice).

MinHash over character 3-grams (Broder 1997) with banded look-up: posts that share one band are compared by the share of
equal minima, which estimates the Jaccard similarity of their 3-grams.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify.features import hashes, read_batch

SIMILAR = 0.7  # estimated Jaccard similarity from which a post repeats another
SHORTEST = 12  # characters that count; anything shorter repeats by chance
_BANDS, _DEEP = 16, 4
_PER_BUCKET = 8  # the newest posts of a bucket that are compared

Signature = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class _Entry:
    first: str  # the post that this one repeats, "" if none
    signature: Signature | None


class NearCopies:
    """Remembers the `keep` newest posts. `link` both looks up and adds."""

    def __init__(self, keep: int = 20_000) -> None:
        self._keep = keep
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._buckets: tuple[dict[bytes, list[str]], ...] = tuple({} for _ in range(_BANDS))

    def __len__(self) -> int:
        return len(self._entries)

    def link(self, posts: Sequence[tuple[str, str]]) -> list[str]:
        """For each (post id, text): the id of the first post that it nearly repeats, "" if none.

        A post that is already known gets the answer it had; so the same batch again changes nothing.
        """
        signed = signatures([text for _, text in posts])
        return [self._link(post, signature) for (post, _), signature in zip(posts, signed, strict=True)]

    def _link(self, post: str, signature: Signature | None) -> str:
        known = self._entries.get(post)
        if known is not None:
            return known.first
        first = ""
        if signature is not None:
            bands = [row.tobytes() for row in signature.reshape(_BANDS, _DEEP)]
            first = self._closest(bands, signature)
            self._add(post, bands)
        self._entries[post] = _Entry(first, signature)
        self._forget()
        return first

    def _closest(self, bands: Sequence[bytes], signature: Signature) -> str:
        seen = {one for bucket, band in zip(self._buckets, bands, strict=True) for one in bucket.get(band, ())}
        best, nearest = SIMILAR, ""
        for other in seen:
            theirs = self._entries[other].signature
            alike = 0.0 if theirs is None else float((theirs == signature).mean())
            if alike > best or (alike == best and (not nearest or other < nearest)):
                best, nearest = alike, other
        return nearest and (self._entries[nearest].first or nearest)

    def _add(self, post: str, bands: Sequence[bytes]) -> None:
        for bucket, band in zip(self._buckets, bands, strict=True):
            held = bucket.setdefault(band, [])
            held.append(post)
            del held[:-_PER_BUCKET]

    def _forget(self) -> None:
        """Drop the oldest posts beyond `keep`, with their traces in the buckets."""
        while len(self._entries) > self._keep:
            post, entry = self._entries.popitem(last=False)
            if entry.signature is None:
                continue
            for bucket, row in zip(self._buckets, entry.signature.reshape(_BANDS, _DEEP), strict=True):
                held = [one for one in bucket.get(row.tobytes(), ()) if one != post]
                if held:
                    bucket[row.tobytes()] = held
                else:
                    bucket.pop(row.tobytes(), None)


_ROUNDS = np.random.default_rng(20261125).integers(1, 1 << 32, (_BANDS * _DEEP, 2), dtype=np.uint64).astype(np.uint32)


def signatures(texts: Sequence[str]) -> list[Signature | None]:
    """The MinHash of each text, uint32 of shape (64,); None for a text that is too short to tell."""
    if not texts:
        return []
    batch = read_batch([""] * len(texts), texts)
    hashed, within = hashes(batch, 3, 32)
    kept = np.flatnonzero(within)
    post, hashed = batch.post[kept], hashed[kept]
    starts = np.searchsorted(post, np.arange(batch.size))
    lengths = np.diff(starts, append=len(post))
    filled = np.flatnonzero(lengths)
    signed = np.zeros((batch.size, len(_ROUNDS)), np.uint32)
    for place, (factor, offset) in enumerate(_ROUNDS):
        mixed = hashed * (factor | np.uint32(1)) + offset
        signed[filled, place] = np.minimum.reduceat(mixed ^ (mixed >> np.uint32(15)), starts[filled])
    return [row if length >= SHORTEST else None for row, length in zip(signed, lengths.tolist(), strict=True)]
