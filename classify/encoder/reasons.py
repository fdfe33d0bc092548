"""The phrases that decided an answer of the encoder: runs of tokens that spoke for it, with their place in the post.

A label's logit is the sum of what each token gives it, so these shares are exact at the last layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from classify.encoder.serve import TokenSays
from classify.encoder.text import NOWHERE, At
from classify.features import Floats
from stream.messages import Post, Reason

LONGEST = 12  # characters of one phrase
_FADES = 0.3  # a phrase's tokens speak at least this part of the post's strongest token


def reasons_of(
    post: Post,
    said: TokenSays,
    names: Sequence[str],
    columns: Sequence[slice],
    chosen: Sequence[int],
    most: Sequence[int],
) -> list[Reason]:
    """At most `most[head]` phrases for the chosen column of each head, the strongest first."""
    found: list[Reason] = []
    places = _places(said) if chosen else []
    for part, column, room in zip(columns, chosen, most, strict=True):
        found += _phrases(post, said, places, names[column], _speaks(said.each, part, column), room)
    return found


def _speaks(each: Floats, part: slice, column: int) -> Floats:
    """What each token says for the label rather than for the others of its head."""
    speaks: Floats = each[:, column] - each[:, part].mean(axis=1)
    level: Floats = speaks - min(float(np.median(speaks)), 0.0)
    return level


def _places(said: TokenSays) -> list[At]:
    """Field, start and end of each token in the post; NOWHERE for what was put in and for signs alone."""
    found = []
    for start, end in said.spans:
        at = [
            one
            for one, char in zip(said.line.at[start:end], said.line.text[start:end], strict=True)
            if one is not NOWHERE and char.isalnum()
        ]
        one_field = [one for one in at if one[0] == at[0][0]]
        found.append((one_field[0][0], one_field[0][1], one_field[-1][2]) if at else NOWHERE)
    return found


def _phrases(post: Post, said: TokenSays, places: Sequence[At], name: str, speaks: Floats, room: int) -> list[Reason]:
    heard = np.where([at is not NOWHERE for at in places], speaks, 0)
    runs = _runs(places, heard > max(_FADES * float(heard.max(initial=0)), 1e-6))
    runs.sort(key=lambda run: -float(heard[run[0] : run[-1] + 1].sum()))
    found: list[Reason] = []
    for run in runs:
        field, start, end = places[run[0]][0], places[run[0]][1], places[run[-1]][2]
        phrase = (post.title if field == "title" else post.text)[start:end]
        if len(found) < room and all(phrase != one.phrase for one in found):
            found.append(Reason(name, phrase, field, start, end, float(heard[run[0] : run[-1] + 1].sum())))
    return found


def _runs(places: Sequence[At], loud: NDArray[np.bool_]) -> list[list[int]]:
    """Neighbouring loud tokens of one field, at most LONGEST characters together."""
    tokens = np.flatnonzero(loud).tolist()
    runs = [tokens[:1]] if tokens else []
    for before, token in pairwise(tokens):
        near = token == before + 1 and places[token][0] == places[before][0]
        if near and places[token][2] - places[runs[-1][0]][1] <= LONGEST:
            runs[-1].append(token)
        else:
            runs.append([token])
    return runs
