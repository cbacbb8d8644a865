"""A server that answers as an OpenAI one does, with bytes made beforehand: `overhead.py` starts it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

MODEL = "gpt-4o-mini-2024-07-18"
CHUNKS = 500
TEXT = "The tester asks what it costs, and then whether it cost less last week. " * 1_000
LOOPBACK = "127.0.0.1"


def answers() -> tuple[list[bytes], list[bytes]]:
    """The HTTP response to a plain call, and to a streamed one, which is sent event by event, usage last."""
    head: dict[str, Any] = {"id": "chatcmpl-1", "created": 1_760_000_000, "model": MODEL}
    usage = {"prompt_tokens": 260, "completion_tokens": CHUNKS, "total_tokens": 260 + CHUNKS}
    message = {"role": "assistant", "content": TEXT[:300], "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    body = json.dumps(head | {"object": "chat.completion", "choices": [choice], "usage": usage}).encode()
    plain = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    deltas: list[Any] = [{"role": "assistant", "content": ""}, *[{"content": " word"}] * (CHUNKS - 3), {}]
    choices = [[{"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}] for delta in deltas]
    events = [head | {"object": "chat.completion.chunk", "choices": shown} for shown in [*choices, []]]
    events[-1]["usage"] = usage
    chunks = [f"data: {data}\n\n".encode() for data in [*map(json.dumps, events), "[DONE]"]]
    stream = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return [plain], [stream, *(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])]


class Server(asyncio.Protocol):
    """Answers every request; with the stream if it asks for one."""

    plain, stream = answers()

    def connection_made(self, transport: Any) -> None:
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            self.received = b""
            for piece in self.stream if b'"stream":true' in body.replace(b" ", b"") else self.plain:
                self.transport.write(piece)


async def serve() -> None:
    """Listen on a free port and print it."""
    server = await asyncio.get_running_loop().create_server(Server, LOOPBACK, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
