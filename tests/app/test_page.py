"""The dashboard's script while a server is away: it says so in Chinese, and its log holds no text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.runner import part_environment

pytestmark = pytest.mark.slow

DRAW = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file(sys.argv[1], default_timeout=60).run()
print("\\n".join(one.value for one in page.warning))
print(len(page.exception), "exceptions")
import logging
try:
    raise ValueError("张三住在青禾路七号")
except ValueError:
    logging.getLogger("dashboard.views.parts").exception("a part of a page failed, error %s", "a1b2c3")
"""


def test_a_ledger_that_is_away_is_told_on_the_page_and_errors_leave_no_text_in_the_log(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MINSHENG_")}
    env = part_environment(
        kept,
        MINSHENG_DATA=str(tmp_path),
        MINSHENG_LEDGER__URL="postgresql://nobody@127.0.0.1:1/nothing",
        MINSHENG_MONITOR__JSON_LOGS="true",
    )
    page = Path(__file__).parents[2] / "app" / "page.py"
    drawn = subprocess.run(
        [sys.executable, "-c", DRAW, str(page)], env=env, capture_output=True, text=True, timeout=120, check=True
    )
    assert "案件库 postgresql://127.0.0.1:1/nothing 暂时不能用" in drawn.stdout
    assert "0 exceptions" in drawn.stdout
    (line,) = [json.loads(line) for line in drawn.stderr.splitlines() if "a1b2c3" in line]
    assert line["part"] == "dashboard"
    assert "张三" not in drawn.stderr
