"""Numbers as people write them: $1,234.56, 1'234,5 kg, (12.5), 83.7 %.

How a column writes its numbers is judged by all of its values, never by one: 1.234 alone may be
either number. What was found goes into the schema as an example, so that a later file is read by
the same rules or refused.
"""

import re
from dataclasses import dataclass

import polars as pl

# Read as missing in a column whose other values are numbers or dates; compared in lower case.
MISSING_WORDS = frozenset(
    [
        *("na", "n.a", "n.a.", "n/a", "n / a", "#n/a", "<na>", "nan", "nil", "null", "(null)"),
        *("[null]", "\\n", "none", "missing", "#missing", "empty", "blank", "(blank)", "unknown"),
        *("unk", "not known", "undefined", "undef", "not available", "not applicable", "no data"),
        *("no value", "nd", "n.d", "n.d.", "tbd", "-", "--", "---", "\u2013", "\u2014", ".", ".."),
        *("...", "*", "**", "?", "??", "???", "#num!", "#div/0!", "#value!", "#ref!", "#name?"),
        *("#null!", "#error", "#error!", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "1.#snan"),
        *("nan(ind)", "-nan(ind)", "-nan"),
    ]
)
WORDS_FOR_INFINITY = {"1.#inf": "inf", "-1.#inf": "-inf"}
MULTIPLES = {"": 1.0, "K": 1e3, "k": 1e3, "M": 1e6, "B": 1e9, "bn": 1e9}

SPACES = "\u00a0\u202f\u2009 "
GROUPING = "'\u2019" + SPACES
MINUS = "\\-\u2212\u2013"  # the hyphen, the minus sign and the dash
CURRENCY = r"US\$|R\$|[$€£¥₹₽₩₺₪₫₴₦]|USD|EUR|GBP|CHF|JPY|CNY|INR|Rs\.?|kr\.?"
VALUE = (
    rf"^(?P<open>\()?\s*(?P<sign>[{MINUS}+]?)\s*(?P<before>{CURRENCY})?\s*(?P<sign2>[{MINUS}+]?)\s*"
    rf"(?P<body>[.,]?[0-9](?:[0-9.,{GROUPING}]*[0-9])?[.,]?)(?P<exponent>[eEdD][-+]?[0-9]+)?"
    rf"\s*(?P<after>[^\s0-9().,+{GROUPING}{MINUS}][^0-9()]{{0,11}})?(?P<minus>[{MINUS}])?"
    r"\s*(?P<close>\))?$"
)
GROUPED_ONCE = r"^[1-9][0-9]{0,2}[.,][0-9]{3}$"
FORMAT_SAMPLE = 2_000  # distinct values that the format is judged by at first
# Digits in a form of their own: nothing but them and signs, or hexadecimal. Any alphabet's digits.
DIGITS = r"^(?:[^\p{L}]*\p{Nd}[^\p{L}]*|0x[0-9a-fA-F]+)$"
MANY_LEVELS, MOSTLY = 30, 0.9  # fewer levels are a category, whatever they are made of
LEAST_PROOF = 3  # distinct values that look grouped before a point is taken for a thousands sign


