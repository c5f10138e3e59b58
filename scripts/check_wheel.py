#!/usr/bin/env python3
"""Is what pip put into a folder whole? Used by scripts/setup.sh; only the standard library.

    check_wheel.py FOLDER                       the torch wheel and the CUDA libraries that its CPU part is linked to
    check_wheel.py --dependencies FOLDER        also every package that torch asks for, and what those ask for
    check_wheel.py --list-dependencies FOLDER   prints torch's own requirements for this machine, one a line
    check_wheel.py --requirements FILE FOLDER   run by a virtual environment's python: it has what FILE pins, and FOLDER's torch

Exits 0 when whole; else 1 and one line for each thing that is missing. Files are compared by size, not by hash.
"""

import argparse
import csv
import importlib.metadata as metadata
import re
import sys
import sysconfig
from pathlib import Path

try:
    from packaging.requirements import Requirement
except ImportError:  # every pip carries it
    from pip._vendor.packaging.requirements import Requirement


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(folder):
    """Canonical name -> distributions found in a folder (an upgrade may leave the metadata of the one before)."""
    found = {}
    for distribution in metadata.distributions(path=[str(folder)]):
        found.setdefault(canonical(distribution.metadata["Name"]), []).append(distribution)
    return found


def damaged_files(folder, distribution):
    """Paths of a distribution's RECORD that are missing or have another size. Scripts outside the folder do not matter."""
    record = distribution.read_text("RECORD")
    if record is None:
        return ["RECORD"]
    damaged = []
    for path, _, size in csv.reader(record.splitlines()):
        if not size or path.startswith("..") or path.endswith((".pyc", ".py")) and "/tests/" in path:
            continue
        file = Path(folder, path)
        if not file.is_file() or file.stat().st_size != int(size):
            damaged.append(path)
    return damaged


def requirements(distribution, extras=()):
    """The requirements of a distribution that apply to this machine."""
    for text in distribution.requires or []:
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def problems_of_dependencies(folder, found):
    waiting, done, problems = list(requirements(found["torch"][0])), set(), []
    while waiting:
        requirement = waiting.pop()
        key = (canonical(requirement.name), tuple(sorted(requirement.extras)))
        if key in done:
            continue
        done.add(key)
        fitting = [d for d in found.get(key[0], []) if requirement.specifier.contains(d.version, prereleases=True)]
        if not fitting:
            problems.append(f"{requirement}: not there")
            continue
        damaged = damaged_files(folder, fitting[0])
        problems += [f"{requirement.name}: {path}: missing or damaged" for path in damaged[:3]]
        waiting += requirements(fitting[0], requirement.extras)
    return problems


def problems_of_wheel(folder, found):
    problems = []
    for name in ("torch", "nvidia-cuda-runtime", "nvidia-cuda-cupti"):
        if name not in found:
            problems.append(f"{name}: not there")
            continue
        # An older version's metadata may lie beside the one in use: one of them must be whole.
        damaged = min((damaged_files(folder, distribution) for distribution in found[name]), key=len)
        problems += [f"{name}: {path}: missing or damaged" for path in damaged[:3]]
    return problems


def problems_of_environment(requirements_file, folder):
    problems = []
    for line in requirements_file.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        requirement = Requirement(text)
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            problems.append(f"{text}: not installed")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            problems.append(f"{text}: {version} is installed")
    path_file = Path(sysconfig.get_paths()["purelib"], "libtorch.pth")
    if not path_file.is_file() or Path(path_file.read_text().strip()).resolve() != folder.resolve():
        problems.append(f"torch of {folder}: not on the path")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dependencies", action="store_true")
    parser.add_argument("--list-dependencies", action="store_true")
    parser.add_argument("--requirements", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    if arguments.requirements:
        problems = problems_of_environment(arguments.requirements, arguments.folder)
    else:
        found = distributions(arguments.folder)
        if arguments.list_dependencies:
            for requirement in requirements(found["torch"][0]):
                requirement.marker = None
                print(requirement)
            return 0
        problems = problems_of_wheel(arguments.folder, found)
        if arguments.dependencies and "torch" in found:
            problems += problems_of_dependencies(arguments.folder, found)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
