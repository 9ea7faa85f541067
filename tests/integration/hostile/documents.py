"""Hostile bodies and queries: what is wrong with a document as such, whatever its fields say."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from tests.integration.hostile.wire import FORM_TYPE, Carrier, Door, Role, Wire, form_of

OVER_THE_LIMIT = 8_193
IGNORE_MORE = {"esms", "engagelab"}  # members that are not documented
_OTHER_TYPES = (
    FORM_TYPE,
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/json-patch+json",
    "application/json, text/plain",
    "*/*",
)

type Change = Callable[[Door], Iterator[Wire]]


def body(make: Callable[[str], str | bytes], *carriers: Carrier) -> Change:
    """The body, made anew from the one that would be taken."""

    def change(door: Door) -> Iterator[Wire]:
        if door.carrier in (carriers or (Carrier.JSON,)):
            yield replace(door.wire(), body=make(door.document))

    return change


def more(member: str) -> Change:
    """One more member of a JSON body."""
    return body(lambda text: f"{text[:-1]},{member}}}")


def query(make: Callable[[str], str]) -> Change:
    """The query, made anew from the one that would be taken."""

    def change(door: Door) -> Iterator[Wire]:
        if door.carrier is Carrier.QUERY:
            yield replace(door.wire(), query=make(door.wire().query))

    return change


def parameters(make: Callable[[str, str], str]) -> Change:
    """Each required parameter of a query or a form in turn, as `name=value`, made anew."""

    def change(door: Door) -> Iterator[Wire]:
        if door.carrier not in {Carrier.QUERY, Carrier.FORM}:
            return
        for name in door.required:
            pair = form_of({name: door.value(name)})
            value = pair.partition("=")[2]
            rest = form_of({key: value for key, value in door.members.items() if key != name})
            text = f"{rest}&{make(name, value)}"
            wire = door.wire()
            yield replace(wire, query=text) if door.carrier is Carrier.QUERY else replace(wire, body=text)

    return change


def base64_flag(make: Callable[[str], str]) -> Change:
    """A body that says that it is base64."""

    def change(door: Door) -> Iterator[Wire]:
        if door.carrier in {Carrier.JSON, Carrier.FORM}:
            yield replace(door.wire(), event={"isBase64Encoded": True, "body": make(door.document)})

    return change


def each_left_out(door: Door) -> Iterator[Wire]:
    for name in door.required:
        yield door.without(name)


def each_twice(door: Door) -> Iterator[Wire]:
    if door.carrier is Carrier.JSON:
        for name in door.members:
            again = json.dumps({name: door.members[name]})[1:-1]
            yield replace(door.wire(), body=f"{door.document[:-1]},{again}}}")


def each_twice_in_disguise(door: Door) -> Iterator[Wire]:
    """The second name is spelt with escapes, which a filter before us may not read."""
    if door.carrier is Carrier.JSON:
        for name in door.members:
            spelt = "".join(f"\\u{ord(c):04x}" for c in name)
            again = f'"{spelt}":{json.dumps(door.members[name])}'
            yield replace(door.wire(), body=f"{{{again},{door.document[1:]}")


def other_types(door: Door) -> Iterator[Wire]:
    """eSMS takes a body of any type, and Message Central takes none."""
    if door.carrier in {Carrier.JSON, Carrier.FORM} and door.dialect != "esms":
        kept = {FORM_TYPE} if door.carrier is Carrier.FORM else set()
        for content_type in (*_OTHER_TYPES, "application/json" if kept else "text/json"):
            if content_type not in kept:
                yield door.wire().typed(content_type)


def in_query_and_body(door: Door) -> Iterator[Wire]:
    """Where a protocol reads both, neither wins; the token endpoint wants nothing in a URL."""
    if door.dialect == "esms" and door.carrier is Carrier.JSON:
        for name in door.members:
            yield replace(door.wire(), query=form_of({name: door.members[name]}))
            yield replace(door.wire(), query=form_of({name.upper(): door.members[name]}))
    if door.carrier is Carrier.FORM:
        yield replace(door.wire(), query=form_of(door.members))
        yield replace(door.wire(), query=form_of(door.members), body=None)


def large(door: Door) -> Iterator[Wire]:
    """Over the limit, whatever the headers say of its length."""
    for headers in ({}, {"content-length": "2"}, {"transfer-encoding": "chunked"}):
        if door.carrier is Carrier.JSON:
            yield replace(door.wire(), body=door.document.ljust(OVER_THE_LIMIT)).headed(headers)
        if door.carrier is Carrier.FORM:
            yield replace(door.wire(), body=door.document + "&x=" + "1" * OVER_THE_LIMIT).headed(headers)


def in_two_cases(door: Door) -> Iterator[Wire]:
    """eSMS's names are read in any letter case: two cases are one name given twice."""
    if door.dialect != "esms":
        return
    for name in door.members:
        if door.carrier is Carrier.QUERY:
            pair = form_of({name.swapcase(): door.members[name]})
            yield replace(door.wire(), query=f"{door.wire().query}&{pair}")
        else:
            again = json.dumps({name.swapcase(): door.members[name]})[1:-1]
            yield replace(door.wire(), body=f"{door.document[:-1]},{again}}}")


