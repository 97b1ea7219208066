"""The JSON Schema of dialogue scripts, made from the model that reads them: for editors, and for people."""

import json

from assistant.apps.dialogue import Dialogue

FILE = "dialogue.schema.json"
"""Lies beside the bundled dialogues; a script names it in its first line for editors."""


def schema() -> str:
    """Return the schema as text."""
    made = Dialogue.model_json_schema()
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "A dialogue script"}
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"
