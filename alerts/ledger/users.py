"""Who may log in. Passwords are argon2id hashes; they are never stored, shown or logged."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, RowMapping, select, update

from alerts.ledger.columns import insert_for
from alerts.ledger.tables import users
from alerts.model import User
from stream.errors import MinshengError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
SHORTEST = 8  # characters of a password


class Users:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, name: str, display_name: str, password: str, role: Literal["duty", "admin"], now: datetime) -> User:
        """Raises MinshengError when the name is empty or taken, the role unknown or the password too short."""
        if not name.strip() or name != name.strip():
            raise MinshengError(f"用户名 {name!r} 不可用: 不能为空，首尾不能有空格")
        if role not in ("duty", "admin"):
            raise MinshengError(f"用户 {name} 的角色 {role!r} 不存在: 只能是 duty (值班) 或 admin (管理)")
        row = {"name": name, "display_name": display_name, "role": role, "disabled": False}
        row |= {"password_hash": _hash(name, password), "failures": 0, "locked_until": None, "created_at": now}
        insert = insert_for(self._conn, users).on_conflict_do_nothing(index_elements=["name"])
        if self._conn.execute(insert.values(row).returning(users.c.name)).first() is None:
            raise MinshengError(f"用户 {name} 已存在，请换一个用户名，或给他改密码")
        return User(name, display_name, role)

    def verify(self, name: str, password: str, now: datetime) -> User | None:
        """The user if the password is right and the account neither disabled nor locked.

        Five failures in a row lock it for 15 minutes. An unknown name takes as long as a wrong password. Needs a
        writing transaction (`ledger.begin`), because failures are counted.
        """
        row = self._conn.execute(select(users).where(users.c.name == name).with_for_update()).mappings().first()
        right = _matches(row["password_hash"] if row else _nobody(), password)
        if row is None or row["disabled"] or (row["locked_until"] and now < row["locked_until"]):
            return None
        if not right:
            self._failed(row, now)
            return None
        self._succeeded(row, password)
        return _user(row)

    def set_password(self, name: str, password: str) -> None:
        """Also unlocks the account. Raises MinshengError when there is no such user."""
        self._set(name, password_hash=_hash(name, password), failures=0, locked_until=None)

    def disable(self, name: str, disabled: bool = True) -> None:
        """Raises MinshengError when there is no such user."""
        self._set(name, disabled=disabled)

    def all(self) -> list[User]:
        return [_user(row) for row in self._conn.execute(select(users).order_by(users.c.name)).mappings()]

    def _failed(self, row: RowMapping, now: datetime) -> None:
        failures = row["failures"] + 1
        if failures < FAILURES:
            self._set(row["name"], failures=failures)
            return
        self._set(row["name"], failures=0, locked_until=now + LOCKED_FOR)

    def _succeeded(self, row: RowMapping, password: str) -> None:
        if row["failures"] or row["locked_until"]:
            self._set(row["name"], failures=0, locked_until=None)
        if _hasher().check_needs_rehash(row["password_hash"]):
            self._set(row["name"], password_hash=_hasher().hash(password))

    def _set(self, name: str, **changes: Any) -> None:
        if self._conn.execute(update(users).where(users.c.name == name).values(changes)).rowcount != 1:
            raise MinshengError(f"没有用户 {name}，请核对用户名")


def _user(row: RowMapping) -> User:
    return User(row["name"], row["display_name"], row["role"], row["disabled"])


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password is known for, so that an unknown name costs the same work."""
    return _hasher().hash("nobody")


def _hash(name: str, password: str) -> str:
    if len(password) < SHORTEST:
        raise MinshengError(f"用户 {name} 的密码太短: 至少 {SHORTEST} 个字符")
    return _hasher().hash(password)


def _matches(stored: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError

    try:
        return _hasher().verify(stored, password)
    except VerifyMismatchError:
        return False
