"""How the encoder is trained: figures only, so that whoever asks for a training need not load torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """`peak` is the learning rate of the top layer, each layer below has `decay` of it; `heads` that of the heads.

    The lowest `frozen` layers do not learn: what they make of each post is computed once and kept in half precision, which saves
    their part of every epoch. `warm`: the part of all steps in which the rates rise.
    `tokens`: as many of a post are read. `layers`: which of the model's layers are kept, from 0 (None: all).
    """

    epochs: int = 5
    frozen: int = 0
    tokens: int = 128
    batch: int = 16
    peak: float = 3e-4
    heads: float = 2e-3
    decay: float = 0.9
    warm: float = 0.08
    smoothing: float = 0.05
    weight_decay: float = 0.01
    seed: int = 0
    layers: tuple[int, ...] | None = None
