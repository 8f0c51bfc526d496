#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disassembles an object: no hot handler saves a register, uses the native stack, or calls.

    check.py OBJDUMP TABLE OBJECT            the handlers TABLE prints must all be there
    check.py OBJDUMP TABLE --planted OBJECT  passes if fault is found with what is there

TABLE is the program of table.cpp. A handler gets twelve arguments in registers; of the others that it may change
without saving them, x86-64 has three for integers. ALLOWED says which handlers may save one, and why.
"""
import re
import subprocess
import sys
from collections import Counter

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
HANDLER = re.compile(r"4exec3runIL[my](\d+)E")
FAULTS = {"saves a register": re.compile(r"\tpush"), "uses the native stack": re.compile(r"\(%rsp"), "calls": re.compile(r"\tcall")}

# (family, instructions, places of operands): why it may save a register. Nothing of it may call.
ALLOWED = [
    ("binary", r"i\d\d_(div|rem)_[su]", ".*", "the instruction wants two fixed registers, both taken"),
    ("binary", r"f64_(min|max)|f\d\d_copysign", ".*", "bits of both operands and a 64-bit mask"),
    ("binary", r"i\d\d_(eq|ne|[lg][te]_[su])", "s[si]-s", "clang: the register of the result is cleared before the comparison"),
    ("unary", r"f\d\d_(ceil|floor|trunc|nearest)", ".*", "a processor without the instruction: a dozen steps"),
    ("unary", r"i\d\d_trunc_(sat_)?f\d\d_[su]|i32x4_(relaxed_trunc|trunc_sat)_f64x2_[su]_zero", ".*",
     "checks of the range with a 64-bit mask"),
    ("load_wide|store_wide", ".*", ".*", "memories beyond the first and 64-bit addresses: the carries are checked"),
    ("call_indirect|call_ref", ".*", ".*", "callee, its frame and the limit of the stack at once"),
    ("struct_new", ".*", "----", "a cell, its header and the fields at once"),
    ("struct_set|array_set", "i32_store", ".*", "while marking goes on, the old reference is noted"),
    ("ref_test|ref_cast", ".*", ".*", "the list of super types"),
    ("pins", "nop", ".*", "three or four slots at once, before a loop"),
    ("return", ".*", "[si]---", "g++ moves its arguments around to keep the return address"),
]


def may_save(family, op, places):
    return any(re.fullmatch(f, family) and re.fullmatch(o, op) and re.fullmatch(p, places) for f, o, p, _ in ALLOWED)


def handlers(objdump, path):
    """By packed variant, the faults of each handler."""
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    found, current = {}, None
    for line in text.splitlines():
        if match := FUNCTION.match(line):
            handler = HANDLER.search(match[1])
            current = found.setdefault(int(handler[1]), set()) if handler else None
        elif current is not None:
            current.update(fault for fault, pattern in FAULTS.items() if pattern.search(line))
    return found


def main():
    objdump, program, *rest = sys.argv[1:]
    planted = rest[0] == "--planted"
    rows = {}
    for line in subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines():
        number, speed, family, op, places = line.split()
        rows[int(number)] = speed, family, op, places
    found = handlers(objdump, rest[-1])
    complaints, saving = [], Counter()
    for number, faults in found.items():
        speed, family, op, places = rows.get(number, ("hot", "unknown", "unknown", "----"))
        if speed == "slow" or not faults:
            continue
        if faults == {"saves a register"} and may_save(family, op, places):
            saving[family] += 1
        else:
            complaints.append(f"{family} {op} {places}: {', '.join(sorted(faults))}")
    missing = [] if planted else sorted(set(rows) - set(found))
    print(f"{len(found)} handlers, {len(rows)} promised, {len(missing)} missing; with a reason, "
          + ", ".join(f"{n} of {family}" for family, n in saving.most_common()) + " save a register")
    print("\n".join(complaints + ["missing: " + " ".join(rows[number]) for number in missing[:10]]))
    sys.exit(not complaints if planted else bool(complaints or missing))


if __name__ == "__main__":
    main()
