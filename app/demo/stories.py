"""The planted stories of the demo town, read from `story_*.yaml` beside this file. All in them is invented.

A story post says when it appears in one of three ways: `day` (days before the anchor's date, 1 or more) with `at`
(HH:MM, Shanghai); `ago` (hours before the anchor); or, in the live story, `after` (minutes after the anchor).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from configs.catalog import SHANGHAI

Town = Literal["board", "forum", "news", "feed", "hotline"]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoryReply(Strict):
    """An office's public answer, `after` hours after the post."""

    after: float = Field(gt=0)
    office: str
    text: str


class StoryPost(Strict):
    """`key` is needed only where another post of the story replies to it in the forum (`to`)."""

    source: Town
    title: str = ""
    text: str
    author: str = ""
    day: int | None = Field(default=None, ge=1, le=27)
    at: Clock | None = None
    ago: float | None = Field(default=None, gt=0)
    after: float | None = Field(default=None, gt=0)
    key: str = ""
    to: str = ""
    reply: StoryReply | None = None

    @model_validator(mode="after")
    def _one_time(self) -> StoryPost:
        ways = [self.day is not None and self.at is not None, self.ago is not None, self.after is not None]
        if sum(ways) != 1:
            raise ValueError(f"需要 day+at、ago、after 三者之一: {self.text[:20]}")
        return self

    def published_at(self, anchor: datetime) -> datetime:
        """The time this post appears, for a town whose history ends at `anchor`."""
        if self.after is not None:
            return anchor + timedelta(minutes=self.after)
        if self.ago is not None:
            return anchor - timedelta(hours=self.ago)
        date = anchor.astimezone(SHANGHAI).date() - timedelta(days=self.day or 1)
        return datetime.combine(date, time.fromisoformat(self.at or "09:00"), SHANGHAI).astimezone(anchor.tzinfo)


class Story(Strict):
    """`names` are the ways people call the estate, site or school; every post carries at least one of them."""

    key: str
    name: str
    topic: str
    region: str
    live: bool = False
    names: tuple[str, ...] = Field(min_length=1)
    posts: tuple[StoryPost, ...] = Field(min_length=1)


@cache
def load_stories() -> Mapping[str, Story]:
    """All stories by key."""
    folder = resources.files("app.demo")
    files = sorted(file.name for file in folder.iterdir() if file.name.startswith("story_"))
    stories = [Story.model_validate(yaml.safe_load((folder / name).read_text(encoding="utf-8"))) for name in files]
    return {story.key: story for story in stories}
