"""`minsheng train`, and which model `minsheng judge` is to use."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, get_args

import click

from app.wire import ENCODER, JudgeMode
from stream.errors import MinshengError

if TYPE_CHECKING:
    from app.wire import House
    from stream.messages import Judged, Post

Maker = Callable[[Path], str]  # writes a model into a folder and returns its name


def judging_by(house: House, model: str | None) -> Callable[[Sequence[Post]], list[Judged]]:
    """`model`: one of the modes, a model's folder, or None for what the settings say.

    Raises MinshengError when there is no such thing.
    """
    for mode in get_args(JudgeMode):
        if model == mode:
            return house.judge(mode=mode)
    if model and not Path(model).is_dir():
        raise MinshengError(f"--model {model}: 应为 {'、'.join(get_args(JudgeMode))} 之一，或一个模型目录")
    return house.judge(Path(model) if model else None)


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with the data or the model is the caller's to mend: no traceback."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise MinshengError(str(error)) from error


def train_model(house: House, data: Path, out: Path | None, *, corrections: bool = True) -> None:
    """Train the fast model on the labelled data and on what staff corrected, and keep it under its name (or in `out`).

    The encoder in use goes with it.
    """
    from classify.train import train

    more = _corrected(house, corrections)
    encoder = house.model_folder() / ENCODER

    def make(folder: Path) -> str:
        name = train(data, folder, more=more).meta.name
        if encoder.is_dir():
            shutil.copytree(encoder, folder / ENCODER, dirs_exist_ok=True)
        return name

    _keep(house, data, out, make, len(more))


def train_encoder(
    house: House,
    data: Path,
    base: Path,
    out: Path | None,
    *,
    corrections: bool = True,
    epochs: int = 5,
    frozen: int = 0,
    tokens: int = 128,
    layers: tuple[int, ...] | None = None,
    teachers: Sequence[Path] = (),
) -> None:
    """Train the encoder on `base`, fit it to the fast model in use, and keep both under its name (or in `out`).

    `teachers`: folders of models with an encoder each.

    Raises MinshengError when what training needs is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        raise MinshengError("训练深度模型需要 torch: 请先运行 ./minsheng setup --train (约 5 GB)")
    from classify.encoder.plan import Plan
    from classify.encoder.train import train as train_on
    from classify.fast import FastModel

    more, fast = _corrected(house, corrections), house.model_folder()
    plan = Plan(epochs=epochs, frozen=frozen, tokens=tokens, layers=layers)
    encoders = [one / ENCODER if (one / ENCODER).is_dir() else one for one in teachers]

    def make(folder: Path) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        for path in fast.iterdir():
            if path.is_file():
                shutil.copy2(path, folder / path.name)
        judge = FastModel.load(folder, house.severity_rules)
        return train_on(data, base, judge, folder / ENCODER, plan, more, click.echo, encoders)

    _keep(house, data, out, make, len(more))


def _corrected(house: House, wanted: bool) -> list[dict[str, Any]]:
    from app.correcting import corrected_examples

    return corrected_examples(house) if wanted else []


def _keep(house: House, data: Path, out: Path | None, make: Maker, corrected: int) -> None:
    """Raises MinshengError when the data or the model to start from cannot be read."""
    if out:
        with _told():
            make(out)
        click.echo(f"模型已写入 {out}，其中用了人工改正 {corrected} 条。")
        return
    house.models.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=house.models.folder) as made:
        with _told():
            name = make(Path(made) / "model")
        kept = house.models.keep(Path(made) / "model", name)
    click.echo(
        f"模型 {name} 已写入 {kept}，其中用了人工改正 {corrected} 条。\n"
        f"比较: minsheng evaluate --data {data} --model {name}    启用: minsheng model use {name}"
    )
