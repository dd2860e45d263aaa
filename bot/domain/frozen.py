"""Changed copies of frozen values.

The standard library's `replace` reads the fields one by one in Python and then sets them through the guard of a frozen
class. An alert is half a dozen of them on its way in, and that was a quarter of what a decision costs; here the slots
are copied directly, a third of the time.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # So that the type checker looks at the names and the types of what is changed.
    from dataclasses import replace
else:
    _SLOTS: Final[dict[type, tuple[Mapping[str, Callable[[Any, Any], None]], attrgetter]]] = {}

    def replace(value: Any, /, **changes: Any) -> Any:
        """Return the value with these fields changed. Raises KeyError for a field that it does not have.

        For dataclasses with slots that have no `__post_init__`.
        """
        kind = type(value)
        if kind not in _SLOTS:
            names = [field.name for field in fields(kind)]
            _SLOTS[kind] = ({name: getattr(kind, name).__set__ for name in names}, attrgetter(*names))
        put, read = _SLOTS[kind]
        made = object.__new__(kind)
        for put_one, one in zip(put.values(), read(value), strict=True):
            put_one(made, one)
        for name, one in changes.items():
            put[name](made, one)
        return made


__all__ = ["replace"]
