#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up what ctest's JUnit files report, in assertions where a program counts its own.

    summary.py LOGS PRESET...     reads LOGS/PRESET.xml; exits with 1 if anything failed

LOGS/PRESET.skipped says why a preset could not be run, LOGS/PRESET.failed that it did not get that far.
"""
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree

DOCTEST = re.compile(r"assertions:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")
PLAIN = re.compile(r"^(?:\S+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", re.M)
WHY = re.compile(r"^skipped (\d+): (.*)$", re.M)


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
        report, here, reasons = logs / f"{preset}.xml", [0, 0, 0], collections.Counter()
        left_out = logs / f"{preset}.skipped"
        if left_out.is_file():
            here[2] += 1
            reasons[left_out.read_text(encoding="utf-8").strip()] += 1
        elif not report.is_file():
            here[1] += 1
            print(f"{preset}: no test ran")
        else:
            for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
                result = count(case)
                here = [a + b for a, b in zip(here, result)]
                if result[1]:
                    tail = (case.findtext("system-out") or "").strip().splitlines()[-25:]
                    print(f"FAILED {preset} {case.get('name')}", *tail, sep="\n    ")
                output = case.findtext("system-out") or ""
                why = WHY.findall(output)
                if result[2] and not why:
                    why = [(result[2], (output.strip().splitlines() or [case.get("name")])[0])]
                for number, reason in why:
                    reasons[reason.removeprefix("skipped: ")] += int(number)
        if reasons:
            most = [f"{reason} ({number})" for reason, number in reasons.most_common(6)]
            print(f"    skipped for {len(reasons)} reasons, most for: " + ", ".join(most))
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
