"""Hostile callers and places: who is nobody, what no path is, and headers that lie."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from countersign.access_tokens import sign
from tests.integration.hostile.shop import CLIENT, SECRET
from tests.integration.hostile.values import INJECTED, wide
from tests.integration.hostile.wire import Carrier, Door, Wire
from tests.support.clock import NOON
from tests.support.gateway import basic
from tests.support.message_central import key_of

type Change = Callable[[Door], Iterator[Wire]]

BASIC = frozenset({"native", "engagelab", "oauth2"})
OVERRIDES = {
    "x-http-method-override": "POST",
    "x-http-method": "POST",
    "x-method-override": "POST",
}
# Headers by which a proxy may say who calls, from where, or for what.
PROXY = {
    "x-forwarded-for": "127.0.0.1",
    "x-real-ip": "127.0.0.1",
    "forwarded": "for=127.0.0.1;host=localhost",
    "x-forwarded-host": "localhost",
    "x-forwarded-user": CLIENT,
    "x-client-id": CLIENT,
    "x-original-url": "/health",
    "x-rewrite-url": "/health",
    "x-amzn-request-context": "{}",
}


def identified(client: str, secret: str = SECRET) -> Change:
    """The request with another id and secret, where a dialect sends these."""

    def change(door: Door) -> Iterator[Wire]:
        if door.dialect in BASIC:
            yield door.wire().headed({"authorization": basic(client, secret)})
        if door.credentials[0]:
            name, password = door.credentials
            spelt = key_of(secret) if password == "key" else secret
            members = {**door.members, name: client, password: spelt}
            yield replace(door, members=members).wire()

    return change


def tokened(make: Callable[[str], str]) -> Change:
    """The request with another token, where a dialect takes one."""

    def change(door: Door) -> Iterator[Wire]:
        if "authtoken" in door.headers:
            yield door.wire().headed({"authtoken": make(door.headers["authtoken"])})
        elif door.dialect == "camara":
            token = door.headers["authorization"].removeprefix("Bearer ")
            yield door.wire().headed({"authorization": f"Bearer {make(token)}"})

    return change


def authorized(make: Callable[[str], str]) -> Change:
    """The request with another header of credentials, where a dialect has one, of whatever name."""

    def change(door: Door) -> Iterator[Wire]:
        for name in ("authorization", "authtoken"):
            if name in door.headers:
                scheme = "" if " " in door.headers[name] else "Bearer "
                yield door.wire().headed({name: make(scheme + door.headers[name])})

    return change


def stripped(**more: object) -> Change:
    """The request without any credentials, and something else that may be taken for them."""

    def change(door: Door) -> Iterator[Wire]:
        if not door.credentials[0]:
            kept = {key: value for key, value in door.wire().headers.items() if not key.startswith("auth")}
            headers = kept | {key: str(value) for key, value in more.items() if key not in {"cookies"}}
            event = {"cookies": more["cookies"]} if "cookies" in more else {}
            yield replace(door.wire(), headers=headers, event=event)

    return change


def proxied(door: Door) -> Iterator[Wire]:
    for wire in stripped()(door):
        for name, value in PROXY.items():
            yield wire.headed({name: value})
        yield wire.headed(PROXY)


def in_cookies(door: Door) -> Iterator[Wire]:
    for name, value in door.headers.items():
        yield from stripped(cookies=[f"{name}={value}"], cookie=f"{name}={value}")(door)
        yield from stripped(cookie=f"{name}=" + "x" * 9_000)(door)


def in_the_query(door: Door) -> Iterator[Wire]:
    """Tokens and secrets in a URL count for nothing."""
    for wire in stripped()(door):
        for name in ("access_token", "authToken", "authorization"):
            token = next(iter(door.headers.values()))
            spare = "" if door.carrier is not Carrier.QUERY else f"{wire.query}&"
            yield replace(wire, query=f"{spare}{name}={token.rpartition(' ')[2]}")


def headers_of_another_shape(door: Door) -> Iterator[Wire]:
    if not door.credentials[0]:
        shapes: tuple[object, ...] = (None, [], "authorization", {"authorization": None}, {"authtoken": 5})
        for headers in shapes:
            yield replace(door.wire(), event={"headers": headers})


def _unsigned(token: str) -> str:
    """The algorithm `none`, and no signature."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


def wrongly_signed(subject: str) -> Callable[[str], str]:
    """A token that somebody else has signed."""
    claims = {"sub": subject, "iat": NOON, "exp": NOON + 3_600, "scope": "verifications"}
    return lambda _: sign(claims, key=b"k" * 64)


def _promoted(token: str) -> str:
    """The claims of another client under this one's signature."""
    claims = {"sub": "other", "iat": NOON, "exp": NOON + 9_999}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    header, _, signature = token.split(".")
    return f"{header}.{payload}.{signature}"


