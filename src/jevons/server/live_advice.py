"""What to cut, looked for beside the pages: a plan takes seconds, and nobody waits for it to see what was counted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from jevons.report.document import Advice

LOOKING = "being looked for: it comes by itself"
_KEPT = 64


class Looking:
    """Plans by what they are of, one at a time, in a thread of their own; `end` it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[str, list[Advice] | str] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._ended = False

    def ask(self, stamp: str, look: Callable[[], list[Advice]]) -> list[Advice] | str:
        """The plan of what bears a stamp, or why there is none; it begins to look where nobody has."""
        with self._lock:
            found = self._found.get(stamp)
            if found is not None:
                return found
            if self._ended or LOOKING in self._found.values():
                return LOOKING
            self._found[stamp] = LOOKING
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
            self._thread = threading.Thread(target=self._look, args=(stamp, look), name="jevons-advice")
            self._thread.start()
        return LOOKING

    def end(self) -> None:
        """Begin nothing more, and wait for what has begun: code that is not Python's must not be cut off."""
        with self._lock:
            self._ended = True
        if self._thread is not None:
            self._thread.join()

    def _look(self, stamp: str, look: Callable[[], list[Advice]]) -> None:
        found: list[Advice] | str
        try:
            found = look()
        except ImportError:
            found = "needs duckdb, numpy, scipy and prices: pip install 'jevons[report]'"
        except Exception as error:  # a page without advice is better than none
            found = f"could not be made ({type(error).__name__}): jevons cut says more"
        with self._lock:
            self._found[stamp] = found
