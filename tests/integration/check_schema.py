"""Validates configurations with the package jsonschema, as an editor does.

    check_schema.py SCHEMA FILE...

Prints one JSON object: for each file the places that the schema refuses; null for a file that is not YAML at all.
"""
import json
import re
import sys

import jsonschema
import yaml


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema, which editors read; PyYAML's own is that of YAML 1.1, where `yes` is true and `1e-3` a text."""

    yaml_implicit_resolvers = {}


def construct_float(loader, node):
    text = loader.construct_scalar(node).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


NUMBER = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
CORE = (
    ("null", r"(~|null|Null|NULL|)", lambda loader, node: None),
    ("bool", r"(true|True|TRUE|false|False|FALSE)", lambda loader, node: loader.construct_scalar(node).lower() == "true"),
    ("int", r"[-+]?[0-9]+", lambda loader, node: int(loader.construct_scalar(node))),
    ("float", rf"({NUMBER}|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))", construct_float),
)
for name, pattern, construct in CORE:
    tag = f"tag:yaml.org,2002:{name}"
    CoreLoader.add_implicit_resolver(tag, re.compile(f"^{pattern}$"), None)
    CoreLoader.add_constructor(tag, construct)


def refused(validator, path):
    try:
        with open(path, encoding="utf-8") as file:
            value = yaml.load(file, CoreLoader)
    except yaml.YAMLError:
        return None
    return sorted({"/".join(map(str, error.absolute_path)) for error in validator.iter_errors(value)})


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    print(json.dumps({path: refused(validator, path) for path in sys.argv[2:]}))


if __name__ == "__main__":
    main()
