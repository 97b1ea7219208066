"""An HTTP POST of the alert as JSON, signed as Standard Webhooks has it (https://www.standardwebhooks.com)."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import quote

import httpx2

from assistant import __version__
from assistant.errors import ConfigError, DeliveryError
from assistant.store.message import AlertMessage, encode

ENCODED_SECRET = "whsec_"
"""Before a secret in base64, as the specification writes one; any other secret is its own bytes."""


class Webhook:
    """Posts alerts to one address.

    Headers: `webhook-id` and `idempotency-key` are the alert's id (percent-encoded where it isn't ASCII), the same at
    every attempt; `webhook-timestamp` is when this attempt was made, in seconds since 1970; `webhook-signature` is
    `v1,` and the base64 of the HMAC-SHA256 over "id.timestamp.body", where there is a secret. The receiver answers 2xx
    once it has the alert. No redirect is followed, what the answer says is not read, and `timeout_s` counts from the
    first byte asked of the network to the status received, however slowly the other side drips.
    """

    def __init__(
        self, url: str, secret: str | None = None, timeout_s: float = 5.0, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._url = url
        self._host = host_of(url)
        self._tls = httpx2.create_ssl_context()
        self._key = None if secret is None else key_of(secret)
        self._timeout_s = timeout_s
        self._clock = clock

    def deliver(self, message: AlertMessage) -> None:
        """Post one alert. Raises DeliveryError, which names the host alone: an address may hold a token."""
        try:
            status, elsewhere = asyncio.run(self._post(*self._request(message)))
        except TimeoutError as error:
            raise DeliveryError(f"{self._host}: no answer within {self._timeout_s:g} s") from error
        except (httpx2.HTTPError, OSError) as error:
            raise DeliveryError(f"{self._host}: {type(error).__name__}: {error}") from error
        if elsewhere:
            raise DeliveryError(f"{self._host}: answered {status}, a redirect to {elsewhere}; none is followed")
        if not 200 <= status < 300:
            raise DeliveryError(f"{self._host}: answered {status}")

    def _request(self, message: AlertMessage) -> tuple[dict[str, str], bytes]:
        """Return the headers and the body."""
        body = encode(message).encode()
        name, now = quote(message.id, safe="~:@+=,"), str(int(self._clock()))
        headers = {
            "content-type": "application/json",
            "user-agent": f"emotion-assistant/{__version__}",
            "idempotency-key": name,
            "webhook-id": name,
            "webhook-timestamp": now,
        }
        if self._key is not None:
            headers["webhook-signature"] = sign(self._key, name, now, body)
        return headers, body

    async def _post(self, headers: dict[str, str], body: bytes) -> tuple[int, str | None]:
        """Return the status of the answer, and the host that it redirects to."""
        async with (
            asyncio.timeout(self._timeout_s),
            httpx2.AsyncClient(verify=self._tls, timeout=None, follow_redirects=False) as client,
            client.stream("POST", self._url, content=body, headers=headers) as answer,
        ):
            target = answer.headers.get("location") if answer.is_redirect else None
            return answer.status_code, target and (httpx2.URL(target).host or self._host)


def host_of(url: str) -> str:
    """Return the host of an address. Raises ConfigError, which doesn't quote it, where it can't be posted to."""
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise ConfigError(f"the webhook's address can't be read: {error}") from error
    if address.scheme not in ("http", "https") or not address.host:
        raise ConfigError("the webhook's address must begin with http:// or https:// and name a host")
    return address.host


def sign(key: bytes, name: str, timestamp: str, body: bytes) -> str:
    """Return the signature header of a body."""
    mac = hmac.new(key, f"{name}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode('ascii')}"


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret. Raises ConfigError where it says that it is base64 and isn't."""
    if not secret.startswith(ENCODED_SECRET):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(ENCODED_SECRET), validate=True)
    except binascii.Error as error:
        raise ConfigError(
            f"the webhook's secret begins with {ENCODED_SECRET}, but what follows is no base64"
        ) from error
