"""Which group bots an office has: those of offices.yaml and those of the environment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from alerts.notify.chat import bot_address
from configs.catalog import Catalog
from stream.errors import MinshengError

BOTS = "MINSHENG_CHAT__BOTS"


def bots_of(
    catalog: Catalog, given: str, *, redirected: bool = False, redirect_to: str = ""
) -> Callable[[str], Sequence[str]]:
    """Office id -> the addresses of its bots. `given`: a JSON object, office key or id -> address or list of addresses.

    A branch without bots of its own is told in its office's group. With `redirected` every office has the bot
    `redirect_to` alone, or none. Raises MinshengError, which never quotes an address.
    """
    extra = _given(catalog, given)
    listed = {
        office.key: [_checked(f"offices.yaml {office.key}", one.get_secret_value()) for one in office.chats]
        for office in catalog.offices
    }
    own = (_checked("chat.redirect_to", redirect_to),) if redirect_to else ()

    def bots(office_id: str) -> Sequence[str]:
        if redirected:
            return own
        key = office_id.partition("@")[0]
        return tuple(dict.fromkeys([*listed.get(key, ()), *(extra.get(office_id) or extra.get(key, ()))]))

    return bots


def _given(catalog: Catalog, text: str) -> Mapping[str, Sequence[str]]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MinshengError(f'chat.bots ({BOTS}) 应为 JSON 对象，如 {{"renshe": "群机器人地址"}}')
    unknown = [key for key in found if key.partition("@")[0] not in catalog.office]
    if unknown:
        raise MinshengError(f"chat.bots ({BOTS}) 中没有这个单位: {'、'.join(unknown)}；请用 offices.yaml 里的 key")
    return {key: _addresses(key, value) for key, value in found.items()}


def _addresses(key: str, value: object) -> Sequence[str]:
    listed = value if isinstance(value, list) else [value]
    return [_checked(f"chat.bots {key}", str(one)) for one in listed]


def _checked(where: str, address: str) -> str:
    """One form for the same bot, so that it is not told twice."""
    known = bot_address(address)
    if not known:
        raise MinshengError(f"{where}: 不是钉钉、企业微信或飞书群机器人的地址")
    return known
