"""The way to Elasticsearch: one connection, its login, and what its refusals mean."""

from __future__ import annotations

import logging
import re
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from elasticsearch import ApiError, Elasticsearch, SerializationError, SSLError, TransportError, UnsupportedProductError
from elasticsearch import ConnectionError as NoConnection

from stream.errors import MinshengError, Unavailable

# Trying the same again in a moment may help. 404: an index gave way to its next while it was searched.
PASSING = frozenset({404, 429, 502, 503, 504})
PAUSES = (0.2, 0.6, 1.5)  # seconds before each further try; after them the caller decides how long to wait

logging.getLogger("elastic_transport").setLevel(logging.WARNING)  # else a line for every request


class Server:
    """An Elasticsearch cluster. Connects on first use, and again after it was away.

    Args:
        urls: addresses of nodes, split by commas; when one is away the next is asked.
        user, password, api_key: the login; an API key is taken before a user.
        ca_file: PEM file of the authority that signed the server's certificate; "" for those the machine trusts.
        timeout: seconds to wait for an answer.
        pauses: seconds before each further try when the server is away or overloaded.
    """

    def __init__(
        self,
        urls: str,
        *,
        user: str = "",
        password: str = "",
        api_key: str = "",
        ca_file: str = "",
        timeout: float = 30,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        hosts = [url.strip() for url in urls.split(",") if url.strip()]
        self.urls = re.sub(r"//[^/@]*@", "//", ", ".join(hosts))  # for messages, without a login
        self.pauses = tuple(pauses)
        options: dict[str, Any] = {"request_timeout": timeout, "max_retries": len(hosts) - 1, "retry_on_status": ()}
        if api_key:
            options["api_key"] = api_key
        elif user:
            options["basic_auth"] = b64encode(
                f"{user}:{password}".encode()
            ).decode()  # the client's own takes ASCII alone
        try:
            if ca_file:
                ssl.create_default_context(cafile=ca_file)  # the client would read it at the first request only
                options["ca_certs"] = ca_file
            self.es = Elasticsearch(hosts, **options)
        except (ValueError, TypeError, OSError) as error:
            raise MinshengError(
                f"elastic 的设置不能用: {error}；请检查 elastic.urls ({self.urls}) 和 elastic.ca_file ({ca_file})"
            ) from error

    def ask(self, call: Callable[..., Any], *, through: Collection[int] = (), **arguments: Any) -> Any:
        """The body of the answer to a call of `self.es`.

        Tries again for a little while when the server is away or overloaded. Raises ApiError for the statuses of
        `through`, which the caller understands, and Unavailable for everything else that is no answer.
        """
        for seconds in (*self.pauses, None):
            try:
                return call(**arguments).body
            except ApiError as error:
                if error.meta.status in through and not isinstance(error, UnsupportedProductError):
                    raise
                if error.meta.status not in PASSING or seconds is None:
                    raise self.away(_refusal(error)) from None  # its own text may repeat a post
            except TransportError as error:
                if seconds is None or not _may_pass(error):
                    raise self.away(_failure(error)) from error
            time.sleep(seconds)
        raise AssertionError("unreachable")

    def away(self, why: str) -> Unavailable:
        return Unavailable(f"Elasticsearch ({self.urls}) 暂时不能用: {why}")

    def close(self) -> None:
        self.es.close()


def said(error: ApiError) -> Any:
    """The server's account of what it refused; mostly a mapping."""
    return error.body.get("error", "") if isinstance(error.body, Mapping) else ""


def reason(error: Any) -> str:
    """What the server says of an error, without the words of a post that it may quote."""
    if not isinstance(error, Mapping):
        return str(error)[:120]
    first = re.split(r" Preview of field|\. |\n", str(error.get("reason", "")), maxsplit=1)[0]
    return f"{error.get('type', '')}: {first[:200]}"


def _refusal(error: ApiError) -> str:
    status = error.meta.status
    if isinstance(error, UnsupportedProductError):
        return "回答的不是 Elasticsearch；请检查 elastic.urls"
    if status == 401:
        return "账号不对 (401)；请检查 elastic.user、elastic.password 或 elastic.api_key"
    if status == 403 and "security" in str(said(error)):
        return "账号没有权限 (403)；需要集群的 manage_index_templates 和索引的 all 权限"
    return f"{status} {reason(said(error))}"


def _may_pass(error: TransportError) -> bool:
    """A refused connection may come back in a moment; a timeout has waited long enough, a bad certificate stays bad."""
    return isinstance(error, NoConnection) and not isinstance(error, SSLError)


def _failure(error: TransportError) -> str:
    if isinstance(error, SSLError):
        return f"证书校验不通过；请检查 elastic.ca_file 和 elastic.urls ({error})"
    if isinstance(error, SerializationError):
        return "回答的不是 JSON；请检查 elastic.urls 前面是否有代理"
    return f"{error}；请检查 elastic.urls、网络和服务器是否在运行"
