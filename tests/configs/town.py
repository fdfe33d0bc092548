"""A small catalogue that is right in every file, to be spoilt one file at a time."""

from __future__ import annotations

from pathlib import Path

from configs.catalog import Catalog
from configs.errors import ConfigError, Problem
from configs.loader import load_catalog

GOOD = {
    "topics.yaml": "topics:\n- {key: wages, name: 欠薪, short: 欠薪}\n- {key: none, name: 无关, short: 无关}\n",
    "offices.yaml": (
        "offices:\n"
        "- {key: renshe, name: 人社局, short: 人社, emails: [a@town.example], superior: gov}\n"
        "- {key: gov, name: 政府办, short: 政府办, emails: [b@town.example]}\n"
    ),
    "routes.yaml": (
        "key: root\nlead: gov\nroutes:\n- {key: wages, match: {topics: [wages]}, lead: renshe, clocks: all}\n"
    ),
    "rules.yaml": "rules:\n- {key: grave, name: 特别严重, kind: grave}\n",
    "clocks.yaml": (
        "clocks:\n- {key: respond, name: 回应, hours: 48, source: 61号}\n"
        "clock_sets:\n- {key: all, name: 全部, clocks: [respond]}\n"
    ),
    "regions.yaml": (
        'provinces:\n- {code: "330000", name: 浙江省, cities: [{code: "330100", name: 杭州市, counties: [\n'
        '  {code: "330106", name: 西湖区}]}]}\n'
    ),
    "sources.yaml": "sources:\n- {key: board, name: 留言板, kind: board, url: http://a.example/, publishes: message}\n",
    "calendar.yaml": "holidays: []\n",
    "quiet.yaml": "office_hours: false\n",
    "sheet.yaml": "columns: {text: [内容], published_at: [时间]}\n",
}


def write_town(folder: Path, **changed: str | bytes) -> Path:
    """The good files in `folder`, those named in `changed` (without .yaml) with another text."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in GOOD.items():
        new = changed.get(name.removesuffix(".yaml"), text)
        (folder / name).write_bytes(new.encode() if isinstance(new, str) else new)
    return folder


def load_town(folder: Path, **changed: str | bytes) -> Catalog:
    return load_catalog([write_town(folder, **changed)])


def town_problems(folder: Path, **changed: str | bytes) -> list[Problem]:
    """Every problem of the town with some files changed; [] if it loads."""
    try:
        load_town(folder, **changed)
    except ConfigError as error:
        return list(error.problems)
    return []
