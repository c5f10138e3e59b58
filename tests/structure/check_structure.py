#!/usr/bin/env python3
"""Keeps the tree as docs/architecture.md describes it. Only the standard library.

    check_structure.py CHECK [--root FOLDER]      CHECK: one of the names in CHECKS below

Prints one line for each breach, "file:line: what is wanted; what to do", and exits 1 when there is one.
"""

import argparse
import re
import sys
from pathlib import Path

BELOW_RECIPES = "base config io eval tokenizer cuda data model optim dist train tasks serve report convert".split()
# Folder -> the folders that it may include besides itself. From bottom to top, which is also the order of reading.
MAY_INCLUDE = {
    "base": [],
    "config": ["base"],
    "io": ["base"],
    "eval": ["base"],
    "cuda": ["base"],
    "tokenizer": ["base", "config"],
    "dist": ["base", "config"],
    "data": ["base", "config", "io", "tokenizer"],
    "model": ["base", "config", "io", "cuda"],
    "optim": ["base", "config", "io", "cuda"],
    "train": ["base", "config", "io", "data", "optim", "dist", "eval"],
    "tasks": ["base", "config", "tokenizer", "data", "model", "eval", "train"],
    "serve": ["base", "config", "io", "tokenizer", "model", "tasks"],
    "report": ["base", "config", "io", "eval"],
    "convert": ["base", "config", "io", "tokenizer", "model"],
    "recipes": BELOW_RECIPES,
    "cli": ["base", "config", "recipes", "serve", "report", "convert"],
}
# Third-party headers that stay inside some folders: pattern, where it is allowed, why.
RESTRICTED_HEADERS = [
    (
        re.compile(r"^(ATen|torch|c10|caffe2)/"),
        lambda file, folder: folder in {"cuda", "model", "optim", "dist", "train", "tasks", "serve", "convert", "recipes"}
        or (folder == "data" and file.stem == "batch"),
        "parsers and the command line know nothing of tensors",
    ),
    (re.compile(r"^sentencepiece"), lambda file, folder: folder == "tokenizer", "no SentencePiece header leaves the tokenizer"),
    (re.compile(r"^yaml-cpp/"), lambda file, folder: folder == "config", "YAML is read and written by config only"),
    (re.compile(r"^CLI/"), lambda file, folder: folder == "cli", "arguments are parsed by cli only"),
    (re.compile(r"^cuda_runtime|^cublas|^cuda_"), lambda file, folder: folder == "cuda", "CUDA's own headers stay in cuda"),
]
CODE_FOLDERS = ("include", "src", "tests", "cmake", "scripts", ".ci")
CODE_SUFFIXES = {".h", ".cpp", ".cu", ".cuh", ".py", ".sh", ".cmake"}
TEXT_FOLDERS = (*CODE_FOLDERS, "configs", "docs")
TOP_LEVEL = "src include configs scripts tests data docs cmake .ci".split()
MAX_LINES = 500

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def files(root, folders, suffixes=None):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and (suffixes is None or path.suffix in suffixes):
                yield path


def lines_of(path):
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def source_files(root):
    """(file, folder) of all C++ and CUDA files of the libraries and programs."""
    for base in (root / "include" / "albert", root / "src"):
        for path in sorted(base.rglob("*")):
            if path.suffix in {".h", ".cpp", ".cu", ".cuh"} and len(path.relative_to(base).parts) > 1:
                yield path, path.relative_to(base).parts[0]


def included_folder(name, root):
    """Folder of this project that an include names, or None."""
    parts = name.split("/")
    if parts[0] == "albert":
        return parts[1] if len(parts) > 2 else None
    if len(parts) > 1 and (parts[0] in MAY_INCLUDE) and (root / "src" / name).exists():
        return parts[0]
    return None


