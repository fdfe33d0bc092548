"""Commands of the `minsheng` command line that train models and compare them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.cli_groups import BAD, house


def _layers(_: click.Context, __: click.Parameter, said: str | None) -> tuple[int, ...] | None:
    if said is None:
        return None
    try:
        return tuple(sorted({int(one) for one in said.split(",")}))
    except ValueError as error:
        raise click.BadParameter(f"{said}: 应为用逗号隔开的层号，如 1,3,5") from error


@click.command()
@click.option(
    "--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="标注数据目录。"
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="模型输出目录，默认 data/models/名字。")
@click.option("--corrections/--no-corrections", default=True, help="是否用上人工改正过的信息，默认用。")
@click.option(
    "--base",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="在这个本地 Hugging Face 模型目录 (BERT、RoBERTa、MacBERT、ELECTRA …) 上训练深度模型；须先运行 minsheng setup --train。",
)
@click.option("--epochs", type=click.IntRange(1), default=5, show_default=True, help="深度模型训练几遍。")
@click.option("--frozen", type=click.IntRange(0), default=0, show_default=True, help="最下面几层不训练 (更快)。")
@click.option("--tokens", type=click.IntRange(16, 512), default=128, show_default=True, help="每条读多少个词元。")
@click.option("--layers", callback=_layers, help="只保留这几层，从 0 数起，如 1,3,5,7,9,11 (更小更快)。")
@click.option(
    "--teacher",
    "teachers",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="还向这个已训练的模型 (目录) 学，连同无标注的文本；可给多个。",
)
def train(
    data: Path,
    out: Path | None,
    corrections: bool,
    base: Path | None,
    epochs: int,
    frozen: int,
    tokens: int,
    layers: tuple[int, ...] | None,
    teachers: tuple[Path, ...],
) -> None:
    """用标注数据和人工改正训练快速模型；给了 --base 则训练深度模型，与使用中的快速模型配成一套。"""
    from app.models import train_encoder, train_model

    if base:
        train_encoder(
            house(),
            data,
            base,
            out,
            corrections=corrections,
            epochs=epochs,
            frozen=frozen,
            tokens=tokens,
            layers=layers,
            teachers=teachers,
        )
    else:
        train_model(house(), data, out, corrections=corrections)


@click.command()
@click.option(
    "--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="标注数据目录。"
)
@click.option("--model", default="", help="新模型的名字 (见 model list) 或目录；不给则只给使用中的模型打分。")
def evaluate(data: Path, model: str) -> None:
    """在开发集和保留的人工改正上，比较新模型与使用中的模型。"""
    from app.evaluating import compare_models, score_model

    if not model:
        score_model(house(), data)
    elif compare_models(house(), data, model):
        sys.exit(BAD)
