"""Small arithmetic over columns, such as `0.9 * Amount + 2`, parsed by hand and never run as code.

    sum     = product (("+" | "-") product)*
    product = factor (("*" | "/") factor)*
    factor  = ("+" | "-")* (number | column | "(" sum ")")

A column is a plain name, or any name in backticks or quotes. The same tree computes with NumPy
arrays and with tensors.
"""

import operator
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from steelyard.errors import GoalError

LONGEST, DEEPEST = 500, 40
TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])"
    r"|(?P<column>[^\W\d][\w.]*)"
    r"|(?P<quoted>`[^`]+`|\"[^\"]+\"|'[^']+')"
    r"|(?P<sign>[-+*/()]))"
)
ARITHMETIC: dict[str, Any] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
Tree = tuple[Any, ...]


@dataclass(frozen=True)
class Expression:
    """A parsed expression; `text` as it was given.

    >>> cost = Expression("0.9 * Amount + 2")
    >>> cost.columns, cost.of({"Amount": 100.0})
    (('Amount',), 92.0)
    >>> Expression("`days late` / 7").columns
    ('days late',)
    """

    text: str
    tree: Tree = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", _Parser(self.text).parsed())

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it takes, each once, in order."""
        return tuple(dict.fromkeys(_columns(self.tree)))

    def of(self, columns: Mapping[str, Any]) -> Any:
        """Its value: of arrays, tensors or numbers by column name."""
        return _value(self.tree, columns)


def in_quotes(name: str) -> str:
    """A column's name as an expression can hold it.

    >>> in_quotes("Amount"), in_quotes("days late")
    ('Amount', '`days late`')
    """
    plain = TOKEN.fullmatch(name)
    if plain and plain["column"] == name:
        return name
    return f'"{name}"' if "`" in name else f"`{name}`"


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at, self.depth = text, _tokens(text), 0, 0

    def parsed(self) -> Tree:
        tree = self.sum()
        if self.at < len(self.tokens):
            raise self.problem(f"{self.tokens[self.at][1]!r} cannot stand where it is")
        return tree

    def sum(self) -> Tree:
        return self.chain("+-", self.product)

    def product(self) -> Tree:
        return self.chain("*/", self.factor)

    def chain(self, signs: str, part: Any) -> Tree:
        tree = part()
        while self.sign() and self.sign() in signs:
            mark = self.taken()[1]
            tree = (mark, tree, part())
        return tree

    def factor(self) -> Tree:
        negative = False
        while self.sign() and self.sign() in "+-":
            negative ^= self.taken()[1] == "-"
        tree = self.single()
        return ("negative", tree) if negative else tree

    def single(self) -> Tree:
        if self.at == len(self.tokens):
            raise self.problem("it ends too early")
        kind, word = self.taken()
        if kind == "number":
            return ("number", float(word))
        if kind in ("column", "quoted"):
            return ("column", word if kind == "column" else word[1:-1])
        if word != "(":
            raise self.problem(f"a number or column should stand where {word!r} is")
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.problem(f"more than {DEEPEST} brackets in each other")
        tree = self.sum()
        if self.sign() != ")":
            raise self.problem("a bracket is not closed")
        self.taken()
        self.depth -= 1
        return tree

    def sign(self) -> str:
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        return word if kind == "sign" else ""

    def taken(self) -> tuple[str, str]:
        self.at += 1
        return self.tokens[self.at - 1]

    def problem(self, why: str) -> GoalError:
        return _problem(self.text, why)


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > LONGEST:
        raise _problem(text[:40] + "...", f"it has {len(text)} characters, {LONGEST} are allowed")
    found, at = [], 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            raise _problem(text, f"{text[at:].strip()[0]!r} is no part of one")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return found


def _problem(text: str, why: str) -> GoalError:
    return GoalError(
        f"{text!r} is no cost: {why}; write numbers, column names, + - * / and brackets, such as "
        '0.9*Amount+2, and a name with blanks in backticks or quotes: "Claim amount"'
    )


def _columns(tree: Tree) -> Iterator[str]:
    if tree[0] == "column":
        yield tree[1]
    elif tree[0] != "number":
        for part in tree[1:]:
            yield from _columns(part)


def _value(tree: Tree, columns: Mapping[str, Any]) -> Any:
    kind, *parts = tree
    if kind == "number":
        return parts[0]
    if kind == "column":
        return columns[parts[0]]
    values = [_value(part, columns) for part in parts]
    return -values[0] if kind == "negative" else ARITHMETIC[kind](*values)
