"""Which validator applies a schema: by its ``$schema``, by the meta-schema that a document gives it.

Owns the choice among the dialects, and leaving out vocabularies that a meta-schema does not name. Never validates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models import JsonObject, as_object, as_text

_VALIDATION = "https://json-schema.org/draft/2020-12/vocab/validation"
_VOCABULARIES = "https://json-schema.org/draft/2020-12/vocab/"
_OF_VALIDATION = (
    *("type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
    *("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains"),
    *("maxProperties", "minProperties", "required", "dependentRequired"),
)
"""The keywords of the validation vocabulary (2020-12, validation, section 6)."""


def class_for(schema: JsonObject, documents: Mapping[str, JsonObject]) -> Any:
    """The validator's class, that of 2020-12 where the schema names no dialect; None for an unknown one."""
    import jsonschema  # 65 ms that only a call needs
    import jsonschema.validators

    dialect = (as_text(schema.get("$schema")) or "").removesuffix("#")
    if not dialect:
        return jsonschema.Draft202012Validator
    validators: Any = jsonschema.validators
    choose = validators.validator_for
    # Old meta-schemas are registered with the trailing "#", new ones without (section 28).
    known = choose({"$schema": dialect}, default=None) or choose({"$schema": f"{dialect}#"}, default=None)
    if known is not None or dialect not in documents:
        return known
    meta = documents[dialect]
    vocabularies = as_object(meta.get("$vocabulary"))
    if as_text(meta.get("$schema")) != "https://json-schema.org/draft/2020-12/schema" or any(
        needed is True and not name.startswith(_VOCABULARIES) for name, needed in vocabularies.items()
    ):
        return None  # what it needs is known to nobody here (2020-12, core, section 8.1.2)
    if not vocabularies or _VALIDATION in vocabularies:
        return jsonschema.Draft202012Validator
    return validators.extend(jsonschema.Draft202012Validator, dict.fromkeys(_OF_VALIDATION, _nothing))


def _nothing(_validator: object, _wanted: object, _value: object, _schema: object) -> tuple[()]:
    """A keyword that the dialect does not have."""
    return ()
