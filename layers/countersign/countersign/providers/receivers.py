"""One POST to a client's receiver: webhooks.ports.Post over `requests`.

Of the answer the status and Retry-After count. The body is not read, however long or slow it is, and
the connection is closed: the next attempt looks the name up again. A redirect is an answer like others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import requests
from urllib3.exceptions import ReadTimeoutError

from countersign.clock import Clock, Deadline
from countersign.providers.connections import LEAST_SECONDS, DeadlineAdapter, Lookup, limits
from countersign.providers.transport import bare_session
from countersign.providers.wire import TransportError
from countersign.webhooks.ports import Answer, NoAnswerError

CONNECT_TIMEOUT_SECONDS = 5.0
TOTAL_SECONDS = 15.0  # "Request timeouts" of the Standard Webhooks specification: 15 to 30


@final
class ReceiverHttp:
    """A Session per POST, so that several threads have nothing in common."""

    def __init__(
        self,
        *,
        clock: Clock,
        lookup: Lookup,
        total_seconds: float = TOTAL_SECONDS,
        ca_bundle: str | None = None,  # file of the authorities to trust instead of the public ones
    ) -> None:
        self._clock = clock
        self._lookup = lookup
        self._total_seconds = total_seconds
        self._ca_bundle = ca_bundle

    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST once. Only the look-up of the host name is bounded by the system's resolver instead.

        Raises NoAnswerError, whose reason is a constant: the texts of these libraries hold the URL.
        """
        deadline = Deadline(self._total_seconds, clock=self._clock)
        try:
            with bare_session(DeadlineAdapter(max_retries=0), ca_bundle=self._ca_bundle) as session:
                request = requests.Request("POST", url, headers={**headers, "Connection": "close"}, data=body)
                prepared = session.prepare_request(request)
                connecting = limits(
                    deadline, connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS, lookup=self._lookup
                )
                with connecting:
                    return _exchange(session, prepared, seconds=max(deadline.remaining(), LEAST_SECONDS))
        except TransportError as error:
            raise NoAnswerError(error.reason) from None
        except (requests.ReadTimeout, ReadTimeoutError):
            raise NoAnswerError("no answer in time") from None
        except Exception:  # whatever a hostile or broken peer makes these libraries raise
            raise NoAnswerError("connection lost or answer malformed") from None


def _exchange(session: requests.Session, prepared: requests.PreparedRequest, *, seconds: float) -> Answer:
    response = session.send(
        prepared,
        stream=True,
        allow_redirects=False,
        timeout=(min(CONNECT_TIMEOUT_SECONDS, seconds), seconds),
        proxies={},
    )
    with response:
        return Answer(response.status_code, response.headers.get("Retry-After"))
