"""What Streamlit runs for every look at the dashboard: the objects are built once per process, the page is drawn anew."""

from __future__ import annotations

import os

import streamlit as st

from app.wire import open_house
from dashboard.desk import Desk
from dashboard.main import show


@st.cache_resource(show_spinner=False)
def open_desk() -> Desk:
    house = open_house(os.environ)
    return Desk(house.ledger, house.archive, house.catalog, house.settings.dashboard, house.now)


show(open_desk())
