"""What click says of wrong usage and above its lists, in Chinese. click asks gettext for its words; here they are given to it."""

from __future__ import annotations

from collections.abc import Callable

from click import core, decorators, exceptions, formatting, parser, termui, types

SPEAKING = (core, decorators, exceptions, formatting, parser, termui, types)
WORDS = {
    "Usage:": "用法:",
    "Options": "选项",
    "Commands": "命令",
    "Positional arguments": "参数",
    "Show this message and exit.": "显示这段说明。",
    "Show the version and exit.": "显示版本。",
    "default: {default}": "默认: {default}",
    "env var: {var}": "环境变量: {var}",
    "Error: {message}": "用法不对: {message}",
    "Try '{command} {option}' for help.": "用法说明: {command} {option}",
    "Aborted!": "已中止。",
    "Missing command.": "缺少命令。",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Missing {param_type}": "缺少 {param_type}",
    "Missing parameter: {param_name}": "缺少参数 {param_name}",
    "No such option {name!r}.": "没有选项 {name!r}。",
    "No such command {name!r}.": "没有命令 {name!r}。",
    "Did you mean {possibility}?": "是不是 {possibility}？",
    "(Did you mean one of: {possibilities}?)": "(是不是其中之一: {possibilities}？)",
    "Invalid value: {message}": "值不对: {message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 的值不对: {message}",
    "Got unexpected extra argument ({args})": "多出参数 ({args})",
    "Got unexpected extra arguments ({args})": "多出参数 ({args})",
    "Takes {nargs} values but 1 was given.": "应有 {nargs} 个值，给了 1 个。",
    "Takes {nargs} values but {len} were given.": "应有 {nargs} 个值，给了 {len} 个。",
    "Argument {name!r} takes {nargs} values.": "参数 {name!r} 应有 {nargs} 个值。",
    "Option {name!r} requires an argument.": "选项 {name!r} 后面要写值。",
    "Option {name!r} requires {nargs} arguments.": "选项 {name!r} 后面要写 {nargs} 个值。",
    "Option {name!r} does not take a value.": "选项 {name!r} 后面不写值。",
    "Could not open file {filename!r}: {message}": "打不开文件 {filename!r}: {message}",
    "unknown error": "原因不明",
    "{value!r} is not {choice}.": "{value!r} 应为 {choice}。",
    "{value!r} is not one of {choices}.": "{value!r} 应为其中之一: {choices}。",
    "Choose from:\n\t{choices}": "可选:\n\t{choices}",
    "{value!r} is not a valid {number_type}.": "{value!r} 不是数。",
    "{value} is not in the range {range}.": "{value} 不在范围 {range} 内。",
    "{name} {filename!r} does not exist.": "{filename!r} 不存在。",
    "{name} {filename!r} is a file.": "{filename!r} 是文件。",
    "{name} {filename!r} is a directory.": "{filename!r} 是目录。",
    "{name} {filename!r} is not readable.": "{filename!r} 不可读。",
    "{name} {filename!r} is not writable.": "{filename!r} 不可写。",
    "Repeat for confirmation": "再输入一遍",
    "Error: The two entered values do not match.": "两次输入不一样。",
    "Error: invalid input": "输入不对，请答 y 或 n",
    "Do you want to continue?": "要继续吗？",
}


def speak_chinese() -> None:
    """From now on, in this process. Words that are not listed stay as they are."""
    one: Callable[[str], str] = lambda said: WORDS.get(said, said)  # noqa: E731
    for module in SPEAKING:
        for name, words in (("_", one), ("ngettext", lambda single, several, n: one(single if n == 1 else several))):
            if hasattr(module, name):
                setattr(module, name, words)
