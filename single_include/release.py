#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the files of a release, the same bytes each time, and their checksums.

    release.py OUTPUT_DIRECTORY [--version 1.2.3] [--url https://...]

    tessera-1.2.3.hpp       the single header
    tessera-1.2.3.tar.gz    the source tree
    tessera.wrap            for Meson's subprojects/; names the tarball and its checksum
    SHA256SUMS              of the three; `sha256sum -c SHA256SUMS` compares

It fails when the single header is not current, when --version is not the version in config.hpp, or when README.md's
list of changes does not know the version. With --url the wrap says where the tarball lies; without, Meson looks for it in
subprojects/packagefiles/.
"""
import argparse
import gzip
import hashlib
import io
import pathlib
import re
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
# Of every file in the tarball. Not 0, which some tools take for a file that is not there.
TIME = 946684800  # 2000-01-01
# Where there is no git to tell the tree from what was built in it: an unpacked tarball.
BUILT = re.compile(r"^(build|build-[^/]*|\.cache)/|(^|/)__pycache__/|\.o$"
                   r"|^(hello|compile_commands\.json|CMakeUserPresets\.json)$")

WRAP = """[wrap-file]
directory = {name}
{url}source_filename = {name}.tar.gz
source_hash = {hash}

[provide]
dependency_names = tessera
"""


def version_of(text):
    return ".".join(re.findall(r"^#define TESSERA_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", text, re.M))


def files_of_the_tree():
    """Paths below ROOT, sorted: what git has of it, also when that is not committed."""
    if (ROOT / ".git").exists():
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
        found = [name for name in names.decode("utf-8").split("\0") if name and (ROOT / name).is_file()]
    else:
        found = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()]
        found = [name for name in found if not BUILT.search(name)]
    return sorted(found)


def tarball(name):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in files_of_the_tree():
            content = (ROOT / path).read_bytes()
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mtime = len(content), TIME
            entry.mode = 0o755 if (ROOT / path).stat().st_mode & 0o100 else 0o644
            tar.addfile(entry, io.BytesIO(content))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=TIME) as out:
        out.write(raw.getvalue())
    return packed.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--version", help="fail if the tree is of another version")
    parser.add_argument("--url", help="where the files will lie")
    arguments = parser.parse_args()

    current = subprocess.run([sys.executable, HERE / "amalgamate.py", "--check"], capture_output=True, text=True)
    if current.returncode != 0:
        sys.exit(f"release.py: {current.stderr.strip()}")
    header = (HERE / "tessera/tessera.hpp").read_bytes()
    version = version_of(header.decode("utf-8"))
    if arguments.version not in (None, version):
        sys.exit(f"release.py: config.hpp has version {version}, not {arguments.version}")
    if f"\n**{version}** " not in (ROOT / "README.md").read_text(encoding="utf-8"):
        sys.exit(f"release.py: README.md does not say what changed in {version}")

    name = f"tessera-{version}"
    files = {f"{name}.hpp": header, f"{name}.tar.gz": tarball(name)}
    url = f"source_url = {arguments.url.rstrip('/')}/{name}.tar.gz\n" if arguments.url else ""
    wrap = WRAP.format(name=name, url=url, hash=hashlib.sha256(files[f"{name}.tar.gz"]).hexdigest())
    files["tessera.wrap"] = wrap.encode("utf-8")
    sums = "".join(f"{hashlib.sha256(files[file]).hexdigest()}  {file}\n" for file in sorted(files))
    files["SHA256SUMS"] = sums.encode("utf-8")

    arguments.output.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (arguments.output / file).write_bytes(content)
    print(sums, end="")


if __name__ == "__main__":
    main()
