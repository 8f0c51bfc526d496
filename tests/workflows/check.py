#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails where a workflow is no YAML, or runs a preset that does not exist.

    check.py SOURCE_DIRECTORY
"""
import json
import pathlib
import re
import sys

COMMAND = re.compile(r"cmake --workflow --preset (\S+|\$\{\{ *matrix\.\w+ *\}\})$")


def values(matrix, key):
    """What `matrix.key` is in the jobs that a matrix makes."""
    return list(matrix.get(key, [])) + [row[key] for row in matrix.get("include", []) if key in row]


def presets_of(job):
    """The presets that a job runs, in all its variants."""
    found = []
    for step in job["steps"]:
        for line in step.get("run", "").splitlines():
            if match := COMMAND.search(line.strip()):
                key = re.fullmatch(r"\$\{\{ *matrix\.(\w+) *\}\}", match[1])
                found += values(job["strategy"]["matrix"], key[1]) if key else [match[1]]
    return found


def main():
    source = pathlib.Path(sys.argv[1])
    try:
        import yaml
    except ImportError:
        print("skipped: no PyYAML to read workflows with")
        return
    there = {p["name"] for p in json.loads((source / "CMakePresets.json").read_text(encoding="utf-8"))["workflowPresets"]}
    complaints, count = [], 0
    for path in sorted((source / ".github/workflows").glob("*.yml")):
        for name, job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].items():
            presets = presets_of(job)
            count += len(presets)
            if not presets:
                complaints.append(f"{path.name}: {name} runs no preset")
            complaints += [f"{path.name}: {name} runs {p}, which is no preset" for p in presets if p not in there]
    print("\n".join(complaints) if complaints else f"{count} presets, all there")
    sys.exit(1 if complaints or not count else 0)


if __name__ == "__main__":
    main()
