"""YAML files and environment -> Catalog and Settings, or a ConfigError that names everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from configs import crosscheck
from configs.catalog import Catalog
from configs.catalog_files import FILES, PARTS, CatalogLines
from configs.country import FILE as COUNTRY
from configs.country import Division, load_country
from configs.errors import ConfigError, Problem
from configs.layers import Layers
from configs.reasons import explain, shown, suggest
from configs.settings import Settings
from configs.yaml_lines import read_document

SHIPPED = Path(__file__).parent

OTHERS = ("embedded.yaml", "distributed.yaml", "severity.yaml", "lexicon.yaml")  # read by others, may stand beside


def load_catalog(dirs: Sequence[Path]) -> Catalog:
    """The catalogue of the shipped folder, each file replaced by that of the last of `dirs` that has it.

    Raises ConfigError with every problem of form; if there is none, with every problem between the files.
    """
    found = [*_odd_files(dirs)]
    lines = CatalogLines({name: read_document(_last(dirs, name)) for name in FILES})
    found += [problem for document in lines.documents.values() for problem in document.problems]
    country, wrong = _country(dirs)
    found += wrong
    try:
        catalog = Catalog.model_validate(lines.data() | {"country": country})
    except ValidationError as error:
        found += _catalog_problems(error, lines)
        raise ConfigError([*_unknown_parts(lines), *found]) from None
    found += [*_unknown_parts(lines), *crosscheck.problems(catalog, lines)]
    if found:
        raise ConfigError(found)
    return catalog


def load_settings(paths: Sequence[Path], env: Mapping[str, str]) -> Settings:
    """Settings from files (a later one overrides an earlier one key by key), then from the environment.

    Names: MINSHENG_<KEY> and MINSHENG_<SECTION>__<KEY>; an unknown one is a problem, as an unknown key.
    """
    layers = Layers()
    found = [problem for path in paths for problem in layers.add_file(read_document(path))]
    found += layers.add_environment(env)
    try:
        settings = Settings.model_validate(layers.data)
    except ValidationError as error:
        found += [layers.problem(item) for item in error.errors(include_url=False)]
        raise ConfigError(found) from None
    if found:
        raise ConfigError(found)
    return settings


def _last(dirs: Sequence[Path], name: str) -> Path:
    return next((folder / name for folder in reversed(dirs) if (folder / name).is_file()), SHIPPED / name)


def _country(dirs: Sequence[Path]) -> tuple[tuple[Division, ...], Sequence[Problem]]:
    try:
        return load_country(_last(dirs, COUNTRY.name)), ()
    except ConfigError as error:
        return (), error.problems


def _odd_files(dirs: Iterable[Path]) -> Iterator[Problem]:
    """Folders that are not there, and files in them that nobody would read."""
    for folder in dirs:
        if not folder.is_dir():
            yield Problem(str(folder), 0, "", "", "没有这个配置目录", "检查路径(MINSHENG_CONFIGS)")
            continue
        if folder.resolve() == SHIPPED.resolve():
            continue
        known = (*FILES, *OTHERS, COUNTRY.name)
        for path in sorted({*folder.glob("*.yaml"), *folder.glob("*.yml"), *folder.glob("*.tsv")}):
            if path.name not in known:
                todo = suggest(path.name, known, "改名或移走")
                yield Problem(str(path), 0, "", "", "不认识的配置文件，不会被读取", todo)


def _unknown_parts(lines: CatalogLines) -> Iterator[Problem]:
    for name, fields in PARTS.items():
        document = lines.documents[name]
        if not isinstance(document.value, dict):
            continue
        for key in document.value:
            if key not in fields:
                todo = suggest(str(key), fields, f"此文件只能有 {'、'.join(fields)}")
                yield Problem(document.file, document.line([key]), str(key), "", "未知的键", todo)


def _catalog_problems(error: ValidationError, lines: CatalogLines) -> Iterator[Problem]:
    for item in error.errors(include_url=False):
        document, _ = lines.at(item["loc"])
        if document.value is None and document.problems:
            continue  # the file is broken and has been told of
        reason, todo = explain(item, Catalog)
        yield lines.problem(item["loc"], shown(item), reason, todo)
