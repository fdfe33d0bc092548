"""The encoder as it is served: ONNX in 8-bit integers on the processor, no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classify.encoder.text import Line, read_line, shorten
from classify.features import Floats

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MODEL, TOKENIZER, META = "encoder.onnx", "tokenizer.json", "encoder.json"
FORMAT = 1
BATCH_TOKENS = 512  # of one run, padding included: what a run holds stays in the processor's cache
SLOWER = ["SkipLayerNormFusion"]  # on processors the fused sum and norm is slower than the two apart


@dataclass(frozen=True, slots=True)
class EncoderMeta:
    """`labels`: per head, in the order of the columns. `temperature`: per head, divides the logits, so that the scores are
    probabilities. `tokens`: as many of a post are read."""

    name: str
    base: str
    labels: dict[str, list[str]]
    temperature: dict[str, float]
    prefix: str
    tokens: int
    pad: int
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class TokenSays:
    """One post's line, where each token stands in it, and what each gives each label (tokens, labels)."""

    line: Line
    spans: list[tuple[int, int]]
    each: Floats


class Encoder:
    """`threads` run a batch each; 0: as many as there are processors."""

    def __init__(self, session: InferenceSession, tokenizer: Tokenizer, meta: EncoderMeta, threads: int = 0) -> None:
        self._session = session
        self._workers = ThreadPoolExecutor(threads or os.cpu_count() or 1, "encoder")
        self._tokenizer = tokenizer
        self.meta = meta

    @classmethod
    def load(cls, folder: Path, threads: int = 0) -> Encoder:
        """Raises FileNotFoundError or ValueError (Chinese) if the folder holds no encoder of this format."""
        import onnxruntime
        from tokenizers import Tokenizer

        meta = read_meta(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # batches side by side wait less than the parts of one batch
        session = onnxruntime.InferenceSession(
            str(folder / MODEL), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOWER
        )
        return cls(session, Tokenizer.from_file(str(folder / TOKENIZER)), meta, threads)

    def read(self, titles: Sequence[str], texts: Sequence[str], kinds: Sequence[str]) -> tuple[Floats, list[TokenSays]]:
        """Probabilities (posts, labels), each head's columns summing to 1, and what each token said, in order."""
        lines = [read_line(*one, self.meta.prefix) for one in zip(titles, texts, kinds, strict=True)]
        coded = self._tokenizer.encode_batch([line.text for line in lines])
        kept = [shorten(range(len(one.ids)), self.meta.tokens) for one in coded]
        each = self._run([_pick(one.ids, keep) for one, keep in zip(coded, kept, strict=True)])
        said = [
            TokenSays(line, _pick(one.offsets, keep), values)
            for line, one, keep, values in zip(lines, coded, kept, each, strict=True)
        ]
        wide = sum(map(len, self.meta.labels.values()))
        logits = np.stack([values.sum(axis=0) for values in each]) if each else np.zeros((0, wide), np.float32)
        return self._probabilities(logits), said

    def _run(self, lines: Sequence[list[int]]) -> list[Floats]:
        """What each token gives each label, post by post; posts of like length run together."""
        order = sorted(range(len(lines)), key=lambda i: len(lines[i]))
        batches = _batches(order, lines)
        out: list[Floats] = [np.zeros((0, 0), np.float32)] * len(lines)
        each = self._workers.map(lambda chosen: self._run_batch([lines[i] for i in chosen]), batches)
        for chosen, values in zip(batches, each, strict=True):
            for i, one in zip(chosen, values, strict=True):
                out[i] = one
        return out

    def _run_batch(self, lines: Sequence[list[int]]) -> list[Floats]:
        wide = max(map(len, lines))
        ids = np.full((len(lines), wide), self.meta.pad, np.int64)
        mask = np.zeros((len(lines), wide), np.int64)
        for row, line in enumerate(lines):
            ids[row, : len(line)] = line
            mask[row, : len(line)] = 1
        (each,) = self._session.run(None, {"ids": ids, "mask": mask})
        return [np.asarray(each[row, : len(line)], np.float32) for row, line in enumerate(lines)]

    def _probabilities(self, logits: Floats) -> Floats:
        out, start = np.empty_like(logits), 0
        for head, keys in self.meta.labels.items():
            part = slice(start, start + len(keys))
            start = part.stop
            cooled = logits[:, part] / self.meta.temperature.get(head, 1.0)
            raised = np.exp(cooled - cooled.max(axis=1, keepdims=True))
            out[:, part] = raised / raised.sum(axis=1, keepdims=True)
        return out


def _pick(found: list[Any], places: Sequence[int]) -> list[Any]:
    """What stands at these places; a tokenizer's lists are made anew each time they are asked for, so they are asked for once."""
    return [found[i] for i in places]


def _batches(order: Sequence[int], lines: Sequence[list[int]]) -> list[list[int]]:
    """Posts in order of length, as many together as BATCH_TOKENS allow."""
    found: list[list[int]] = []
    for i in order:
        if found and (len(found[-1]) + 1) * len(lines[i]) <= BATCH_TOKENS:
            found[-1].append(i)
        else:
            found.append([i])
    return found


def read_meta(folder: Path) -> EncoderMeta:
    """Raises FileNotFoundError or ValueError (Chinese)."""
    missing = [name for name in (MODEL, TOKENIZER, META) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder}: 没有 {'、'.join(missing)}，请先运行 train --base，或把 judge.mode 改为 fast"
        )
    held = json.loads((folder / META).read_text(encoding="utf-8"))
    if held.get("format") != FORMAT:
        raise ValueError(f"{folder / META}: format = {held.get('format')}，只认得 {FORMAT}，请重新训练")
    return EncoderMeta(**held)


def write_meta(meta: EncoderMeta, folder: Path) -> None:
    (folder / META).write_text(json.dumps(asdict(meta), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
