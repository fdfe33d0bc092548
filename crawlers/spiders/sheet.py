"""Spreadsheets that a site publishes: the file itself, or a page that links to files."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from crawlers.fields import columns_of
from crawlers.found import Entry, Visit
from crawlers.importer import ImportReport, import_file
from crawlers.tables import InMemory
from crawlers.walk import Walk
from stream.errors import MinshengError
from stream.messages import Post


class SheetSpider(Spider):
    """Default selector: link "a[href$='.xlsx']::attr(href), a[href$='.csv']::attr(href)" (all that are found).

    `fields` may name columns: {"column.text": "诉求内容"}; the others are guessed from configs/sheet.yaml. A file whose
    bytes did not change is not read again; a row is published when it is new or its reply is.
    """

    name = "sheet"
    walk: Walk

    async def start(self) -> AsyncIterator[Request]:
        for request in self.walk.begin(self.parse, self.parse_item):
            yield request

    def parse(self, response: Response, *_: Any, **__: Any) -> Iterator[Any]:
        self.walk.at_end = True
        if is_table(response):
            yield from self._import(response, Entry(self.walk.source.url), direct=True)
            return
        links = response.css(self.walk.fields["link"]).getall() if isinstance(response, TextResponse) else []
        self.walk.listed(len(links))
        for link in links:
            yield from self.walk.ask(Entry(response.urljoin(link)), self.parse_item)

    def parse_item(self, response: Response, entry: Entry) -> Iterator[Visit]:
        return self._import(response, entry, direct=False)

    def _import(self, response: Response, entry: Entry, direct: bool) -> Iterator[Visit]:
        walk = self.walk
        entry = Entry(entry.url, hashlib.sha256(response.body).hexdigest())
        if not walk.cursor.wants(entry.url, entry.mark, walk.now()):
            if direct:
                walk.listed(max(walk.cursor.entries, 1))
            return
        posts: list[Post] = []
        try:
            report = self._read(response, posts)
        except MinshengError as error:
            walk.tally.fail(f"{entry.url}：{error}")
            return
        if direct:
            walk.listed(report.rows)
        walk.tally.items += report.already_known + report.repeated
        for bad in report.bad[:1]:
            walk.tally.drop("bad_row", f"第 {bad.row} 行 {bad.column}“{bad.value}”：{bad.reason}", len(report.bad))
        yield Visit(entry, posts=tuple(posts), follow=False, may_be_empty=True)

    def _read(self, response: Response, posts: list[Post]) -> ImportReport:
        source, deps = self.walk.source, self.walk.deps
        if deps.sheet is None:
            raise MinshengError("没有表格列名的配置（configs/sheet.yaml），不能读表格")
        return import_file(
            InMemory(_file_name(response.url), response.body),  # raw texts: never on a disk
            deps.sheet,
            source.key,
            source.publishes,
            publish=posts.extend,
            prepare=deps.prepare,
            pseudonym=deps.pseudonym,
            now=self.walk.now(),
            known=self.walk.cursor.digests,
            is_backfill=lambda published, now: deps.is_backfill(source, published, now),
            overrides=columns_of(source),
            region=source.region or "",
        )


def is_table(response: Response) -> bool:
    """Whether a response is a spreadsheet: by its first bytes, else by its address or declared type."""
    if response.body.startswith(b"PK\x03\x04"):
        return True
    kind = (response.headers.get("Content-Type") or b"").decode("latin-1").lower()
    return "html" not in kind and ("csv" in kind or urlsplit(response.url).path.lower().endswith((".csv", ".xlsx")))


def _file_name(url: str) -> str:
    """The file's name in messages, as its address ends."""
    name = unquote(urlsplit(url).path).rsplit("/", 1)[-1].replace("\x00", "")
    return name[-80:] if name not in ("", ".", "..") else "table"
