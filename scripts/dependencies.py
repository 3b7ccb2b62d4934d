"""Checks the crates that are depended on against deny.toml: licences, banned crates and where crates come from.

A stand-in for the part of cargo-deny that every change can break, without the minutes that building it takes.
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def is_allowed(expression, allowed):
    """Whether an SPDX expression can be met by licences that are allowed."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def either():
        met = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            met = both() or met
        return met

    def both():
        met = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = one() and met
        return met

    def one():
        name = tokens.pop(0)
        if name == "(":
            met = either()
            tokens.pop(0)
            return met
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            name += " WITH " + tokens.pop(0)
        return name in allowed

    return either()


def exceptions(package, rules):
    """The licences that one crate alone may have."""
    of_crate = [e for e in rules["licenses"].get("exceptions", []) if e["crate"] == package["name"]]
    return [licence for exception in of_crate for licence in exception["allow"]]


def complaints(package, rules):
    name = f"{package['name']} {package['version']}"
    licence = package["license"]
    if not licence:
        yield f"{name} names no licence"
    elif not is_allowed(licence, rules["licenses"]["allow"] + exceptions(package, rules)):
        yield f"{name}: its licence {licence} is not allowed by deny.toml"
    for ban in rules["bans"]["deny"]:
        if ban["crate"] == package["name"]:
            yield f"{name} is banned by deny.toml; use {ban['use-instead']} instead"
    if package["source"] != REGISTRY:
        yield f"{name} comes from {package['source']}, not from crates.io"


def main():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    own = set(metadata["workspace_members"])
    foreign = [package for package in metadata["packages"] if package["id"] not in own]
    found = [complaint for package in foreign for complaint in complaints(package, rules)]
    print("\n".join(found) or f"{len(foreign)} crates, all allowed")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
