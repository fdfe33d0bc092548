"""`minsheng train`."""

from __future__ import annotations

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
