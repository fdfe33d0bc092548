"""The training loop of the encoder: several tasks at once, batches of like length."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from classify.encoder.network import Network, depth
from classify.encoder.plan import Plan
from classify.encoder.tasks import Labels, Lessons
from classify.encoder.text import read_texts, shorten
from classify.features import Floats

Progress = Callable[[str], None]
Tokenize = Callable[[Sequence[str]], list[list[int]]]
Input = NDArray[np.int64] | NDArray[np.float16]  # token ids (tokens,), or hidden states (tokens, wide)

KIND_UNKNOWN = 0.25  # posts whose kind is hidden, so that the answers do not lean on it
HEAD_WEIGHTS = {"topic": 1.0, "office": 0.8, "severity": 0.6}
OTHER_WEIGHT = 0.5
TOLD_EVERY = 50  # steps


@dataclass(frozen=True, slots=True)
class Reader:
    """From posts to what the network takes: the prefix, the tokenizer and, where layers are frozen, those layers."""

    tokenize: Tokenize
    pad: int
    prefix: str
    tokens: int
    below: nn.Module | None = None

    def inputs(self, titles: Sequence[str], texts: Sequence[str], kinds: Sequence[str]) -> list[Input]:
        lines = [shorten(ids, self.tokens) for ids in self.tokenize(read_texts(titles, texts, kinds, self.prefix))]
        return [np.array(line, np.int64) for line in lines] if self.below is None else self._hidden(self.below, lines)

    @torch.no_grad()
    def _hidden(self, below: nn.Module, lines: Sequence[list[int]]) -> list[Input]:
        below.eval()
        out: list[Input] = [np.zeros(0, np.int64)] * len(lines)
        for chosen in by_length([len(line) for line in lines], 16):
            ids, mask = self.batch([np.array(lines[i], np.int64) for i in chosen])
            hidden = below(input_ids=ids, attention_mask=mask).last_hidden_state.numpy().astype(np.float16)
            for row, i in enumerate(chosen):
                out[i] = hidden[row, : len(lines[i])]
        return out

    def batch(self, inputs: Sequence[Input]) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs padded to the longest, and their mask."""
        wide = max(map(len, inputs))
        ids = inputs[0].ndim == 1
        shape = (len(inputs), wide) if ids else (len(inputs), wide, inputs[0].shape[1])
        held = np.full(shape, self.pad if ids else 0, np.int64 if ids else np.float32)
        mask = np.zeros((len(inputs), wide), np.int64)
        for row, one in enumerate(inputs):
            held[row, : len(one)] = one
            mask[row, : len(one)] = 1
        return torch.from_numpy(held), torch.from_numpy(mask)


def by_length(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """The posts in order of length, `size` at a time."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    for start in range(0, len(order), size):
        yield order[start : start + size]


Row = tuple[Input, Floats, NDArray[np.bool_]]


def fit(
    network: Network, lessons: Sequence[Lessons], labels: Labels, reader: Reader, plan: Plan, say: Progress
) -> None:
    """Train in place."""
    torch.manual_seed(plan.seed)
    draw = np.random.default_rng(plan.seed)
    prepared = [(part, _prepare(part, reader, draw)) for part in lessons]
    steps = plan.epochs * max(-(-sum(_seen(part) for part in lessons) // plan.batch), 1)
    optimiser = torch.optim.AdamW(_groups(network, plan), weight_decay=plan.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: slope(step, steps, plan.warm))
    losses: list[float] = []
    began = time.monotonic()
    for epoch in range(plan.epochs):
        network.train()
        for rows in _epoch(prepared, plan.batch, draw):
            loss = _loss(network, rows, labels, reader, plan.smoothing)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
            if len(losses) % TOLD_EVERY == 0:
                mean = np.mean(losses[-TOLD_EVERY:])
                say(f"第 {epoch + 1} 遍，{len(losses)}/{steps} 步，损失 {mean:.3f}，{time.monotonic() - began:.0f} 秒")
    network.eval()


def _seen(part: Lessons) -> int:
    """How many of them an epoch sees."""
    return len(part.texts) if part.share is None else min(part.share, len(part.texts))


def _prepare(part: Lessons, reader: Reader, draw: np.random.Generator) -> list[Input]:
    hidden = draw.random(len(part.texts)) < KIND_UNKNOWN
    kinds = ["" if unknown else kind for kind, unknown in zip(part.kinds, hidden.tolist(), strict=True)]
    return reader.inputs(part.titles, part.texts, kinds)


def _groups(network: Network, plan: Plan) -> list[dict[str, object]]:
    layers = len(network.encoder.encoder.layer)
    groups: list[dict[str, object]] = []
    for name, parameter in network.named_parameters():
        inner = name.startswith("encoder.")
        rate = plan.peak * plan.decay ** depth(name, layers) if inner else plan.heads
        groups.append({"params": [parameter], "lr": rate})
    return groups


def slope(step: int, steps: int, warm: float) -> float:
    """The learning rate's factor: rising from 0 to 1, then falling to 0."""
    rising = max(int(steps * warm), 1)
    return step / rising if step < rising else max(steps - step, 0) / max(steps - rising, 1)


def _epoch(
    prepared: Sequence[tuple[Lessons, list[Input]]], size: int, draw: np.random.Generator
) -> Iterator[list[Row]]:
    """Batches of posts of like length, the batches in random order."""
    rows: list[Row] = []
    for part, inputs in prepared:
        chosen = draw.permutation(len(inputs))[: part.share].tolist()
        rows += [(inputs[i], part.wanted[i], part.given[i]) for i in chosen]
    batches = list(by_length([len(row[0]) + int(draw.integers(0, 9)) for row in rows], size))
    for number in draw.permutation(len(batches)).tolist():
        if len(batches[number]) > 1:  # BatchNorm needs two
            yield [rows[i] for i in batches[number]]


def _loss(network: Network, rows: Sequence[Row], labels: Labels, reader: Reader, smoothing: float) -> torch.Tensor:
    logits = network(*reader.batch([row[0] for row in rows]))
    wanted = torch.from_numpy(np.stack([row[1] for row in rows]))
    given = torch.from_numpy(np.stack([row[2] for row in rows]))
    total, start = torch.zeros(()), 0
    for place, (head, keys) in enumerate(labels.items()):
        part = slice(start, start + len(keys))
        start = part.stop
        counts = given[:, place]
        if counts.any():
            aim = wanted[counts, part] * (1 - smoothing) + smoothing / len(keys)
            each = -(aim * functional.log_softmax(logits[counts, part], -1)).sum()
            total = total + HEAD_WEIGHTS.get(head, OTHER_WEIGHT) * each / len(rows)
    return total


@torch.no_grad()
def predict(network: Network, inputs: Sequence[Input], reader: Reader) -> Floats:
    """Logits (posts, labels), in order."""
    network.eval()
    out = np.zeros((len(inputs), network.heads.out_features), np.float32)
    for chosen in by_length([len(one) for one in inputs], 32):
        out[chosen] = network(*reader.batch([inputs[i] for i in chosen])).numpy()
    return out


def side_scores(logits: Floats, said: Mapping[str, Sequence[str]], labels: Labels) -> dict[str, float]:
    """Accuracy per head of labelled posts: (head -> the true labels, in order)."""
    found, start = {}, 0
    for head, keys in labels.items():
        part = slice(start, start + len(keys))
        start = part.stop
        if head in said:
            found[head] = float(
                np.mean([keys[i] == one for i, one in zip(logits[:, part].argmax(1).tolist(), said[head], strict=True)])
            )
    return found
