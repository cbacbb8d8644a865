"""A run while it goes on: `jevons serve` before a real upstream writes calls, and the pages show them."""

from __future__ import annotations

from providers import Provider
from server.served import Serving
from server.shown import counted, links, showing
from server.test_streams import request


def test_calls_are_shown_as_they_come_and_the_end_of_the_run(server: Provider, serving: Serving) -> None:
    with showing(serving.folder) as made:
        page = made.page("/")
        assert "A run goes on; no AI call was seen so far" in page
        headers = made.get("/")[1]
        before = {"If-None-Match": headers["etag"]}
        assert made.get("/", headers=before)[0] == 304
        assert serving.raw(request(1)).startswith(b"HTTP/1.1 200")
        page = made.until("/", lambda body: counted(body).get("calls") == 1)
        assert made.get("/", headers=before)[0] == 200
        run = next(one for one in links(page) if one.startswith("/r/"))
        of_run = made.page(run)
        assert "<strong>A run goes on:</strong>" in of_run
        assert "1 call so far" in of_run
        assert "looked for when the run has ended" in of_run
        assert "test_1</a>" in of_run
        assert serving.raw(request(2)).startswith(b"HTTP/1.1 200")
        assert "test_2</a>" in made.until(run, lambda body: counted(body).get("calls") == 2)
        assert float(made.get(run)[1]["x-jevons-wait"]) >= 2
        serving.stop()
        made.until(run, lambda body: "No run goes on here" in body)
        assert counted(made.page(run))["calls"] == len(server.asked) == 2
