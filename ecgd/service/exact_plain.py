"""Values of the program as plain JSON, and back, without the loss of a bit.

What is read may have come from anywhere: nothing of it is called. A class is found by name among
the rooms below, its instance is made empty and its attributes are set; anything else is refused.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final

import numpy as np

from ecgd.errors import CapsuleError

ROOMS: Final = (
    "model",
    "config",
    "protocol",
    "dsp",
    "features",
    "ensemble",
    "decision",
    "pipeline",
)
"""Where a class may live whose instances are read back."""

ARRAY_BYTES_MAX: Final = 64 << 20
"""No array of a capsule is larger."""

_KINDS: Final = "biufc"
"""Kinds of numbers that an array may hold: never objects."""

Plain = Any


def to_plain(value: Any) -> Plain:
    """Return dicts, lists, strings, finite numbers, booleans and None that say exactly ``value``.

    Raises TypeError for what has no exact form: functions, open files, foreign classes.
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    writer = _WRITERS.get(kind)
    if writer is not None:
        return writer(value)
    if isinstance(value, Enum):
        return {"e": _name_of(kind), "v": value.name}
    if isinstance(value, np.generic):
        return {"n": _array_to_plain(np.asarray(value))}
    return {"=": _name_of(kind), "v": _state_of(value)}


def from_plain(plain: Plain) -> Any:
    """Return the value. Raises CapsuleError where the record is not what ``to_plain`` gives."""
    try:
        return _value_of(plain)
    except CapsuleError:
        raise
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise CapsuleError(
            f"a value in it cannot be read ({type(error).__name__}: {error})"
        ) from error


def _state_of(value: Any) -> Plain:
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    if is_dataclass(value):
        return {each.name: to_plain(getattr(value, each.name)) for each in fields(value)}
    return {name: to_plain(each) for name, each in vars(value).items()}


def _name_of(kind: type) -> str:
    root, _, rest = kind.__module__.partition(".")
    if root != "ecgd" or rest.partition(".")[0] not in ROOMS:
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} has no exact form")
    return f"{rest}:{kind.__qualname__}"


def _class_of(name: str) -> type:
    module, _, title = name.partition(":")
    if module.partition(".")[0] not in ROOMS or not all(
        p.isidentifier() for p in module.split(".")
    ):
        raise CapsuleError(f"it names {name!r}, which is no value of this program")
    try:
        found = getattr(importlib.import_module(f"ecgd.{module}"), title, None)
    except ImportError as error:
        raise CapsuleError(f"this program has no {module!r}: it was written by another") from error
    if not isinstance(found, type) or found.__module__ != f"ecgd.{module}":
        raise CapsuleError(f"this program has no {name!r}: it was written by another")
    return found


def _value_of(plain: Plain) -> Any:
    if not isinstance(plain, dict | list):
        return plain
    if isinstance(plain, list):
        return tuple(_value_of(each) for each in plain)
    if "=" in plain:
        return _instance(_class_of(plain["="]), plain["v"])
    if "e" in plain:
        kind = _class_of(plain["e"])
        if not issubclass(kind, Enum):
            raise CapsuleError(f"{plain['e']!r} is no list of names")
        return kind[plain["v"]]
    ((tag, content),) = plain.items()
    return _READERS[tag](content)


def _instance(kind: type, state: Plain) -> Any:
    if issubclass(kind, tuple):
        return tuple.__new__(kind, [_value_of(each) for each in state])
    made = object.__new__(kind)
    if is_dataclass(kind) and {each.name for each in fields(kind)} != set(state):
        raise CapsuleError(f"{kind.__name__} has other fields: it was written by another version")
    for name, each in state.items():
        if name.startswith("__"):
            raise CapsuleError(f"{kind.__name__} has no {name!r}")
        object.__setattr__(made, name, _value_of(each))
    return made


def _array_to_plain(array: np.ndarray[Any, Any]) -> Plain:
    """Return number type, shape, bytes, and how the bytes lay in memory: sums depend on that."""
    if array.dtype.kind not in _KINDS:
        raise TypeError(f"an array of {array.dtype} has no exact form")
    plain = [array.dtype.str, list(array.shape), _text(np.ascontiguousarray(array).tobytes())]
    strides = list(array.strides)
    if not array.flags.c_contiguous and min(strides) > 0:
        plain.append(strides)
    return plain


def _array_of(plain: Plain) -> np.ndarray[Any, Any]:
    dtype, shape = np.dtype(plain[0]), tuple(plain[1])
    if dtype.kind not in _KINDS:
        raise CapsuleError(f"an array of {dtype} is no value of this program")
    array = np.frombuffer(_bytes(plain[2]), dtype).reshape(shape)
    if len(plain) == 3:
        return array.copy()
    strides = tuple(plain[3])
    steps = zip(shape, strides, strict=True)
    extent = sum((length - 1) * stride for length, stride in steps) + dtype.itemsize
    if min(strides) <= 0 or not 0 < extent <= ARRAY_BYTES_MAX:
        raise CapsuleError("an array in it has an impossible layout")
    laid: np.ndarray[Any, Any] = np.ndarray(shape, dtype, bytearray(extent), strides=strides)
    laid[...] = array
    return laid


def _text(data: bytes | bytearray) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise CapsuleError("bytes in it are damaged") from error


def _float(value: float) -> Plain:
    return float(value) if math.isfinite(value) else {"f": repr(float(value))}


def _pairs(value: Mapping[Any, Any]) -> Plain:
    return [[to_plain(key), to_plain(each)] for key, each in value.items()]


def _queue(content: Plain) -> deque[Any]:
    return deque((_value_of(each) for each in content[0]), maxlen=content[1])


_WRITERS: Final[dict[type, Callable[[Any], Plain]]] = {
    float: _float,
    np.float64: _float,
    tuple: lambda value: [to_plain(each) for each in value],
    list: lambda value: {"l": [to_plain(each) for each in value]},
    dict: lambda value: {"d": _pairs(value)},
    frozenset: lambda value: {"z": sorted((to_plain(each) for each in value), key=repr)},
    set: lambda value: {"s": sorted((to_plain(each) for each in value), key=repr)},
    bytes: lambda value: {"b": _text(value)},
    bytearray: lambda value: {"w": _text(value)},
    deque: lambda value: {"q": [[to_plain(each) for each in value], value.maxlen]},
    np.ndarray: lambda value: {"a": _array_to_plain(value)},
}

_READERS: Final[dict[str, Callable[[Plain], Any]]] = {
    "f": float,
    "l": lambda content: [_value_of(each) for each in content],
    "d": lambda content: {_value_of(key): _value_of(each) for key, each in content},
    "z": lambda content: frozenset(_value_of(each) for each in content),
    "s": lambda content: {_value_of(each) for each in content},
    "b": _bytes,
    "w": lambda content: bytearray(_bytes(content)),
    "q": _queue,
    "a": _array_of,
    "n": lambda content: _array_of(content)[()],
}
