"""Holds JSON files against a JSON Schema, with an independent validator: python3 tests/schema.py SCHEMA FILE...

Prints what differs, one line each, and ends with 1; 77 where the validator (Debian: python3-jsonschema) is missing."""
import json
import sys

try:
    from jsonschema import Draft202012Validator, FormatChecker
except ImportError:
    sys.exit(77)



def once(pairs):
    """A key that stands twice hides the first."""
    keys = [key for key, _ in pairs]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        sys.exit(f"keys stand twice: {sorted(twice)}")
    return dict(pairs)


with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f, object_pairs_hook=once)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema, format_checker=FormatChecker())
bad = 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as f:
        for error in validator.iter_errors(json.load(f, object_pairs_hook=once)):
            bad += 1
            print(f"{path}: {error.json_path}: {error.message[:300]}")
sys.exit(bool(bad))
