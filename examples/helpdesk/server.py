"""A model server on this computer, in the OpenAI embeddings format: `python server.py --port 8000`.

It answers `POST /v1/embeddings` and `GET /v1/models`, and needs no key. Without --host only this computer reaches it.
"""

import argparse
import base64
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Read by numpy when it loads. On a busy machine threads that wait for each other only burn processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import minilm

MOST_INPUTS = 2048


class RefusedError(Exception):
    def __init__(self, status: int, message: str, parameter: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"message": message, "type": "invalid_request_error", "param": parameter, "code": code},
        }


class ModelServer(ThreadingHTTPServer):
    def __init__(self, host: str, port: int) -> None:
        self.model = minilm.MiniLM()
        self.one_at_a_time = threading.Lock()
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_port}/v1"

    def embeddings(self, request: dict[str, Any]) -> dict[str, Any]:
        _check_model(request.get("model"))
        texts = _texts(request.get("input"))
        encoding = request.get("encoding_format", "float")
        if encoding not in ("float", "base64"):
            raise RefusedError(400, "encoding_format must be 'float' or 'base64'.", "encoding_format")
        if request.get("dimensions", minilm.DIMENSIONS) != minilm.DIMENSIONS:
            raise RefusedError(400, f"This model has {minilm.DIMENSIONS} dimensions.", "dimensions")

        with self.one_at_a_time:
            rows, tokens = self.model.embed(texts)
        written = _as_base64 if encoding == "base64" else _as_floats
        data = [{"object": "embedding", "index": index, "embedding": written(row)} for index, row in enumerate(rows)]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "data": data, "model": minilm.NAME, "usage": usage}


class Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"  # connections stay open
    wbufsize = -1  # head and body leave in one piece
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(lambda: self._post(body))

    def _get(self) -> dict[str, Any]:
        model = {"id": minilm.NAME, "object": "model", "created": 0, "owned_by": "this computer"}
        if self.path == "/v1/models":
            return {"object": "list", "data": [model]}
        if self.path.startswith("/v1/models/"):
            _check_model(self.path.removeprefix("/v1/models/"))
            return model
        raise RefusedError(404, f"Unknown path: GET {self.path}")

    def _post(self, body: bytes) -> dict[str, Any]:
        if self.path != "/v1/embeddings":
            raise RefusedError(404, f"Unknown path: POST {self.path}")
        try:
            request = json.loads(body)
        except ValueError:
            request = None
        if not isinstance(request, dict):
            raise RefusedError(400, "The body must be a JSON object.")
        return self.server.embeddings(request)

    def _answer(self, work: Callable[[], dict[str, Any]]) -> None:
        try:
            status, body = 200, work()
        except RefusedError as refused:
            status, body = refused.status, refused.body
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Questions are private: no request log."""


def _as_floats(row: minilm.Floats) -> list[float]:
    return row.tolist()


def _as_base64(row: minilm.Floats) -> str:
    return base64.b64encode(row.astype("<f4").tobytes()).decode()


def _check_model(name: object) -> None:
    if name is None:
        raise RefusedError(400, "You must provide a model parameter.", "model")
    if name != minilm.NAME:
        raise RefusedError(404, f"The model '{name}' does not exist.", "model", "model_not_found")


def _texts(given: object) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not 1 <= len(texts) <= MOST_INPUTS:
        raise RefusedError(400, f"input must be a string or a list of 1 to {MOST_INPUTS} strings.", "input")
    if any(isinstance(text, int | list) for text in texts):
        raise RefusedError(400, "Token arrays are not supported: send input as text.", "input")
    if not all(isinstance(text, str) and text for text in texts):
        raise RefusedError(400, "input must be text that is not empty.", "input")
    return texts


def stop_with_stdin(server: ModelServer) -> None:
    sys.stdin.read()
    server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free port")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop with the program that started it")
    arguments = parser.parse_args()

    server = ModelServer(arguments.host, arguments.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to stop: as with Ctrl-C
    if arguments.until_stdin_closes:
        threading.Thread(target=stop_with_stdin, args=(server,), daemon=True).start()
    with server:
        try:
            print(f"listening on {server.url}", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
