"""Frozen values, where so many are made that the making counts.

The standard library sets each field of a frozen class through the guard that keeps everybody else from setting it, and
its `replace` reads them one by one before that: eight times as long as plain assignments. An alert is two dozen such
values on its way in, and they were a third of what its decision cost.

So a `dataclass` of this module is frozen for the type checker, which sees all of our code, and plain when it runs.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # So that the type checker guards the fields, and knows the names and the types of what is changed.
    from dataclasses import dataclass, replace
else:
    import dataclasses
    from collections.abc import Callable

    _COPIERS: Final[dict[type, Callable[[Any], Any]]] = {}

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type], type]:
        """Make a class one of values: compared and hashed by its fields, and with slots."""
        return dataclasses.dataclass(unsafe_hash=frozen, slots=slots, kw_only=kw_only)

    def replace(value: Any, /, **changes: Any) -> Any:
        """Return the value with these fields changed. Raises KeyError for a field that it does not have.

        For dataclasses with slots that have no `__post_init__`.
        """
        kind = type(value)
        copier = _COPIERS.get(kind)
        if copier is None:
            copier = _COPIERS[kind] = _copier(kind)
        return copier(value, changes)

    def _copier(kind: type) -> Callable[[Any, dict[str, Any]], Any]:
        """Return what copies a value of this kind, written out field by field as `__init__` is."""
        names = [field.name for field in dataclasses.fields(kind)]
        put = {name: getattr(kind, name).__set__ for name in names}
        is_plain = kind.__setattr__ is object.__setattr__
        lines = [f" made.{one} = value.{one}" if is_plain else f" put_{one}(made, value.{one})" for one in names]
        source = "\n".join(("def copy(value, changes):", " made = new(kind)", *lines, *_CHANGED))
        known = {"new": object.__new__, "kind": kind, "put": put, **{f"put_{name}": one for name, one in put.items()}}
        exec(source, known)  # noqa: S102 - Names of our own fields, as the standard library does for `__init__`.
        return known["copy"]

    _CHANGED: Final = (" for name, one in changes.items():", "  put[name](made, one)", " return made")


__all__ = ["dataclass", "replace"]
