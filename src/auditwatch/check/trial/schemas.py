"""JSON Schemas of rule files, so that editors complete names and mark what does not fit.

Names come from the catalogue of the pack at hand. A schema is kinder than the loader: it knows the
form of a file, not whether versions overlap. Draft 7, which editors' YAML support reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditwatch.check.budget import BUDGET, MODES
from auditwatch.check.catalogue import SEVERITIES, SOFT_VERDICTS, STORIES
from auditwatch.check.correlation import KEYS as CORRELATION_KEYS
from auditwatch.check.correlation import KINDS, TIMESPAN
from auditwatch.check.exemption import ONLY
from auditwatch.check.fields import FIELDS
from auditwatch.check.rule import PROMOTED, STATUSES
from auditwatch.check.sample import WRITABLE
from auditwatch.check.sampling import DURATION
from auditwatch.check.selection import MODIFIERS
from auditwatch.check.statement import VERIFIED
from auditwatch.check.testing import COMPARE
from auditwatch.check.trial.linting.columns import WORDS
from auditwatch.core.contexttables import CONTEXT_TABLES
from auditwatch.core.schema import SOURCE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from auditwatch.check.ruleset import Ruleset

__all__ = ["FOLDERS", "schemas"]

Schema = dict[str, Any]

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
#: Which files each schema is for, below the pack.
FOLDERS: Final = {
    "detection": "detections/*.yml",
    "permits": "permits/*.yml",
    "exception": "exceptions/*.yml",
    "tests": "tests/*.yml",
}
TEXT: Final[Schema] = {"type": ["string", "number", "boolean"]}
CELL: Final[Schema] = {"type": ["string", "number", "boolean", "null"]}
DAY: Final[Schema] = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
HOUR: Final[Schema] = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:00)?$"}
WHOLE: Final[Schema] = {"type": ["integer", "string"], "pattern": "^[0-9]+$"}
FLAG: Final[Schema] = {"enum": [True, False]}
TRUTH_OR_PLACES: Final[Schema] = {"anyOf": [FLAG, {"type": "array", "items": WHOLE, "minItems": 1}]}


def schemas(rules: Ruleset) -> dict[str, Schema]:
    """Return a schema for each kind of file that rule developers write.

    Parameters
    ----------
    rules : Ruleset
        A pack that loads: its names are the ones to choose from.

    Returns
    -------
    dict of str to dict
        By the names of `FOLDERS`.
    """
    made = {
        "detection": _detection(rules),
        "permits": _permits(rules),
        "exception": _exception(rules),
        "tests": _tests(rules),
    }
    return {name: {"$schema": DRAFT, "title": name, **schema} for name, schema in made.items()}


def _map(properties: Mapping[str, Schema], *required: str, says: str = "") -> Schema:
    """Return a mapping that has these keys and no others."""
    made: Schema = {"type": "object", "properties": dict(properties)}
    made |= {"additionalProperties": False, "required": list(required)}
    return made | ({"description": says} if says else {})


def _one(known: Collection[str], says: str = "") -> Schema:
    """Return one of some names."""
    return {"enum": sorted(known)} | ({"description": says} if says else {})


def _several(known: Collection[str], says: str = "") -> Schema:
    """Return one name or a list of names."""
    item = {"enum": sorted(known)}
    made: Schema = {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}
    return made | ({"description": says} if says else {})


def _texts() -> Schema:
    """Return one text or a list of texts."""
    return {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}


def _detection(rules: Ruleset) -> Schema:
    """Return the schema of detection and correlation rules."""
    head = {
        "title": TEXT | {"description": "What happened, in one line for the reviewer"},
        "id": {"type": "string", "description": "A UUID of its own"},
        "name": TEXT | {"description": "What findings and commands call it; the file's name"},
        "status": _one(STATUSES),
        "description": TEXT,
        "references": _texts(),
        "author": TEXT,
        "date": DAY,
        "modified": DAY,
        "tags": _texts(),
        "falsepositives": _texts() | {"description": "What else it may be: the reviewer reads it"},
        "level": _one(SEVERITIES),
        "fields": _texts(),
        "license": TEXT,
        "auditwatch": _block(),
        "logsource": _map(dict.fromkeys(("product", "category", "service", "definition"), TEXT)),
        "detection": _selections(rules),
        "correlation": _correlation(rules),
    }
    always = ("title", "id", "name", "status", "description", "falsepositives", "level")
    made = _map(head, *always, "auditwatch")
    either = [{"required": ["logsource", "detection"]}, {"required": ["correlation"]}]
    return made | {"oneOf": either}


def _block() -> Schema:
    """Return the schema of a rule's own block."""
    return _map(
        {
            "story": _one(STORIES, "What one finding gathers"),
            "owner": TEXT,
            "mode": _one(MODES, "In shadow it asks nobody"),
            "shadow_since": DAY,
            "budget": _map(dict.fromkeys(BUDGET, TEXT)),
            "promoted": _map(dict.fromkeys(PROMOTED, TEXT)),
            "authority": TEXT,
            "verified": _one(VERIFIED),
            "keywords": _several([name for name, field in FIELDS.items() if not field.number]),
            "reason_template": TEXT | {"description": "{column} puts in a value"},
            "tests": {"type": "array", "items": _sample("fires", TRUTH_OR_PLACES)},
        },
        "story",
        "owner",
        "reason_template",
    )


