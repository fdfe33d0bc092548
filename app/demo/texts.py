"""The small texts of the demo town: adverts, chat threads, office replies, nicknames (`texts.yaml`) and ordinary noise.

`noise.jsonl.gz` holds invented posts in every style, one JSON object a line: use (history or live), style, title, text,
topic, intent.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class Noise:
    """One invented text that belongs to no story."""

    use: Literal["history", "live"]
    style: Literal["message", "hotline", "forum", "social", "comment", "news"]
    title: str
    text: str
    topic: str
    intent: str


class Advert(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Literal["board", "forum"]
    title: str
    text: str


class Chat(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    text: str


class Texts(BaseModel):
    """`replies`: topic -> what offices answer to it, `general`: by the kind of letter (grievance,
    question, praise), where no reply to the topic fits; `offices`: topic -> who answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    adverts: tuple[Advert, ...]
    chats: tuple[Chat, ...]
    greetings: tuple[str, ...]
    closings: tuple[str, ...]
    offices: Mapping[str, str]
    replies: Mapping[str, tuple[str, ...]]
    general: Mapping[str, tuple[str, ...]]
    repost_prefixes: tuple[str, ...]
    repost_suffixes: tuple[str, ...]
    surnames: tuple[str, ...]
    nick_heads: tuple[str, ...]
    nick_tails: tuple[str, ...]
    outlets: tuple[str, ...]


@cache
def load_texts() -> Texts:
    file = resources.files("app.demo") / "texts.yaml"
    return Texts.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


@cache
def load_noise() -> tuple[Noise, ...]:
    packed = (resources.files("app.demo") / "noise.jsonl.gz").read_bytes()
    return tuple(Noise(**json.loads(line)) for line in gzip.decompress(packed).decode().splitlines())
