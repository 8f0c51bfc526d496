# SPDX-License-Identifier: MIT
"""Drives the command `tessera`: what it prints, where, and what it exits with.

    check.py [EMULATOR...] TOOL GROUP     runs the group's function below, in a folder of its own
"""
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

DONE, FAILED, USAGE, TIMED_OUT, STOPPED, TRAPPED = 0, 1, 2, 124, 130, 134
tool = os.path.abspath(sys.argv[-2])
tests = pathlib.Path(__file__).resolve().parent.parent
failures = 0

FAC = """(module
  (func $fac (export "fac") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (i64.const 1))
      (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1))))))))
"""
SPIN = "(module\n  (func $inner (loop $l (br $l)))\n  (func $spin (export \"_start\") (call $inner)))"
TRAP = "(module\n  (func $inner unreachable)\n  (func (export \"_start\") (call $inner)))"
ID = ("(module (func (export \"id\") (param i32 i64 f32 f64 v128 externref) (result i32 i64 f32 f64 v128 externref)"
      " local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 local.get 5))")


def write(name, content):
    mode = "w" if isinstance(content, str) else "wb"
    with open(name, mode) as file:
        file.write(content)
    return name


def wrong(what, command, got):
    global failures
    failures += 1
    print(f"{' '.join(command)}\n  {what}\n  got {got!r}")


def run(arguments, status=DONE, out=None, err=None, seconds=30, **more):
    """Runs the tool; `out` and `err` are regular expressions that the whole text has to match."""
    if isinstance(arguments, str):
        arguments = arguments.split()
    more.setdefault("stdin", subprocess.DEVNULL)
    if "input" in more:
        del more["stdin"]
    try:
        done = subprocess.run([*sys.argv[1:-2], tool, *arguments], capture_output=True, timeout=seconds, **more)
    except subprocess.TimeoutExpired:
        wrong(f"does not end within {seconds} s", arguments, None)
        return b""
    if done.returncode != status:
        wrong(f"exit status {status} expected, standard error: {done.stderr!r}", arguments, done.returncode)
    for name, pattern, text in (("output", out, done.stdout), ("errors", err, done.stderr)):
        text = text.decode(errors="replace")
        if pattern is not None and not re.fullmatch(pattern, text, re.DOTALL):
            wrong(f"{name} should match {pattern!r}", arguments, text)
    return done.stdout


def usage():
    hint = r"tessera: {}\nRun with --help for more information\.\n"
    run("", USAGE, "", hint.format("a subcommand is missing"))
    run("bogus", USAGE, "", hint.format(".*bogus.*"))
    run("run", USAGE, "", hint.format("FILE is required"))
    run("run f.wat --bogus", USAGE, "", hint.format(".*--bogus.*"))
    run("--help", DONE, r".*Usage: tessera.*run.*validate.*parse.*print.*inspect.*wast.*trace.*step.*Exit status:.*134.*", "")
    for name in "run validate parse print inspect wast trace step".split():
        run([name, "--help"], DONE, rf".*Usage: tessera {name} .*Exit status:.*", "")
    run("--version", DONE, r"tessera \d+\.\d+\.\d+\n", "")
    write("fac.wat", FAC)
    for flag, bad in (("--fuel", "-1 1.5 x 18446744073709551616 99999999999999999999999"), ("--max-threads", "-1 many"),
                      ("--max-memory", "-1 64XiB 99999999999GiB 64M1 MiB 0x40"), ("--max-stack", "big"),
                      ("--timeout", "2 -2s 1e30h 0s 2 s s nan 1d")):
        for text in [""] + bad.split(" "):
            run(["run", "fac.wat", f"{flag}={text}"], USAGE, "", hint.format(rf"{flag}.*"))
    for good in ("--fuel 18446744073709551615", "--fuel 0x10", "--max-memory 64MiB", "--max-memory 1GB", "--timeout 1.5min"):
        run("run fac.wat " + good, DONE, "", "")


