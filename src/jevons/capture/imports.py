"""Doing something to a module at the moment it is imported, so that nothing is imported for our sake."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Action = Callable[[ModuleType], None]


class _Acting(Loader):
    """Loads as the real loader does, then acts on the module."""

    def __init__(self, real: Any, action: Action) -> None:
        self._real = real
        self._action = action

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        module.__loader__ = self._real
        self._real.exec_module(module)
        self._action(module)


class Watch(MetaPathFinder):
    """Runs `actions[name](module)` now if the module is there, else right after its first import."""

    def __init__(self, actions: dict[str, Action]) -> None:
        self._waiting: dict[str, Action] = {}
        for name, action in actions.items():
            module = sys.modules.get(name)
            if module is not None:
                action(module)
            else:
                self._waiting[name] = action
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        action = self._waiting.pop(fullname, None)  # popped: the search below comes here again
        if action is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            self._waiting[fullname] = action
            return None
        spec.loader = _Acting(spec.loader, action)
        return spec

    def stop(self) -> None:
        """Forget what has not been imported yet."""
        self._waiting.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)
