"""`minsheng evaluate` and `minsheng model`: score a model, compare it with the one in use, take it into use, go back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.correcting import held_corrections
from app.model_registry import SHIPPED, Verdict
from configs.catalog import SHANGHAI
from stream.errors import MinshengError

if TYPE_CHECKING:
    from app.wire import House
    from classify.compare import Comparison

LISTED = 10  # changes of the model in use that are listed
WHAT = {"use": "启用", "rollback": "退回"}


def score_model(house: House, data: Path) -> None:
    """The model in use on each development set, one JSON object a line."""
    from classify.evaluate import evaluate

    for name, scores in evaluate(house.judge(), data).items():
        click.echo(json.dumps({"set": name, **scores}, ensure_ascii=False))


def compare_models(house: House, data: Path, model: str) -> int:
    """The model against the one in use; returns how many reasons there are not to use it, and keeps them."""
    from classify.compare import Labelled, compare, read_labelled, worse

    folder, name = _find(house, model)
    new, old = house.judge(folder), house.judge(house.model_folder())
    sets = [("开发集", read_labelled(data))]
    if held := held_corrections(house):
        sets.append(
            ("保留的人工改正", [Labelled(one.post, {head: value for head, value in one.gold.items()}) for one in held])
        )
    against = house.classifier(house.model_folder()).name
    click.echo(f"新模型 {name}，对照正在使用的 {against}")
    found = [compare(title, labelled, old, new) for title, labelled in sets]
    for one in found:
        _print(one)
    if len(found) == 1:
        click.echo("还没有可用于比较的人工改正，只比较了开发集。")
    why = tuple(worse(found))
    if name in house.models.names() and name != SHIPPED:
        house.models.judge_of(name, Verdict(at=house.now(), against=against, why=why))
    click.echo(
        f"结论: 新模型不如正在使用的模型，不应启用。{'；'.join(why)}。"
        if why
        else "结论: 新模型不差于正在使用的模型，可以启用。"
    )
    return len(why)


def _find(house: House, model: str) -> tuple[Path, str]:
    """Folder and name of a model that is given by its name or as a folder."""
    if model in house.models.names():
        return house.models.find(model) or house.shipped_model, model
    if not Path(model).is_dir():
        raise MinshengError(f"没有模型 {model}: 既不是文件夹，也不在 {house.models.folder} 中 (见 minsheng model list)")
    folder = Path(model).resolve()
    inside = folder.parent == house.models.folder.resolve()
    return folder, folder.name if inside else str(folder)


def _print(found: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    from classify.compare import MEASURES

    table = Table(
        "",
        "条数",
        "正在使用",
        "新模型",
        "差",
        "差的 95% 区间",
        title=f"{found.name} {found.posts} 条",
        title_justify="left",
    )
    for row in found.rows:
        few = "" if row.decides else " (条数太少，不作依据)"
        interval = f"{row.low:+.3f} 至 {row.high:+.3f}"
        table.add_row(
            MEASURES[row.measure],
            f"{row.posts}{few}",
            f"{row.old:.3f}",
            f"{row.new:.3f}",
            f"{row.difference:+.3f}",
            interval,
        )
    Console(width=110).print(table)


def list_models(house: House) -> None:
    book, fixed = house.models.book(), house.settings.judge.model
    for name in house.models.names():
        verdict = book.verdicts.get(name)
        told = "" if name == SHIPPED else "未与使用中的模型比较" if verdict is None else _told(verdict)
        click.echo(f"{'*' if name == book.model and not fixed else ' '} {name}  {told}".rstrip())
    if fixed:
        click.echo(f"设置 judge.model 指定了 {fixed}，它优先于这里的选择；去掉该设置后这里的选择才生效。")
    for one in book.history[-LISTED:]:
        when = f"{one.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        click.echo(f"  {when} {one.by} {WHAT[one.what]} {one.model}{' (未通过比较，强制)' if one.forced else ''}")


def use_model(house: House, name: str, *, force: bool) -> None:
    """Raises MinshengError when it cannot be loaded, is not there, or was found worse and is not forced."""
    from app.users import operator

    folder = house.models.find(name)
    try:
        house.classifier(folder or house.shipped_model)
    except (OSError, ValueError) as error:
        raise MinshengError(f"模型 {name} 不能用: {error}") from error
    book = house.models.use(name, operator(), house.now(), force=force)
    _audit(house, "model.use", name, "未通过比较，强制启用" if book.history[-1].forced else "")
    click.echo(f"已启用 {name}，运行中的研判进程在下一批自动换用。退回: minsheng model rollback")
    if name not in book.verdicts and name != SHIPPED:
        click.echo(
            "提示: 这个模型没有与使用中的模型比较过，建议先运行 minsheng evaluate --data 资料目录 --model 名字。"
        )
    _warn_of_setting(house)


def roll_back(house: House) -> None:
    from app.users import operator

    book = house.models.rollback(operator(), house.now())
    _audit(house, "model.rollback", book.model, "")
    click.echo(f"已退回 {book.model}，运行中的研判进程在下一批自动换用。")
    _warn_of_setting(house)


def _warn_of_setting(house: House) -> None:
    if house.settings.judge.model:
        click.echo(f"注意: 设置 judge.model 指定了 {house.settings.judge.model}，它优先，这次的选择暂不生效。")


def _told(verdict: Verdict) -> str:
    when = f"{verdict.at.astimezone(SHANGHAI):%Y-%m-%d}"
    if not verdict.why:
        return f"{when} 对照 {verdict.against}: 通过"
    more = f" 等 {len(verdict.why)} 条" if len(verdict.why) > 1 else ""
    return f"{when} 对照 {verdict.against}: 未通过 ({verdict.why[0]}{more})"


def _audit(house: House, what: str, target: str, detail: str) -> None:
    from app.users import operator

    with house.ledger.begin() as tx:
        tx.audit.add(house.now(), operator(), what, target, detail)