def files():
    run("validate nowhere.wasm", FAILED, "", r"tessera: nowhere\.wasm: No such file or directory\n")
    os.mkdir("folder")
    run("validate folder", FAILED, "", r"tessera: folder: is a directory\n")
    write("empty.wasm", "")
    run("validate empty.wasm", FAILED, "", r"tessera: empty\.wasm: is empty\n")
    run("validate -", FAILED, "", r"tessera: standard input: is empty\n")
    run("validate -", FAILED, "", r"tessera: standard input: .+\n", preexec_fn=lambda: os.close(0))
    write("secret.wasm", b"\0asm\1\0\0\0")
    if os.geteuid() != 0:
        os.chmod("secret.wasm", 0)
        run("validate secret.wasm", FAILED, "", r"tessera: secret\.wasm: Permission denied\n")
    run("validate -", DONE, "", "", input=FAC.encode())
    write("fac.wat", FAC)
    run("parse fac.wat -o nowhere/x.wasm", FAILED, "", r"tessera: nowhere/x\.wasm: No such file or directory\n")
    for command in ("print fac.wat", "parse fac.wat -o -", "inspect fac.wat", "run fac.wat --invoke fac 5"):
        with open("/dev/full", "w") as full:
            done = subprocess.run([tool, *command.split()], stdout=full, stderr=subprocess.PIPE)
        if done.returncode != FAILED or b"No space left" not in done.stderr:
            wrong("a full device is an error", [command], done)


def values():
    write("id.wat", ID)
    def same(*arguments):
        run(["run", "id.wat", "--invoke", "id", "--", *arguments], DONE, "\n".join(map(re.escape, arguments)) + "\n", "")
    same("-1", "-9223372036854775808", "1.5", "-0", "0x000102030405060708090a0b0c0d0e0f", "null")
    same("2147483647", "9223372036854775807", "inf", "-inf", "0xffffffffffffffffffffffffffffffff", "null")
    same("0", "0", "nan", "-nan", "0x" + 32 * "0", "null")
    same("7", "0", "nan:0x1", "-nan:0xfffffffffffff", "0x" + 32 * "0", "null")
    good = ["1", "2", "3", "4", "0x" + 32 * "0", "null"]
    for at, bad in ((0, "4294967296"), (0, "-2147483649"), (0, "0x100000000"), (0, "1.0"), (0, ""), (0, "--1"), (0, "0x"),
                    (1, "18446744073709551616"), (1, "-9223372036854775809"), (2, "1e39"), (2, "one"), (2, "nan:0x0"),
                    (3, "1e309"), (3, "nan:0x10000000000000"), (4, "1"), (4, "0x1"), (4, "0x-" + 31 * "1"), (5, "7")):
        run(["run", "id.wat", "--invoke", "id", "--", *good[:at], bad, *good[at + 1:]], USAGE, "",
            rf"tessera: '{re.escape(bad)}' is no \w+\nRun with --help.*")
    run("run id.wat --invoke id 1 2", USAGE, "", r"tessera: id is \(i32 .*\) -> \(i32 .*\), and got 2 arguments\n.*")


