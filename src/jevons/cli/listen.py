"""What commands that serve have in common: an address to listen on, and an end when they are told."""

from __future__ import annotations

import signal as signals
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec

from jevons.cli.project import CouldNotError

TOKEN = "JEVONS_SERVE_TOKEN"  # noqa: S105  a name


def socket_at(host: str, port: int, token: str) -> tuple[socket.socket, str]:
    """(listening socket, its URL); port 0: one that is free. Raises CouldNotError; elsewhere than on this machine alone
    where there is no token, too."""
    try:
        from jevons.server.listening import address, listener
    except ImportError as error:
        raise CouldNotError(f"{error.name} is not installed: pip install 'jevons[server]'") from error
    from jevons.wire.hosts import look_up

    alone = look_up(host).host_class == "loopback" and host not in ("0.0.0.0", "::")  # noqa: S104  a comparison
    if not alone and not token:
        raise CouldNotError(f"{host} is not this machine alone: set a token in {TOKEN} (32 random signs, say)")
    try:
        made = listener(host, port)
    except OSError as error:
        raise CouldNotError(f"{host}:{port}: {error.strerror}: --port 0 takes one that is free") from error
    return made, address(made)


@contextmanager
def until_told() -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Ctrl-C and SIGTERM end a wait, not the process: gives what waits, and is given what says whether the server
    still serves. Raises CouldNotError where it does not."""
    stop = threading.Event()
    before = {number: signals.signal(number, lambda *_: stop.set()) for number in (signals.SIGINT, signals.SIGTERM)}

    def wait(alive: Callable[[], bool]) -> None:
        while not stop.wait(0.5):  # Windows tells of Ctrl-C only between two waits
            if not alive():
                raise CouldNotError("the server ended by itself")

    try:
        yield wait
    finally:
        for number, handler in before.items():
            signals.signal(number, handler)


def json_line(document: dict[str, Any]) -> None:
    """One line, as it happens."""
    click.echo(msgspec.json.encode(document).decode())
