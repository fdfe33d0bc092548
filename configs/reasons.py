"""What pydantic found wrong, said in Chinese to the person who wrote the file."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from configs.yaml_lines import show

SECRET = "***"  # noqa: S105
_PATTERNS = (  # part of a pattern -> what it asks for
    (r"^\d{6}$", "应为 6 位区划代码", '如 "330106"，要加引号'),
    ("@", "不是邮箱地址", "写成 名称@域名"),
    (r"[0-1]\d|2[0-3]", "不是时刻", '写成 "16:30" 的样子，要加引号'),
    (r"[01]\d|2[0-3]", "不是时间段", '写成 "08:30-17:30" 的样子'),
    ("https?", "不是网址", "以 http:// 或 https:// 开头"),
    ("[a-z0-9_]", "键名只能用小写字母、数字和 _ . -", "换一个键名"),
)
_PAIRS = ("应为键值对", "写成 键: 值")
_LIST = ("应为列表", "写成 [甲, 乙] 或每行一个 - ")
_WHOLE = ("不是整数", "填写整数")
_NUMBER = ("不是数字", "填写数字")
_DATE = ("不是日期", "写成 2027-01-31 的样子")
_YES_NO = ("应为 true 或 false", "填写 true 或 false")
_TEXT = ("应为文本", "数字以及 yes、no 一类的词请加引号")
_REASONS: Mapping[str, tuple[str, str]] = {
    "missing": ("缺少这一项", "请补上"),
    "string_type": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _PAIRS,
    "mapping_type": _PAIRS,
    "model_type": _PAIRS,
    "model_attributes_type": _PAIRS,
    "path_type": ("应为路径", "填写文件夹的路径"),
    "recursion_loop": ("引用了自己", "删去该引用"),
}
_LIMITS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("gt", "应大于"),
    "greater_than_equal": ("ge", "应不小于"),
    "less_than": ("lt", "应小于"),
    "less_than_equal": ("le", "应不大于"),
}


def explain(error: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """(reason, what to do) for one error of validating `model`."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return "未知的键", suggest(str(error["loc"][-1]), fields_at(model, error["loc"][:-1]), "删去，或检查拼写")
    if kind == "literal_error":
        return _choice(error["input"], context)
    if kind == "string_pattern_mismatch":
        return _pattern(context)
    if kind == "too_short":
        return f"至少要有 {context.get('min_length', 1)} 项", "请补上"
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{words} {context.get(name)}", "改为允许的值"
    if kind.startswith("date_"):
        return _DATE
    return _REASONS.get(kind, (f"值不合要求({kind})", "对照随附的同名文件检查"))


def shown(error: ErrorDetails) -> str:
    """The value to repeat; "" for what is missing, and for unknown keys, whose value is not to blame."""
    return "" if error["type"] in ("missing", "extra_forbidden") else show(error["input"])


def suggest(word: str, known: Iterable[str], otherwise: str, cutoff: float = 0.6) -> str:
    """是不是 X? with the closest of the known words, or `otherwise` if none is as like it as `cutoff` (0 to 1)."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"是不是 {close[0]}?" if close else otherwise


def fields_at(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """The keys that may stand at a place of the model; [] where it has none of its own."""
    here: type[BaseModel] | None = model
    for part in path:
        if here is None or isinstance(part, int):
            continue
        field = here.model_fields.get(part)
        here = inner_model(field.annotation) if field else None
    return list(here.model_fields) if here else []


def inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model in a field's type: X of `X`, `X | None` and `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found: Callable[[Any], type[BaseModel] | None] = inner_model
    return next((model for part in typing.get_args(annotation) if (model := found(part))), None)


def _choice(value: object, context: Mapping[str, Any]) -> tuple[str, str]:
    allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    return f"只能是 {'、'.join(allowed)}", suggest(str(value), allowed, "改为其中一个")


def _pattern(context: Mapping[str, Any]) -> tuple[str, str]:
    pattern = str(context.get("pattern", ""))
    return next(
        ((why, what) for part, why, what in _PATTERNS if part in pattern), ("格式不对", "对照随附的同名文件检查")
    )