def run_():
    write("fac.wat", FAC)
    run("run fac.wat", DONE, "", "")
    run("run fac.wat --invoke fac 20", DONE, "2432902008176640000\n", "")
    run("run --invoke fac fac.wat -- 3", DONE, "6\n", "")
    run("run - --invoke fac 3", DONE, "6\n", "", input=FAC.encode())
    run("run fac.wat --invoke nobody", FAILED, "", r"tessera: fac\.wat: unknown export: nobody\n")
    write("global.wat", '(module (global (export "g") i32 (i32.const 1)))')
    run("run global.wat --invoke g", FAILED, "", r"tessera: global\.wat: type does not match: g\n")
    write("needs.wat", '(module (import "env" "f" (func)))')
    run("run needs.wat", FAILED, "", r"tessera: needs\.wat:.*unknown import: env\.?\W*f.*\n")
    write("trap.wat", TRAP)
    run("run trap.wat", TRAPPED, "", r"tessera: trap\.wat:2:16: unreachable\n"
        r"    0: \$inner, function 0 at trap\.wat:2:16\n    1: \$_start, function 1 at trap\.wat:3:\d+\n")
    run("parse trap.wat", DONE, "", "")
    run("run trap.wasm", TRAPPED, "", r"tessera: trap\.wasm: at byte \d+ \(0x[0-9a-f]+\), in function 0 \(\$inner\): unreachable\n"
        r"    0: \$inner, function 0 at byte \d+ \(0x[0-9a-f]+\)\n    1: .*function 1 at byte \d+ .*\n")
    write("deep.wat", '(module (func $f (export "_start") (call $f)))')
    run("run deep.wat", TRAPPED, "", r"tessera: deep\.wat:.*call stack exhausted\n.*frames left out\n.*")
    write("start.wat", "(module (func $s unreachable) (start $s))")
    run("run start.wat", TRAPPED, "", r"tessera: start\.wat:1:18: unreachable\n.*")
    write("grow.wat", '(module (memory 1) (func (export "g") (result i32) (memory.grow (i32.const 31))))')
    run("run grow.wat --invoke g --max-memory 1MiB", DONE, "-1\n", "")
    run("run grow.wat --invoke g --max-memory 2MiB", DONE, "1\n", "")
    run("run grow.wat --max-memory 1", TRAPPED, "", r"tessera: grow\.wat: .*limits::\w*memory_bytes\n")
    write("end.wat", '(module (memory 1) (func (export "_start") (local i32) (loop (drop (i32.load8_u (local.get 0)))'
          '(local.set 0 (i32.add (local.get 0) (i32.const 1))) (br 0))))')
    for how in ("", "--guard-pages ", "--interpret "):
        run(f"run {how}end.wat", TRAPPED, "", r"tessera: end\.wat:1:69: out of bounds memory access\n.*")
    write("throw.wat", "(module (tag $t) (func (export \"_start\") (throw $t)))")
    run("run throw.wat", TRAPPED, "", r"tessera: throw\.wat:1:\d+: uncaught exception.*")
    write("takes.wat", '(module (func (export "_start") (param i32)))')
    run("run takes.wat", FAILED, "", r"tessera: takes\.wat: _start is \(i32\) -> \(\).*\n")


def stop():
    write("spin.wat", SPIN)
    at = r"tessera: spin\.wat:2:\d+: {}\n    0: \$inner, function 0 at spin\.wat:2:\d+\n    1: \$spin, function 1 at spin\.wat:3:\d+\n"
    for spin in (["run", "spin.wat"], ["run", "--interpret", "spin.wat"]): # machine code or none
        run(" ".join(spin + ["--fuel 100000"]), TRAPPED, "", at.format("out of fuel"))
        begun = time.monotonic()
        run(" ".join(spin + ["--timeout 200ms"]), TIMED_OUT, "", at.format("interrupted: --timeout has passed"))
        if not 0.2 <= time.monotonic() - begun < 5:
            wrong("should take 0.2 s", spin, time.monotonic() - begun)
        process = subprocess.Popen([tool, *spin], stderr=subprocess.PIPE)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        text = process.communicate(timeout=10)[1].decode()
        if process.returncode != STOPPED or not re.fullmatch(at.format("interrupted: Ctrl-C"), text):
            wrong("Ctrl-C stops it", spin, (process.returncode, text))
    # One that waits for its input.
    write("read.wat", '''(module (import "wasi_snapshot_preview1" "fd_read" (func $r (param i32 i32 i32 i32) (result i32))) (memory (export "memory") 1)
      (data (i32.const 0) "\\10\\00\\00\\00\\10\\00\\00\\00")
      (func (export "_start") (drop (call $r (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))''')
    process = subprocess.Popen([tool, "run", "read.wat"], stderr=subprocess.PIPE, stdin=subprocess.PIPE)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
    if process.returncode != STOPPED:
        wrong("Ctrl-C stops what waits", ["run read.wat"], process.returncode)
    process.communicate()


