"""Records as lines of JSON."""

from __future__ import annotations

import msgspec

from jevons.record.call import Call
from jevons.record.kept import Kept
from jevons.record.run import Run, TestResult

Event = Call | TestResult | Run | Kept

encode = msgspec.json.Encoder().encode
"""encode(event) -> bytes: one line of JSON, without the line end."""

decode = msgspec.json.Decoder(Event).decode
"""decode(line) -> Event. Raises msgspec.DecodeError (ValidationError included) on anything else."""
