"""Where in the project a call was made, and in which role.

One walk up the stack, with the answer for each code object kept.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from types import CodeType, FrameType

JUDGE_PACKAGES = frozenset(
    [
        "autoevals",
        "deepeval",
        "evaluate",
        "flow_judge",
        "giskard",
        "inspect_ai",
        "langchain_eval",
        "lighteval",
        "openevals",
        "opik",
        "patronus",
        "phoenix",
        "prometheus_eval",
        "pydantic_evals",
        "ragas",
        "trulens",
        "trulens_eval",
        "uptrain",
        "verdict",
    ]
)
"""Packages whose calls judge an answer rather than produce it."""

JUDGE_WORDS = ("judge", "grader", "evaluator")


class Site:
    """Finds call sites below one root.

    `judges` are extra names (substrings of ``module:qualified.name``) that mark a judge's code.
    """

    def __init__(self, root: Path, judges: tuple[str, ...] = ()) -> None:
        self._root = os.path.normcase(str(root)).rstrip("\\/") + os.sep
        self._judges = judges
        paths = sysconfig.get_paths()
        self._foreign = tuple(
            os.path.normcase(paths[name]) + os.sep for name in ("purelib", "platlib", "stdlib", "platstdlib")
        )
        self._own = os.path.normcase(os.path.dirname(os.path.dirname(__file__))) + os.sep
        # The code objects are kept, so that an id cannot be used again meanwhile.
        self._known: dict[int, tuple[CodeType, str, bool, bool]] = {}
        self._silent: set[int] = set()
        """Ids of code that tells nothing: no project file, no judge, no test runner. Most frames are such."""
        self._plain: set[int] = set()
        """The same and the project's own files that judge nothing: silent once the call's own line is found."""

    def look(self, depth: int = 1) -> tuple[str, int, bool]:
        """File relative to the root, line, and whether a judge made the call.

        ``("", 0, False)`` where no frame of the project is on the stack (a task of its own, a thread).
        """
        frame: FrameType | None = sys._getframe(depth)
        file, line, judge = "", 0, False
        skip = self._silent
        while frame is not None:
            code = frame.f_code
            if id(code) not in skip:
                _, path, judging, stop = self._known.get(id(code)) or self._learn(code)
                if stop:
                    break
                if path and not file:
                    file, line = path, frame.f_lineno
                    skip = self._plain
                judge = judge or judging
            frame = frame.f_back
        return file, line, judge

    def _learn(self, code: CodeType) -> tuple[CodeType, str, bool, bool]:
        path, judging, stop = self._classify(code)
        if not judging and not stop:
            self._plain.add(id(code))
            if not path:
                self._silent.add(id(code))
        known = self._known[id(code)] = (code, path, judging, stop)
        return known

    def _classify(self, code: CodeType) -> tuple[str, bool, bool]:
        name = code.co_filename
        path = os.path.normcase(name)
        parts = path.replace("\\", "/").split("/")
        if "_pytest" in parts or "pluggy" in parts or parts[-2:] == ["unittest", "case.py"]:
            return "", False, True
        if "site-packages" in parts or "dist-packages" in parts or path.startswith(self._foreign):
            return "", not JUDGE_PACKAGES.isdisjoint(parts), False
        if path.startswith(("<", self._own)) or not path.startswith(self._root):
            return "", False, False
        relative = name[len(self._root) :].replace("\\", "/")
        return relative, self._judging(relative, code.co_qualname), False

    def _judging(self, relative: str, qualname: str) -> bool:
        where = f"{relative.removesuffix('.py').replace('/', '.')}:{qualname}"
        if any(name in where for name in self._judges):
            return True
        # A test about a judge is not a judge: names that start with "test" do not count.
        names = [part for part in qualname.split(".") if not part.lower().startswith("test")]
        return any(word in name.lower() for name in names for word in JUDGE_WORDS)
