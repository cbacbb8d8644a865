"""Facts about one test run: its calls, its test results and itself.

A record holds facts only. It never holds a prompt, an answer, a key, a header
or a free-text test parameter; a figure (energy, carbon, water) is never stored
either, because it is computed from these facts whenever it is asked for.

Every record is one line of JSON (`encode`, `decode`); a field at its default is
left out, an unknown field of a newer version is skipped, so old and new
versions read each other's lines.
"""

from jevons.record.call import Call
from jevons.record.kept import Kept
from jevons.record.lines import Event, decode, encode
from jevons.record.run import Machine, Metered, Run, TestResult

__all__ = ["Call", "Event", "Kept", "Machine", "Metered", "Run", "TestResult", "decode", "encode"]
