"""The selectors that a source uses when its `fields` in the configuration do not say otherwise.

One mapping per kind of source: field -> CSS selector (see `crawlers/extract.py` for how a selector becomes text).
Within a list page, selectors other than `entry` and `next` are applied inside each entry. An empty selector: the field
is not read. Any of them can be replaced, one by one, by `fields` of the source.

    board   list page: entry, link, entry_time, entry_mark, next
            detail page: title, text, author, time, likes, views, reply, reply_office, reply_time
    forum   list page: as board; thread page: title, post (one element per post, the first one on the first page opens
            the thread) and inside each post: post_id, text, author, time, likes; next_page (the thread's next page)
    news    list page: as board; article page: title, text, author, time
    rss     no page is read and no selector is needed; `detail` (default "") is a selector for the full text on the
            linked page, for feeds that carry only a summary
    sheet   link: the spreadsheets linked from the page (not used when the source's address is itself a .csv or .xlsx);
            a field "column.X" names the column of Post field X, as {"column.text": "诉求内容"}

`entry_mark` is whatever in the list changes when the item changes (状态, 已回复, number of replies). Where it is
present an item is visited again exactly when it changed; where it is absent, items younger than three days without an
office's reply are visited again at most once an hour. Lists are expected newest first. Times may be in any form that
`crawlers/times.py` reads; a `datetime` attribute (time::attr(datetime)) works as well as text.
"""

from __future__ import annotations

from collections.abc import Mapping

from configs.catalog import Source

_LIST = {
    "entry": ".list .item",
    "link": "a::attr(href)",
    "entry_time": ".time",
    "entry_mark": ".mark",
    "next": "a.next::attr(href)",
}

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "board": {
        **_LIST,
        "title": "h1",
        "text": ".post .content",
        "author": ".post .author",
        "time": ".post .time",
        "likes": ".post .likes",
        "views": ".post .views",
        "reply": ".reply .content",
        "reply_office": ".reply .office",
        "reply_time": ".reply .time",
    },
    "forum": {
        **_LIST,
        "title": "h1",
        "post": ".post",
        "post_id": "::attr(id)",
        "text": ".content",
        "author": ".author",
        "time": ".time",
        "likes": ".likes",
        "next_page": "a.next::attr(href)",
    },
    "news": {
        **_LIST,
        "title": "h1",
        "text": ".article .content",
        "author": ".article .author",
        "time": ".article .time",
    },
    "rss": {"detail": ""},
    "sheet": {"link": "a[href$='.xlsx']::attr(href), a[href$='.csv']::attr(href)"},
}


def fields_of(source: Source) -> dict[str, str]:
    """The selectors of a source: its own where given, else the defaults of its kind."""
    return {**DEFAULTS[source.kind], **source.fields}


def columns_of(source: Source) -> dict[str, str]:
    """What a sheet source says of its columns: Post field -> header name."""
    return {key.removeprefix("column."): name for key, name in source.fields.items() if key.startswith("column.")}
