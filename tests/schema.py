"""Holds JSON files against a JSON Schema, with an independent validator: python3 tests/schema.py SCHEMA FILE...

Prints what differs, one line each, and ends with 1; 77 where the validator (Debian: python3-jsonschema) is missing."""
import json
import sys

try:
    from jsonschema import Draft202012Validator, FormatChecker
except ImportError:
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema, format_checker=FormatChecker())
bad = 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as f:
        for error in validator.iter_errors(json.load(f)):
            bad += 1
            print(f"{path}: {error.json_path}: {error.message[:300]}")
sys.exit(bool(bad))
