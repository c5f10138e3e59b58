#!/usr/bin/env python3
"""SentencePiece comes before LibTorch in every program, and what becomes read-only after relocation shares no page with code.

    check_programs.py PROBE FOLDER...      PROBE: a program that uses both libraries; FOLDERs: of built programs

Both libraries export FLAGS_minloglevel, SentencePiece 32 bytes and LibTorch 4; the one that is loaded first serves both. The loader
protects whole pages: where GNU_RELRO begins inside the last page of the code, or before the pages that are there, a program dies.
"""

import os
import subprocess
import sys
from pathlib import Path


def needed(program):
    """Names of the shared libraries that a program asks for, in the order of loading; None when it is no program."""
    with open(program, "rb") as stream:
        if stream.read(4) != b"\x7fELF":
            return None
    text = subprocess.run(["readelf", "-dW", program], capture_output=True, text=True, check=True).stdout
    return [line.split("[")[1].split("]")[0] for line in text.splitlines() if "(NEEDED)" in line]


def position(libraries, *prefixes):
    return min((i for i, name in enumerate(libraries) if name.startswith(prefixes)), default=None)


def bound_to(program):
    """Libraries that serve FLAGS_minloglevel when the program runs."""
    environment = {**os.environ, "LD_DEBUG": "bindings", "LD_BIND_NOW": "1"}
    result = subprocess.run([program], capture_output=True, text=True, env=environment, check=True)
    lines = [line for line in result.stderr.splitlines() if "FLAGS_minloglevel'" in line]
    return {Path(line.split(" to ")[1].split(" [")[0]).name for line in lines}


def segments(program, kind):
    """(first address, one after the last, flags) of each segment of a kind."""
    text = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in text.splitlines() if line.split()[:1] == [kind]]
    return [(int(row[2], 16), int(row[2], 16) + int(row[5], 16), "".join(row[6:-1])) for row in rows]


def relro_problem(program, page=4096):
    loads = segments(program, "LOAD")
    for first, end, _ in segments(program, "GNU_RELRO"):
        first, end = first // page * page, end // page * page
        if any("E" in flags and code < end and first < code_end for code, code_end, flags in loads):
            return "code lies in a page that becomes read-only"
        mapped = [(begin // page * page, -(-last // page) * page) for begin, last, _ in loads]
        if not all(any(begin <= address < last for begin, last in mapped) for address in range(first, end, page)):
            return "a page that is to become read-only is not there"
    return None


def main():
    probe, folders = Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]]
    programs = [file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir()) if file.is_file() and os.access(file, os.X_OK)]
    failures, both = [], 0
    for program in [probe, *programs]:
        libraries = needed(program)
        if libraries is None:
            continue
        problem = relro_problem(program)
        if problem:
            failures.append(f"{program.name}: {problem}")
        piece, torch = position(libraries, "libsentencepiece"), position(libraries, "libtorch", "libc10")
        both += piece is not None and torch is not None
        if piece is not None and torch is not None and torch < piece:
            failures.append(f"{program.name}: {libraries[torch]} is loaded before {libraries[piece]}")
    libraries = needed(probe)
    if position(libraries, "libsentencepiece") is None or position(libraries, "libtorch") is None:
        failures.append(f"{probe.name}: both libraries wanted, got {libraries}")
    owners = bound_to(probe)
    if not owners or any(not name.startswith("libsentencepiece") for name in owners):
        failures.append(f"{probe.name}: FLAGS_minloglevel comes from {sorted(owners)}, libsentencepiece wanted")
    print("\n".join(failures) or f"{both} programs use both libraries, SentencePiece first in each; read-only pages are apart from code")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