def wasi():
    write("exit.wat", '''(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 7))))''')
    run("run exit.wat", 7, "", "")
    # Writes its arguments and its environment, each with its NUL.
    write("echo.wat", '''(module
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $as (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_get" (func $a (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $es (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get" (func $e (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func $put (i32.store (i32.const 0) (i32.const 4096)) (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func (export "_start")
        (drop (call $as (i32.const 12) (i32.const 4))) (drop (call $a (i32.const 1024) (i32.const 4096))) (call $put)
        (drop (call $es (i32.const 12) (i32.const 4))) (drop (call $e (i32.const 1024) (i32.const 4096))) (call $put)))''')
    run("run echo.wat a -- -b --fuel", DONE, "echo\\.wat\0a\0-b\0--fuel\0", "")
    run(["run", "echo.wat", "--env", "A=1=2", "--env", "HERE", "--env", "GONE", "x y"], DONE, "echo\\.wat\0x y\0A=1=2\0HERE=there\0",
        "", env={"HERE": "there"})
    run("run echo.wat --env =x", USAGE)
    run("run echo.wat --dir nowhere", FAILED, "", r"tessera: nowhere: no such directory\n")
    run("run echo.wat --dir echo.wat::/", FAILED, "", r"tessera: echo\.wat: is no directory\n")
    os.mkdir("given")
    write("given/name.txt", "content")
    # Names of the preopened directory, by fd_prestat_dir_name.
    write("dir.wat", '''(module
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $p (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $n (param i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (drop (call $p (i32.const 3) (i32.const 16))) (drop (call $n (i32.const 3) (i32.const 64) (i32.load (i32.const 20))))
        (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.load (i32.const 20)))
        (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))''')
    run("run dir.wat --dir given", DONE, "given", "")
    run("run dir.wat --dir given::/data", DONE, "/data", "")


def modules():
    write("fac.wat", FAC)
    run("validate fac.wat fac.wat", DONE, "", "")
    write("bad.wat", "(module\n  (func $f (result i32)\n    i64.const 1))")
    run("validate bad.wat fac.wat nowhere", FAILED, "", r"tessera: bad\.wat:3:\d+: type mismatch: .*\ntessera: nowhere: .*\n")
    for command in ("run bad.wat", "parse bad.wat", "print bad.wat", "inspect bad.wat"):
        run(command, FAILED, "", r"tessera: bad\.wat:3:\d+: type mismatch: .*\n")
    if os.path.exists("bad.wasm"):
        wrong("nothing is written for a module that is refused", ["parse bad.wat"], None)
    # The same as bytes: the error names the byte and the function.
    write("bad.wasm", bytes.fromhex("0061736d01000000010501600001 7f03020100 070501 0166 0000 0a06010400 4201 0b".replace(" ", "")))
    run("validate bad.wasm", FAILED, "", r"tessera: bad\.wasm: at byte \d+ \(0x[0-9a-f]+\), in function 0: type mismatch: .*\n")
    run("run bad.wasm --eager", FAILED, "", r"tessera: bad\.wasm: at byte \d+ \(0x[0-9a-f]+\), in function 0: type mismatch: .*\n")
    run("run bad.wasm --features latest", FAILED, "", r".*type mismatch.*")
    run("run bad.wasm", DONE, "", "")
    run("run bad.wasm --invoke f", FAILED, "", r"tessera: bad\.wasm: at byte \d+ \(0x[0-9a-f]+\), in function 0: type mismatch: .*\n")
    write("short.wasm", b"\0asm\1\0\0\0\1\5")
    run("validate short.wasm", FAILED, "", r"tessera: short\.wasm: at byte \d+ \(0x[0-9a-f]+\): .+\n")
    write("garbage.wasm", b"\0garbage")
    run("validate garbage.wasm", FAILED, "", r"tessera: garbage\.wasm: at byte 0 \(0x0\): magic header not detected\n")
    write("text.wat", "this is no module")
    run("validate text.wat", FAILED, "", r"tessera: text\.wat:1:1: .+\n")
    run("parse fac.wat", DONE, "", "")
    binary = run("parse fac.wat -o -")
    if not binary.startswith(b"\0asm") or open("fac.wasm", "rb").read() != binary:
        wrong("parse writes the same to a file", ["parse"], binary[:8])
    text = run("print fac.wasm", DONE, r"\(module.*\(func \$fac .*local\.get 0\n.*")
    write("again.wat", text)
    run("parse again.wat -o again.wasm")
    if open("again.wasm", "rb").read() != binary:
        wrong("printed text is the same module", ["print"], text)
    run("print fac.wasm --folded -o folded.wat", DONE, "", "")
    if "(i64.sub (local.get 0) (i64.const 1))" not in open("folded.wat").read():
        wrong("--folded folds", ["print"], open("folded.wat").read())
    run("print fac.wasm --no-names", DONE, r"(?!.*\(func \$fac).*", "")
    run("inspect fac.wasm", DONE, r"fac\.wasm: \d+ bytes\nfeatures: mvp\nsections:\n.*code.*exports:\n  func   \"fac\": \(i64\) -> \(i64\)\n"
        r"code: 1 functions, \d+ bytes\n.*", "")
    write("names.wat", '(module (import "a\\1b[31m" "b" (memory 1 2 shared)) (global (export "g") (mut i64) (i64.const 0)))')
    run("inspect names.wat", DONE, r'.*features: .*threads.*memory "a\\1b\[31m" "b": 1 to 2 pages, shared\n.*global "g": mut i64\n.*', "")


