# SPDX-License-Identifier: MIT
"""Which of the interpreter's handlers a run with coverage executed, by instruction and by kind."""
import collections
import re
import subprocess

HANDLER = re.compile(r"^  \S*4exec3runIL[my](\d+)E")
# Kinds of handlers that stand for one instruction of the table; those of the others stand for a class of values,
# or for a load or store of a field.
OF_INSTRUCTIONS = {"unary", "binary", "ternary", "shuffle", "extract_lane", "replace_lane", "load", "load_indexed",
                   "store", "load_wide", "store_wide", "br_compare", "latch", "special", "atomic"}


def enumerators(text, name):
    body = re.search(rf"enum class {name} : u8 {{(.*?)count_", text, re.S)[1]
    return re.findall(r"^ *(\w+),", body, re.M)


def instructions(headers):
    return re.findall(r"^OP\( *(\w+),", (headers / "syntax/opcodes.def").read_text(), re.M)


def counts(profdata, profile, headers):
    """How often each instruction and each kind of handler was executed; 0 for what has a handler and was not."""
    kinds = enumerators((headers / "exec/variant.hpp").read_text(), "family")
    names = instructions(headers)
    shown = subprocess.run([profdata, "show", "--all-functions", profile], check=True, stdout=subprocess.PIPE, text=True)
    of_instruction, of_kind, handler = collections.Counter(), collections.Counter(), None
    for line in shown.stdout.splitlines():
        if line.endswith(":") and line.startswith("  ") and not line.startswith("   "):
            found = HANDLER.match(line)
            handler = int(found[1]) if found else None
        elif handler is not None and line.startswith("    Function count: "):
            count = int(line.split()[-1])
            kind = kinds[handler & 0xff]
            of_kind[kind] += count
            if kind in OF_INSTRUCTIONS:
                of_instruction[names[handler >> 16 & 0xffff]] += count
    return of_instruction, of_kind


def report(profdata, profile, headers):
    """Prints what was executed and what not; the least share in percent."""
    shares = [100]
    for what, executed in zip(("instructions with handlers of their own", "kinds of handlers"),
                              counts(profdata, profile, headers)):
        missing = sorted(name for name, count in executed.items() if count == 0)
        done = len(executed) - len(missing)
        print(f"{done} of {len(executed)} {what} were executed; not: {', '.join(missing) or 'none'}")
        shares.append(100 * done / len(executed) if executed else 0)
    return min(shares)
