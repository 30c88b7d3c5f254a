"""Loads a module when it is first used: ``--help`` shall not wait for the Temporal SDK."""

import importlib.util
import sys
from types import ModuleType


def lazily(name: str) -> ModuleType:
    """Give module ``name``, to be executed at the first look into it.

    https://docs.python.org/3/library/importlib.html#implementing-lazy-imports
    """
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"There is no module {name}.")
    loader = importlib.util.LazyLoader(spec.loader)
    spec.loader = loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module