def features():
    write("simd.wat", "(module (func (result v128) (v128.const i64x2 0 0)))")
    run("validate simd.wat", DONE, "", "")
    run("validate simd.wat --features +simd", DONE, "", "")
    for without in ("-simd", "wasm-1.0", "lime1", "+threads,-simd", "everything,-simd"):
        run(["validate", "simd.wat", "--features", without], FAILED, "",
            r"tessera: simd\.wat: needs the feature simd, which --features leaves out\n")
        run(["run", "simd.wat", f"--features={without}"], FAILED, "", r".*needs the feature simd.*")
    run("validate simd.wat --features wasm-1.0,+relaxed-simd", DONE, "", "")
    for bad in ("+", "simd", "+bogus", "+fuel", "+interruption", "+mvp", "+simd,wasm-1.0", "+simd,", "wasm-9.0", "+Simd"):
        run(["validate", "simd.wat", f"--features={bad}"], USAGE, "", r"tessera: --features: '.*' is no feature; there are wasm-1\.0, .*\n.*")


def wast():
    write("good.wast", '(module (func (export "f") (result i32) (i32.const 1)))\n(assert_return (invoke "f") (i32.const 1))')
    run("wast good.wast", DONE, r"good\.wast: 2 passed, 0 failed\n2 passed, 0 failed\n", "")
    write("wrong.wast", '(module (func (export "f") (result i32) (i32.const 1)))\n(assert_return (invoke "f") (i32.const 2))')
    run("wast good.wast wrong.wast", FAILED, r"good\.wast: 2 .*wrong\.wast:2: assert_return: .*\nwrong\.wast: 1 passed, 1 failed\n3 passed, 1 failed\n", "")
    run("wast --quiet wrong.wast", FAILED, r"1 passed, 1 failed\n", "")
    write("broken.wast", "(module)\n(assert_nothing)")
    run("wast broken.wast", FAILED, r"broken\.wast: 0 passed, 1 failed\n.*", r"tessera: broken\.wast:2:\d+: .*\n")
    run("wast nowhere.wast", FAILED, r"0 passed, 1 failed\n", r"tessera: nowhere\.wast: No such file or directory\n")


