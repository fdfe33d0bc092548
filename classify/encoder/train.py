"""`train` an encoder on a local Hugging Face folder: fit, export, fit the gate beside a fast model, write the card."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from classify.cascade import SURE_OF
from classify.compare import read_labelled
from classify.encoder.export import write_files
from classify.encoder.fit import Progress, Reader, fit
from classify.encoder.network import Network, join, longest, read_encoder, split
from classify.encoder.plan import Plan
from classify.encoder.serve import MODEL, Encoder, EncoderMeta, write_meta
from classify.encoder.tasks import Labels, Lessons, labels_of, main_lessons, read_side_tasks, side_lessons
from classify.encoder.taught import Teachers, read_unlabelled, taught_lessons, with_teachers
from classify.encoder.tune import Dev, Tuned, calibration_error, fit_temperature, tune
from classify.fast import CHUNK, FastModel
from classify.features import Floats
from classify.labelled import read_all
from classify.weights import HEADS
from stream.messages import Post

CARD = "card.md"
VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "sentencepiece.bpe.model",
    "spiece.model",
    "tokenizer.model",
)
E5_PREFIX = "query: "  # what encoders of this family were pre-trained with


def train(
    data: Path,
    base: Path,
    fast: FastModel,
    folder: Path,
    plan: Plan,
    more: Sequence[Mapping[str, Any]] = (),
    say: Progress = lambda line: None,
    teachers: Sequence[Path] = (),
) -> str:
    """Train on what `read_all` finds and write the encoder, its gate and its card to `folder`; returns its name.

    `teachers`: folders of trained encoders, whose mean answers are learned from too, also on texts without labels.

    Raises FileNotFoundError or ValueError (Chinese) if the data or `base` cannot be read.
    """
    whole, config = read_encoder(base, plan.layers)
    tokenizer, tokens = read_tokenizer(base), min(plan.tokens, longest(whole))
    examples, side = read_all(data, more), read_side_tasks(data)
    labels = labels_of(fast.labels, side)
    say(
        f"读入 {len(examples)} 条，旁及 {'、'.join(f'{name} {len(texts)} 条' for name, (texts, _) in side.items()) or '无'}"
    )
    if tokens < plan.tokens:
        say(f"{base.name} 至多读 {tokens} 个词元，按 {tokens} 个训练")
    below, above = split(whole, plan.frozen) if plan.frozen else (None, whole)
    prefix = E5_PREFIX if "e5" in base.name else ""
    reader = Reader(tokenize_with(tokenizer), config.pad_token_id or 0, prefix, tokens, below)
    network = Network(above, config.hidden_size, sum(map(len, labels.values())))
    lessons = [main_lessons(examples, labels), *(side_lessons(name, *one, labels) for name, one in side.items())]
    if teachers:
        lessons = _with_teachers(lessons, Teachers(teachers, labels), data, labels, say)
    fit(network, lessons, labels, reader, plan, say)
    if below is not None:
        network.encoder = join(below, above)
    return finish(network, tokenizer, reader, labels, fast, base.name, data, folder, say)


def _with_teachers(
    lessons: Sequence[Lessons], teachers: Teachers, data: Path, labels: Labels, say: Progress
) -> list[Lessons]:
    unlabelled = read_unlabelled(data)
    say(f"老师先读 {len(lessons[0].texts)} 条有标注的和 {len(unlabelled)} 条无标注的")
    taught = [taught_lessons(unlabelled, teachers, labels)] if unlabelled else []
    return [with_teachers(lessons[0], teachers), *lessons[1:], *taught]


def read_tokenizer(base: Path) -> Any:
    """Raises ValueError (Chinese) if the folder holds none."""
    from transformers import AutoTokenizer

    if not any((base / name).is_file() for name in VOCABULARIES):  # transformers would make one that knows no word
        raise ValueError(f"{base}: 没有分词器，应有 tokenizer.json 或 vocab.txt")
    try:
        return AutoTokenizer.from_pretrained(base, local_files_only=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ValueError(f"{base}: 分词器读不出来 ({str(error).splitlines()[0]})，请换一份完整的模型") from error


def tokenize_with(tokenizer: Any) -> Callable[[Sequence[str]], list[list[int]]]:
    """Raises ValueError for a tokenizer that has no fast form."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ValueError("这个模型的分词器没有 tokenizer.json 形式，请先用 transformers 把它转换成 fast tokenizer")
    return lambda lines: [one.ids for one in backend.encode_batch(list(lines))]


