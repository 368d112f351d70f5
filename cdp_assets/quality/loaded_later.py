"""Modules that a library imports for what is hardly ever used of it, loaded when it is used.

Belongs here: standing in for them. Does not belong here: which modules these are (whoever imports the library).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class _LoadedWhenUsed(ModuleType):
    """Has all attributes of the module of its name, which is imported for the first of them."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def loaded_when_used(*names: str) -> Iterator[None]:
    """Whoever imports these modules in here is given something that loads them when it is used.

    Args:
        names: Full names of modules. Those that are loaded already stay what they are.
    """
    standing_in = {name: _LoadedWhenUsed(name) for name in names if name not in sys.modules}
    sys.modules.update(standing_in)
    try:
        yield
    finally:
        for name, module in standing_in.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
