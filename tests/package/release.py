#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A release has the same bytes each time and from its own tarball; its checksums see a changed byte; and it is refused
where the single header is old, the version another, or the change not written down.

    release.py SOURCE_DIRECTORY SCRATCH_DIRECTORY
"""
import pathlib
import shutil
import subprocess
import sys
import tarfile


def main():
    source, scratch = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    wrong, checks = [], 0

    def expect(condition, text):
        nonlocal checks
        checks += 1
        if not condition:
            wrong.append(text)

    def release(tree, name, *options):
        done = subprocess.run([sys.executable, tree / "single_include/release.py", scratch / name, *options],
                              capture_output=True, text=True)
        return done.returncode == 0, done.stderr

    def content(name):
        return {path.name: path.read_bytes() for path in (scratch / name).iterdir()}

    def sums_agree(name):
        done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=scratch / name, capture_output=True)
        return done.returncode == 0

    for name in "first", "second":
        made, why = release(source, name)
        if not made:
            sys.exit(why)
    first = content("first")
    expect(first == content("second"), "two releases of one tree differ")
    expect(sums_agree("first"), "sha256sum -c fails on a release as it was made")
    expect(len(first) == 4 and len(first["SHA256SUMS"].splitlines()) == 3, "not every file has its checksum")

    for name in sorted(set(first) - {"SHA256SUMS"}):
        changed = bytearray(first[name])
        changed[len(changed) // 2] ^= 1
        (scratch / "second" / name).write_bytes(changed)
        expect(not sums_agree("second"), f"sha256sum -c does not see a changed byte in {name}")
        (scratch / "second" / name).write_bytes(first[name])
    expect(sums_agree("second"), "sha256sum -c fails on what was mended")

    with tarfile.open(next((scratch / "first").glob("*.tar.gz"))) as tar:
        tar.extractall(scratch / "unpacked")
    tree = next((scratch / "unpacked").iterdir())
    made, why = release(tree, "third")
    expect(made and content("third") == first, f"the release of an unpacked tarball is another {why}")

    expect(not release(tree, "refused", "--version", "99.0.0")[0], "a release of another version is not refused")
    header = tree / "single_include/tessera/tessera.hpp"
    good = header.read_text(encoding="utf-8")
    header.write_text(good + "// more\n", encoding="utf-8")
    expect(not release(tree, "refused")[0], "an old single header is not refused")
    header.write_text(good, encoding="utf-8")
    readme = tree / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("\n**", "\n"), encoding="utf-8")
    expect(not release(tree, "refused")[0], "a release without a word in README.md is not refused")
    expect(not (scratch / "refused").exists(), "a refused release leaves files")

    print(*wrong, f"{checks - len(wrong)} passed, {len(wrong)} failed", sep="\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
