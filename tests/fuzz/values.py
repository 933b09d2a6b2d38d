"""Values that a header or a JSON file may hold by mistake or malice."""

from __future__ import annotations

import random
from typing import Any

INTEGERS = (
    *("0", "-1", "1", "2", "3", "4", "5", "7", "10", "100", "255", "256", "32767", "32768", "65536", "2147483647"),
    *("2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "9" * 400),
    *("3.0", "3e0", "0x3", "03", "+3", "3,0", "nan", "inf", "", " ", "-", "three", "3;", "1_0", "\u0663", "3 3"),
)
FLOATS = (
    *("0", "-0", "1", "-1", "0.5", "1e-300", "1e300", "1e308", "1e309", "-1e400", "5e-324", "nan", "-nan", "NaN"),
    *("inf", "-inf", "Infinity", "1.#QNAN", "1,5", "0x1p3", "1e", ".", "1.2.3", "--1", "1" * 320, "0." + "3" * 320),
    *("99999", "100001", "1e6", "1.0000001", "0.99999"),
)
TEXTS = (
    *(
        "",
        " ",
        "\t",
        "%s%s%s%n",
        "%d",
        "A" * 255,
        "A" * 256,
        "B" * 5000,
        "C" * 40_000,
        "\u00e9\u4e2d",
        "../../x",
        "None",
    ),
    *("/etc/passwd", "/dev/zero", "\x01\x02", "a\x00b", "=", ":", "a = b", "LOCAL", "True", "'; --", "$(id)"),
)
NUMBERS = (
    *(0, -1, 1, 2, 3, 4, 5, 7, 8, 100, 255, 256, 1023, 32767, -32768),
    *(0.0, -0.0, 0.5, 1.5, 1e-30, 1e30, -1e30, 3.4e38, float("nan"), float("inf"), float("-inf")),
)
JSON_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3, 7, 10**6, 2**31, 2**63, 10**30, -(10**18), 0.5, -0.0, 1e-300, 1e300),
    *(
        float("nan"),
        float("inf"),
        float("-inf"),
        "",
        "0",
        "1",
        "nan",
        "None",
        "true",
        "\u00e9\u4e2d",
        "a\x00b",
        "\ud800",
    ),
    *("/etc/passwd", "../..", "x" * 3000, "os.system", "torch.nn.modules.conv.Conv3d", [], {}, [[]], [None], [0, 0, 0]),
    *([1, 1, 1], [1e9, 1, 1], [-1, 2, 3], [1, 2], [1] * 50, {"": None}, {"a": {"b": [1]}}, [[1, 2], [3]]),
)


def change_json(rng: random.Random, value: Any) -> Any:
    """Return a JSON value with one change somewhere: a part replaced, removed, doubled, renamed, wrapped or moved."""
    if not isinstance(value, (dict, list)) or not value or rng.random() < 0.05:
        return _replaced(rng, value)
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = rng.choice(keys)
    if isinstance(value[key], (dict, list)) and value[key] and rng.random() < 0.8:
        changed = value.copy()
        changed[key] = change_json(rng, value[key])
        return changed
    return _changed_at(rng, value, key)


def _changed_at(rng: random.Random, value: Any, key: Any) -> Any:
    changed = value.copy()
    how = rng.randrange(6)
    if how <= 2:
        changed[key] = _replaced(rng, value[key])
    elif how == 3:
        del changed[key]
    elif isinstance(changed, list):
        changed = rng.choice(([*changed, changed[key]], changed[::-1], changed[:key], changed * 2))
    elif how == 4:
        changed[_renamed(rng, str(key))] = changed.pop(key)
    else:
        changed[rng.choice(TEXTS)] = rng.choice(JSON_VALUES)
    return changed


def _replaced(rng: random.Random, value: Any) -> Any:
    how = rng.random()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and how < 0.5:
        return rng.choice((-value, value + 1, value - 1, value * 2, value * 1000, value / 3, str(value), [value]))
    if isinstance(value, str) and how < 0.4:
        return rng.choice((value.upper(), value[:-1], value + "x", value * 100, f" {value}", [value], {value: value}))
    return rng.choice(JSON_VALUES)


def _renamed(rng: random.Random, key: str) -> str:
    return rng.choice((key.upper(), key.lower(), f"{key} ", key.replace("_", "-"), key[:-1], key * 2, ""))
