"""Which errors of a database pass by themselves, told in Chinese and without the password.

The codes are those of appendix A of PostgreSQL's manual and of SQLite's "Result and Error Codes".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from stream.errors import MinshengError, Unavailable
from stream.sqlite import passing

# By code or, where all of them have one reason, by its class (the first two characters).
_POSTGRES = {
    "08": "与数据库的连接断了",
    "25006": "连到的是只读的备库",
    "25P03": "这个进程停顿过久，数据库取消了它的操作",
    "28": "数据库不让登录，请核对账号和密码",
    "3D": "没有这个库，请核对库名",
    "40001": "与别的操作同时进行，这一次被取消",
    "40P01": "与别的操作互相等待，这一次被取消",
    "53": "数据库服务器资源不足",
    "53100": "数据库服务器磁盘已满",
    "53300": "数据库连接数已满",
    "55P03": "别的操作占用过久",
    "57014": "执行过久，被取消",
    "57": "数据库正在停止或启动",
    "58": "数据库服务器磁盘读写出错",
}
_SPOILT = {sqlite3.SQLITE_CORRUPT: "文件已损坏", sqlite3.SQLITE_NOTADB: "不是数据库文件"}


@contextmanager
def plainly(place: str, *drivers: type[Exception]) -> Iterator[None]:
    """Raise Unavailable in place of an error that passes by itself; whoever meets it repeats the whole transaction.

    That is harmless even where the connection broke during the commit and nobody knows whether it was done, as every
    write has a natural key or a version. `place` is the database's address for a person, without a password; `drivers` are
    the errors of a driver that is used without SQLAlchemy.
    """
    kinds: tuple[type[Exception], ...] = (SQLAlchemyError, sqlite3.Error, *drivers)
    try:
        yield
    except kinds as error:
        cause = getattr(error, "orig", None) or error
        words = str(cause).strip().partition("\n")[0]
        if why := _why(error, cause):
            raise Unavailable(f"案件库 {place} 暂时不能用: {why} ({words})；恢复后会自动继续") from error
        if why := _SPOILT.get(_sqlite_code(cause), ""):
            raise MinshengError(f"案件库 {place} {why} ({words})；请停止程序，用 minsheng restore 恢复备份") from error
        raise


def _why(error: Exception, cause: BaseException) -> str:
    """ "" when waiting would not help."""
    if isinstance(error, NoFreeConnection):
        return "本进程的连接都在使用中"
    if state := getattr(cause, "sqlstate", None):
        return _POSTGRES.get(state) or _POSTGRES.get(state[:2]) or ""
    if isinstance(cause, sqlite3.Error):
        return "打不开文件" if _sqlite_code(cause) == sqlite3.SQLITE_CANTOPEN else passing(cause)
    return "连不上数据库" if _is_lost(error) else ""


def _is_lost(error: Exception) -> bool:
    """Of an error that the server gave no code: a driver alone gives none when there is no server."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError)
    return not isinstance(error, SQLAlchemyError)


def _sqlite_code(cause: BaseException) -> int:
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF
