"""Settings laid over one another: files in turn, then the environment, each value remembering where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import ErrorDetails

from configs.errors import ENVIRONMENT, Problem
from configs.reasons import SECRET, explain, inner_model, shown, suggest
from configs.settings import Settings
from configs.yaml_lines import Document, show

PREFIX = "MINSHENG_"
LAUNCHER = ("MINSHENG_CONFIGS", "MINSHENG_VENV", "MINSHENG_PYTHON")  # read before any setting is


class Layers:
    """Settings laid over one another, each value remembering where it comes from."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self._from: dict[tuple[str, ...], tuple[Document | None, str]] = {}

    def add_file(self, document: Document) -> Iterator[Problem]:
        yield from document.problems
        if document.value is None:
            return
        if not isinstance(document.value, dict):
            yield Problem(document.file, 1, "设置", show(document.value), "应为键值对", "写成 键: 值")
            return
        for name, value in document.value.items():
            self._lay(str(name), value, document)

    def add_environment(self, env: Mapping[str, str]) -> list[Problem]:
        names = environment_names()
        found = []
        for name in sorted(name for name in env if name.startswith(PREFIX) and name not in LAUNCHER):
            if name not in names:
                todo = suggest(
                    name, (*names, *LAUNCHER), "写成 MINSHENG_<节>__<键>，见 configs/embedded.yaml", cutoff=0.8
                )
                found.append(Problem(ENVIRONMENT, 0, name, "", "没有这个设置", todo))
            elif not env[name] and not _may_be_empty(names[name]):
                found.append(Problem(ENVIRONMENT, 0, name, "", "不能为空", "填写值，或取消这个环境变量"))
            else:
                self._set(names[name], env[name], (None, name))
        return found

    def problem(self, error: ErrorDetails) -> Problem:
        path = tuple(str(part) for part in error["loc"])
        document, name = self._from.get(path) or self._from.get(path[:1]) or (None, ".".join(path))
        reason, todo = explain(error, Settings)
        value = shown(error)
        text = SECRET if value and _is_secret(path) else value
        if document is None:
            return Problem(ENVIRONMENT, 0, name, text, reason, todo)
        return Problem(document.file, document.line(path), ".".join(path), text, reason, todo)

    def _lay(self, name: str, value: Any, document: Document) -> None:
        if not isinstance(value, dict):
            if value is not None or name not in _sections():  # a section whose keys are all commented out says nothing
                self._set((name,), value, (document, name))
            return
        self._from.setdefault((name,), (document, name))
        if not value:
            self.data.setdefault(name, {})
        for key, inner in value.items():
            self._set((name, str(key)), inner, (document, name))

    def _set(self, path: tuple[str, ...], value: Any, origin: tuple[Document | None, str]) -> None:
        self._from[path] = origin
        if len(path) == 1:
            self.data[path[0]] = value
            return
        section = self.data.get(path[0])
        self.data[path[0]] = {**section, path[1]: value} if isinstance(section, dict) else {path[1]: value}


def environment_names() -> dict[str, tuple[str, ...]]:
    """Every name of the environment that is a setting -> the way to it: MINSHENG_MAIL__HOST -> ("mail", "host")."""
    names: dict[str, tuple[str, ...]] = {}
    sections = _sections()
    for name in Settings.model_fields:
        if name not in sections:
            names[f"{PREFIX}{name}".upper()] = (name,)
            continue
        names.update({f"{PREFIX}{name}__{key}".upper(): (name, key) for key in sections[name].model_fields})
    return names


def _sections() -> dict[str, type[BaseModel]]:
    models = {name: inner_model(field.annotation) for name, field in Settings.model_fields.items()}
    return {name: model for name, model in models.items() if model}


def _annotation(path: tuple[str, ...]) -> Any:
    fields = Settings.model_fields if len(path) == 1 else _sections()[path[0]].model_fields
    return fields[path[-1]].annotation


def _may_be_empty(path: tuple[str, ...]) -> bool:
    return _annotation(path) in (str, SecretStr)


def _is_secret(path: tuple[str, ...]) -> bool:
    return (
        len(path) == 2
        and path[0] in _sections()
        and path[1] in _sections()[path[0]].model_fields
        and _annotation(path) is SecretStr
    )
