"""What the doctor says of mail, of the mailbox for answers and of group bots. Each is tried up to the point where a message
would begin: no office is told anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.finding import Finding
from stream.errors import MinshengError, NotifyError

if TYPE_CHECKING:
    from app.wire import House

BOT_ADVICE = "在群里重新生成机器人地址，改 offices.yaml 的 chats 或 MINSHENG_CHAT__BOTS；连不上的查网络和 chat.through"


def check_mail(house: House) -> Iterator[Finding]:
    mail, email = house.settings.mail, house.post_office.email
    if email is None:
        yield Finding(f"未设邮件服务器，邮件写入 {house.outbox}")
        return
    where = f"邮件服务器 {mail.host}:{mail.port}"
    try:
        email.sign_in()
    except NotifyError as error:
        yield Finding(f"用不了{where}: {error}", "检查 mail.host、mail.port、mail.security、mail.user 和密码，以及网络")
    else:
        yield Finding(f"{where} {'可登录' if mail.user else '有应答 (未设账号)'}")


def check_mailbox(house: House) -> Iterator[Finding]:
    imap = house.settings.imap
    if not imap.host:
        yield Finding("未设收件服务器，单位的邮件回复不会被读取")
        return
    try:
        with house.post_office.mailbox.open():
            yield Finding(f"收件服务器 {imap.host}:{imap.port} 可登录，文件夹 {imap.folder} 可读")
    except MinshengError as error:
        yield Finding(str(error), "检查 imap.host、imap.port、imap.security、imap.user、imap.folder 和密码，以及网络")


def check_chats(house: House) -> Iterator[Finding]:
    """Each bot once, named by the first office that has it and by its fingerprint: its address is a secret."""
    from alerts.notify.channels import name_of

    try:
        bots = house.post_office.bots
    except MinshengError as error:
        yield Finding(str(error), BOT_ADVICE)
        return
    found: dict[str, str] = {}
    for office in house.catalog.offices:
        for key in (office.key, *(f"{office.key}@{branch.region}" for branch in office.branches)):
            for bot in bots(key):
                found.setdefault(bot, house.catalog.office_name(key))
    for bot, name in found.items():
        what = f"群机器人 {name} ({bot.partition(':')[0]}，指纹 {name_of(bot)})"
        try:
            house.post_office.chat.try_out(bot)
        except NotifyError as error:
            yield Finding(f"{what} 用不了: {error}", BOT_ADVICE)
        else:
            yield Finding(f"{what} 可用 (未发消息)")
