"""Where posts lie in Elasticsearch: an index for each month, behind aliases that hide which generation of it is in use.

    minsheng-posts-2026.11-1      the index; the last number rises each time the month is indexed anew
    minsheng-posts-2026.11        alias of the month: what is written and read by id goes here
    minsheng-posts                alias of all months: what is searched goes here

A write names the alias of its month and demands that it is one, so nothing is ever made by writing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from elasticsearch import ApiError

from stream.elastic_client import Server, reason, said
from stream.errors import MinshengError

Json = dict[str, Any]


class Months:
    """The months' indices of one archive.

    Args:
        templates: folder that holds posts.json, the index template.
        prefix: name of the alias of all months.
        shards, replicas: of a new index.
    """

    def __init__(self, server: Server, templates: Path, prefix: str, shards: int, replicas: int) -> None:
        self.server = server
        self.prefix = prefix
        self._path = templates / "posts.json"
        self._sizes = {"number_of_shards": shards, "number_of_replicas": replicas}
        self._pattern = re.compile(rf"{re.escape(prefix)}-(\d{{4}}\.\d\d)-(\d+)")
        self._known: dict[str, str] = {}
        self._installed = False

    def alias(self, month: str) -> str:
        return f"{self.prefix}-{month}"

    def next_alias(self, month: str) -> str:
        """Leads to the index that is filled to take the place of the month's index."""
        return f"{self.prefix}-next-{month}"

    def month(self, index: str) -> str:
        """The month of an index of ours; "" for any other name."""
        found = self._pattern.fullmatch(index)
        return found[1] if found else ""

    def known(self) -> Mapping[str, str]:
        """Month -> index, newest first, as last looked at; others may have made or dropped some since."""
        return self._known

    def look(self) -> Mapping[str, str]:
        """Month -> index, newest first, as it is now."""
        es = self.server.es
        try:
            answer = self.server.ask(es.indices.get_alias, through=(404,), name=self.prefix)
        except ApiError:
            answer = {}
        found = ((self.month(index), index) for index in answer)
        self._known = dict(sorted(((month, index) for month, index in found if month), reverse=True))
        return self._known

    def open(self, month: str) -> None:
        """Make the index of a month unless there is one."""
        if month not in self.look():
            self.make(month, 1)
            self._known = dict(sorted([*self._known.items(), (month, self.index(month, 1))], reverse=True))

    def open_all(self, months: Iterable[str]) -> None:
        for month in months:
            self.open(month)

    def make(self, month: str, generation: int, *, in_use: bool = True) -> bool:
        """Whether this call made the index; False when it was there. Not `in_use`: only `next_alias` leads to it."""
        self.install()
        names = (self.prefix, self.alias(month)) if in_use else (self.next_alias(month),)
        aliases: Json = {name: {"is_write_index": name != self.prefix} for name in names}
        create, name = self.server.es.indices.create, self.index(month, generation)
        try:
            self.server.ask(create, through=(400,), index=name, settings=self._sizes, aliases=aliases)
        except ApiError as error:
            if "resource_already_exists" in error.message:
                return False
            raise self.server.away(f"不能新建索引 {name}: {reason(said(error))}") from None
        return True

    def index(self, month: str, generation: int) -> str:
        return f"{self.alias(month)}-{generation}"

    def generation(self, index: str) -> int:
        return int(index.rpartition("-")[2])

    def drop(self, index: str) -> None:
        self.server.ask(self.server.es.indices.delete, index=index, ignore_unavailable=True)
        self._known = {month: name for month, name in self._known.items() if name != index}

    def switch(self, month: str, old: str, new: str) -> None:
        """Lead both aliases to `new` and drop `old`, in one step."""
        self.server.ask(
            self.server.es.indices.update_aliases,
            actions=[
                {"add": {"index": new, "alias": self.prefix}},
                {"add": {"index": new, "alias": self.alias(month), "is_write_index": True}},
                {"remove": {"index": new, "alias": self.next_alias(month)}},
                {"remove_index": {"index": old}},
            ],
        )

    def outdated(self) -> list[str]:
        """Months whose index was made with an older template, oldest first."""
        shipped = self.template()["version"]
        mappings = self.server.ask(self.server.es.indices.get_mapping, index=self.prefix, ignore_unavailable=True)
        versions = {index: one["mappings"].get("_meta", {}).get("version", 0) for index, one in mappings.items()}
        return sorted(
            month for index, version in versions.items() if (month := self.month(index)) and version < shipped
        )

    def install(self) -> None:
        """Give the server our template, unless it has this version or a newer one."""
        if self._installed:
            return
        template, es = self.template(), self.server.es
        try:
            answer = self.server.ask(es.indices.get_index_template, through=(404,), name=self.prefix)
            stands = answer["index_templates"][0]["index_template"].get("version", 0)
        except ApiError:
            stands = 0
        if stands < template["version"]:
            patterns = [f"{self.prefix}-1*", f"{self.prefix}-2*"]  # years; so that other prefixes do not overlap
            body = {"name": self.prefix, "index_patterns": patterns, "meta": template.pop("_meta", {}), **template}
            self.server.ask(es.indices.put_index_template, **body)
        self._installed = True

    def template(self) -> Json:
        """Raises MinshengError when the shipped file cannot be used."""
        try:
            template: Json = json.loads(self._path.read_text(encoding="utf-8"))
            int(template["version"]), template["template"]["mappings"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise MinshengError(f"索引模板 {self._path} 不能用: {error!r}；请恢复安装包里的文件") from error
        return template
