"""`minsheng train`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.wire import House


def train_model(house: House, data: Path, out: Path | None, *, corrections: bool = True) -> None:
    """Train on the labelled data and on what staff corrected, and keep the model under its name (or in `out`)."""
    from app.correcting import corrected_examples
    from classify.train import train

    more = corrected_examples(house) if corrections else []
    if out:
        train(data, out, more=more)
        click.echo(f"模型已写入 {out}，其中用了人工改正 {len(more)} 条。")
        return
    house.models.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=house.models.folder) as made:
        name = train(data, Path(made) / "model", more=more).meta.name
        kept = house.models.keep(Path(made) / "model", name)
    click.echo(
        f"模型 {name} 已写入 {kept}，其中用了人工改正 {len(more)} 条。\n"
        f"比较: minsheng evaluate --data {data} --model {name}    启用: minsheng model use {name}"
    )
