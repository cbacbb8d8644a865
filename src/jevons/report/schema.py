"""The JSON Schema of the report's document, made from its structs."""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.report.document import SCHEMA, Document


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `jevons report --format json`."""
    made = msgspec.json.schema(Document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **made}