def check_includes(root):
    """A folder includes only what its row of the table names."""
    for file, folder in source_files(root):
        if folder not in MAY_INCLUDE:
            yield file, 1, f"folder '{folder}' is not in the include table; add it to {Path(__file__).name} and docs/architecture.md"
            continue
        public = (root / "include") in file.parents
        for number, line in enumerate(lines_of(file), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            name = match[2]
            target = included_folder(name, root)
            if target and target != folder:
                if target not in MAY_INCLUDE[folder]:
                    yield file, number, f"{folder} may not include {target}; it may include {', '.join(MAY_INCLUDE[folder]) or 'nothing'}"
                elif not name.startswith("albert/"):
                    yield file, number, f"{name} is a private header of {target}; include a header of include/albert/{target}"
            if public and match[1] == '"' and not name.startswith("albert/"):
                yield file, number, f'public headers include by full path, got "{name}"; write albert/<folder>/<name>.h'


def check_third_party(root):
    """Headers of other projects stay in the folders that need them; torch/torch.h is included nowhere."""
    listed = list(source_files(root))
    listed += [(file, None) for file in files(root, ("tests", "cmake"), {".h", ".cpp", ".cu"})]
    for file, folder in listed:
        for number, line in enumerate(lines_of(file), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            if match[2] == "torch/torch.h":
                yield file, number, "torch/torch.h costs 12 s and 1.3 GB per file; include the narrowest header"
            for pattern, allowed, why in RESTRICTED_HEADERS:
                if folder and pattern.match(match[2]) and not allowed(file, folder):
                    yield file, number, f"{match[2]} in {folder}; {why}"


def check_headers(root):
    """A public header opens with a comment that says what it is for, and is included once."""
    for file in files(root, ("include",), {".h"}):
        lines = lines_of(file)
        if not lines or not re.match(r"^// \S.{15,}", lines[0]):
            yield file, 1, "a header opens with its purpose ('// ...')"
        if "#pragma once" not in lines:
            yield file, 1, "#pragma once is missing"


def check_file_size(root):
    """No file over MAX_LINES lines unless tests/structure/long_files.txt gives a reason."""
    reasons = {}
    listing = root / "tests" / "structure" / "long_files.txt"
    for number, line in enumerate(lines_of(listing) if listing.exists() else [], 1):
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(": ")
            reasons[name] = number
            if len(reason.strip()) < 15:
                yield listing, number, f"{name}: a reason is wanted"
    for file in files(root, CODE_FOLDERS, CODE_SUFFIXES):
        name, count = file.relative_to(root).as_posix(), len(lines_of(file))
        if count > MAX_LINES and name not in reasons:
            yield file, count, f"at most {MAX_LINES} lines; split it, or give a reason in tests/structure/long_files.txt"
        if count <= MAX_LINES and name in reasons:
            yield listing, reasons[name], f"{name} has {count} lines and needs no reason"
    for name, number in reasons.items():
        if not (root / name).exists():
            yield listing, number, f"{name} does not exist"


MACHINE_PATH = re.compile(r"(?<![\w.\-/}*~>])/(?:root|work|(?:home|Users)/[a-z]\w*)(?=[/\s\"')]|$)(?!/\.\.\.)")


def check_machine_paths(root):
    """No path of the machine that somebody worked on."""
    listed = [*files(root, TEXT_FOLDERS), *sorted(root.glob("*.md")), *sorted(root.glob("CMake*"))]
    for file in listed:
        if file.suffix in {".safetensors", ".model", ".png", ".bin", ".gz", ".zst"} or file.resolve() == Path(__file__).resolve():
            continue
        for number, line in enumerate(lines_of(file), 1):
            match = MACHINE_PATH.search(line)
            if match and "path-is-an-example" not in line:
                yield file, number, f"'{match[0].strip()}' is a path of one machine; name it by a variable or relative to the repository"


def expand_braces(text):
    match = re.search(r"\{([^{}]*,[^{}]*)\}", text)
    if not match:
        return [text]
    return [out for part in match[1].split(",") for out in expand_braces(text[: match.start()] + part.strip() + text[match.end() :])]


def exists_somewhere(root, name):
    """A path of the tree as documents write it: from the root, or a header or source named from its folder."""
    name = name.rstrip("/").split(":")[0].split("#")[0]
    return any(any(root.glob(prefix + name)) for prefix in ("", "include/albert/", "src/"))


def check_documents(root):
    """Each path that a document names exists."""
    source = re.compile(rf"^(?:{'|'.join(MAY_INCLUDE)})/[\w{{}},*-]+\.(?:h|cpp|cu)$")
    top = re.compile(rf"^(?:{'|'.join(map(re.escape, TOP_LEVEL))})/\S+$")
    for file in [*sorted(root.glob("*.md")), *files(root, ("docs",), {".md"})]:
        fenced = False
        for number, line in enumerate(lines_of(file), 1):
            fenced ^= line.lstrip().startswith("```")
            names = [] if fenced else re.findall(r"`([^`\s]+)`", line)
            names += [word for word in re.findall(r"`([^`]+)`", line) for word in word.split() if not fenced and word.startswith("scripts/")]
            names += re.findall(r"(?<![\w/.])(?:bash )?(scripts/[\w-]+\.(?:sh|py))", line) if fenced else []
            for name in dict.fromkeys(names):
                if any(mark in name for mark in "<>$") or not (top.match(name) or source.match(name)):
                    continue
                for one in expand_braces(name):
                    if not exists_somewhere(root, one):
                        yield file, number, f"names {one}, which does not exist"
            for link in [] if fenced else re.findall(r"\]\(([^)\s]+)\)", line):
                if "://" not in link and not link.startswith(("#", "mailto:")):
                    if not (file.parent / link.split("#")[0]).exists():
                        yield file, number, f"links to {link}, which does not exist"


CHECKS = {
    "includes": check_includes,
    "third_party": check_third_party,
    "headers": check_headers,
    "file_size": check_file_size,
    "machine_paths": check_machine_paths,
    "documents": check_documents,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    breaches = list(CHECKS[arguments.check](root))
    for file, number, text in breaches:
        print(f"{file.relative_to(root)}:{number}: {text}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
