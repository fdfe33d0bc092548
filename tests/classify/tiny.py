"""Tiny random models in the form of Hugging Face folders, and a tiny data folder, for the suites that train encoders."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).parent.parent / "fixtures" / "judge" / "written.jsonl.gz"  # invented posts
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SHAPE = {
    "num_hidden_layers": 2,
    "hidden_size": 32,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 66,
}


def invented(count: int) -> list[dict[str, Any]]:
    lines = gzip.decompress(FIXTURE.read_bytes()).decode().splitlines()
    return [json.loads(line) for line in lines[:count]]


def make_data(folder: Path, learn: int, score: int) -> Path:
    """A data folder with `learn` posts to learn from and `score` others to be scored on."""
    rows = invented(learn + score)
    parts: Mapping[str, Sequence[dict[str, Any]]] = {
        "written_train": rows[: learn // 2],
        "posts_train": rows[learn // 2 : learn],
        "written_dev": rows[learn:],
    }
    (folder / "labels").mkdir(parents=True)
    for name, part in parts.items():
        lines = (json.dumps(row, ensure_ascii=False) for row in part)
        (folder / "labels" / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_vocabulary(folder: Path) -> int:
    """A WordPiece vocabulary of the characters of the invented posts; returns its size."""
    folder.mkdir(parents=True, exist_ok=True)
    chars = sorted({char for row in invented(400) for char in row["text"].lower() if not char.isspace()})
    words = [*SPECIAL, *chars, *(f"##{char}" for char in chars if char.isascii())]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return len(words)


def make_base(folder: Path, kind: str) -> Path:
    """A random model of `kind` (bert, roberta, electra, distilbert, gpt2) with its tokenizer."""
    from transformers import BertTokenizerFast

    size = write_vocabulary(folder)
    _MODELS[kind](size).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def _bert(size: int) -> Any:
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(vocab_size=size, **SHAPE))


def _roberta(size: int) -> Any:
    from transformers import RobertaConfig, RobertaModel

    return RobertaModel(RobertaConfig(vocab_size=size, pad_token_id=0, bos_token_id=2, eos_token_id=3, **SHAPE))


def _electra(size: int) -> Any:
    from transformers import ElectraConfig, ElectraModel

    return ElectraModel(ElectraConfig(vocab_size=size, embedding_size=16, **SHAPE))


def _distilbert(size: int) -> Any:
    from transformers import DistilBertConfig, DistilBertModel

    return DistilBertModel(DistilBertConfig(vocab_size=size, n_layers=2, dim=32, n_heads=2, hidden_dim=64))


def _gpt2(size: int) -> Any:
    from transformers import GPT2Config, GPT2Model

    return GPT2Model(GPT2Config(vocab_size=size, n_layer=2, n_embd=32, n_head=2))


_MODELS: Mapping[str, Callable[[int], Any]] = {
    "bert": _bert,
    "roberta": _roberta,
    "electra": _electra,
    "distilbert": _distilbert,
    "gpt2": _gpt2,
}
