"""Sigma read plainly: one event at a time, one value at a time, slow and obviously right.

It shares nothing with what it checks: no Arrow, no RE2, no pySigma. Rules are Python structures as
a YAML reader would give them with every scalar as text; events are JSON values.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from datetime import datetime
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zoneinfo import ZoneInfo

__all__ = ["correlates", "detects", "flat"]

NULL = object()  # what ``null`` without quotes is written as in a rule
SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "M": 2629746}
DASHES = "-/–—―"  # noqa: RUF001 - the dashes that windash means
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
}


def flat(event: dict[str, Any], name: str = "") -> dict[str, list[Any]]:
    """Return every field of an event with its values."""
    fields: dict[str, list[Any]] = {}

    def walk(value: Any, name: str) -> None:
        fields.setdefault(name, [])
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{name}.{key}" if name else key)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, name)
        else:
            fields[name].append(value)

    walk(event, name)
    fields.pop("", None)
    return fields


def said(value: Any) -> str:
    """Return a JSON scalar as a condition sees it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def texts(event: dict[str, list[Any]], field: str) -> list[str]:
    """Return the texts that a field has; none when it is not there."""
    return [said(value) for value in event.get(field, []) if value is not None]


def letters(text: str) -> list[tuple[str, bool]]:
    """Cut Sigma text into characters, each with whether it is a wildcard."""
    found, place = [], 0
    while place < len(text):
        one = text[place]
        if one == "\\" and text[place + 1 : place + 2] in ("\\", "*", "?"):
            place += 1
            found.append((text[place], False))
        else:
            found.append((one, one in "*?"))
        place += 1
    return found


def like(pattern: list[tuple[str, bool]], text: str, *, cased: bool) -> bool:
    """Tell whether a whole text fits a pattern with wildcards."""
    folded: list[tuple[str, bool]] = []
    for one, wild in pattern:
        folded += [(one, wild)] if wild or cased else [(c, False) for c in one.casefold()]
    text = text if cased else text.casefold()
    fits = {0}  # places in the text up to which the pattern so far fits
    for one, wild in folded:
        if wild and one == "*":
            fits = set(range(min(fits), len(text) + 1)) if fits else set()
        else:
            fits = {p + 1 for p in fits if p < len(text) and (wild or text[p] == one)}
    return len(text) in fits


def variants(text: str, modifiers: list[str]) -> list[list[tuple[str, bool]]]:
    """Return the patterns that one value of a text item stands for."""
    pattern = letters(text)
    if "windash" in modifiers:
        return [edges(one, modifiers) for one in dashed(pattern)]
    raw: bytes | None = None
    for modifier in modifiers:
        plain = "".join(one for one, _ in pattern)
        if modifier in ("wide", "utf16le"):
            raw = plain.encode("utf-16le")
        elif modifier == "utf16be":
            raw = plain.encode("utf-16be")
        elif modifier == "utf16":
            raw = b"\xff\xfe" + plain.encode("utf-16le")
        elif modifier == "base64":
            pattern = [(c, False) for c in base64.b64encode(raw or plain.encode()).decode()]
        elif modifier == "base64offset":
            shifted = offsets(raw or plain.encode())
            return [edges([(c, False) for c in one], modifiers) for one in shifted]
    if raw is not None and "base64" not in modifiers:  # the bytes themselves, a sign for each
        pattern = [(c, False) for c in raw.decode()]
    return [edges(pattern, modifiers)]


