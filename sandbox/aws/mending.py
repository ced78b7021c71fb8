"""How a part of moto is replaced: named, put in place once, and taken out again by a test's control."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])
_ABSENT = object()


class Mends:
    """The parts of moto that one of our modules replaces.

    Functions are registered where they are defined and put in place by `apply`, so importing a module
    changes nothing::

        mends = Mends()

        @mends.method(models.Stream)
        def split_shard(self, ...): ...
    """

    def __init__(self) -> None:
        self._parts: dict[tuple[object, str], Any] = {}
        self._originals: dict[tuple[object, str], Any] = {}

    def method(self, owner: object, name: str | None = None) -> Callable[[_Function], _Function]:
        """Let the decorated function stand in for `owner.name` (default: its own name)."""

        def register(function: _Function) -> _Function:
            self.value(owner, name or function.__name__, function)
            return function

        return register

    def class_method(self, owner: type, name: str | None = None) -> Callable[[_Function], _Function]:
        """Do as `method`, for a class method."""

        def register(function: _Function) -> _Function:
            self.value(owner, name or function.__name__, classmethod(function))
            return function

        return register

    def value(self, owner: object, name: str, value: object) -> None:
        """Let `value` stand in for `owner.name`, or add it where there is none."""
        self._parts[owner, name] = value

    def apply(self) -> None:
        """Put every part in place; a second call changes nothing."""
        for (owner, name), value in self._parts.items():
            if (owner, name) not in self._originals:
                self._originals[owner, name] = vars(owner).get(name, _ABSENT)
                setattr(owner, name, value)

    def remove(self) -> None:
        """Give moto its own parts back."""
        for (owner, name), original in self._originals.items():
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._originals.clear()

    @contextmanager
    def removed(self) -> Iterator[None]:
        """Run without these mends: the negative control of the tests that prove them."""
        self.remove()
        try:
            yield
        finally:
            self.apply()
