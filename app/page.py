"""What Streamlit runs for every look at the dashboard: the objects are built once per process, the page is drawn anew."""

from __future__ import annotations

import os

import streamlit as st

from app.logging_lines import dress, start_logging
from app.wire import open_house
from dashboard.desk import Desk
from dashboard.main import show
from stream.errors import Unavailable

AGAIN = 5  # seconds


@st.cache_resource(show_spinner=False)
def open_desk() -> Desk:
    house = open_house(os.environ)
    start_logging("dashboard", house.settings.monitor.json_logs)
    dress("streamlit")
    settings, post = house.settings, house.post_office
    return Desk(
        house.ledger,
        house.archive,
        house.catalog,
        settings.dashboard,
        house.now,
        settings.drift,
        links=post.links,
        attachments=post.attachments,
        attachment_mb=settings.mail.attachment_mb,
        mask=masked,
    )


def masked(text: str) -> str:
    from classify.pii import mask

    return mask(text)


@st.fragment(run_every=AGAIN)
def wait_for(error: Unavailable) -> None:
    """Says what is away, and looks again."""
    st.warning(f"{error} (每 {AGAIN} 秒重试一次)")
    try:
        open_desk()
    except Unavailable:
        return
    st.rerun()


try:
    desk = open_desk()
except Unavailable as error:
    wait_for(error)
else:
    show(desk)