def offsets(raw: bytes) -> Iterator[str]:
    """Yield what of some bytes shows in base64 at each of three places."""
    for shift in range(3):
        bits = 8 * shift
        whole = base64.b64encode(b"\0" * shift + raw).decode()
        first, last = -(-bits // 6), (bits + 8 * len(raw)) // 6
        yield whole[first:last]


def dashed(pattern: list[tuple[str, bool]]) -> Iterator[list[tuple[str, bool]]]:
    """Yield a pattern with each dash that begins a word as each of the dashes."""
    for place, (one, _) in enumerate(pattern):
        before = pattern[place - 1][0] if place else " "
        after = pattern[place + 1][0] if place + 1 < len(pattern) else " "
        word = re.compile(r"\w")
        if one in "-/" and not word.match(before) and word.match(after):
            for rest in dashed(pattern[place + 1 :]):
                for dash in DASHES:
                    yield [*pattern[:place], (dash, False), *rest]
            return
    yield pattern


def edges(pattern: list[tuple[str, bool]], modifiers: list[str]) -> list[tuple[str, bool]]:
    """Return a pattern with the wildcards that contains and the like mean."""
    star = ("*", True)
    if {"contains", "endswith"} & set(modifiers):
        pattern = [star, *pattern]
    if {"contains", "startswith"} & set(modifiers):
        pattern = [*pattern, star]
    return pattern


def one_value(  # noqa: PLR0911 - a line a modifier is easiest to compare with the specification
    event: dict[str, list[Any]], field: str, modifiers: list[str], value: Any, zone: ZoneInfo
) -> bool:
    """Tell whether one value of an item holds."""
    own = texts(event, field)
    part = next(
        (m for m in modifiers if m in ("minute", "hour", "day", "week", "month", "year")), ""
    )
    order = next((m for m in modifiers if m in ("gt", "gte", "lt", "lte")), "")
    if value is NULL:
        return {*event.get(field, [None])} == {None}
    if "exists" in modifiers:
        return (field in event) is (value == "true")
    if part:
        parts = [clock(text, part, zone) for text in own]
        return any(ORDER[order or "eq"](one, int(value)) for one in parts if one is not None)
    if order:
        return any(ORDER[order](Fraction(t), Fraction(value)) for t in own if number(t))
    if "cidr" in modifiers:
        return any(inside(text, value) for text in own)
    if "re" in modifiers:
        flags = sum(getattr(re, m.upper()) for m in modifiers if m in ("i", "m", "s"))
        return any(re.search(value, text, flags) for text in own)
    if "fieldref" in modifiers:
        other = [[(c, False) for c in text] for text in texts(event, value)]
        return any(like(edges(o, modifiers), t, cased=False) for o in other for t in own)
    patterns = variants(value, modifiers)
    return any(like(p, text, cased="cased" in modifiers) for p in patterns for text in own)


def number(text: str) -> bool:
    """Tell whether a text is a number."""
    return re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) is not None


def inside(text: str, network: str) -> bool:
    """Tell whether a text is an address of a network."""
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(network)
    except ValueError:
        return False


