"""One run of a test suite, and the result of one attempt of one test in it."""

from __future__ import annotations

import msgspec


class Metered(msgspec.Struct, omit_defaults=True):
    """Energy that another tool measured, or modelled, on a machine while it did this and that: calls to local models
    may be in it, so it is never added to theirs."""

    energy_mj: int
    scope: str = "server"
    """``server`` or ``facility``."""
    tool: str = ""


class Machine(msgspec.Struct, omit_defaults=True, frozen=True, kw_only=True):
    """What this machine counted while a command ran: facts alone, so that energy can be told anew."""

    duration_us: int = 0
    processors: int = 0
    """Processors whose own counter of energy could be read (RAPL)."""
    cards: int = 0
    """Graphics cards, likewise (NVML)."""
    processor_mj: int | None = None
    """Millijoules of all those processors, whatever they worked for; None where none could be read."""
    card_mj: int | None = None
    """Of the cards, likewise."""
    cpu_us: int | None = None
    """Processor time of the command and all that it started; None where the system does not tell."""
    unread_card: bool = False
    """A graphics card is there whose energy cannot be read."""


class Run(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="event", tag="run"):
    """One run of a test suite. Written at its start and again at its end: the later line wins."""

    id: str
    project: str = ""
    """Name of the project's root folder, or as set."""
    started_us: int = 0
    ended_us: int | None = None
    """None while it runs, or for ever if it was killed."""
    commit: str = ""
    branch: str = ""
    pull_request: str = ""
    ci: str = ""
    """Name of the CI system (``github``, ``gitlab`` ...); empty on a desk."""
    job: str = ""
    """Name of the job in it; jobs of one workflow that differ only in their matrix share one."""
    place: str = ""
    """Where the machine that runs the tests stands, as set: ISO 3166 code, or a cloud region."""
    source: str = ""
    """What saw its calls: empty for jevons's own taps and scans, else the kind of log that was imported (``otlp``,
    ``litellm`` ...). Like is compared with like."""
    merged: int = 0
    """Of an imported run that is read beside others: its calls that jevons's own taps saw too, and that count there."""
    metered: Metered | None = None
    """For an imported measurement of a machine, which has no calls."""
    machine: Machine | None = None
    """What the machine counted over the run, for one of `jevons run`; while it goes on, and after a kill, so far."""
    command: str = ""
    """Id of the run of `jevons run` within which this one was made."""
    workers: int = 1
    versions: dict[str, str] = {}
    """jevons, python, platform, and the packages that were seen to make calls."""
    unseen: list[str] = []
    """Stacks that were loaded during the run and that jevons cannot see through."""
    lost: int = 0
    """Events that could not be written to the ledger."""
    lost_reason: str = ""

    @property
    def measures_only(self) -> bool:
        """Whether it is a measurement, which has no calls: it is no run of a suite."""
        return bool(self.source) and (self.metered is not None or self.machine is not None)


class TestResult(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="event", tag="test"):
    """One attempt of one test."""

    __test__ = False  # not a test class, whatever pytest's naming rule says

    run: str
    test: str
    """Node id, free-text parameters masked."""
    outcome: str = ""
    """``passed``, ``failed``, ``skipped``, ``xfailed``, ``xpassed`` or ``rerun``."""
    attempt: int = 1
    started_us: int = 0
    duration_us: int = 0
    """Set-up, call and teardown together."""
    fixtures: list[str] = []
    """Instance ids of the shared fixtures it used; their calls are shared out over their users."""
    phase: str = ""
    """The phase that decided the outcome."""
    worker: str = ""
    """pytest-xdist worker, empty without it."""