@dataclass(frozen=True)
class NumberFormat:
    """The decimal sign, the sign between thousands ('' if none), and what stands beside.

    >>> NumberFormat.from_example("$1,234.5")
    NumberFormat(decimal='.', thousands=',', before='$', after='')
    >>> NumberFormat(",", ".", "", "%").example
    '1.234,5 %'
    """

    decimal: str = "."
    thousands: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether every program reads such numbers as they are."""
        return self == PLAIN

    @property
    def example(self) -> str:
        """A number in this format; '' for the plain one."""
        if self.is_plain:
            return ""
        number = f"{self.before}1{self.thousands}234{self.decimal}5"
        return f"{number} {self.after}" if self.after else number

    @classmethod
    def from_example(cls, example: str) -> "NumberFormat":
        """The inverse of `example`."""
        found = re.match(r"(.*?)1(.?)234(.)5(?: (.*))?$", example)
        return PLAIN if found is None else cls(found[3], found[2], found[1], found[4] or "")

    def parse(self, text: pl.Series) -> pl.Series:
        """Float64 of cleaned text; null where missing or written otherwise."""
        quick = self._parse_simple(text)
        left = quick.is_null() & text.is_not_null()
        if not left.any():
            return quick
        read = self._parse_parts(text.filter(left))
        return quick.scatter(left.arg_true(), read)

    def _parse_simple(self, text: pl.Series) -> pl.Series:
        """Numbers without anything beside them, in a third of the time."""
        if self.decimal == ".":
            return to_floats(text)
        with_point = text.str.contains(".", literal=True)
        text = text.set(with_point, None) if with_point.any() else text
        return to_floats(text.str.replace(",", ".", literal=True))

    def _parse_parts(self, text: pl.Series) -> pl.Series:
        parts = _parts(text)
        fits = _fits(parts["body"], self.decimal, self.thousands)
        fits &= parts["before"].is_in(["", self.before])
        scale = parts["after"].replace_strict(self._scales(), default=None, return_dtype=pl.Float64)
        body = parts["body"]
        for sign in self.thousands:
            body = body.str.replace_all(sign, "", literal=True)
        body = body.str.replace(self.decimal, ".", literal=True)
        exponent = parts["exponent"].str.replace("[dD]", "e")  # as Fortran writes it
        numbers = (body + exponent).cast(pl.Float64, strict=False) * scale
        numbers = numbers.zip_with(~_negative(parts), -numbers)
        return numbers.set(~fits.fill_null(value=False), None)

    def _scales(self) -> dict[str, float]:
        if self.after in MULTIPLES:
            return MULTIPLES if self.after else {"": 1.0}
        stem = self.after.removesuffix("s")
        return {"": 1.0, self.after: 1.0, stem: 1.0, stem + "s": 1.0}


PLAIN = NumberFormat()


@dataclass(frozen=True)
class NumberReading:
    """What came of reading text as numbers.

    `values` is None where the column is no column of numbers; `format` then has no meaning and
    `why` says, where most values are numbers, what stands against it.
    """

    values: pl.Series | None
    format: NumberFormat = PLAIN
    why: str = ""


def read_numbers(text: pl.Series, decimal_hint: str = ".") -> NumberReading:
    """Read cleaned text (null where missing) as numbers if all of it is numbers.

    Args:
        text: String; words for missing such as `na` are read as missing among numbers.
        decimal_hint: decimal sign of the file as a whole, for columns such as 1.234 and 2.345 that
            can be read both ways; "" where nobody knows.
    """
    distinct = text.drop_nulls().unique(maintain_order=True)
    distinct = distinct.filter(~is_missing_word(distinct))
    if not len(distinct) or _are_codes(distinct):
        return NumberReading(None, why=_why_codes(distinct) or _why_digits(distinct))
    few = distinct.gather_every(max(1, len(distinct) // FORMAT_SAMPLE))
    found, why = _format_of(few, decimal_hint)
    if found and len(few) < len(distinct) and not _holds_for_all(found, few, distinct):
        found, why = _format_of(distinct, decimal_hint)
    if found is None:
        return NumberReading(None, why=why or _why_digits(distinct))
    parsed = found.parse(distinct)
    odd = distinct.filter(parsed.is_null())
    if len(odd):
        return NumberReading(None, why=_why_words(text, odd))
    if len(distinct) > len(text) // 2:
        return NumberReading(found.parse(without_missing_words(text)), found)
    values = text.replace_strict(distinct, parsed, default=None, return_dtype=pl.Float64)
    return NumberReading(values.fill_nan(None), found)


def is_missing_word(text: pl.Series) -> pl.Series:
    """Whether each value is a word for missing among numbers and dates."""
    return text.str.to_lowercase().is_in(MISSING_WORDS)


def without_missing_words(text: pl.Series) -> pl.Series:
    """Null in place of every word for missing among numbers."""
    missing = is_missing_word(text)
    return text.set(missing, None) if missing.any() else text


def to_floats(text: pl.Series) -> pl.Series:
    """Float64 of plain numbers, null where missing or unreadable."""
    if text.str.contains("#", literal=True).any():
        text = text.str.to_lowercase().replace(WORDS_FOR_INFINITY)
    return text.cast(pl.Float64, strict=False).fill_nan(None)


def decimal_sign(columns: list[pl.Series]) -> str:
    """The decimal sign that text columns prove: "," or "."; "" if none or both.

    >>> decimal_sign([pl.Series(["1.234", "2.500"]), pl.Series(["0,5", "word"])])
    ','
    """
    proven = set()
    for column in columns:
        bodies = _parts(column.drop_nulls())["body"].drop_nulls()
        fits = {sign: _fits(bodies, sign, _other(sign)) for sign in ".,"}
        proven |= {sign for sign in ".," if (fits[sign] & ~fits[_other(sign)]).any()}
    return proven.pop() if len(proven) == 1 else ""


CODE = r"^[+-]?0[0-9]|^[+-]?[0-9]{16,}$"  # leading zeros, or longer than a float can tell apart


def _holds_for_all(found: NumberFormat, few: pl.Series, distinct: pl.Series) -> bool:
    """Whether a format found on a few values reads them all, with no point that only others have.

    Such a point may stand between thousands.
    """
    point, later = (column.str.contains(".", literal=True).any() for column in (few, distinct))
    return point == later and not found.parse(distinct).has_nulls()


def _are_codes(distinct: pl.Series) -> bool:
    return bool(distinct.str.contains(CODE).any())


def _why_codes(distinct: pl.Series) -> str:
    if not len(distinct) or to_floats(distinct).has_nulls():
        return ""
    code = distinct.filter(distinct.str.contains(CODE))[0]
    return f"holds codes of digits such as {code!r}, kept as categories"


def _why_digits(distinct: pl.Series) -> str:
    """Where nearly all of many values are digits in a form that is not read: 21:33, 0xa35."""
    share = float(distinct.str.contains(DIGITS).mean() or 0.0)  # type: ignore[arg-type]
    if len(distinct) < MANY_LEVELS or share < MOSTLY:
        return ""
    return (
        f"holds values of digits such as {distinct[0]!r}, read as no number or date; write them as "
        "plain numbers to have numbers"
    )


def _why_words(text: pl.Series, odd: pl.Series) -> str:
    """Where most values are numbers: what is not, and in how many rows."""
    present = len(text) - text.null_count()
    rows = int(text.is_in(odd.implode()).sum())
    if rows > present / 2:
        return ""
    share = max(0.1, 100 * rows / present)
    return (
        f"all but {rows:,} rows ({share:.1f} %) are numbers, but not {odd[0]!r}; "
        "leave those empty to have numbers"
    )


def _parts(text: pl.Series) -> dict[str, pl.Series]:
    """The parts of written numbers, '' where a part is not there; `body` null for other text."""
    parts = text.str.extract_groups(VALUE).struct.unnest()
    named = {column.name: column.fill_null("") for column in parts.iter_columns()}
    return named | {
        "body": parts["body"],
        "after": named["after"].str.strip_chars(),
        "sign": named["sign"] + named["sign2"],
    }


def _negative(parts: dict[str, pl.Series]) -> pl.Series:
    minus = parts["sign"].str.contains(f"[{MINUS}]") | (parts["minus"] != "")
    return minus != (parts["open"] != "")


def _other(sign: str) -> str:
    return "," if sign == "." else "."


def _fits(bodies: pl.Series, decimal: str, thousands: str) -> pl.Series:
    """Whether each body is a number with this decimal sign, thousands grouped by threes.

    Or as in India, by twos before the last three: 12,34,567.
    """
    point, plain = re.escape(decimal), "[0-9]+"
    if thousands:
        signs = "".join(re.escape(sign) for sign in thousands)
        plain += rf"|[1-9][0-9]{{0,2}}(?:[{signs}][0-9]{{3}})+"
        plain += rf"|[1-9][0-9]?(?:[{signs}][0-9]{{2}})+[{signs}][0-9]{{3}}"
    return bodies.str.contains(rf"^(?:(?:{plain})(?:{point}[0-9]*)?|{point}[0-9]+)$")


def _format_of(distinct: pl.Series, hint: str) -> tuple[NumberFormat | None, str]:
    """The format that reads most values, or why it cannot be told."""
    parts = _parts(distinct)
    written = parts["body"].is_not_null()
    infinite = to_floats(distinct).is_infinite().fill_null(value=False)
    if 2 * (written | infinite).sum() <= len(distinct):
        return None, ""
    if not written.any():
        return PLAIN, ""
    bodies = parts["body"].filter(written)
    decimal, thousands = _signs(bodies, hint)
    if not decimal:
        example = bodies.filter(bodies.str.contains(GROUPED_ONCE))[0]
        return None, (
            f"numbers such as {example!r} can be read with a decimal or a thousands sign; write "
            "them without thousands signs and with a decimal point"
        )
    before = _common(parts["before"].filter(written))
    after = _common(parts["after"].filter(written), multiples=True)
    return NumberFormat(decimal, thousands, before, after), ""


def _signs(bodies: pl.Series, hint: str) -> tuple[str, str]:
    """Decimal and thousands sign of a column; no decimal sign where it cannot be told."""
    grouping = [sign for sign in GROUPING if bodies.str.contains(sign, literal=True).any()]
    apart = "".join(grouping)
    scores = {}
    for sign in ".,":
        fits = _fits(bodies, sign, apart or _other(sign))
        scores[sign] = int(fits.sum())
    has = {sign: bool(bodies.str.contains(sign, literal=True).any()) for sign in ".,"}
    if scores["."] != scores[","]:
        decimal = max(".,", key=lambda sign: scores[sign])
    elif not (has["."] or has[","]):
        decimal = "."
    else:
        decimal = _sign_of_grouped(bodies, "," if has[","] else ".", hint)
        if not decimal:
            return "", ""
    other = _other(decimal)
    thousands = apart or (other if has[other] else "")
    return decimal, thousands


def _sign_of_grouped(bodies: pl.Series, sign: str, hint: str) -> str:
    """The decimal sign where every value with a sign looks like 1.234, "" if it cannot be told."""
    if hint:
        return hint
    grouped = bodies.str.contains(sign, literal=True)
    bare = bodies.filter(~grouped)
    longest = int(bare.str.len_chars().max() or 0)  # type: ignore[arg-type]
    if longest > 3:
        return sign  # a thousand is written without a sign
    if sign == ".":
        # Numbers below a thousand have no sign: so it stands between thousands.
        is_grouping = longest == 3 and grouped.sum() >= LEAST_PROOF
        return "," if is_grouping else "."
    return "." if longest else ""


def _common(found: pl.Series, *, multiples: bool = False) -> str:
    """What stands beside at least half of the numbers, '' if nothing."""
    beside = found.filter(found != "")
    if 2 * len(beside) < len(found):
        kinds = set(beside.unique().to_list())
        return max(kinds) if multiples and kinds and kinds <= set(MULTIPLES) else ""
    return str(beside.mode().sort()[0]) if len(beside) else ""