def _selections(rules: Ruleset) -> Schema:
    """Return the schema of a detection section."""
    columns = {
        name: _values(name, rules) | {"description": FIELDS[name].meaning} for name in FIELDS
    }
    modifiers = "|".join(sorted(MODIFIERS))
    named = "|".join([*FIELDS, "event_time"])
    items: Schema = {
        "type": "object",
        "properties": columns,
        "patternProperties": {rf"^({named})?(\|({modifiers}))+$": _given()},
        "additionalProperties": False,
    }
    words = {"type": "array", "items": {"anyOf": [TEXT, items]}, "minItems": 1}
    return {
        "type": "object",
        "properties": {"condition": {"type": "string"}},
        "additionalProperties": {"anyOf": [items, words, {"type": "string"}]},
        "required": ["condition"],
    }


def _given() -> Schema:
    """Return any value of a test."""
    return {"anyOf": [CELL, {"type": "array", "items": CELL, "minItems": 1}]}


def _values(name: str, rules: Ruleset) -> Schema:
    """Return the values that a column may be compared with; of closed lists no others."""
    if name in WORDS:
        one: Schema = {"enum": [*sorted(WORDS[name]), None]}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
    catalogue = rules.catalogue
    offered: dict[str, Collection[str]] = {
        "purpose": catalogue.purposes,
        "transaction": catalogue.transactions,
        "system": catalogue.systems,
        "operator_unit": catalogue.units,
        "unit": catalogue.units,
        "operator_role": catalogue.roles,
        "role": catalogue.roles,
        "unit_type": catalogue.unit_types,
        "number_kind": {*catalogue.numbers, "other", "none"},
    }
    if name not in offered:
        return _given()
    one = {"anyOf": [{"enum": sorted(offered[name])}, CELL]}
    return {"anyOf": [*one["anyOf"], {"type": "array", "items": one, "minItems": 1}]}


def _correlation(rules: Ruleset) -> Schema:
    """Return the schema of a correlation section."""
    limits = {key: {"type": ["number", "string"]} for key in (*COMPARE, "percentile")}
    limit = _map(limits | {"field": _several(FIELDS)})
    names = [name for rule in rules.rules for name in (rule.rule_id, rule.unique_id)]
    known: dict[str, Schema] = {
        "type": _one(KINDS),
        "rules": _several(names),
        "group-by": _several(FIELDS),
        "timespan": {"type": "string", "pattern": f"^{TIMESPAN.pattern}$"},
        "condition": {"anyOf": [limit, {"type": "string"}]},
        "aliases": {"type": "object"},
        "generate": FLAG,
    }
    return _map({key: known[key] for key in CORRELATION_KEYS}, "type", "timespan")


def _permits(rules: Ruleset) -> Schema:
    """Return the schema of permits and forbids."""
    lists: dict[str, Schema] = {
        "kind": {"const": "permits"},
        "permits": {"type": "array", "items": _statement(rules, forbids=False)},
        "forbids": {"type": "array", "items": _statement(rules, forbids=True)},
    }
    return _map(lists, "kind")


def _statement(rules: Ruleset, *, forbids: bool) -> Schema:
    """Return the schema of one permit or forbid."""
    catalogue, needs = rules.catalogue, rules.requirements
    in_force = _map({"from": DAY, "until": DAY}, "from", says="until: first day no longer")
    clause = _map({"any_of": _several(needs), "all_of": _several(needs)})
    shared: dict[str, Schema] = {
        "id": TEXT,
        "replaces": DAY,
        "says": TEXT | {"description": "The plain sentence a reviewer reads"},
        "effective": in_force,
        "approved": _map({"by": TEXT, "date": DAY, "document": TEXT}, "by", "date"),
        "retroactive": _map({"because": TEXT}, "because"),
        "authority": TEXT,
        "verified": _one(VERIFIED),
        "who": _map(
            {
                "units": _several({*catalogue.units, *catalogue.unit_types}),
                "roles": _several(catalogue.roles or {"role"}),
                "jurisdictions": _texts(),
            }
        ),
        "may": _map(
            {
                "systems": _several(catalogue.systems),
                "transactions": _several({*catalogue.transactions, *catalogue.groups}),
            }
        ),
        "for": _several(catalogue.purposes),
        "when" if forbids else "if": clause,
        "unless": _several(needs),
    }
    if not forbids:
        return _map(shared, "id", "says", "effective", "approved")
    put: dict[str, Schema] = {"story": _one(STORIES), "severity": _one(SEVERITIES)}
    return _map(shared | put, "id", "says", "effective", "approved", *put)


