"""The one HTTP client towards vendors, over `requests`.

What it adds to a plain Session: one total deadline over connecting, the headers and
the body, however slowly they drip; a cap on the answer; no redirect, retry, proxy,
cookie or netrc; and a sure word on whether the vendor can have got the request.
"""

from __future__ import annotations

import logging
import zlib
from http.cookiejar import DefaultCookiePolicy
from typing import final
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ReadTimeoutError

from countersign.clock import Clock, Deadline
from countersign.providers.connections import LEAST_SECONDS, DeadlineAdapter, limits
from countersign.providers.wire import (
    MaybeSentError,
    NotTriedError,
    TransportError,
    VendorAnswer,
    VendorRequest,
    wait_of,
)

ANSWER_LIMIT_BYTES = 64 * 1024
IDLE_LIMIT_SECONDS = 20  # servers close idle connections; a frozen container does not notice
CONNECT_TIMEOUT_SECONDS = 2.0

# Whole URLs, with key= and code= in them: at DEBUG, and at WARNING where a header is malformed.
_LOGGERS_THAT_PRINT_URLS = ("urllib3.connection", "urllib3.connectionpool")

_REDIRECTION = 3  # hundred
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS


class _Session(requests.Session):
    """A Session that never looks at a redirect.

    `allow_redirects=False` alone still reads the whole body of a redirect, without a cap.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp


def bare_session(adapter: DeadlineAdapter, *, ca_bundle: str | None) -> requests.Session:
    """A Session without redirects, proxies, netrc, cookies, and log lines that hold URLs.

    `ca_bundle` is a file of the authorities to trust instead of the public ones.
    """
    for logger in _LOGGERS_THAT_PRINT_URLS:
        logging.getLogger(logger).disabled = True
    session = _Session()
    session.trust_env = False
    session.verify = ca_bundle or True
    session.headers = CaseInsensitiveDict(
        {"User-Agent": "countersign", "Accept": "*/*", "Accept-Encoding": "identity"}
    )
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


@final
class VendorHttp:
    """One Session per container. Every failure is `NotSentError` or `MaybeSentError`, and nothing else."""

    def __init__(
        self,
        *,
        clock: Clock,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
        ca_bundle: str | None = None,  # file of the authorities to trust instead of the public ones
    ) -> None:
        self._clock = clock
        self._connect_timeout_seconds = connect_timeout_seconds
        self._used_at: dict[str, int] = {}
        self._adapter = DeadlineAdapter(max_retries=0)
        self._session = bare_session(self._adapter, ca_bundle=ca_bundle)

    def send(self, request: VendorRequest, *, deadline: Deadline) -> VendorAnswer:
        """Make the request once and read the whole answer, before the deadline.

        Only the look-up of the host name is bounded by the system's resolver instead.

        Raises:
            NotSentError: the name did not resolve, no connection, no TLS; NotTriedError where there was no
                time left for it.
            MaybeSentError: time-out, reset, a cut, oversized or undecodable answer, a redirect.
        """
        try:
            prepared = self._session.prepare_request(
                requests.Request(
                    request.method, request.url, headers=dict(request.headers), data=request.body
                )
            )
            url = prepared.url or ""
            self._session.get_adapter(url)  # raises for a scheme that is not HTTP
        except Exception:  # whatever it is, nothing was sent
            raise NotTriedError("request could not be built") from None
        if deadline.remaining() < LEAST_SECONDS:
            raise NotTriedError("no time left to connect")
        self._drop_idle_connections(url)
        try:
            with limits(deadline, connect_timeout_seconds=self._connect_timeout_seconds):
                return self._exchange(prepared, timeout_seconds=deadline.remaining())
        except TransportError:
            raise
        except (requests.ReadTimeout, ReadTimeoutError):
            raise MaybeSentError("no answer in time") from None
        # Whatever a hostile or broken peer makes these libraries raise, the request may be
        # out. `from None`, for the texts of their exceptions hold the whole URL.
        except Exception:
            raise MaybeSentError("connection lost or answer malformed") from None

    def close(self) -> None:
        """Close every pooled connection."""
        self._session.close()

    def _exchange(self, prepared: requests.PreparedRequest, *, timeout_seconds: float) -> VendorAnswer:
        connect_seconds = min(self._connect_timeout_seconds, timeout_seconds)
        response = self._session.send(
            prepared,
            stream=True,
            allow_redirects=False,
            timeout=(connect_seconds, timeout_seconds),
            proxies={},
        )
        try:
            if response.status_code // 100 == _REDIRECTION:
                raise MaybeSentError("redirect")
            body = _decoded(_whole_body(response), encoding=response.headers.get("Content-Encoding", ""))
        finally:
            response.close()
        return VendorAnswer(
            status=response.status_code,
            body=body,
            retry_after_seconds=wait_of(response.headers.get("Retry-After")),
        )

    def _drop_idle_connections(self, url: str) -> None:
        """Forget connections that the vendor has probably closed, by the wall clock.

        The monotonic clock may stand still while the container is frozen.
        """
        host, now = urlsplit(url).netloc, self._clock.now()
        used_at = self._used_at.get(host, now)
        self._used_at[host] = now
        if not 0 <= now - used_at <= IDLE_LIMIT_SECONDS:
            self._adapter.poolmanager.clear()


def _whole_body(response: requests.Response) -> bytes:
    """The body as it was sent. It is read to the very end, where urllib3 notices a cut."""
    body = b""
    while len(body) <= ANSWER_LIMIT_BYTES:
        piece = response.raw.read(ANSWER_LIMIT_BYTES + 1 - len(body), decode_content=False)
        if not piece:
            return body
        body += piece
    raise MaybeSentError("answer too large")


def _decoded(body: bytes, *, encoding: str) -> bytes:
    """Undo a compression that was not asked for, without unpacking more than the limit."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip" | "deflate":
            try:
                return _inflated(body, window=_GZIP_OR_ZLIB)
            except zlib.error:
                return _inflated(body, window=_RAW_DEFLATE)
    raise MaybeSentError("answer in an unknown encoding")


def _inflated(body: bytes, *, window: int) -> bytes:
    stream = zlib.decompressobj(window)
    plain = stream.decompress(body, ANSWER_LIMIT_BYTES + 1)
    if len(plain) > ANSWER_LIMIT_BYTES:
        raise MaybeSentError("answer too large")
    if not stream.eof or stream.unused_data:
        raise MaybeSentError("answer cut or malformed")
    return plain
