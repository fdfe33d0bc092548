"""A YAML file that is one model from top to bottom: the word lists and the rules of severity."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from configs.errors import ConfigError, Problem
from configs.reasons import explain, shown
from configs.yaml_lines import read_document

Model = TypeVar("Model", bound=BaseModel)


def load_whole(path: Path, model: type[Model]) -> Model:
    """Raises ConfigError with every problem, each with its line."""
    document = read_document(path)
    if document.problems:
        raise ConfigError(document.problems)
    try:
        return model.model_validate(document.value or {})
    except ValidationError as error:
        problems = []
        for item in error.errors(include_url=False):
            reason, todo = explain(item, model)
            where = item["loc"]
            problems.append(
                Problem(document.file, document.line(where), document.label(where), shown(item), reason, todo)
            )
        raise ConfigError(problems) from None
