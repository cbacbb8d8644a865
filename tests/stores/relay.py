"""A relay before a server: counts the requests that go through it, and is the network on which things go wrong."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress

_HEAD = re.compile(rb"^(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP/1\.1\r\n", re.MULTILINE)


class Relay:
    """Listens on a port of this machine and passes on what comes to `port`."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.asked: list[str] = []
        """Method and target of each request, as they came."""
        self.silent = False
        """Whether answers are held back for good."""
        self.dies_at = 0
        """The request, counted from 1, whose answer is cut off midway and after which nobody answers; 0: none."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def clear(self) -> None:
        """Count from nothing, and work again."""
        self.asked, self.silent, self.dies_at = [], False, 0

    def close(self) -> None:
        """Nobody listens any more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            _end(one)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._dead():
                    _end(client)
                    continue
                server = socket.create_connection(("127.0.0.1", self._to))
                self._open += [client, server]
                threading.Thread(target=self._up, args=(client, server), daemon=True).start()
                threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _dead(self) -> bool:
        return bool(self.dies_at) and len(self.asked) >= self.dies_at

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(1 << 16):
                self.asked += [f"{method.decode()} {target.decode()}" for method, target in _HEAD.findall(data)]
                server.sendall(data)
        _end(server)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(1 << 16):
                if self.silent:
                    continue
                if self._dead():
                    client.sendall(data[: len(data) * 3 // 4])
                    break
                client.sendall(data)
        _end(client)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
