"""YAML files as plain values that still know on which line each value stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from configs.errors import Problem

Path_ = Sequence[str | int]  # the way from the root of a value to a part of it: ("offices", 3, "superior")

LONGEST_VALUE = 60  # characters of a value that a message repeats
SYNTAX = "YAML 语法错误"
_SYNTAX_REASONS = (  # what the parser says -> what it means to the writer
    ("found a tab character", "缩进用了制表符", "缩进请用空格"),
    ("cannot start any token", "有不能用在此处的字符", "缩进请用空格；以 @ % ` 等开头的文本加引号"),
    ("control characters", "有看不见的控制字符", "删去"),
    ("unhashable key", "键不能是列表或键值对", "写成 键: 值"),
    ("mapping values are not allowed", "此处不能再出现冒号", "检查缩进；含冒号的文本加引号"),
    ("could not find expected ':'", "键后面缺少冒号", "写成 键: 值，冒号后留一个空格"),
    ("did not find expected key", "缩进不一致或括号、引号不配对", "与上下各行对齐，并检查引号"),
    ("expected <block end>", "缩进不一致", "与上下各行对齐"),
    ("did not find expected '-' indicator", "列表项缩进不一致", "各项的 - 要对齐"),
    ("did not find expected ',' or", "列表或键值对的括号没有写完", "补上逗号或右括号"),
    ("did not find expected node content", "列表或键值对的括号没有写完", "补上逗号或右括号"),
    ("quoted scalar", "引号没有配对", "补上另一个引号"),
    ("undefined alias", "引用了没有定义的名称", "先用 & 定义，再用 * 引用"),
    ("expected a single document", "一个文件里有多个文档", "删去多余的 ---"),
    ("could not determine a constructor", "不支持的类型标记", "删去以 ! 开头的标记"),
)


class _Loader(yaml.CSafeLoader):
    """Dates stay text, so that an impossible one is a problem with a line like any other."""


def _as_text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_text)


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its plain value (None if it is empty or broken) and what is wrong with its form."""

    file: str
    value: Any
    problems: tuple[Problem, ...] = ()
    root: yaml.Node | None = None

    def line(self, path: Path_) -> int:
        """The line (from 1) on which the part stands, or the nearest part above it that is there."""
        node, line = self.root, 1
        for part in path:
            found = _step(node, part)
            if found is None:
                return line
            node, line = found
        return line

    def label(self, path: Path_) -> str:
        """The way to the part as a person reads it: list items by their key or code, else by their number from 1."""
        text, value = "", self.value
        for part in path:
            value = _part(value, part)
            if isinstance(part, int):
                text += f"[{_name_of(value) or f'第{part + 1}项'}]"
            else:
                text += f".{part}" if text else part
        return text


def read_document(path: Path) -> Document:
    """Never raises for what stands in the file: whatever is wrong is among the document's problems."""
    file = str(path)
    try:
        return parse_document(path.read_text("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return Document(file, None, (Problem(file, line, "", "", "不是 UTF-8 编码", "另存为 UTF-8"),))
    except OSError as error:
        return Document(
            file, None, (Problem(file, 0, "", "", f"不能读取({error.strerror})", "检查文件是否存在、是否有权限"),)
        )


def parse_document(text: str, file: str) -> Document:
    """The same for text that is already read."""
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return Document(file, None)
        doubled = tuple(_doubled(root, file))
        return Document(file, loader.construct_document(root), doubled, root)
    except yaml.YAMLError as error:
        return Document(file, None, (_syntax_problem(error, text, file),))
    except ValueError as error:  # a number that only looks like one
        return Document(file, None, (Problem(file, 1, "", "", f"{SYNTAX}({error})", "给该值加引号"),))
    finally:
        loader.dispose()


def show(value: object) -> str:
    """A value as a message repeats it: short, on one line, text in quotes."""
    if isinstance(value, Mapping):
        return "(键值对)" if value else "{}"
    if isinstance(value, list | tuple):
        return f"(列表，{len(value)} 项)" if value else "[]"
    if value is None:
        return "(空)"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float) else str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _step(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        pairs = reversed(node.value)  # the last one counts, as in the value
        return next(((value, key.start_mark.line + 1) for key, value in pairs if key.value == part), None)
    return None


def _part(value: Any, part: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _name_of(value: Any) -> str:
    if not isinstance(value, Mapping):
        return ""
    return next((str(value[name]) for name in ("key", "code", "region") if isinstance(value.get(name), str | int)), "")


def _doubled(root: yaml.Node, file: str) -> Iterator[Problem]:
    """Keys that stand twice in one mapping (YAML would silently keep the last)."""
    seen, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield from _doubled_here(node, file)
            waiting.extend(value for _, value in node.value)
        else:
            waiting.extend(node.value)


def _doubled_here(node: yaml.MappingNode, file: str) -> Iterator[Problem]:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag.endswith(":merge"):
            continue
        line = key.start_mark.line + 1
        if key.value in lines:
            yield Problem(
                file, line, key.value, "", f"同一个键写了两次(先前在第 {lines[key.value]} 行)", "删去其中一个"
            )
        lines[key.value] = line


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = str(error)
    found = ((why, what) for words, why, what in _SYNTAX_REASONS if words in said)
    reason, todo = next(found, ("", "检查缩进、引号和冒号"))
    line = mark.line + 1 if mark else text[: getattr(error, "position", 0) or 0].count("\n") + 1
    return Problem(file, line, "", "", f"{SYNTAX}: {reason}" if reason else SYNTAX, todo)
