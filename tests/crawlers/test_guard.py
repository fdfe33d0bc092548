"""No request leaves for an address that is not public, however it is written or reached."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crawlers.deps import resolve
from crawlers.guard import Refused, allowed_addresses, is_allowed
from crawlers.reactor import run
from tests.crawlers.conftest import World


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_public_addresses_may_be_reached(address: str) -> None:
    assert is_allowed(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "224.0.1.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "ff0e::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "64:ff9b:1::1",
        "not an address",
        "",
    ],
)
def test_all_others_may_not(address: str) -> None:
    assert not is_allowed(address)


def test_loopback_is_one_address_and_only_when_allowed() -> None:
    assert is_allowed("127.0.0.1", allow_loopback=True)
    others = ("127.0.0.2", "::1", "::ffff:127.0.0.1", "0.0.0.0", "169.254.169.254")
    assert not any(is_allowed(other, allow_loopback=True) for other in others)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "2852039166"])
def test_a_host_in_other_figures_is_judged_by_what_it_means(host: str) -> None:
    with pytest.raises(Refused, match="不允许采集"):
        run(allowed_addresses(host, 80, False, resolve))


@pytest.mark.parametrize(
    "addresses", [["10.0.0.5"], ["93.184.216.34", "127.0.0.1"], ["::ffff:169.254.169.254"], ["fd00::1"]]
)
def test_a_name_with_any_such_address_is_refused(addresses: Sequence[str]) -> None:
    async def look_up(host: str, port: int) -> Sequence[str]:
        return addresses

    with pytest.raises(Refused, match=r"board\.example（"):
        run(allowed_addresses("board.example", 443, addresses == ["10.0.0.5"], look_up))


def test_a_name_that_changes_its_mind_is_judged_each_time() -> None:
    answers = [["93.184.216.34"], ["127.0.0.1"]]

    async def look_up(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    assert run(allowed_addresses("board.example", 80, False, look_up)) == ["93.184.216.34"]
    with pytest.raises(Refused):
        run(allowed_addresses("board.example", 80, False, look_up))


def test_loopback_is_refused_unless_the_source_allows_it(world: World) -> None:
    world.changes = {"obey_robots": False}
    (result,) = world.crawl(world.source("board", "/board/", allow_loopback=False, delay=1))
    assert not result.ok
    assert "127.0.0.1 是内网、本机或保留地址，不允许采集" in result.reason
    assert world.site.hits == []


def test_a_name_of_a_private_machine_is_refused(world: World) -> None:
    world.names["intranet.example"] = ["127.0.0.1"]
    world.changes = {"obey_robots": False}
    url = f"http://intranet.example:{world.site.port}/board/"
    (result,) = world.crawl(world.source("board", "/", url=url, allow_loopback=False))
    assert "intranet.example（127.0.0.1） 是内网" in result.reason
    assert world.site.hits == []


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]:{port}/board/",
        "http://[::ffff:127.0.0.1]:{port}/board/",
        "http://127.0.0.2:{port}/board/",
        "http://rebind.example:{port}/board/",
    ],
)
def test_a_redirect_leads_nowhere_else(world: World, target: str) -> None:
    world.names["rebind.example"] = ["169.254.169.254"]
    world.site.put("/start", status=302, Location=target.format(port=world.site.port))
    (result,) = world.crawl(world.source("board", "/start"))
    assert not result.ok
    assert "不允许采集" in result.reason
    assert world.site.hits == ["/robots.txt", "/start"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/html,<h1>x</h1>"])
def test_a_redirect_stays_on_the_web(world: World, target: str) -> None:
    world.site.put("/start", status=302, Location=target)
    (result,) = world.crawl(world.source("board", "/start"))
    assert not result.ok
    assert world.posts == []


def test_the_guard_stands_before_tls_too(world: World, tmp_path: Path) -> None:
    with tls_site(tmp_path) as port:
        url = f"https://127.0.0.1:{port}/"
        (allowed,) = world.crawl(world.source("board", "/", url=url))
        (refused,) = world.crawl(world.source("board", "/", key="other", url=url, allow_loopback=False))
    assert "上一个条目也没有" in allowed.reason  # the page came through: it is only empty
    assert "不允许采集" in refused.reason


@contextmanager
def tls_site(folder: Path) -> Iterator[int]:
    """An empty page over TLS with a certificate of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder / "site.pem"))
    server = HTTPServer(("127.0.0.1", 0), _Empty)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Empty(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>empty</h1>")

    def log_message(self, format: str, *args: Any) -> None:
        return


def _certificate(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=20_000))
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.sign(key, hashes.SHA256()).public_bytes(pem))
    return path
