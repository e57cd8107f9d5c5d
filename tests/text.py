"""Reads JSON from standard input as somebody else would: UTF-8 throughout, and every document parses. Prints how many strings
hold an unpaired surrogate. usage: text.py whole|lines"""
import json
import sys


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


text = sys.stdin.buffer.read().decode('utf-8')
documents = [text] if sys.argv[1] == 'whole' else text.splitlines()
found = sum(any('\ud800' <= c <= '\udfff' for c in s) for d in documents for s in strings(json.loads(d)))
print(found)