def with_bytes(data: bytes) -> Change:
    """Bytes in the first name of a document, in each free text, and where nobody looks."""

    def change(door: Door) -> Iterator[Wire]:
        if door.carrier is not Carrier.JSON:
            return
        yield replace(door.wire(), body=door.document.encode().replace(b'"', b'"' + data, 1))
        for name in door.fields.get(Role.TEXT, ()):
            marked = str(door.wire(name, f"@{door.value(name)}").body)
            yield replace(door.wire(), body=marked.encode().replace(b'"@', b'"' + data))
        if door.dialect in IGNORE_MORE:
            yield replace(door.wire(), body=door.document[:-1].encode() + b',"x":"' + data + b'"}')

    return change


JSON_OR_FORM = (Carrier.JSON, Carrier.FORM)

DOCUMENTS: Mapping[str, Change] = {
    # JSON that is none
    "a cut-off body": body(lambda text: text[:-1]),
    "half a body": body(lambda text: text[: len(text) // 2]),
    "two documents": body(lambda text: text + text),
    "something behind the end": body(lambda text: text + "x"),
    "a NUL behind the end": body(lambda text: text + "\0"),
    "a NUL before the beginning": body(lambda text: "\0" + text),
    "a comment": body(lambda text: text[:-1] + "/* */}"),
    "a comma too many": body(lambda text: text[:-1] + ",}"),
    "single quotes": body(lambda text: text.replace('"', "'")),
    "names without quotes": body(lambda text: text.replace('{"', "{").replace('":', ":")),
    "a control character in a text": body(lambda text: text.replace(':"', ':"\x01', 1).replace(":5", "\x01")),
    "an array around it": body(lambda text: f"[{text}]"),
    "a string of it": body(json.dumps),
    "null": body(lambda _: "null"),
    "true": body(lambda _: "true"),
    "a number": body(lambda _: "84901888484"),
    "an array": body(lambda _: "[]"),
    "a blank": body(lambda _: " "),
    "XML": body(lambda _: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
    "YAML": body(lambda _: "to: !!python/object/apply:os.system [id]"),
    "endless arrays": body(lambda _: "[" * 8_000),
    "endless objects": body(lambda _: '{"a":' * 1_600),
    "NaN": more('"x":NaN'),
    "Infinity": more('"x":Infinity'),
    "-Infinity": more('"x":-Infinity'),
    "10 to the power of 5 000": more('"x":1' + "0" * 5_000),
    "a number that begins with 0": more('"x":01'),
    # encodings
    "a byte order mark": body(lambda text: b"\xef\xbb\xbf" + text.encode()),
    "UTF-16 with its mark": body(lambda text: text.encode("utf-16")),
    "UTF-16 without one": body(lambda text: text.encode("utf-16-be")),
    "UTF-32": body(lambda text: text.encode("utf-32-le")),
    "UTF-7": body(lambda text: text.replace('"', "+ACI-").encode("utf-7")),
    "EBCDIC": body(lambda text: text.encode("cp037")),
    "Latin-1": with_bytes(b"\xe9"),
    "a byte of no UTF-8": with_bytes(b"\xff"),
    "an overlong slash": with_bytes(b"\xc0\xaf"),
    "an overlong NUL": with_bytes(b"\xc0\x80"),
    "half a character in UTF-8": with_bytes(b"\xed\xa0\x80"),
    "a character beyond Unicode": with_bytes(b"\xf4\x90\x80\x80"),
    "half a character, raw": body(lambda text: text.replace('"', '"\ud800', 1)),
    "gzip": body(lambda text: gzip.compress(text.encode()), *JSON_OR_FORM),
    "text that says it is base64": base64_flag(lambda text: text),
    "base64 of base64": base64_flag(lambda text: base64.b64encode(base64.b64encode(text.encode())).decode()),
    "base64 in two pieces": base64_flag(lambda text: base64.b64encode(text.encode()).decode() + "=YQ=="),
    "base64 that does not say so": body(
        lambda text: base64.b64encode(text.encode()).decode(), *JSON_OR_FORM
    ),
    # what is given twice, or not at all
    "a member twice": each_twice,
    "a member twice, once in escapes": each_twice_in_disguise,
    "a member twice in another": more('"x":{"y":1,"y":1}'),
    "a member in two letter cases": in_two_cases,
    "a parameter twice": parameters(lambda name, value: f"{name}={value}&{name}={value}"),
    "a parameter twice, once empty": parameters(lambda name, value: f"{name}={value}&{name}="),
    "a parameter twice, once in percent signs": parameters(
        lambda name, value: f"{name}={value}&%{ord(name[0]):x}{name[1:]}={value}"
    ),
    "the query and the body": in_query_and_body,
    # queries and forms
    "a query of no UTF-8": query(lambda text: f"{text}&x=%ff%fe"),
    "a query with an overlong slash": query(lambda text: f"{text}&x=%c0%af"),
    "a query with half a character": query(lambda text: f"{text}&x=%ed%a0%80"),
    "a query with half a character, raw": query(lambda text: f"{text}&x=\ud800"),
    "an endless query": query(lambda text: f"{text}&x={'y' * 9_000}"),
    "too many parameters": query(lambda text: text + "".join(f"&p{n}=" for n in range(70))),
    "too many fields": body(lambda text: text + "".join(f"&p{n}=" for n in range(70)), Carrier.FORM),
    "a form of no UTF-8": body(lambda text: text + "&x=%ff", Carrier.FORM),
    "a form of bytes that are no UTF-8": body(lambda text: text.encode() + b"&x=\xff", Carrier.FORM),
    # how a body is said to be
    "a body of another type": other_types,
    "a body over the limit": large,
}  # fmt: skip

# What is asked for is not there, or stands under a name that nobody reads.
MISSING: Mapping[str, Change] = {
    "a member left out": each_left_out,
    "an array": parameters(lambda name, value: f"{name}[]={value}"),
    "an array by number": parameters(lambda name, value: f"{name}[0]={value}"),
    "an object": parameters(lambda name, value: f"{name}[$ne]={value}"),
    "a name with a NUL": parameters(lambda name, value: f"{name}%00={value}"),
    "a name with a blank": parameters(lambda name, value: f"{name}%20={value}"),
    "a name of wide letters": parameters(lambda name, value: f"%ef%bc%a1{name}={value}"),
    "a name in percent signs twice": parameters(lambda name, value: f"%25{ord(name[0]):x}{name[1:]}={value}"),
    "no value": parameters(lambda name, _: name),
    "an empty value": parameters(lambda name, _: f"{name}="),
    "semicolons": query(lambda text: text.replace("&", ";")),
    "commas": query(lambda text: text.replace("&", ",")),
    "JSON for a query": query(lambda _: '{"ApiKey":"shop","customerId":"shop"}'),
    "no query": query(lambda _: ""),
    "separators": query(lambda _: "&&&&&&"),
}  # fmt: skip
