"""Holds each record of a qlog file against a CDDL file: `qlog_cddl.py RULES FILE`. Prints how many there are."""

import json
import sys

import cbor2
import pycddl

rules, path = sys.argv[1:]
# What JSON can say, CBOR can say too.
schema = pycddl.Schema(open(rules, encoding="utf-8").read())
records = open(path, encoding="utf-8").read().split("\x1e")[1:]
for record in records:
    try:
        schema.validate_cbor(cbor2.dumps(json.loads(record)))
    except pycddl.ValidationError as error:
        sys.exit(f"{record}\n{error}")
print(len(records))
