"""A real Chromium and a real dashboard process over a filled store, on the wall clock."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.parts import dashboard_arguments
from app.runner import part_environment
from app.wire import House
from tests.dashboard.filled import PASSWORD, environment, open_full

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
STARTS_WITHIN = 60.0


@dataclass(frozen=True)
class Site:
    url: str
    house: House


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the session: while Playwright runs, its event loop counts as running, and no crawl could run beside it."""
    if not CHROMIUM.is_file():
        missing = f"browser tests need {CHROMIUM} (Debian's package chromium)"
        if os.environ.get("NEED_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`browser` comes first: without one no server is started."""
    folder = tmp_path_factory.mktemp("site")
    house = open_full(folder, datetime.now(UTC))
    port = free_port()
    log = folder / "dashboard.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *dashboard_arguments("127.0.0.1", port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=part_environment({**os.environ, **environment(folder)}),
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process, log)
        yield Site(url, house)
    finally:
        process.terminate()
        process.wait(20)
        house.ledger.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    context.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    yield context.new_page()
    context.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"{url}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)  # nothing tells when a process begins to listen
    raise AssertionError(f"the dashboard did not start:\n{log.read_text(encoding='utf-8')}")


def log_in(page: Page, address: str, name: str = "admin") -> None:
    page.goto(address)
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()


def open_menu(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).first.click()
    expect(page.locator("h1").filter(has_text=name)).to_be_visible()
