"""`jevons report --live`: from a quarter down to a test, each page the report over what stands there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from report.test_html import NASTY, Parsed
from report.whole import record
from server.shown import Shown, counted, links, rows, showing

from jevons.cli.project import CouldNotError
from jevons.cli.report import command
from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run, TestResult

RUN = "20261106T020000-000002"
DAY_US = 86_400_000_000


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two projects; of one, runs in two months, and a fixture that two tests share."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(folder, 1, ["t.py::a", "t.py::b"])
    record(folder, 2, ["t.py::a", "t.py::b", "t.py::c"])
    spool = Spool(Home(folder / ".jevons"), "20261210T000000-00000a")
    begun = 1_796_860_800_000_000
    spool(Run(id=spool.run, project="y", started_us=begun, ended_us=begun + 1))
    for number, (test, fixture) in enumerate([("t.py::a", ""), ("t.py::a", "s@1"), ("t.py::b", "")]):
        spool(
            Call(
                id=str(number), run=spool.run, provider="openai", model="gpt-4o", test=test, fixture=fixture,
                usage="reported", status=200, input_tokens=1_000, output_tokens=100, started_us=begun,
            )
        )  # fmt: skip
    for test in ("t.py::a", "t.py::b"):
        spool(TestResult(run=spool.run, test=test, outcome="passed", fixtures=["s@1"]))
    spool.close()
    return folder


@pytest.fixture(scope="module")
def shown(project: Path) -> Iterator[Shown]:
    with showing(project) as made:
        yield made


def test_from_all_projects_down_to_a_test(shown: Shown, project: Path) -> None:
    path, trail = "/", []
    for by, name in [
        ("project", "x"), ("quarter", "2026Q4"), ("month", "2026-11"), ("day", "2026-11-06"), ("run", RUN),
        ("test", "t.py::b"),
    ]:  # fmt: skip
        page = shown.page(path)
        address, energy = rows(page, by)[name]
        trail.append(path)
        assert [one for one in links(page) if one in trail] == trail
        assert links(page)[len(trail) - 1] == path
        path = address
        assert f'<p class="amount">{energy}</p>' in shown.page(path), "a row says what its page says"
    assert counted(shown.page("/"))["calls"] == 8
    assert [counted(shown.page(one))["calls"] for one in trail[1:]] == [5, 5, 5, 5, 3]
    assert counted(shown.page(path)) == {"calls": 1, "tokens in": 901, "tokens out": 100, "exact repeats": 0}
    assert "Beside run 20261106T010000-000001" in shown.page(trail[-1])


def test_a_page_shows_what_the_report_of_its_runs_shows(
    shown: Shown, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("scipy", reason="what changed needs the extra report")
    monkeypatch.chdir(project)
    for asked, path in [(RUN, f"/r/{RUN}"), ("2026-11", "/p/x/2026-11"), ("2026-12", "/p/y/2026-12")]:
        command.main(["--run", asked, "--format", "html", "-o", "page.html"], standalone_mode=False)
        told = (project / "page.html").read_text("utf-8")
        for by in ("test", "model", "role", "file"):
            plain = {name: energy for name, (_, energy) in rows(told, by).items()}
            here = {name: energy for name, (_, energy) in rows(shown.page(path), by).items()}
            assert here == plain
        assert counted(shown.page(path)) == counted(told)
        amounts = re.compile(r'<p class="amount">(.*?)</p>')
        assert set(amounts.findall(told)) <= set(amounts.findall(shown.page(path)))


def test_a_test_has_its_share_of_a_fixture_that_others_used(shown: Shown) -> None:
    page = shown.page("/p/y/2026-12")
    address, energy = rows(page, "test")["t.py::b"]
    of_test = shown.page(address)
    assert f'<p class="amount">{energy}</p>' in of_test
    assert counted(of_test)["calls"] == 1
    assert "its share of shared fixtures" in of_test
    assert rows(of_test, "day") == {"2026-12-10": ("/p/y/2026-12-10", energy)}


def test_every_link_leads_somewhere_and_nowhere_else(shown: Shown) -> None:
    seen, left = set[str](), ["/"]
    while left:
        path = left.pop()
        seen.add(path)
        left += [one for one in links(shown.page(path)) if one not in seen and one not in left]
    assert all(one.startswith("/") and not one.startswith("//") for one in seen)
    assert {"/", "/p/x", "/p/y", "/p/x/2026Q4", "/p/x/2026-11", "/p/x/2026-11-06", f"/r/{RUN}"} <= seen
    assert len(seen) > 30


def test_an_unchanged_page_is_not_sent_again(shown: Shown) -> None:
    status, headers, body = shown.get("/p/x")
    again = {"If-None-Match": headers["etag"]}
    assert (status, bool(body)) == (200, True)
    assert shown.get("/p/x", headers=again)[::2] == (304, "")
    assert shown.get("/p/x", headers={"If-None-Match": f'"x", W/{headers["etag"]}'})[0] == 304
    assert shown.get("/p/y", headers=again)[0] == 200
    status, of_head, body = shown.get("/p/x", "HEAD")
    assert (status, body, of_head["content-length"]) == (200, "", headers["content-length"])


def test_browsers_are_told_to_run_nothing_else(shown: Shown) -> None:
    _, headers, body = shown.get("/")
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert policy.endswith("connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    assert policy.removesuffix("; frame-ancestors 'none'") in body.replace("&#39;", "'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/", "GET", {"Host": "evil.example"}, 421),
        ("/", "GET", {"Host": "evil.example:80"}, 421),
        ("/", "GET", {"Host": "127.0.0.1.evil.example"}, 421),
        ("/", "GET", {"Host": "localhost"}, 200),
        ("/", "POST", {}, 405),
        ("/p/nobody", "GET", {}, 404),
        ("/p/x/2026Q3", "GET", {}, 404),
        ("/p/x/2026-11/t/nothing", "GET", {}, 404),
        ("/p/x/../../etc/passwd", "GET", {}, 404),
        ("/%2e%2e/%00/<script>", "GET", {}, 404),
        ("/" + "a" * 10_000, "GET", {}, 404),
    ],
)
def test_what_is_refused(shown: Shown, path: str, method: str, headers: dict[str, str], status: int) -> None:
    got, _, body = shown.get(path, method, headers)
    assert got == status
    assert Parsed(body).tags.count("script") <= 3
    assert "aaaa" not in body


def test_names_made_of_anything_are_harmless_in_addresses_and_pages(tmp_path: Path) -> None:
    for number, name in enumerate(NASTY):
        name = name.encode("utf-8", "replace").decode()
        spool = Spool(Home(tmp_path / ".jevons"), f"20261106T{number:02}0000-{number:06x}")
        begun = 1_793_923_200_000_000 + number * 1_000_000
        spool(Run(id=spool.run, project=name, started_us=begun, ended_us=begun + 1))
        spool(
            Call(
                id="1", run=spool.run, provider="openai", model=name, test=name, file=name, usage="reported",
                status=200, input_tokens=10, output_tokens=10, started_us=begun,
            )
        )  # fmt: skip
        spool.close()
    with showing(tmp_path) as made:
        usual = Parsed(made.page("/r/20261106T000000-000000"))
        for number, _ in enumerate(NASTY):
            page = made.page(f"/r/20261106T{number:02}0000-{number:06x}")
            parsed = Parsed(page)
            assert parsed.tags.count("script") == 3
            assert set(parsed.tags) <= set(usual.tags) | {"wbr"}
            assert {one for one, _ in parsed.attributes} <= {one for one, _ in usual.attributes}
            assert len(page) < 300_000
            tests = [one for one in links(page) if "/t/" in one]
            assert len(tests) == 1
            for address in links(page):
                assert re.fullmatch(r"[A-Za-z0-9/~._-]{1,300}", address)
                assert made.get(address)[0] == 200


def test_an_empty_ledger_says_what_to_do_and_then_shows_what_came(tmp_path: Path) -> None:
    (tmp_path / ".jevons").mkdir()
    with showing(tmp_path) as made:
        page = made.page("/")
        assert "Nothing is recorded yet" in page
        assert "<code>pytest --jevons</code>" in page
        run = record(tmp_path, 1, ["t.py::a"])
        page = made.until("/", lambda body: "Where it goes" in body)
        assert f"/r/{run}" in links(page)
        assert links(page)[0] == "/"
        assert 'aria-current="page">x</a>' in page, "the only project is where one begins"


def test_elsewhere_only_with_a_token_which_every_address_holds(project: Path, tmp_path: Path) -> None:
    environment, opened = browser(tmp_path)
    with showing(project, "--host", "0.0.0.0", "--open", JEVONS_SERVE_TOKEN="se/cret", **environment) as made:
        url, made.url = made.url, made.url.replace("0.0.0.0", "127.0.0.1")
        assert made.get("/")[0] == 401
        assert made.get("/k/secret/")[0] == 401
        assert made.get("/", headers={"X-Jevons-Token": "se/cret", "Host": "build.example"})[0] == 200
        found = links(made.page("/k/se%2Fcret/"))
        assert all(one.startswith("/k/se%2Fcret/") for one in found)
        assert made.page(found[-1])
        made.until("/k/se%2Fcret/", lambda body: opened.exists() and opened.read_text() != "")
        assert opened.read_text() == f"{url}/k/se%2Fcret/"


def browser(folder: Path) -> tuple[dict[str, str], Path]:
    """(environment of a browser that writes down what it is to open, where)."""
    program, opened = folder / "browser", folder / "opened"
    program.write_text(f"#!{sys.executable}\nimport sys\nopen({str(opened)!r}, 'a').write(sys.argv[1])\n")
    program.chmod(0o755)
    return {"BROWSER": str(program)}, opened


def test_it_ends_when_told_and_says_what_it_did(project: Path, tmp_path: Path) -> None:
    environment, opened = browser(tmp_path)
    with showing(project, **environment) as made:
        made.page("/")
        assert made.stop() == 0
    first, last = json.loads(made.said[0]), json.loads(made.said[1])
    assert (first["schema"], first["state"], last["state"]) == ("jevons.live/1", "serving", "ended")
    assert last["requests"] == {"shown": 1}
    assert last["failures"] == []
    assert not opened.exists(), "nobody asked for a browser"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (["--run", "2026Q4"], "leave out --run"),
        (["--format", "csv"], "leave out --format csv"),
        (["--port", "1", "--host", "example.org"], "example.org is not this machine alone"),
        (["--host", "0.0.0.0"], "set a token in JEVONS_SERVE_TOKEN"),
    ],
)
def test_what_cannot_be_done_says_why(
    project: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str], why: str
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.delenv("JEVONS_SERVE_TOKEN", raising=False)
    with pytest.raises(CouldNotError, match=why) as told:
        command.main(["--live", *asked], standalone_mode=False)
    assert told.value.exit_code == 2


def test_a_port_that_is_taken(shown: Shown, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    with pytest.raises(CouldNotError, match="--port 0 takes one that is free"):
        command.main(["--live", "--port", shown.url.rpartition(":")[2]], standalone_mode=False)


def test_no_extra_says_which(project: Path) -> None:
    code = "import sys; sys.modules['uvicorn'] = None; from jevons.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "report", "--live"], cwd=project, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "pip install 'jevons[report,server]'" in done.stderr
