"""What the plugin does once it is switched on."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Generator
from typing import Any

import msgspec
import pytest

from jevons import __version__, capture
from jevons.capture import scope, surroundings
from jevons.capture.interceptor import Chain, Interceptor
from jevons.capture.surroundings import COMMAND
from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.pytest_plugin import children
from jevons.pytest_plugin.budget import budget
from jevons.pytest_plugin.names import safe_id
from jevons.pytest_plugin.replay import marked, replaying
from jevons.pytest_plugin.summary import Summary, parse_reports
from jevons.record import Call, Event, Run, TestResult, decode, encode
from jevons.settings import Settings, SettingsError, load

_OUTPUT = "jevons"


class Session:
    """Records one pytest session: in a plain process, an xdist worker, or the controller of workers."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        try:
            self.settings: Settings = load(config.rootpath)
        except SettingsError as error:
            raise pytest.UsageError(f"jevons: {error}") from None
        self.reports = parse_reports(config.getoption("jevons_report"), config.rootpath)
        self.home = Home(config.rootpath / self.settings.dir)
        workerinput = getattr(config, "workerinput", None)
        self.worker = workerinput["workerid"] if workerinput else ""
        self.run_id = (workerinput or {}).get("jevons_run") or (
            time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + "-" + secrets.token_hex(3)
        )
        self.spool = Spool(self.home, self.run_id)
        self.secret = self.home.secret()
        self.started_us = time.time_ns() // 1_000
        self.workers = 1
        self.calls = 0
        self.from_workers: list[dict[str, Any]] = []
        self.workers_missing = False
        """A worker died before it could say what it saw: its records are in its file."""
        self.summary: Summary | None = None
        self._calls_of: dict[tuple[str, int], list[int]] = {}
        self._instances: dict[Any, str] = {}
        self._number = 0
        self._test: scope.Scope | None = None
        self._result: TestResult | None = None
        children.give_way()
        try:
            self.budget = budget(config, self.settings, self.home, self.run_id, self.worker)
        except SettingsError as error:
            raise pytest.UsageError(f"jevons: {error}") from None
        self.replaying = replaying(config, self.settings, self.home, self.worker)
        links: list[Interceptor] = [self.replaying.interceptor] if self.replaying else []
        links += [self.budget.guard] if self.budget else []
        self._handle = capture.install(
            self._take,
            run=self.run_id,
            root=config.rootpath,
            secret=self.secret,
            judges=self.settings.judges,
            interceptor=Chain(*links) if links else None,
        )
        word = children.Word(str(self.home.path), self.run_id, str(config.rootpath), self.settings.judges)
        word.budget = self.budget.plan if self.budget else None
        word.replay = self.replaying.plan if self.replaying else None
        self._leave_children = children.announce(word)

    # -- records ----------------------------------------------------------

    def _take(self, call: Call) -> None:
        """Sink of the taps."""
        self.calls += 1
        counts = self._calls_of.setdefault((call.test, call.attempt), [0, 0, 0])
        counts[0] += 1
        counts[1] += call.input_tokens or 0
        counts[2] += call.output_tokens or 0
        self.spool(call)

    def run_record(self, ended: bool = False) -> Run:
        """This run's own record."""
        versions = surroundings.versions(__version__)
        unseen, reasons = set(surroundings.unseen()), [self.spool.lost_reason]
        for output in self.from_workers:
            versions.update(output["versions"])
            unseen.update(output["unseen"])
            reasons.append(output["lost_reason"])
        return Run(
            id=self.run_id,
            project=self.settings.project or self.config.rootpath.name,
            place=self.settings.place,
            command=os.environ.get(COMMAND, ""),
            started_us=self.started_us,
            ended_us=time.time_ns() // 1_000 if ended else None,
            workers=self.workers,
            versions=versions,
            unseen=sorted(unseen),
            lost=self.spool.lost + sum(output["lost"] for output in self.from_workers),
            lost_reason=next(filter(None, reasons), ""),
            **surroundings.commit_and_ci(self.config.rootpath),  # type: ignore[arg-type]  # texts alone
        )

    @property
    def unwritten(self) -> list[Event]:
        """Events that no file holds, of this process and of its workers."""
        return [*self.spool.unwritten, *(decode(line) for output in self.from_workers for line in output["unwritten"])]

    @property
    def errors(self) -> list[str]:
        """Failures of jevons itself, each once."""
        found = [*self._handle.recorder.errors, *(line for output in self.from_workers for line in output["errors"])]
        return list(dict.fromkeys(found))

    # -- one test ---------------------------------------------------------
    # Hooks do their own work in `_safely`: what fails here must not fail a test.

    def _safely(self, work: Callable[..., None], *args: Any) -> None:
        try:
            work(*args)
        except Exception as error:
            self._handle.recorder.note_error(error)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        self._safely(self._begin, item)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        self._safely(self._go_on, item, "call")
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        self._safely(self._go_on, item, "teardown")
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        if call.when == "teardown":
            self._safely(self._count, item)
        outcome = yield
        if outcome.excinfo is None:
            self._safely(self._judge, outcome.get_result())

    def _begin(self, item: pytest.Item) -> None:
        # pytest-rerunfailures repeats set-up, call and teardown under one protocol: an attempt begins here.
        attempt = getattr(item, "execution_count", 1)
        name = safe_id(item, self.secret, self.settings.ids == "full")
        self._test = scope.Scope(name, attempt, replay=marked(item) if self.replaying else "")
        self._result = TestResult(
            run=self.run_id, test=name, attempt=attempt, worker=self.worker, started_us=time.time_ns() // 1_000
        )
        scope.enter(self._test)

    def _go_on(self, item: pytest.Item, phase: str) -> None:
        if self._test is None or self._result is None:
            return
        self._handle.recorder.settle()
        self._test.phase = phase
        scope.enter(self._test)
        skipped = (self._result.outcome, self._result.phase) == ("skipped", "setup")
        if phase == "teardown" and (getattr(item, "funcargs", None) or not skipped):  # skipped before any fixture: none
            self._result.fixtures = self._shared_fixtures(item)

    def _count(self, item: pytest.Item) -> None:
        """The test's counts as plain values: they travel from worker to controller and into JUnit files."""
        if self._test is None:
            return
        capture.flush(self._test)
        counts = self._calls_of.pop((self._test.test, self._test.attempt), None)
        if counts is not None:
            names = ("jevons.calls", "jevons.input_tokens", "jevons.output_tokens")
            item.user_properties.extend(zip(names, counts, strict=True))

    def _judge(self, report: pytest.TestReport) -> None:
        result = self._result
        if result is None:
            return
        result.duration_us += round(report.duration * 1e6)
        if result.outcome in ("", "passed"):
            result.outcome, result.phase = _outcome(report), report.when or ""
        if report.when == "teardown":
            self.spool(result)
            if self._test is not None:
                scope.leave(self._test)
            self._test = self._result = None

    # -- shared fixtures --------------------------------------------------

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, None, None]:
        if fixturedef.scope == "function":
            yield
            return
        self._number += 1
        instance = f"{fixturedef.argname}@{self.worker or 'main'}.{self._number}"
        self._instances[fixturedef] = instance
        test = self._test or scope.OUTSIDE
        inner = scope.Scope(test.test, test.attempt, "setup", instance, test.replay)
        before = scope.enter(inner)
        try:
            yield
        finally:
            scope.leave(inner, before)

    def _shared_fixtures(self, item: pytest.Item) -> list[str]:
        """Instances of shared fixtures that this test uses, directly or through others."""
        info = getattr(item, "_fixtureinfo", None)
        if info is None:
            return []
        used = (definition for definitions in info.name2fixturedefs.values() for definition in definitions)
        return [self._instances[definition] for definition in used if definition in self._instances]

    # -- xdist ------------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["jevons_run"] = self.run_id
        node.workerinput["jevons_replay"] = msgspec.to_builtins(self.replaying.plan) if self.replaying else None
        self.workers = len(getattr(node.nodemanager, "specs", [])) or 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        output = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if output:
            self.from_workers.append(output)
        else:
            self.workers_missing = True

    # -- the session ------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        if not self.worker:
            self.spool(self.run_record())

    @pytest.hookimpl(tryfirst=True)  # before the JUnit file is written
    def pytest_sessionfinish(self) -> None:
        capture.flush()
        if self.worker:
            self.config.workeroutput[_OUTPUT] = {  # type: ignore[attr-defined]
                "versions": surroundings.versions(__version__),
                "unseen": surroundings.unseen(),
                "calls": self.calls,
                "errors": self._handle.recorder.errors,
                "budget": self.budget.output() if self.budget else None,
                "replay": self.replaying.output() if self.replaying else None,
                "lost": self.spool.lost,
                "lost_reason": self.spool.lost_reason,
                "unwritten": [encode(event).decode() for event in self.spool.unwritten],
            }
            return
        run = self.run_record(ended=True)
        self.spool(run)
        budgets = (output["budget"] for output in self.from_workers)
        notes = self.budget.said(filter(None, budgets)) if self.budget else []
        if self.replaying:
            notes += self.replaying.said(filter(None, (output["replay"] for output in self.from_workers)))
        self.summary = Summary(self.config, self.settings, run, self.reports, self.errors, notes)
        # A process that a test started wrote a file of its own if it made a call.
        from_children = len(self.home.spools(self.run_id)) > 1 + len(self.from_workers)
        if self.calls or self.workers_missing or from_children or any(output["calls"] for output in self.from_workers):
            self.summary.make(self.home, self.unwritten)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.summary is not None:
            self.summary.show(terminalreporter)

    def pytest_unconfigure(self) -> None:
        self._leave_children()
        self._handle.uninstall()
        if self.budget is not None:
            self.budget.close()
        self.spool.close(sync=not self.worker and self.calls > 0)


def _outcome(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xpassed" if report.passed else "xfailed"
    return report.outcome
