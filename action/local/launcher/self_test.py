"""Fails the start, loudly, when MiniStack is not the one that the mends were written against.

A mend that silently stops to apply would make every test that stands on it lie.
"""

import importlib
import importlib.metadata
import inspect
from types import ModuleType
from typing import Iterable

VERSION = "1.5.33"


class SelfTestFailed(SystemExit):
    """Ends the process with code 1 and the message on standard error."""


def check_version() -> None:
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise SelfTestFailed(
            f"self-test: MiniStack {found} is installed, but the mends in action/local/launcher were written against "
            f"{VERSION}. Run `npm run setup`, or check every mend against {found} and its tests in test/local."
        )


def shape(thing: object) -> str:
    """Parameter names for what can be called, else the type: what a mend may lean on, in one comparable line."""
    if callable(thing):
        return f"({', '.join(inspect.signature(thing).parameters)})"
    return type(thing).__name__


def complaint(name: str, expected: str) -> str | None:
    """What is wrong with `module:attribute.attribute`, or None."""
    module_name, _, path = name.partition(":")
    try:
        thing: object = importlib.import_module(module_name)
        for attribute in path.split("."):
            thing = getattr(thing, attribute)
    except (ImportError, AttributeError) as error:
        return f"{name} is missing ({error})"
    found = shape(thing)
    return None if found == expected else f"{name} is {found}, expected {expected}"


def check_leans(mends: Iterable[ModuleType]) -> None:
    """Each mend has LEANS_ON: `module:attribute` -> `(parameter, names)` or the type's name."""
    complaints = []
    for mend in mends:
        for name, expected in mend.LEANS_ON.items():
            problem = complaint(name, expected)
            if problem:
                complaints.append(f"  mend {mend.__name__.removeprefix('mends.')}: {problem}")
    if complaints:
        raise SelfTestFailed("self-test: MiniStack is not what the mends lean on\n" + "\n".join(complaints))
