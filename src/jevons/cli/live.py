"""`jevons report --live`: the report's pages over all runs and projects, while they go on."""

from __future__ import annotations

import os
import webbrowser
from urllib.parse import quote

import click

import jevons
from jevons.cli.listen import TOKEN, json_line, socket_at, until_told
from jevons.cli.project import CouldNotError, find, ledgers, read_runs

SCHEMA = "jevons.live/1"


def serve(host: str, port: int, place: str, grid: str, *, browse: bool, form: str) -> None:
    """Serve until Ctrl-C or SIGTERM. `form`: ``text`` or ``json``, a line at the start and one at the end."""
    try:
        from jevons.server.listening import Listening
        from jevons.server.live import LiveApp
        from jevons.server.live_kept import KeptDays
        from jevons.server.live_ledger import LiveLedger
        from jevons.server.live_one_test import Given
        from jevons.server.live_pages import Pages
    except ImportError as error:
        raise CouldNotError(f"{error.name} is not installed: pip install 'jevons[report,server]'") from error
    from jevons.footprint import overrides
    from jevons.ledger.spans import Span

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    given = Given(settings, root, overrides(settings, root, grid), place)
    token = os.environ.get(TOKEN, "")
    listener, url = socket_at(host, port, token)
    hours = given.overrides.signal is not None
    ledger = LiveLedger(
        homes,
        lambda runs: read_runs(homes, Span("live", runs, 0, 0), settings),
        hours,
        KeptDays(home, f"{jevons.__version__} {hours} {settings.place}"),
    )
    pages = Pages(ledger, given)
    app = LiveApp(pages, token)
    listening = Listening(app, listener)
    with until_told() as wait:
        try:
            listening.start()
            if form == "json":
                json_line({"schema": SCHEMA, "state": "serving", "url": url, "ledger": str(home.path)})
            else:
                way = f"{url}/k/{TOKEN}/, with the token instead of its name" if token else f"{url}/"
                click.echo(f"jevons: the ledger {home.path} is shown on {way}; Ctrl-C ends it")
            if browse and not webbrowser.open(f"{url}/k/{quote(token, safe='')}/" if token else f"{url}/"):
                click.echo("jevons: no browser was found to open", err=True)
            wait(lambda: listening.alive)
        finally:
            pages.stop()
            listening.stop()
            listener.close()
            pages.end()
    for kind in dict.fromkeys(app.failures):
        click.echo(f"warning: jevons itself failed: {kind} ({app.failures.count(kind):,} times)", err=True)
    if form == "json":
        json_line(
            {"schema": SCHEMA, "state": "ended", "url": url, "requests": dict(app.counts), "failures": app.failures}
        )
