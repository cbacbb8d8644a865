"""What answers over HTTP. Needs the extra ``server``.

`jevons serve`: a recording reverse proxy for tests in any language, and a receiver of OpenTelemetry traces. A door like
the taps: it parses, asks the rooms below, and passes on. `jevons report --live` (the files ``live*.py``): the report's
pages over all runs, while they go on; needs the extra ``report``, too.
"""
