"""The trained numbers of the fast model, as a folder with model.npz (numbers) and meta.json (names and settings)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify.features import Floats, Rows

FORMAT = 1
HEADS = ("topic", "office", "sentiment", "intent", "severity")


@dataclass(frozen=True, slots=True)
class Meta:
    """`labels`: per head, in column order. `kinds`: the kinds of post that have a row of their own in the mix.

    `cuts`: severity expectations from which 2, 3 and 4 begin. `costs`: quantiles of what its judgements of posts it never
    saw may be expected to cost (see classify/human.py); where there are none, a post whose best topic scores below `review`
    goes to a person.
    """

    name: str
    bits: int
    labels: dict[str, list[str]]
    kinds: list[str]
    cuts: list[float]
    review: float
    format: int = FORMAT
    costs: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Weights:
    """`buckets` (K,) are the hash buckets that carry weight; `table` (K, L) int8 times `scale` (L,) their weights.

    Base = x @ (table * scale) + bias; the answer's logits = (base, kind) @ mix + mix_bias, fitted on held-out folds: the
    heads help each other and become probabilities. `kind` is one-hot over the meta's kinds, all zero for any other.
    """

    buckets: NDArray[np.uint32]
    idf: Floats
    table: NDArray[np.int8]
    scale: Floats
    bias: Floats
    mix: Floats
    mix_bias: Floats
    meta: Meta

    def columns(self) -> dict[str, slice]:
        """Which columns belong to which head."""
        found, start = {}, 0
        for head in HEADS:
            found[head] = slice(start, start + len(self.meta.labels[head]))
            start = found[head].stop
        return found

    def lookup(self) -> Rows:
        """Bucket -> row of the table, -1 where the bucket carries no weight; int32 of shape (2^bits,)."""
        rows = np.full(1 << self.meta.bits, -1, np.int32)
        rows[self.buckets] = np.arange(len(self.buckets), dtype=np.int32)
        return rows


def quantise(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """(K, L) floats as int8 with one scale per column."""
    scale = (np.abs(weights).max(axis=0) / 127 + 1e-12).astype(np.float32)
    return np.rint(weights / scale).astype(np.int8), scale


def save_weights(weights: Weights, folder: Path) -> None:
    """Write both files; the folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    gaps = np.diff(weights.buckets.astype(np.int64), prepend=0).astype(np.uint16)  # small numbers, which pack well
    np.savez_compressed(
        folder / "model.npz",
        gaps=gaps,
        idf=weights.idf.astype(np.float16),
        table=np.ascontiguousarray(weights.table.T),
        scale=weights.scale,
        bias=weights.bias,
        mix=weights.mix,
        mix_bias=weights.mix_bias,
    )
    meta = {name: getattr(weights.meta, name) for name in Meta.__slots__}
    (folder / "meta.json").write_text(json.dumps(meta, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_weights(folder: Path) -> Weights:
    """Raises FileNotFoundError or ValueError (Chinese) if the folder holds no model of this format."""
    if not (folder / "model.npz").is_file() or not (folder / "meta.json").is_file():
        raise FileNotFoundError(f"{folder}: 没有模型文件 model.npz 和 meta.json，请先运行 train 或改正 judge.model")
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    if meta.get("format") != FORMAT:
        raise ValueError(f"{folder}/meta.json: format = {meta.get('format')}，只认得 {FORMAT}，请重新训练")
    with np.load(folder / "model.npz", allow_pickle=False) as held:
        return Weights(
            buckets=np.cumsum(held["gaps"].astype(np.int64)).astype(np.uint32),
            idf=held["idf"].astype(np.float32),
            table=np.ascontiguousarray(held["table"].T),
            scale=held["scale"],
            bias=held["bias"],
            mix=held["mix"],
            mix_bias=held["mix_bias"],
            meta=Meta(**meta),
        )
