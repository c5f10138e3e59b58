#!/usr/bin/env python3
"""Extracts running English prose from unpacked documentation packages.

    scripts/extract_text.py --output FOLDER [--max-bytes N] [--max-bytes-per-package N] NAME=UNPACKED_FOLDER ...

Writes FOLDER/NAME.txt for each package: one paragraph a line, a blank line between documents (a document is one page of the
package). That is the format `paragraphs` of `data.sources`. Only the standard library is used.

What is kept are paragraphs that read as English sentences. Dropped: code, tables, menus, navigation, lists of names, licences,
change logs, other languages, and every paragraph seen before. HTML, Mallard (.page) and plain text are read, each also as .gz.
"""

import argparse
import gzip
import hashlib
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

# Elements whose text is never prose.
SKIPPED_ELEMENTS = {
    "script", "style", "pre", "table", "nav", "header", "footer", "head", "select", "button", "textarea", "form", "svg",
    "math", "address", "dt", "screen", "programlisting", "synopsis", "info", "h1", "h2", "h3", "h4", "h5", "h6", "title",
}
# Blocks that a documentation tool marks by class or role: menus, indexes, listings, foot lines.
SKIPPED_CLASSES = re.compile(
    r"\b(nav\w*|menu|toc|contents|index\w*|sidebar\w*|related|footer|header|titlepage|legalnotice|copyright|refsynopsisdiv|"
    r"synopsis|programlisting|screen|listingblock|literalblock|literallayout|highlight\S*|sphinxsidebar|qlinks|outofdate|"
    r"apache|bottomlang|toplang|up|revhistory|colophon|lineno\w*|caption)\b",
    re.IGNORECASE,
)
BLOCK_ELEMENTS = {
    "p", "li", "dd", "dl", "ul", "ol", "div", "section", "article", "blockquote", "body", "td", "th", "tr", "br", "hr", "main",
    "note", "item", "steps", "list", "terms", "simpara", "para", "figure", "aside", "dt", "page",
}
VOID_ELEMENTS = {"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "source", "param", "media"}
TEXT_SUFFIXES = {".html", ".htm", ".xhtml", ".page", ".txt"}
SKIPPED_FILES = re.compile(
    r"(copyright|licen[cs]e|copying|gpl|changelog|changes|news|authors|credits|thanks|genindex|bookindex|search|"
    r"py-modindex|release-\d|relnotes|sitemap|index\.\w+$|todo|readme\.debian|bibliography|acronyms|biblio|gfdl|fdl)",
    re.IGNORECASE,
)
# A page in another language says so in its name (apache: x.html.fr, debian-faq: x.de.html) or folder (help/fr/).
ENGLISH_FOLDERS = {"C", "en", "en-US", "en_US", "en_GB", "en-GB"}
LANGUAGE_IN_NAME = re.compile(r"\.(?!en\b)([a-z]{2}(?:[-_][A-Za-z]{2,4})?)(?:\.\w+)?\.(?:html?|txt)$|\.html\.(?!en)[a-z]{2}")
LANGUAGE_FOLDER = re.compile(r"^[a-z]{2,3}([-_@][A-Za-z]{2,8})?$")

FREQUENT_WORDS = frozenset(
    "the of to and a in is that for it as be with on this are you by or not an which if can will from at have has but when was "
    "they all your its may there use used must should do we their more other one these only any does so than then into been "
    "some such no also how would what about out up who most many".split()
)
LICENCE = re.compile(
    r"copyright \(?c\)?|copyright ©|©|permission is granted|permission to (use|copy)|without (even the implied )?warranty|"
    r"free documentation licen[cs]e|general public licen[cs]e|all rights reserved|licensed under|registered trademarks?|"
    r"apache licen[cs]e|redistribut\w+ .{0,60}permitted|this (document|manual|page|book) (is|was) (generated|produced|converted)|"
    r"last (modified|updated)|bug reports? to|mailto:|creative commons|invariant sections|cover texts",
    re.IGNORECASE,
)
CODE = re.compile(r"[{}<>|\\=;$#@_~^`*\[\]]")
SENTENCE_END = re.compile(r"[.!?][\"')\u201d\u2019]*$")
WORD = re.compile(r"[A-Za-z]+(?:['\u2019-][A-Za-z]+)*")
REFERENCE = re.compile(r"\[\d+\]|\u00b6|\u200b|\ufeff|\u00ad")
# What is left of an element that was removed from the middle of a sentence.
DAMAGED = re.compile(r"\(\s*\)|\s,|,\s*,|\.\s\.\s|\u201c\u201d|\"\"| ''")
MIN_CHARACTERS, MAX_CHARACTERS, MIN_WORDS = 70, 4000, 12


class ProseParser(HTMLParser):
    """Collects the text of block elements, leaving out the elements and classes above."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.paragraphs = []
        self._text = []
        self._open = []  # (element, is it skipped)
        self._skipped = 0

    def handle_starttag(self, tag, attrs):
        if tag in BLOCK_ELEMENTS:
            self._flush()
        if tag in VOID_ELEMENTS:
            return
        # HTML lets a new paragraph or item end the one before it.
        if tag in {"p", "li", "dd", "dt"} and self._open and self._open[-1][0] == tag:
            self._close(tag)
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "role", "id"))
        skipped = tag in SKIPPED_ELEMENTS or (tag not in ("html", "body") and bool(SKIPPED_CLASSES.search(marks)))
        if skipped:
            self._flush()
        self._open.append((tag, skipped))
        self._skipped += skipped

    def handle_startendtag(self, tag, attrs):
        if tag in BLOCK_ELEMENTS:
            self._flush()

    def handle_endtag(self, tag):
        if tag in BLOCK_ELEMENTS:
            self._flush()
        self._close(tag)

    def handle_data(self, data):
        if self._skipped == 0:
            self._text.append(data)

    def close(self):
        super().close()
        self._flush()

    def _close(self, tag):
        if not any(name == tag for name, _ in self._open):
            return
        while self._open:
            name, skipped = self._open.pop()
            self._skipped -= skipped
            if name == tag:
                return

    def _flush(self):
        if self._text:
            self.paragraphs.append("".join(self._text))
            self._text = []


def tidy(text):
    """One line of single-spaced text."""
    return " ".join(REFERENCE.sub("", text.replace("\u00a0", " ")).split())


def is_prose(text):
    """Does this paragraph read as English sentences?"""
    if not MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS or not SENTENCE_END.search(text):
        return False
    if not (text[0].isupper() or text[0] in "\"'\u201c\u2018("):
        return False
    words = WORD.findall(text)
    if len(words) < MIN_WORDS:
        return False
    lower = [word.lower() for word in words]
    if sum(word in FREQUENT_WORDS for word in lower) < 0.28 * len(words):
        return False
    if sum(map(len, words)) < 0.74 * len(text):  # numbers, symbols, addresses
        return False
    if len(CODE.findall(text)) > 0.006 * len(text) or sum(word.isupper() and len(word) > 1 for word in words) > 0.12 * len(words):
        return False
    if sum(word[0].isupper() for word in words) > 0.35 * len(words):  # headings and lists of names
        return False
    return not LICENCE.search(text) and not DAMAGED.search(text)


def plain_text_paragraphs(text):
    """Paragraphs of a hard-wrapped text: blocks between blank lines whose lines begin in the same column."""
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line.rstrip() for line in block.expandtabs().splitlines() if line.strip()]
        columns = {len(line) - len(line.lstrip()) for line in lines[1:]}
        if lines and len(columns) <= 1 and not any(re.search(r"\S {3,}\S", line) for line in lines):
            yield "\n".join(lines)


def paragraphs_of(path):
    """Every paragraph of a file, whatever it holds."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as stream:
        text = stream.read().decode("utf-8", errors="replace")
    if "\ufffd" in text[:20000]:
        return []
    if (path.with_suffix("") if path.suffix == ".gz" else path).suffix == ".txt":
        return list(plain_text_paragraphs(text))
    parser = ProseParser()
    parser.feed(text)
    parser.close()
    return parser.paragraphs


def document_files(folder):
    """The pages of a package in a fixed order."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
        if not suffixes or path.is_symlink() or not path.is_file():
            continue
        is_text = suffixes[-1] in TEXT_SUFFIXES or suffixes[-2:] == [".html", ".en"]
        languages = [part for part in parts[:-1] if LANGUAGE_FOLDER.match(part) and part not in {"usr", "lib", "doc"}]
        foreign = any(part in {"de", "es", "fr", "it", "ja", "ru", "pl", "pt", "zh", "ko", "cs", "da", "tr"} for part in languages)
        if "help" in parts:  # GNOME: usr/share/help/LANGUAGE/...
            foreign = foreign or parts[parts.index("help") + 1] not in ENGLISH_FOLDERS
        # The source of a page lies beside some pages (git): the page has less markup left in it.
        is_text = is_text and not (path.suffix == ".txt" and path.with_suffix(".html").exists())
        if is_text and not foreign and not SKIPPED_FILES.search(path.name) and not LANGUAGE_IN_NAME.search(path.name):
            yield path


def prose_of(path):
    """The paragraphs of a file that are prose."""
    return [paragraph for paragraph in map(tidy, paragraphs_of(path)) if is_prose(paragraph)]


def extract(folder, seen, budget, pool):
    """Documents (lists of paragraphs) of one package, at most `budget` bytes; `seen` holds hashes of all paragraphs so far."""
    documents, size = [], 0
    for paragraphs in pool.map(prose_of, document_files(folder), chunksize=8):  # in the order of the files
        document = []
        for paragraph in paragraphs if size < budget else []:
            key = hashlib.blake2b(re.sub(r"\W+", "", paragraph).lower().encode(), digest_size=12).digest()
            if key not in seen:
                seen.add(key)
                document.append(paragraph)
        if len(document) >= 2:  # one lone paragraph is mostly a description of a list
            documents.append(document)
            size += sum(len(paragraph.encode()) + 1 for paragraph in document) + 1
    return documents


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--max-bytes", type=int, default=12_000_000)
    parser.add_argument("--max-bytes-per-package", type=int, default=4_000_000)
    parser.add_argument("packages", nargs="+", metavar="NAME=UNPACKED_FOLDER")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    seen, total = set(), 0
    with ProcessPoolExecutor() as pool:
        for package in arguments.packages:
            name, _, folder = package.partition("=")
            budget = min(arguments.max_bytes_per_package, arguments.max_bytes - total)
            if budget <= 0:
                break
            documents = extract(Path(folder), seen, budget, pool)
            text = "\n".join("".join(paragraph + "\n" for paragraph in document) for document in documents)
            if documents:
                (arguments.output / f"{name}.txt").write_text(text, encoding="utf-8")
            size = len(text.encode())
            total += size
            print(f"{name}: {len(documents)} documents, {sum(map(len, documents))} paragraphs, {size / 1e6:.2f} MB", flush=True)
    print(f"total: {total / 1e6:.2f} MB")
    return 0 if total > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
