# SPDX-License-Identifier: MIT
"""Drives `tessera trace` and `tessera step` on step.wat.

    step.py TOOL trace       every instruction, and those of one function
    step.py TOOL lines       commands from a pipe
    step.py TOOL terminal    commands typed into a terminal of 80 by 30, by tmux; prints one of its screens
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

tool = os.path.abspath(sys.argv[1])
guest = str(pathlib.Path(__file__).resolve().parent / "step.wat")
failures = 0


def wrong(what, got):
    global failures
    failures += 1
    print(f"{what}\n--- got\n{got}\n---")


def run(arguments, text="", status=0):
    done = subprocess.run([tool, *arguments], input=text, capture_output=True, text=True, timeout=60)
    if done.returncode != status:
        wrong(f"{arguments}: status {status} expected", f"{done.returncode}\n{done.stdout}{done.stderr}")
    return done


# ---- trace ------------------------------------------------------------------------------------------------------

TRACE = """\
0x0038 $fac  global.get $calls -> 0
0x003a $fac  i32.const 1 -> 1
0x003c $fac  i32.add [0 1] -> 1
0x003d $fac  global.set $calls [1]
0x003f $fac  i32.const 16 -> 16
0x0041 $fac  local.get $n -> 1
0x0043 $fac  i64.store [16 1]
0x0046 $fac  local.get $n -> 1
0x0048 $fac  i64.eqz [1] -> 0
0x0049 $fac  if (result i64) [0]
0x004e $fac  local.get $n -> 1
0x0050 $fac  local.get $n -> 1
0x0052 $fac  i64.const 1 -> 1
0x0054 $fac  i64.sub [1 1] -> 0
0x0055 $fac  call $fac [0]
0x0038   $fac  global.get $calls -> 1
0x003a   $fac  i32.const 1 -> 1
0x003c   $fac  i32.add [1 1] -> 2
0x003d   $fac  global.set $calls [2]
0x003f   $fac  i32.const 16 -> 16
0x0041   $fac  local.get $n -> 0
0x0043   $fac  i64.store [16 0]
0x0046   $fac  local.get $n -> 0
0x0048   $fac  i64.eqz [0] -> 1
0x0049   $fac  if (result i64) [1]
0x004b   $fac  i64.const 1 -> 1
0x004d   $fac  else
0x0059   $fac  end
0x0055 $fac  call $fac [0] -> 1
0x0057 $fac  i64.mul [1 1] -> 1
0x0058 $fac  end
0x0059 $fac  end
"""
CALLS = """(module
  (func $twice (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
  (func (export "run") (result i32) (call $twice (call $twice (i32.const 3))))
  (func (export "trap") (i32.store (i32.const 1) (i32.const 2)) (unreachable))
  (memory 1))
"""


def trace():
    done = run(["trace", guest, "--invoke", "fac", "1"])
    if done.stdout != "1\n" or done.stderr != TRACE:
        wrong("trace of fac", done.stdout + done.stderr)
    pathlib.Path("calls.wat").write_text(CALLS)
    done = run(["trace", "calls.wat", "--invoke", "run", "--function", "run"])
    lines = [line.split("  ", 1)[1] for line in done.stderr.splitlines()]
    if lines != ["i32.const 3 -> 3", "call $twice [3]", "call $twice [3] -> 6", "call $twice [6]", "call $twice [6] -> 12", "end"]:
        wrong("only one function", done.stderr)
    done = run(["trace", "calls.wat", "--invoke", "trap"], status=134)
    if "i32.store [1 2]\n" not in done.stderr or not re.search(r"unreachable\ntessera: calls\.wat:4:\d+: unreachable", done.stderr):
        wrong("a trap", done.stderr)
    # The same from the binary, printed.
    run(["parse", "calls.wat", "-o", "calls.wasm"])
    done = run(["trace", "calls.wasm", "--invoke", "run", "--function", "$twice"])
    if done.stderr.count("i32.add [6 6] -> 12\n") != 1 or len(done.stderr.splitlines()) != 8:
        wrong("of a binary module", done.stderr)
    done = run(["trace", "calls.wat", "--function", "nobody"], status=2)
    if "no function is called 'nobody'" not in done.stderr:
        wrong("an unknown function", done.stderr)


# ---- lines from a pipe ------------------------------------------------------------------------------------------

AT = r"(\d+)  \$fac  0x[0-9a-f]+  line (\d+)  (.*?)  stack \[(.*)\]  locals  0: (-?\d+)"


HELLO = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00")
  (data (i32.const 16) "hello\\n")
  (func $say (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start") (call $say) (call $say) (call $proc_exit (i32.const 3))))
"""


def lines():
    def session(*commands, n="2"):
        return run(["step", guest, "--invoke", "fac", n], "\n".join(commands) + "\n").stdout.splitlines()

    def expect(what, got, *wanted):
        if got != list(wanted):
            wrong(f"{what}: expected\n" + "\n".join(map(str, wanted)), "\n".join(map(str, got)))

    def at(line):
        match = re.fullmatch(AT, line)
        return match.groups() if match else line

    start = ("0", "7", "global.get $calls", "", "2")
    expect("step, repeated", [at(line) for line in session("step", "", "s 3", "q")], start, ("1", "7", "i32.const 1", "0", "2"),
           ("2", "7", "i32.add", "0 1", "2"), ("5", "8", "local.get $n", "16", "2"))
    expect("over a call", [at(line) for line in session("goto 14", "n", "o")], start, ("14", "14", "call $fac", "2 1", "2"),
           ("46", "12", "i64.mul", "2 1", "2"), "done: 2")
    expect("out of a call", [at(line) for line in session("goto 20", "out", "out")], start, ("20", "8", "local.get $n", "16", "1"),
           ("46", "12", "i64.mul", "2 1", "2"), "done: 2")
    got = session("break $fac", "c", "c", "c", "back", "reverse", "reverse", "reverse", "q")
    expect("breakpoints, and back", [at(line) for line in got], start, "breakpoint 1 at line 7", "breakpoint 1",
           ("15", "7", "global.get $calls", "", "1"), "breakpoint 1", ("30", "7", "global.get $calls", "", "0"), "done: 2",
           ("48", "14", "end", "2", "2"), "breakpoint 1", ("30", "7", "global.get $calls", "", "0"),
           "breakpoint 1", ("15", "7", "global.get $calls", "", "1"), "breakpoint 1", start)
    got = session("watch 16 8", "c", "delete 1", "watch global 0", "points", "c", "q")
    expect("watchpoints", [at(line) for line in got], start, "watchpoint 1", "watchpoint 1: changed by the instruction before",
           ("7", "9", "local.get $n", "", "2"), "watchpoint 2", "2  watch a global",
           "watchpoint 2: changed by the instruction before", ("19", "8", "i32.const 16", "", "1"))
    got = session("set local 0 20", "goto 2", "set local 0 3", "set stack 1 41", "s", "set memory 20 1 0xff", "memory 16", "c", "q")
    expect("what is set", [at(line) for line in got], start, ("2", "7", "i32.add", "0 1", "2"), ("3", "7", "global.set $calls", "41", "3"),
           "0x00000010  00 00 00 00 01 ff 00 00  00 00 00 00 00 00 00 00  ................",
           *[f"0x000000{n}0" + "  00 00 00 00 00 00 00 00" * 2 + "  ................" for n in (2, 3, 4)], "done: 6")
    got = session("bogus", "set local 1 0", "set local 0 x", "set", "break 1", "break nobody", "break 0x1", "break", "watch", "watch x",
                  "watch 0 70000", "watch global 3", "delete 7", "memory", "goto", "step x", "frame 9", "show", "set memory 65535 1 2",
                  "set memory 0 256", "q")
    expect("commands that are wrong", got[1:], "'bogus' is no command; help lists them", "there is no local 1", "'x' is no i64",
           "set local N VALUE, set stack N VALUE, set global N VALUE, or set memory ADDRESS BYTE...",
           "no instruction begins on line 1", "no function is called 'nobody'", "no instruction begins at byte 0x1",
           "break $FUNCTION, break LINE, or break 0xBYTE", "watch ADDRESS [BYTES], or watch global N",
           "watch ADDRESS [BYTES], or watch global N", "1 to 65536 bytes can be watched", "there is no global 3",
           "there is no point 7", "memory ADDRESS", "goto COUNT", "'x' is no number", "there is no frame 9",
           "show calls, locals, stack, globals, output or source [LINES]", "out of bounds memory access", "'256' is no byte")
    got = session("goto 20", "show calls", "show source 3", "frame 1", "show globals", "q")
    expect("what is shown", got[2:], "#0  $fac at byte 0x41, line 8", "#1  $fac at byte 0x55, line 14",
           "      7    " + "  (global.set $calls (i32.add (global.get $calls) (i32.const 1)))",
           " >    8    " + "  (i64.store (i32.const 16) (local.get $n))", "      9    " + "  (if (result i64) (i64.eqz (local.get $n))",
           "stack [2]  locals  0: 2", "globals  0: 2")
    expect("over is over", session("c", "s", "q")[1:], "done: 2",
           "the call is over; back, goto and restart go on from here")
    pathlib.Path("hello.wat").write_text(HELLO)
    got = run(["step", "hello.wat"], "n\nshow output\nn\nshow output\nr\nshow output\nc\n").stdout.splitlines()
    expect("what a guest writes, and its end", [line for line in got if "line" not in line], *["hello"] * 3, "done: exit code 3")
    if run(["step", guest, "--invoke", "fac", "x"], status=2).stdout:
        wrong("an argument of another type", "")
    if "no _start" not in run(["step", guest], status=2).stderr:
        wrong("nothing to step through", "")


# ---- a terminal -------------------------------------------------------------------------------------------------

def terminal():
    if shutil.which("tmux") is None:
        print("skipped: tmux is not installed")
        sys.exit(77)
    server = f"tessera-step-{os.getpid()}"

    def tmux(*arguments):
        return subprocess.run(["tmux", "-L", server, "-f", "/dev/null", *arguments], capture_output=True, text=True, timeout=30).stdout

    def wait_for(what, *patterns):
        """The screen, once it has all of the patterns."""
        for _ in range(100):
            screen = tmux("capture-pane", "-p", "-t", "s")
            if all(re.search(p, screen, re.M) for p in patterns):
                return screen
            time.sleep(0.1)
        wrong(f"{what}: {patterns}", screen)
        return screen

    def type_line(text):
        tmux("send-keys", "-t", "s", "-l", text)
        tmux("send-keys", "-t", "s", "Enter")

    os.environ.pop("TMUX", None)
    # The shell stays, to show that the command has ended.
    tmux("new-session", "-d", "-s", "s", "-x", "80", "-y", "30", f"'{tool}' step '{guest}' --invoke fac 3; echo left with $?; sleep 60")
    try:
        wait_for("start", r"^step\.wat  after 0 instructions, in \$fac at byte 0x38", r"^ >    7 .*global\.set", r"^stack \[\]$",
                 r"^locals  0: 3$", r"^0x00000000  00 00", r"^calls \$fac$", r"^> ?$")
        type_line("s 2")
        wait_for("two steps", r"after 2 instructions", r"^stack \[0 1\]$")
        if "\x1b[7mi32.add" not in tmux("capture-pane", "-p", "-e", "-t", "s"):
            wrong("the instruction stands out", tmux("capture-pane", "-p", "-e", "-t", "s"))
        type_line("")
        wait_for("the same again", r"after 4 instructions", r"^ >    8 ")
        type_line("break 14")
        wait_for("a breakpoint", r"^breakpoint 1 at line 14$", r"^\* +14 ")
        type_line("c")
        type_line("c")
        wait_for("at the breakpoint", r"^breakpoint 1$", r"^\*>   14 ", r"^calls \$fac < \$fac$", r"^locals  0: 2$")
        type_line("n")
        wait_for("a step over", r"^calls \$fac < \$fac$", r"^stack \[2 2\]$")
        type_line("memory 16")
        shown = wait_for("the memory", r"^0x00000010  02 00 00 00")
        type_line("b")
        wait_for("back", r"^stack \[2\]$")
        type_line("set local 0 7")
        wait_for("a local", r"^locals  0: 7$")
        type_line("frame 1")
        wait_for("a caller", r"^locals  0: 3$")
        type_line("bogus")
        wait_for("a wrong command", r"^'bogus' is no command; help lists them$")
        type_line("help")
        wait_for("help", r"^  back, b \[TIMES\] +to the instruction before", r"^  An empty line repeats")
        type_line("delete 1")
        type_line("c")
        wait_for("the end", r"^done: ")
        type_line("r")
        wait_for("all the way back", r"after 0 instructions", r"^ >    7 ")
        tmux("resize-window", "-t", "s", "-x", "50", "-y", "18")
        type_line("s")
        small = wait_for("a smaller terminal", r"after 1 instructions", r"^ >    7 ", r"^stack \[0\]$", r"^>")
        if len(small.rstrip("\n").split("\n")) > 18:
            wrong("18 lines", small)
        type_line("q")
        wait_for("quit", r"^left with 0$")
    finally:
        tmux("kill-server")
    print(shown)


{"trace": trace, "lines": lines, "terminal": terminal}[sys.argv[2]]()
sys.exit(failures != 0)
