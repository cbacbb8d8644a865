"""The ASGI application: lets requests in, sends them where they belong, and says why where it does not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from jevons.server.proxy import BrokenError, GoneError, Proxy, Receive, Send
from jevons.server.request import Gate, RefusedError
from jevons.server.traces import Traces


class App:
    """Counts what it did, by kind; holds nothing of any request."""

    def __init__(self, gate: Gate, proxy: Proxy, traces: Traces) -> None:
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        """Faults of jevons itself, by kind and place."""
        self._gate, self._proxy, self._traces = gate, proxy, traces

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        begun = False

        async def sending(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            target = self._gate.target(scope)
            if target.upstream is None:
                await self._traces.serve(target, scope, receive, sending)
            else:
                await self._proxy.serve(target.upstream, target, scope, receive, sending)
            self.counts["passed"] += 1
        except RefusedError as error:
            self.counts[f"refused: {error.kind}"] += 1
            await _say(error, send)
        except GoneError:
            self.counts["left by the client"] += 1
        except BrokenError:  # to return without an end makes the server break the connection off
            self.counts["broken off by the upstream"] += 1
        except Exception as error:
            self.counts["failed"] += 1
            self.failures.append(type(error).__name__)
            if not begun:
                await _say(RefusedError(500, "failure", f"jevons failed ({type(error).__name__})"), send)


async def _say(error: RefusedError, send: Send) -> None:
    """As providers tell errors; official SDKs do not try again, but where the upstream could not be reached."""
    told = {"type": f"jevons_{error.kind}", "code": f"jevons_{error.kind}", "message": f"jevons: {error.why}"}
    data = msgspec.json.encode({"type": "error", "error": told})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(data)),
        (b"connection", b"close"),  # what is left of its body is not read as another request
    ]
    if error.status != 502:
        headers.append((b"x-should-retry", b"false"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
