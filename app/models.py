"""`minsheng train` and `minsheng evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.wire import House


def train_model(house: House, data: Path, out: Path | None) -> None:
    from classify.train import train

    folder = out or house.data / "model"
    train(data, folder)
    click.echo(f"模型已写入 {folder}；用 minsheng evaluate --model 打分，在设置 judge.model 里启用。")


def evaluate_model(house: House, data: Path, model: Path | None) -> None:
    from classify.evaluate import evaluate

    for name, scores in evaluate(house.judge(model), data).items():
        click.echo(json.dumps({"set": name, **scores}, ensure_ascii=False))
