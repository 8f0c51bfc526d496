# SPDX-License-Identifier: MIT
"""Lets the runner of github.com/WebAssembly/wasi-testsuite run tessera:

    python3 test-runner/wasi_test_runner.py -r examples/wasi_testsuite.py -t tests/...

The environment variable TESSERA may name the command, with options.
"""
import os
import shlex
import subprocess

TESSERA = shlex.split(os.getenv("TESSERA", "tessera"), posix=os.name != "nt")


def get_name():
    return "tessera"


def get_version():
    done = subprocess.run(TESSERA[:1] + ["--version"], encoding="utf-8", capture_output=True, check=True)
    return done.stdout.split()[-1]


def get_wasi_versions():
    return ["wasm32-wasip1"]


def get_wasi_worlds():
    return ["wasi:cli/command"]


def compute_argv(test_path, args_env_root, proposals, wasi_world, wasi_version):
    del proposals, wasi_world, wasi_version  # there is one of each
    args, env, root = args_env_root
    argv = [*TESSERA, "run"]
    for name, value in env.items():
        argv += ["--env", f"{name}={value}"]
    if root:
        argv += ["--dir", f"{root}::/"]
    return [*argv, str(test_path), "--", *args]
