"""What the views share: parts that refresh themselves, errors said in Chinese, messages after an action, choices of places."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from html import escape
from typing import Any
from zlib import crc32

import streamlit as st

from dashboard.data import cities, counties
from dashboard.desk import Desk
from dashboard.login import current_user
from dashboard.text import plain
from stream.errors import Conflict, MinshengError

logger = logging.getLogger(__name__)

FLASH = "flash"
PAGES = "pages"
PER_PAGE = 20

Draw = Callable[[], None]


def guarded(draw: Draw) -> None:
    """Draw; what goes wrong is said in Chinese, and what nobody expected is logged under a number to ask for."""
    try:
        draw()
    except MinshengError as error:
        st.warning(plain(str(error)))
    except Exception:
        number = secrets.token_hex(3)
        logger.exception("a part of a page failed, error %s", number)
        st.error(f"这一部分暂时无法显示，请稍后刷新；如一直如此，请把编号 {number} 告诉管理员。")


def live(desk: Desk, key: str, draw: Draw) -> None:
    """A part that draws itself anew every few seconds while the rest of the page, and what is typed there, stays."""

    @st.fragment(run_every=desk.settings.refresh_seconds, key=key)
    def part() -> None:
        if current_user(desk) is None:
            st.rerun()
        guarded(draw)

    part()


def attempt(do: Callable[[], Any], done: str) -> bool:
    """Do what a person asked for, and leave a message for the page that is drawn next; says whether it was done."""
    try:
        do()
    except Conflict:
        leave_message("warning", "别人刚刚改过，已刷新；请看过现状后再操作。")
    except MinshengError as error:
        leave_message("error", str(error))
    except Exception:
        number = secrets.token_hex(3)
        logger.exception("an action failed, error %s", number)
        leave_message("error", f"操作没有完成，请稍后再试；如一直如此，请把编号 {number} 告诉管理员。")
    else:
        leave_message("success", done)
        return True
    return False


def leave_message(kind: str, text: str) -> None:
    st.session_state[FLASH] = (kind, text)


def show_message() -> None:
    kind, text = st.session_state.pop(FLASH, ("", ""))
    if text:
        {"success": st.success, "warning": st.warning, "error": st.error}[kind](plain(text))


def nothing(text: str) -> None:
    """Says that there is nothing, and why that may be."""
    st.html(f'<div class="quiet">{escape(text)}</div>')


def link(page: str, label: str, query: Mapping[str, str] | None = None) -> None:
    """A link to a page by its name in `dashboard/main.py`; the label is plain text."""
    st.page_link(st.session_state[PAGES][page], label=plain(label) or "（无标题）", query_params=dict(query or {}))


def place_choice(desk: Desk, key: str) -> str:
    """City, then county; the code that was chosen, "" for everywhere."""
    of_city = cities(desk.catalog)
    city = choose("地市", {"": "全部", **of_city}, f"{key}-city")
    of_county = counties(desk.catalog, city)
    county = choose("区县", {"": "全部", **of_county}, f"{key}-county-{city}", disabled=not of_county)
    return county or city


def choose(
    label: str, options: Mapping[Any, str], key: str, *, default: Any = None, disabled: bool = False, width: int = 150
) -> Any:
    """One of the options (value -> words), kept while the person moves between pages; at first the default, else the first."""
    values = list(options)
    return st.selectbox(
        label,
        values,
        index=values.index(default) if default in options else 0,
        format_func=lambda one: options.get(one, str(one)),
        key=key,
        disabled=disabled,
        width=width,
        persist_state="session",
    )


def words(label: str, key: str, placeholder: str = "", width: int = 220) -> str:
    typed = st.text_input(label, key=key, placeholder=placeholder, max_chars=100, width=width, persist_state="session")
    return f"{typed or ''}".strip()


def pager(key: str, wanted: object, total: int, what: str, per_page: int = PER_PAGE) -> int:
    """Says how many there are and, for more than one page, draws the pager; returns the offset of the page to show."""
    pages = max(1, -(-total // per_page))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"共 {total:,} {what}")
        if pages == 1:
            return 0
        number = st.pagination(pages, key=f"{key}-{crc32(repr(wanted).encode()):x}", max_visible_pages=5)
    return (min(number, pages) - 1) * per_page