def clock(text: str, part: str, zone: ZoneInfo) -> int | None:
    """Return a part of a time; None of what is no time."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    when = when.astimezone(zone) if when.tzinfo else when
    return when.isocalendar()[1] if part == "week" else int(getattr(when, part))


def item(event: dict[str, list[Any]], key: str, given: Any, zone: ZoneInfo) -> bool:
    """Tell whether one item of a selection holds."""
    field, *modifiers = key.split("|")
    values = given if isinstance(given, list) else [given]
    if not field:
        answers = [word(event, value, modifiers) for value in values]
    else:
        answers = [one_value(event, field, modifiers, value, zone) for value in values]
    held = all(answers) if "all" in modifiers else any(answers)
    return held is not ("neq" in modifiers)


def word(event: dict[str, list[Any]], text: str, modifiers: list[str]) -> bool:
    """Tell whether a word stands in any field of text."""
    own = [value for values in event.values() for value in values if isinstance(value, str)]
    pattern = edges(letters(text), ["contains"])
    return any(like(pattern, one, cased="cased" in modifiers) for one in own)


def selection(event: dict[str, list[Any]], given: Any, zone: ZoneInfo) -> bool:
    """Tell whether a selection holds."""
    if isinstance(given, dict):
        return all(item(event, key, value, zone) for key, value in given.items())
    if isinstance(given, list):
        return any(selection(event, one, zone) for one in given)
    return word(event, given, [])


def detects(detection: dict[str, Any], event: dict[str, Any], zone: ZoneInfo) -> bool:
    """Tell whether a detection, with its condition as a tree, holds of an event."""
    fields = flat(event)
    held = {
        name: selection(fields, given, zone)
        for name, given in detection.items()
        if name != "condition"
    }
    return truth(detection["condition"], held)


def truth(tree: Any, held: dict[str, bool]) -> bool:
    """Tell whether a condition holds: a name, (not, x), (and|or, x, y) or (1|all, pattern)."""
    if isinstance(tree, str):
        return held[tree]
    word_, *parts = tree
    if word_ in ("1", "all"):
        names = [n for n in held if parts[0] == "them" or n.startswith(parts[0].rstrip("*"))]
        return (any if word_ == "1" else all)(held[name] for name in names)
    answers = [truth(part, held) for part in parts]
    return not answers[0] if word_ == "not" else (all if word_ == "and" else any)(answers)


def correlates(
    rule: dict[str, Any], matched: dict[str, list[tuple[int, int, dict[str, list[Any]]]]]
) -> set[int]:
    """Return at which events a correlation holds.

    `matched` has for each rule the events: time in seconds, line, fields.
    """
    span = int(rule["timespan"][:-1]) * SPANS[rule["timespan"][-1]]
    every = sorted(
        (time, line, key_of(rule, name, fields), name, fields)
        for name in rule["rules"]
        for time, line, fields in matched[name]
        if key_of(rule, name, fields) is not None
    )
    found = set()
    for time, line, key, _, _ in every:
        window = [
            one
            for one in every
            if one[2] == key and time - span <= one[0] and one[:2] <= (time, line)
        ]
        if window_holds(rule, window):
            found.add(line)
    return found


def key_of(rule: dict[str, Any], name: str, fields: dict[str, list[Any]]) -> Any:
    """Return the group of an event; None when a field it is grouped by has no value."""
    aliases = rule.get("aliases", {})
    cells = [tuple(texts(fields, aliases.get(f, {}).get(name, f))) for f in rule["group-by"]]
    return tuple(cells) if all(cells) else None


def window_holds(rule: dict[str, Any], window: list[Any]) -> bool:
    """Tell whether a correlation holds of the events in a window."""
    kind, condition = rule["type"], rule.get("condition")
    events = {line: (name, fields) for _, line, _, name, fields in reversed(window)}
    if kind.startswith("temporal"):
        return temporal(rule, window, ordered=kind.endswith("ordered"))
    if kind == "event_count":
        return limited(condition, len(events))
    named = [condition["field"]] if isinstance(condition["field"], str) else condition["field"]
    cells = [[texts(fields, name) for name in named] for _, fields in events.values()]
    cells = [one for one in cells if all(one)]
    if kind == "value_count":
        single = {text for one in cells for text in one[0]}
        return limited(condition, len(single if len(named) == 1 else {repr(one) for one in cells}))
    numbers = sorted(Fraction(t) for one in cells for t in one[0] if number(t))
    return bool(numbers) and limited(condition, measured(kind, condition, numbers))


def measured(kind: str, condition: dict[str, Any], numbers: list[Fraction]) -> Fraction:
    """Return sum, mean or percentile of numbers in order."""
    if kind in ("value_sum", "value_avg"):
        return sum(numbers) / (len(numbers) if kind == "value_avg" else Fraction(1))
    share = (
        Fraction(condition.get("percentile", 50)) if kind == "value_percentile" else Fraction(50)
    )
    place = share / 100 * (len(numbers) - 1)
    below = int(place)
    above = min(below + 1, len(numbers) - 1)
    return numbers[below] + (numbers[above] - numbers[below]) * (place - below)


def limited(condition: dict[str, Any], count: Any) -> bool:
    """Tell whether a number is within every limit of a condition."""
    return all(ORDER[k](count, Fraction(v)) for k, v in condition.items() if k in ORDER)


def temporal(rule: dict[str, Any], window: list[Any], *, ordered: bool) -> bool:
    """Tell whether the rules asked for matched in a window, in their order or in any."""
    names, condition = rule["rules"], rule.get("condition")
    seen = {name for _, _, _, name, _ in window}
    sets = [set(c) for n in range(len(names) + 1) for c in combinations(names, n) if set(c) <= seen]
    if ordered:
        sets = [one for one in sets if in_order([n for n in names if n in one], window)]
    else:
        sets = [seen]
    if condition is None:
        return any(one == set(names) for one in sets)
    if isinstance(condition, dict):
        return limited(condition, max(len(one) for one in sets))
    return any(said_of(condition, one, seen) for one in sets)


def said_of(tree: Any, found: set[str], seen: set[str], *, wanted: bool = True) -> bool:
    """Tell whether a condition over rules holds; ``not`` is of what was seen at all."""
    if isinstance(tree, str):
        return tree in found if wanted else tree not in seen
    word_, *parts = tree
    if word_ == "not":
        return said_of(parts[0], found, seen, wanted=not wanted)
    answers = [said_of(part, found, seen, wanted=wanted) for part in parts]
    return all(answers) if (word_ == "and") is wanted else any(answers)


def in_order(names: list[str], window: list[Any]) -> bool:
    """Tell whether different events match these rules one after the other."""
    at = (-1, -1)
    for name in names:
        later = [(t, line) for t, line, _, n, _ in window if n == name and (t, line) > at]
        if not later:
            return False
        at = min(later)
    return True
