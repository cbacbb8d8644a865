"""HTTP/2 without TLS, on the same port: each stream goes on to the server itself as a request of HTTP/1.1."""

from __future__ import annotations

import http.client
import socket
import threading
from typing import Any

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def serve(connection: socket.socket, port: int) -> None:
    """Serve one connection until the client goes away."""
    import h2.config
    import h2.connection
    import h2.events

    state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="ascii"))
    lock = threading.Lock()
    asked: dict[int, tuple[list[Any], bytearray]] = {}

    def send(act: Any) -> None:
        with lock:
            act()
            connection.sendall(state.data_to_send())

    def answer(stream: int, headers: list[Any], body: bytes) -> None:
        names = dict(headers)
        onward = http.client.HTTPConnection("127.0.0.1", port)
        kept = {name: value for name, value in headers if not name.startswith(":")}
        onward.request(names[":method"], names[":path"], body, kept)
        try:
            response = onward.getresponse()
            told = [
                (name.lower(), value) for name, value in response.getheaders() if name.lower() != "transfer-encoding"
            ]
            send(lambda: state.send_headers(stream, [(":status", str(response.status)), *told]))
            while data := response.read1(16_000):
                send(lambda data=data: state.send_data(stream, data))
            send(lambda: state.end_stream(stream))
        except (http.client.HTTPException, ConnectionError):
            send(lambda: state.reset_stream(stream))
        finally:
            onward.close()

    send(state.initiate_connection)
    while data := connection.recv(65_536):
        with lock:
            events = state.receive_data(data)
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                asked[event.stream_id] = (event.headers, bytearray())
            elif isinstance(event, h2.events.DataReceived):
                asked[event.stream_id][1].extend(event.data)
            elif isinstance(event, h2.events.StreamEnded):
                headers, body = asked.pop(event.stream_id)
                threading.Thread(target=answer, args=(event.stream_id, headers, bytes(body)), daemon=True).start()
        send(lambda: None)