def terminal():
    """What takes longer than a second says so, on a terminal and nowhere else."""
    import pty # which Windows has not

    write("large.wat", "(module " + "(func (result i32) " + "i32.const 1 drop " * 40 + "i32.const 1)\n" * 1 +
          ("(func (param i32) (result i32) " + "local.get 0 i32.const 1 i32.add drop " * 100 + "i32.const 1)\n") * 30000 + ")")
    main, other = pty.openpty()
    process = subprocess.Popen([tool, "validate", "large.wat"], stderr=other, stdout=subprocess.DEVNULL)
    os.close(other)
    text = b""
    begun = time.monotonic()
    while True:
        try:
            block = os.read(main, 4096)
        except OSError:
            break
        if not block:
            break
        text += block
    took = time.monotonic() - begun
    if process.wait() != DONE:
        wrong("valid", ["validate large.wat"], process.returncode)
    if took > 1.5 and not re.search(rb"\rloading large\.wat \(\d+ MiB\), 1 s ", text):
        wrong(f"took {took} s, and a line says so", ["validate large.wat"], text)
    if took > 1.5 and not text.endswith(b"\r\x1b[K"):
        wrong("the line is taken away", ["validate large.wat"], text[-40:])
    run("validate large.wat", DONE, "", "", seconds=120)


def windows():
    """One of each: what differs there are files, streams, clocks and paths. Starting a process takes seconds under wine, so
    they run at the same time."""
    write("fac.wat", FAC)
    write("spin.wat", SPIN)
    write("bad.wat", "(module\n  (func $f (result i32)\n    i64.const 1))")
    os.mkdir("given")
    # Copies its input to given/out.txt and to its output.
    write("copy.wat", '''(module
      (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $r (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1) (data (i32.const 100) "out.txt") (data (i32.const 0) "\\00\\10\\00\\00\\00\\10\\00\\00")
      (func (export "_start")
        (call $exit (i32.or (i32.or
          (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 7) (i32.const 9) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16))
          (call $r (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4))) (i32.or
          (call $w (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 20))
          (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))))))''')
    with concurrent.futures.ThreadPoolExecutor(4) as at_once:
        runs = [at_once.submit(run, ["run", "copy.wat", "--dir", os.getcwd() + "/given::/"], DONE, "line\n", "", seconds=120, input=b"line\n")]
        for arguments, *wanted in (
                ("run fac.wat --invoke fac 20", DONE, "2432902008176640000\n", ""),
                ("run spin.wat --timeout 200ms", TIMED_OUT, "", r"tessera: spin\.wat:2:\d+: interrupted: --timeout has passed\r\n.*"),
                ("validate fac.wat bad.wat", FAILED, "", r"tessera: bad\.wat:3:\d+: type mismatch: .*\r\n"),
                ("parse fac.wat -o fac.wasm", DONE, "", ""),
                ("print fac.wat", DONE, r"\(module\n.*\(func \$fac .*local\.get \$?\w+\n.*", ""),
                ("inspect fac.wat", DONE, r"fac\.wat: \d+ bytes\nfeatures: mvp\n.*", "")):
            runs.append(at_once.submit(run, arguments, *wanted, seconds=120))
        for one in runs:
            one.result()
    if pathlib.Path("given/out.txt").read_bytes() != b"line\n":
        wrong("the guest writes what it read", ["run copy.wat"], pathlib.Path("given/out.txt").read_bytes())
    if pathlib.Path("fac.wasm").read_bytes()[:4] != b"\0asm":
        wrong("a module is written", ["parse fac.wat"], pathlib.Path("fac.wasm").read_bytes())


def startup():
    """A guest that says hello takes at most 4 MiB. It is asked while it waits for its input."""
    write("hello.wat", '''(module
      (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $r (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00") (data (i32.const 16) "hello\\n")
      (func (export "_start")
        (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (drop (call $r (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))''')
    run("parse hello.wat")
    with subprocess.Popen([tool, "run", "hello.wasm"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        said = process.stdout.readline()
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        process.stdin.close()
    resident = int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])
    if said != b"hello\n" or process.returncode != DONE or resident > 4096:
        wrong("says hello with 4 MiB", ["run hello.wasm"], (said, process.returncode, resident))
    print(f"{resident} KiB resident")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        globals()[sys.argv[-1]]()
    print(f"{failures} failures" if failures else "fine")
    sys.exit(failures != 0)
