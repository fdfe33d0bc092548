"""No request leaves for an address that is not public.

Checked where the connection is made: a host is resolved here, every address it has is judged, and the connection goes
to one of exactly those addresses. So a redirect, a host name of a private machine, a name that resolves differently the
second time, and 2130706433 or 0x7f.1 for 127.0.0.1 all end the same way. Proxies from the environment are not used.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.utils.defer import deferred_from_coro, maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.web.client import HTTPConnectionPool
from zope.interface import implementer  # type: ignore[import-untyped]

from crawlers.deps import Resolve

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

CONNECT_SECONDS = 15.0
LOOPBACK = ipaddress.IPv4Address("127.0.0.1")
# 168.63.129.16 is a public address by number, but inside Azure it answers as the platform's own metadata service.
METADATA = frozenset((ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("168.63.129.16")))
# IANA's special-purpose registries, as far as this Python's `is_global` does not know them yet
_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "100::/64", "2001::/23", "3fff::/20", "5f00::/16", "64:ff9b:1::/48"),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Refused(Exception):
    """The host has an address that must not be reached; the text says so in Chinese."""


def is_allowed(address: str, allow_loopback: bool = False) -> bool:
    """Whether an IP address (any textual form, a scope id included) may be reached.

    Only global unicast addresses may, besides 127.0.0.1 itself with `allow_loopback`. An IPv6 address that carries an
    IPv4 one (mapped, 6to4, Teredo, NAT64) is judged by both.
    """
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if allow_loopback and ip == LOOPBACK:
        return True
    return all(_is_public(each) for each in (ip, *_carried(ip)))


async def allowed_addresses(host: str, port: int, allow_loopback: bool, resolve: Resolve) -> list[str]:
    """The addresses of a host; raises Refused if any of them is not allowed, DNSLookupError if there are none."""
    try:
        addresses = [str(ipaddress.ip_address(host))]
    except ValueError:
        addresses = list(await _look_up(host, port, resolve))
    for address in addresses:
        if not is_allowed(address, allow_loopback):
            shown = host if host == address else f"{host}（{address}）"
            raise Refused(f"{shown} 是内网、本机或保留地址，不允许采集")
    return addresses


async def _look_up(host: str, port: int, resolve: Resolve) -> Sequence[str]:
    try:
        found = await resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise DNSLookupError(host) from error
    if not found:
        raise DNSLookupError(host)
    return found


def _is_public(ip: Address) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_unspecified or ip in METADATA:
        return False
    return not any(ip in network for network in _SPECIAL)


def _carried(ip: Address) -> list[Address]:
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    found: list[Address] = [each for each in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if each is not None]
    if ip in _NAT64:
        found.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return found


@implementer(IStreamClientEndpoint)
class GuardedEndpoint:
    """Connects to a host by one of its addresses, after judging all of them."""

    def __init__(self, host: str, port: int, allow_loopback: bool, resolve: Resolve) -> None:
        self.host = host
        self.port = port
        self.allow_loopback = allow_loopback
        self.resolve = resolve

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        return deferred_from_coro(self._connect(factory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        lookup = allowed_addresses(self.host, self.port, self.allow_loopback, self.resolve)
        addresses = await asyncio.wait_for(lookup, CONNECT_SECONDS)
        for address in addresses[:-1]:
            try:
                return await maybe_deferred_to_future(self._endpoint(address).connect(factory))
            except (OSError, ConnectError):
                continue  # the host's next address may answer; the last one's error is the one that counts
        return await maybe_deferred_to_future(self._endpoint(addresses[-1]).connect(factory))

    def _endpoint(self, address: str) -> Any:
        from twisted.internet import reactor

        kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
        return kind(reactor, address, self.port, timeout=CONNECT_SECONDS)


class GuardedPool(HTTPConnectionPool):
    """A connection pool that makes its new connections through GuardedEndpoint, whatever endpoint it is handed."""

    def __init__(self, reactor: Any, tls: Any, allow_loopback: bool, resolve: Resolve) -> None:
        super().__init__(reactor, persistent=True)  # type: ignore[no-untyped-call]
        self._tls = tls
        self._allow_loopback = allow_loopback
        self._resolve = resolve

    def getConnection(self, key: Hashable, endpoint: Any) -> Any:
        scheme, host, port = key[:3]  # type: ignore[index]  # an Agent's key: scheme, host, port, bind address
        guarded: Any = GuardedEndpoint(host.decode("ascii"), port, self._allow_loopback, self._resolve)
        if scheme == b"https":
            guarded = wrapClientTLS(self._tls.creatorForNetloc(host, port), guarded)
        return super().getConnection(key, guarded)


class GuardedHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP handler over a GuardedPool. The spider's `walk` says whether loopback is allowed."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        from twisted.internet import reactor

        walk: Any = getattr(crawler.spider, "walk", None)
        if walk is None:
            raise TypeError("GuardedHandler needs a spider with a walk")
        pool = GuardedPool(reactor, self._contextFactory, walk.source.allow_loopback, walk.deps.resolve)
        pool.maxPersistentPerHost = self._pool.maxPersistentPerHost
        pool._factory = self._pool._factory  # noqa: SLF001 (the tolerant header parser of Scrapy has no other door)
        self._pool = pool