CALLERS: Mapping[str, Change] = {
    "a stranger": identified("stranger"),
    "a client of a Cyrillic letter": identified("ѕhop"),
    "a client of wide letters": identified(wide(CLIENT)),
    "a client in capitals": identified("SHOP"),
    "a client and a blank": identified(f"{CLIENT} "),
    "a client and a NUL": identified(f"{CLIENT}\0"),
    "a client and a header": identified(CLIENT + INJECTED),
    "a client and a zero-width space": identified(f"{CLIENT}\u200b"),
    "an endless client": identified("s" * 3_000),
    "no client": identified(""),
    "a client of all": identified("*"),
    "a client by a path": identified("../shop"),
    "a client by SQL": identified("shop' OR '1'='1"),
    "a key of the secret": identified("pepper"),
    "a prototype": identified("__proto__"),
    "a secret of another case": identified(CLIENT, "demo-secreT"),
    "a secret and a blank": identified(CLIENT, f"{SECRET} "),
    "a secret and a NUL": identified(CLIENT, f"{SECRET}\0"),
    "a secret and a line": identified(CLIENT, f"{SECRET}\n"),
    "half a secret": identified(CLIENT, SECRET[:-1]),
    "no secret": identified(CLIENT, ""),
    "a secret of wide letters": identified(CLIENT, wide(SECRET)),
    "a secret in base64": identified(CLIENT, key_of(SECRET)),
    "an endless secret": identified(CLIENT, "x" * 3_000),
    "a token that nobody signed": tokened(_unsigned),
    "a token that somebody else signed": tokened(wrongly_signed(CLIENT)),
    "a token of a stranger": tokened(wrongly_signed("stranger")),
    "a token of half a character": tokened(wrongly_signed("\ud800")),
    "a token of no text": tokened(lambda _: sign({"sub": ["shop"], "exp": NOON + 9}, key=b"k")),
    "a token with the claims of another": tokened(_promoted),
    "a token with another end": tokened(lambda token: token[:-1] + ("A" if token[-1] != "A" else "B")),
    "a token and padding": tokened(lambda token: token + "="),
    "a token without its end": tokened(lambda token: token.rpartition(".")[0]),
    "a token and a NUL": tokened(lambda token: token + "\0"),
    "a token and a header": tokened(lambda token: token + INJECTED),
    "two tokens": tokened(lambda token: f"{token}, {token}"),
    "an endless token": tokened(lambda token: token + "A" * 10_000),
    "a token of wide letters": tokened(wide),
    "no header": stripped(),
    "an empty header": authorized(lambda _: ""),
    "a scheme alone": authorized(lambda header: header.partition(" ")[0]),
    "another scheme": authorized(lambda header: "Negotiate " + header.rpartition(" ")[2]),
    "two headers in one": authorized(lambda header: f"{header}, {header}"),
    "credentials of no UTF-8": authorized(lambda _: "Basic " + base64.b64encode(b"\xff:\xff").decode()),
    "credentials without a colon": authorized(lambda _: "Basic " + base64.b64encode(b"shop").decode()),
    "credentials that are no base64": authorized(lambda _: "Basic shop:demo-secret"),
    "credentials of half a character": authorized(lambda _: "Basic \ud800"),
    "credentials of 10 000 characters": authorized(lambda _: "Basic " + "A" * 10_000),
    "credentials in cookies": in_cookies,
    "credentials in the query": in_the_query,
    "what a proxy says": proxied,
    "headers of another shape": headers_of_another_shape,
}


# Places -----------------------------------------------------------------------------------------


def other_methods(door: Door) -> Iterator[Wire]:
    """Each with the headers that would have a framework take it for a POST."""
    taken = {"GET", "POST"} if door.dialect == "esms" else {door.method}
    taken |= {"GET", "DELETE"} if door.path.endswith("{id}") else set()
    for method in {"GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "POST", "get", ""} - taken:
        if method.upper() not in taken:
            yield replace(door.wire(), method=method).headed(OVERRIDES)


def moved(make: Callable[[str], str]) -> Change:
    def change(door: Door) -> Iterator[Wire]:
        yield replace(door.wire(), path=make(door.wire().path))

    return change


def with_a_slash(door: Door) -> Iterator[Wire]:
    """Two dialects are documented to take one at the end; their clients send it."""
    if door.dialect != "esms" and door.name != "messageCentralValidate":
        yield replace(door.wire(), path=f"{door.wire().path}/")
        yield replace(door.wire(), path=f"/{door.wire().path}")
    yield replace(door.wire(), path=f"{door.wire().path}//x")


def in_capitals(door: Door) -> Iterator[Wire]:
    """eSMS's clients spell its paths in any letter case."""
    if door.dialect != "esms":
        yield replace(door.wire(), path=door.wire().path.upper())


PLACES: Mapping[str, Change] = {
    "another method": other_methods,
    "a slash too many": with_a_slash,
    "a path in capitals": in_capitals,
    "a path of wide letters": moved(lambda path: "/" + wide(path[1:])),
    "a path and a NUL": moved(lambda path: f"{path}\0"),
    "a path and an encoded NUL": moved(lambda path: f"{path}%00"),
    "a path and a line": moved(lambda path: f"{path}\n"),
    "a path and a header": moved(lambda path: path + INJECTED),
    "a path and a matrix parameter": moved(lambda path: f"{path};x=1"),
    "a path and a query": moved(lambda path: f"{path}?x=1"),
    "a path and a suffix": moved(lambda path: f"{path}.json"),
    "a path by a way up": moved(lambda path: f"/health/..{path}"),
    "a path by an encoded way up": moved(lambda path: f"/health/%2e%2e{path}"),
    "a path with a way up": moved(lambda path: f"{path}/../../.env"),
    "an encoded slash": moved(lambda path: "/" + path[1:].replace("/", "%2f", 1)),
    "a back slash": moved(lambda path: "/" + path[1:].replace("/", "\\", 1)),
    "half a character in a path": moved(lambda path: f"{path}\ud800"),
    "an endless path": moved(lambda path: path + "x" * 9_000),
}


# Headers that our own answers or keys are made of ---------------------------------------------

KEYS: Mapping[str, str] = {
    "nothing": "",
    "a blank": "a b",
    "a line feed": "a\n",
    "a header": "a" + INJECTED,
    "a NUL": "a\0",
    "strange letters": "chìa",
    "half a character": "\ud800",
    "10 000 characters": "k" * 10_000,
}
CORRELATORS: Mapping[str, str] = {name: text for name, text in KEYS.items() if text} | {
    "markup": '"><b>',
    "a percent sign": "%0d%0aX-Injected:1",
    "a list": "a, b",
}
