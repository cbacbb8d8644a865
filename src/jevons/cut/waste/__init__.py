"""What of the AI in a span of runs need not be: a ranked plan of findings, counted first, then priced.

Each finding marks calls in a store over the ledger's files (DuckDB, extra ``report``); what all of them together would
save counts each call once. Needs numpy and scipy, too.
"""

from jevons.cut.waste.plan import Finding, Plan, Saving, plan
from jevons.cut.waste.store import Store

__all__ = ["Finding", "Plan", "Saving", "Store", "plan"]