def _exception(rules: Ruleset) -> Schema:
    """Return the schema of an exception."""
    catalogue = rules.catalogue
    permits = {one.statement_id for one in rules.statements if not one.forbids}
    forbids = {one.statement_id for one in rules.statements if one.forbids}
    names = {rule.rule_id for rule in rules.rules}
    offered = {"permits": permits, "forbids": forbids, "rules": names}
    known: dict[str, Collection[str]] = {
        "units": catalogue.units,
        "roles": catalogue.roles,
        "systems": catalogue.systems,
        "transactions": {*catalogue.transactions, *catalogue.groups},
        "purposes": catalogue.purposes,
    }
    terms = {key: _several(known[key]) if known.get(key) else _texts() for key in ONLY}
    return _map(
        {
            "kind": {"const": "exception"},
            "id": TEXT,
            "because": TEXT,
            "ticket": TEXT,
            "lifts": _map({key: _several(value) for key, value in offered.items() if value}),
            "only": _map(terms),
            "effective": _map({"from": HOUR, "until": HOUR}, "from", "until"),
            "requested_by": TEXT,
            "approved": _map({"by": TEXT, "date": DAY, "document": TEXT}, "by", "date"),
            "ceiling": _map(
                {"lookups_a_night": WHOLE, "severity": _one(SEVERITIES[:-1])},
                "lookups_a_night",
                "severity",
            ),
        },
        *("kind", "id", "because", "ticket", "lifts", "only", "effective"),
        *("requested_by", "approved", "ceiling"),
    )


def _tests(rules: Ruleset) -> Schema:
    """Return the schema of the files of ``tests/``: one of three kinds."""
    verdicts = ("permitted", "permitted_by_exception", "forbidden", *SOFT_VERDICTS)
    verdict = {"type": "string", "pattern": f"^({'|'.join(verdicts)})( |$)"}
    columns = [*WRITABLE, "title", "verdict", "says"]
    decisions = {"type": "array", "items": _sample("verdict", verdict)}
    samples = {"type": "array", "items": _sample("fires", TRUTH_OR_PLACES)}
    table = {
        "kind": {"const": "decision_table"},
        "title": TEXT,
        "lookup": _lookup(),
        **_beside(),
        "columns": {"type": "array", "items": _one(columns)},
        "rows": {"type": "array", "items": {"type": "array", "items": CELL}, "minItems": 1},
    }
    named = _one([rule.rule_id for rule in rules.rules])
    return {
        "oneOf": [
            _map({"kind": {"const": "decisions"}, "decisions": decisions}, "kind", "decisions"),
            _map(table, "kind", "title", "columns", "rows"),
            _map(
                {"kind": {"const": "rule_tests"}, "rule": named, "tests": samples},
                *("kind", "rule", "tests"),
            ),
        ]
    }


def _sample(expects: str, expected: Schema) -> Schema:
    """Return the schema of one sample."""
    nights = {"type": "object", "patternProperties": {DAY["pattern"]: expected}}
    row = _lookup()
    span = {"type": "string", "pattern": f"^{DURATION.pattern}$"}
    row["properties"] = row["properties"] | {"after": span, "times": WHOLE, "every": span}
    return _map(
        {
            "title": TEXT,
            "lookup": _lookup(),
            "lookups": {"type": "array", "items": row, "minItems": 1},
            **_beside(),
            expects: expected,
            "nights": nights | {"additionalProperties": False},
            "says": TEXT,
        },
        "title",
    )


def _lookup() -> Schema:
    """Return the schema of a literal lookup."""
    return _map(dict.fromkeys((*WRITABLE, "at"), TEXT))


def _beside() -> dict[str, Schema]:
    """Return the schemas of what is known beside a sample's lookups."""
    tables = {
        name: {"type": "array", "items": _map(dict.fromkeys(table.names, TEXT))}
        for name, table in CONTEXT_TABLES.items()
    }
    return {"context": _map(tables), "not_exported": _several(SOURCE_FIELDS)}
