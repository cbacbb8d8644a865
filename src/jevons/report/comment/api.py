"""A forge's REST API, as little of it as a comment takes. The token goes to its own host alone, and into no message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from jevons.report.text import shortened

TIMEOUT_S = 20
_MOST_BYTES = 20_000_000
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ForgeError(Exception):
    """A comment that could not be written: says what the forge answered, and the remedy."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status
        """Of the answer; 0 without one."""


class Api:
    """Requests to one forge. ForgeError unless its address is of TLS, or on this machine."""

    def __init__(self, base: str, headers: Mapping[str, str], rights: str) -> None:
        parts = urlsplit(base)
        self.host = parts.hostname or ""
        if not (parts.scheme == "https" or (parts.scheme == "http" and self.host in _LOOPBACK)):
            raise ForgeError(f"the API's address {shortened(base)!r} is no https://: a token is not sent there")
        self._base, self._headers, self._rights = base.rstrip("/"), dict(headers), rights

    def ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        """The JSON that a request is answered with. Raises ForgeError.

        Follows no redirect: the token would go along.
        """
        import http.client
        import urllib.error
        import urllib.request

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_: Any) -> None:
                return None

        headers = {"Accept": "application/json", "User-Agent": "jevons", "Content-Type": "application/json"}
        data = None if body is None else msgspec.json.encode(body)
        request = urllib.request.Request(  # noqa: S310  the scheme is looked at above
            self._base + path, data=data, headers=headers | self._headers, method=method
        )
        try:
            with urllib.request.build_opener(Stay).open(request, timeout=TIMEOUT_S) as answer:
                return msgspec.json.decode(answer.read(_MOST_BYTES) or b"null")
        except urllib.error.HTTPError as error:
            with error:
                said = self._said(error)
            raise ForgeError(
                f"{self.host} answered {error.code}{said}: {self._remedy(error.code)}", error.code
            ) from None
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "reason", None) or error
            raise ForgeError(f"{self.host} cannot be reached ({why}): run the job again") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ForgeError(f"{self.host} answered with no JSON: run the job again") from None

    def _said(self, error: Any) -> str:
        """What the forge says beside the status, on one line."""
        try:
            told = msgspec.json.decode(error.read(10_000))
            return f" ({shortened(str(told['message']))})"
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            return ""

    def _remedy(self, status: int) -> str:
        if status in (401, 403):
            return self._rights
        if status in (404, 410):
            return "the token may not see it, or it is gone"
        if status == 429:
            return "too many requests; wait, and run the job again"
        return "run the job again"


class Thread(NamedTuple):
    """The comments of one request."""

    name: str
    api: Api
    comments: str
    """Path that lists them, a hundred at a time, and takes new ones."""
    comment: str
    """Path of one, with its id for ``{}``."""
    update: str
    """Method that changes one."""
    author: str
    login: str
    """A comment's key of its author, and an author's key of the name that is theirs alone."""
    order: str = ""
    """Rest of the query: the oldest first, where that is not the rule."""
    may_be_nobody: bool = False
    """Whether a token may have no user."""
