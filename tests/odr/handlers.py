#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disassembles objects: every handler of the interpreter has to end in a jump to the next one.

    handlers.py OBJDUMP OBJECT...

A handler that called the next one would work, and use up the native stack in a long loop.
"""
import re
import subprocess
import sys

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
HANDLER = re.compile(r"4exec3runIL[my]\d+E")  # tessera::…::exec::run<Id>
JUMP = re.compile(r"\t(?:notrack )?jmpq?\s+\*|\tbr\s+x\d+")
CALL = re.compile(r"\t(?:call|bl)", re.I)
ENDS = 4  # handlers that may end a run instead: they return to the host, without a call


def main():
    failed = False
    for path in sys.argv[2:]:
        text = subprocess.run([sys.argv[1], "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
        handlers, name = {}, None
        for line in text.splitlines():
            if match := FUNCTION.match(line):
                name = match[1] if HANDLER.search(match[1]) else None
                if name:
                    handlers[name] = [False, False]
            elif name:
                handlers[name][0] |= bool(JUMP.search(line))
                handlers[name][1] |= bool(CALL.search(line))
        calling = sorted(name for name, (jumps, calls) in handlers.items() if not jumps and calls)
        ending = sum(not jumps and not calls for jumps, calls in handlers.values())
        print(f"{path}: {len(handlers)} handlers, {ending} of them end a run, {len(calling)} do not jump")
        for name in calling[:10]:
            print("    " + name)
        failed |= bool(calling) or ending > ENDS or len(handlers) < 100
    sys.exit(failed)


if __name__ == "__main__":
    main()
