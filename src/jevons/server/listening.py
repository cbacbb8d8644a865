"""The server in a thread of its own: it listens from `start` to `stop`, whatever the main thread does meanwhile."""

from __future__ import annotations

import gc
import socket
import sys
import threading
from contextlib import suppress
from typing import Any

import uvicorn

from jevons.server.joined import Protocol

_BACKLOG = 2048
_FILES = 10_240
"""macOS takes no more."""
_GRACE_S = 5
"""How long answers under way may take once the server is told to stop."""


class Listening:
    """Serves `app` on a socket. uvicorn says nothing: its lines would hold addresses."""

    def __init__(self, app: Any, listener: socket.socket) -> None:
        self._app = app
        self._socket = listener
        config = uvicorn.Config(
            app,
            http=Protocol,  # h11's: strict about how requests are framed
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="jevons-serve", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def start(self) -> None:
        """Begin; returns when requests are answered. Raises RuntimeError where it cannot."""
        _room()
        # glibc keeps blocks as large as one that was given back. asyncio reads into 256 KB: else each reading would map
        # memory and touch it for the first time (mallopt(3), M_MMAP_THRESHOLD).
        bytearray(1 << 20)
        gc.collect()
        gc.freeze()  # what is loaded by now stays: to look through it again would hold requests up
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the server did not start")
            self._thread.join(0.002)

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Take no more requests, let those under way end for a moment, and end."""
        self._server.should_exit = True
        self._thread.join(_GRACE_S + 5)


def _room() -> None:
    """As many open files as this process may have: a call under way takes two, and some systems begin with 256."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, _FILES) if hard != resource.RLIM_INFINITY else _FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # a system's own bound is lower
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listener(host: str, port: int) -> socket.socket:
    """A listening address; port 0: a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Not create_server: asyncio switches Nagle's algorithm off only where the protocol is named.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let others listen here, too
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def address(of: socket.socket) -> str:
    """Its URL."""
    host, port = of.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
