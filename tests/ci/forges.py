"""A forge on the loopback: the few endpoints of GitHub and GitLab that a comment takes, as their references say."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT, PERSON, READER, MAINTAINER = "token-of-a-job", "token-of-ada", "token-that-reads", "token-of-a-project"
"""GitHub's token of a job, which has no user; a person's; a fork's or Dependabot's; GitLab's of a project."""
USERS = {
    BOT: {"login": "github-actions[bot]", "type": "Bot"},
    READER: {"login": "github-actions[bot]", "type": "Bot"},
    PERSON: {"login": "ada", "type": "User", "username": "ada"},
    MAINTAINER: {"username": "project_1_bot", "login": "project_1_bot"},
}
LIST = re.compile(r"/repos/acme/shop/issues/(\d+)/comments|/api/v4/projects/1/merge_requests/(\d+)/notes")
ONE = re.compile(r"/repos/acme/shop/issues/comments/(\d+)|/api/v4/projects/1/merge_requests/\d+/notes/(\d+)")


class Forge:
    """`comments` of all requests in the order they came; `asked`: method and path of each request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.comments: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        self.status = 0
        """Answer of all requests, if not 0."""
        self.deletes_before_update = False

    def says(self, login: str, body: str, request: int = 7, kind: str = "User") -> dict[str, Any]:
        user = {"login": login, "username": login, "type": kind}
        made = {
            "id": 1000 + len(self.comments), "request": request, "user": user, "author": user, "body": body,
            "html_url": f"https://forge.example/{request}#{len(self.comments)}",
        }  # fmt: skip
        self.comments.append(made)
        return made

    def of(self, login: str) -> list[str]:
        return [one["body"] for one in self.comments if one["user"]["login"] == login]

    def answer(self, method: str, path: str, token: str, sent: dict[str, Any] | None) -> tuple[int, Any]:
        at, query = urlsplit(path).path, parse_qs(urlsplit(path).query)
        self.asked.append((method, path))
        me = USERS.get(token)
        if self.status:
            return self.status, {"message": "Server Error"}
        if me is None:
            return 401, {"message": "Bad credentials"}
        if at.removeprefix("/api/v4") == "/user":
            return (403, {"message": "Resource not accessible by integration"}) if token == BOT else (200, me)
        if method != "GET" and token == READER:
            return 403, {"message": "Resource not accessible by integration"}
        every, one = LIST.fullmatch(at), ONE.fullmatch(at)
        if every and method == "GET":
            number = int(every[1] or every[2])
            size, page = min(int(query.get("per_page", ["30"])[0]), 100), int(query.get("page", ["1"])[0])
            of = [row for row in self.comments if row["request"] == number]
            if every[2] and query.get("sort") != ["asc"]:  # GitLab gives the newest first unless it is asked
                of.reverse()
            return 200, of[(page - 1) * size : page * size]
        if every and method == "POST" and sent:
            login = me.get("login") or me["username"]
            return 201, self.says(login, sent["body"], int(every[1] or every[2]), me.get("type", "User"))
        if one and sent and method == ("PATCH" if one[1] else "PUT"):
            found = [row for row in self.comments if row["id"] == int(one[1] or one[2])]
            if self.deletes_before_update:
                self.comments = [row for row in self.comments if row not in found]
                return 404, {"message": "Not Found"}
            found[0]["body"] = sent["body"]
            return 200, found[0]
        return 404, {"message": "Not Found"}


@contextmanager
def forge() -> Iterator[Forge]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
            token = self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, told = made.answer(self.command, self.path, token, sent)
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Forge(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