def finish(
    network: Network,
    tokenizer: Any,
    reader: Reader,
    labels: Labels,
    fast: FastModel,
    base: str,
    data: Path,
    folder: Path,
    say: Progress,
) -> str:
    """Export with the main heads alone, fit temperatures and gate on the development sets with what is served."""
    main = {head: list(labels[head]) for head in HEADS}
    away = write_files(only(network, sum(map(len, main.values()))), tokenizer, folder)
    name = f"encoder-{hashlib.sha256((folder / MODEL).read_bytes()).hexdigest()[:8]}"
    meta = EncoderMeta(name, base, main, {}, reader.prefix, reader.tokens, reader.pad)
    write_meta(meta, folder)
    posts, gold, parts = read_dev(data)
    readings = [fast.read(posts[start : start + CHUNK]) for start in range(0, len(posts), CHUNK)]
    scores = np.vstack([one.scores for one in readings])
    harm = [bool(found) for one in readings for found in one.found]
    said = np.maximum(
        _answers(Encoder.load(folder), posts), np.finfo(np.float32).tiny
    )  # as no temperature is set: the logs of these are the logits
    heat = {head: fit_temperature(np.log(said[:, part]), gold[head], main[head]) for head, part in fast.columns.items()}
    meta = replace(meta, temperature=heat)
    write_meta(meta, folder)
    dev = Dev(gold, scores, _answers(Encoder.load(folder), posts), harm, parts)
    tuned = tune(dev, main, fast.columns)
    tuned.gate.save(folder)
    (folder / CARD).write_text(card(meta, tuned, dev, fast.columns, away), encoding="utf-8")
    say(f"模型 {name}: 送深度模型 {tuned.share:.0%}；全部送 {_told(tuned.everything)}；两级 {_told(tuned.cascade)}")
    return name


def read_dev(data: Path) -> tuple[list[Post], dict[str, list[str]], list[str]]:
    """The development posts of `data`, per head their labels, and the set of each."""
    labelled = read_labelled(data)
    gold = {head: [one.gold[head] for one in labelled] for head in HEADS}
    return [one.post for one in labelled], gold, [one.part for one in labelled]


def _answers(encoder: Encoder, posts: Sequence[Post]) -> Floats:
    return encoder.read([post.title for post in posts], [post.text for post in posts], [post.kind for post in posts])[0]


def _told(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())


def card(meta: EncoderMeta, tuned: Tuned, dev: Dev, columns: Mapping[str, slice], away: float) -> str:
    """The model card: what was trained on what, how well it does on the development sets, and where the gate stands."""
    blend = tuned.gate.blend * dev.encoder + (1 - tuned.gate.blend) * dev.fast
    lines = []
    for head, part in columns.items():
        scores, keys = blend[:, part], meta.labels[head]
        right = np.array(
            [keys[i] in said.split("|") for i, said in zip(scores.argmax(1).tolist(), dev.gold[head], strict=True)]
        )
        error = calibration_error(scores.max(axis=1), right)
        lines.append(f"| {head} | {tuned.everything[head]:.3f} | {tuned.cascade[head]:.3f} | {error:.3f} |")
    lines += [
        f"| {name} | {value:.3f} | {tuned.cascade[name]:.3f} | |"
        for name, value in tuned.everything.items()
        if name not in columns
    ]
    table = "\n".join(lines)
    return f"""# The encoder {meta.name}

Fine-tuned from `{meta.base}`, read to {meta.tokens} tokens, served by ONNX Runtime with 8-bit weights. Before that step torch and ONNX
differ by at most {away:.1e} in a logit. {len(dev.harm)} development posts, never trained on, set the temperatures, the average with the fast
model and the gate, so the figures below are a little too good.

| | average of both on every post | cascade | calibration error of the average |
|---|---|---|---|
{table}

(Accuracy; severity: quadratic kappa without the floor of `configs/severity.yaml`.)

Gate: the encoder reads a post when the fast model's best scores of {", ".join(SURE_OF)}, multiplied, are below {tuned.gate.sure},
when severity 3 or 4 has a probability between {tuned.gate.grave[0]} and {tuned.gate.grave[1]}, or when the post states a number of harm and that
probability is below {tuned.gate.harm}: {tuned.share:.0%} of these posts. Its part in the
average is {tuned.gate.blend}.
"""


def only(network: Network, labels: int) -> Network:
    """The network with the first `labels` labels: the side tasks are not served."""
    served = Network(network.encoder, network.heads.in_features, labels)
    served.norm.load_state_dict(network.norm.state_dict())
    with torch.no_grad():
        served.heads.weight.copy_(network.heads.weight[:labels])
        served.heads.bias.copy_(network.heads.bias[:labels])
    return served.eval()
