"""`jevons serve`: a recording reverse proxy for tests in any language, and a receiver of OpenTelemetry traces.

A door like the taps: it parses, asks the rooms below, and passes on. Needs the extra ``server``.
"""
