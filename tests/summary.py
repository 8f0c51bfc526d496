#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up what ctest's JUnit files report, in assertions where a program counts its own.

    summary.py LOGS PRESET...     reads LOGS/PRESET.xml; exits with 1 if anything failed
"""
import pathlib
import re
import sys
import xml.etree.ElementTree

DOCTEST = re.compile(r"assertions:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")
PLAIN = re.compile(r"^(?:\S+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", re.M)


def count(case):
    """(passed, failed, skipped) of one test of ctest."""
    output = case.findtext("system-out") or ""
    if case.get("status") == "notrun" or case.find("skipped") is not None and case.get("status") != "fail":
        return 0, 0, 1
    passed = failed = skipped = 0
    for match in DOCTEST.finditer(output):
        passed, failed = passed + int(match[2]), failed + int(match[3])
    for match in PLAIN.finditer(output):
        passed, failed, skipped = passed + int(match[1]), failed + int(match[2]), skipped + int(match[3] or 0)
    if case.get("status") == "fail":
        failed = max(failed, 1)
    elif passed + failed + skipped == 0:
        passed = 1
    return passed, failed, skipped


def main():
    logs = pathlib.Path(sys.argv[1])
    total = [0, 0, 0]
    for preset in sys.argv[2:]:
        report, here = logs / f"{preset}.xml", [0, 0, 0]
        if not report.is_file():
            here[1] += 1
            print(f"{preset}: no test ran")
        else:
            for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
                result = count(case)
                here = [a + b for a, b in zip(here, result)]
                if result[1]:
                    tail = (case.findtext("system-out") or "").strip().splitlines()[-25:]
                    print(f"FAILED {preset} {case.get('name')}", *tail, sep="\n    ")
                elif result == (0, 0, 1):
                    print(f"skipped {preset} {case.get('name')}: {(case.findtext('system-out') or '').strip()[-200:]}")
        if (logs / f"{preset}.failed").is_file():
            here[1] += 1
        print("[{}] {} passed, {} failed, {} skipped".format(preset, *here))
        total = [a + b for a, b in zip(total, here)]
    if total[0] == 0:
        total[1] += 1
    print("{} passed, {} failed, {} skipped".format(*total))
    sys.exit(1 if total[1] else 0)


if __name__ == "__main__":
    main()
