"""Which file of configs/ holds which part of the Catalog, and where in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from configs.errors import Problem
from configs.yaml_lines import Document, Path_

PARTS: Mapping[str, tuple[str, ...]] = {  # file -> the Catalog fields that are keys of it
    "topics.yaml": ("topics",),
    "offices.yaml": ("offices",),
    "rules.yaml": ("rules",),
    "clocks.yaml": ("clocks", "clock_sets", "follow_up"),
    "regions.yaml": ("provinces",),
    "sources.yaml": ("sources",),
}
WHOLES: Mapping[str, str] = {
    "routes.yaml": "routes",
    "calendar.yaml": "calendar",
    "quiet.yaml": "quiet",
    "sheet.yaml": "sheet",
}  # file -> field
FILES = (*PARTS, *WHOLES)


@dataclass(frozen=True)
class CatalogLines:
    """Which file and line a part of the Catalog comes from."""

    documents: Mapping[str, Document]

    def data(self) -> dict[str, Any]:
        """What is to be validated as a Catalog."""
        data = {}
        for name, fields in PARTS.items():
            value = self.documents[name].value
            data.update({field: value[field] for field in fields if isinstance(value, dict) and field in value})
        return data | {field: self._whole(name) for name, field in WHOLES.items()}

    def at(self, path: Path_) -> tuple[Document, Path_]:
        """The document that holds the part, and the way to it in that document."""
        name, whole = _file_of(str(path[0]))
        return self.documents[name], path[1:] if whole else path

    def problem(self, path: Path_, value: str, reason: str, todo: str) -> Problem:
        """A problem of the part at `path`; `value` as it is to be shown, "" for none."""
        document, inside = self.at(path)
        return Problem(
            document.file, document.line(inside), document.label(inside) or str(path[0]), value, reason, todo
        )

    def _whole(self, name: str) -> Any:
        value = self.documents[name].value
        return {} if value is None else value


def _file_of(field: str) -> tuple[str, bool]:
    whole = next((name for name, own in WHOLES.items() if own == field), "")
    return (whole, True) if whole else (next(name for name, fields in PARTS.items() if field in fields), False)
