"""For notebooks and tools: the ledger, a footprint and a scan as Python objects that show themselves.

>>> import jevons
>>> made = jevons.footprint(model="gpt-4o", input_tokens=900, output_tokens=100, place="eu-west-1")
>>> made.energy_wh.low < made.energy_wh.mid < made.energy_wh.high
True

Everything here is what the commands use, by the same account as the reports. What is returned is typed, and shows
itself in a notebook or with `print`.
"""

from jevons.api.cells import Cells
from jevons.api.describe import footprint
from jevons.api.figures import Footprint
from jevons.api.ledger import Ledger
from jevons.api.recordings import Recordings, scan

__all__ = ["Cells", "Footprint", "Ledger", "Recordings", "footprint", "scan"]
