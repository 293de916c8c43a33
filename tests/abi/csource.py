# SPDX-License-Identifier: Apache-2.0
"""Reads C sources and headers just well enough for the checks of this folder."""

import re
import sys
from pathlib import Path

COMMENT_OR_LITERAL = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def blank(text):
    """Spaces of the same shape, so that line numbers stay true."""
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    return COMMENT_OR_LITERAL.sub(lambda m: blank(m[0]) if m[0].startswith("/") else m[0], text)


def code_only(text):
    """The text with comments and the content of literals blanked."""
    return COMMENT_OR_LITERAL.sub(
        lambda m: blank(m[0]) if m[0].startswith("/") else m[0][0] + blank(m[0][1:-1]) + m[0][0],
        text)


def sources(root, *folders):
    """Every .c and .h file of these folders, sorted."""
    found = []
    for folder in folders:
        found += [p for p in Path(root, folder).rglob("*") if p.suffix in (".c", ".h")]
    return sorted(found)


def public_headers(include_dirs):
    """The headers of tpmcloud/ in several include folders, by name."""
    headers = {}
    for directory in include_dirs:
        for path in sorted(Path(directory, "tpmcloud").glob("*.h")):
            headers[path.name] = path
    return dict(sorted(headers.items()))


PROTOTYPE = re.compile(r"TPMC_API\s+([^;{}()]*?)(\btpmc_\w+)\s*\(([^;{}]*)\)\s*;")


class Prototype:
    def __init__(self, header, match, comment):
        self.header = header
        self.result = " ".join(match[1].split())
        self.name = match[2]
        parameters = " ".join(match[3].split())
        self.parameters = [] if parameters == "void" else [p.strip() for p in parameters.split(",")]
        self.comment = comment

    def parameter_names(self):
        return [re.search(r"(\w+)$", p)[1] for p in self.parameters]


def prototypes(headers):
    """Every function that the headers declare, with the comment before it."""
    found = []
    for name, path in headers.items():
        text = path.read_text()
        for match in PROTOTYPE.finditer(code_only(text)):
            before = text[:match.start()].rstrip()
            comment = ""
            if before.endswith("*/"):
                comment = before[before.rindex("/*"):]
            found.append(Prototype(name, match, comment))
    return found


class Report:
    """Collects violations and ends the program: 1 when there were any."""

    def __init__(self, root="."):
        self.root = Path(root).resolve()
        self.count = 0

    def fail(self, where, text, line=0):
        path = Path(where)
        if path.is_absolute() and path.is_relative_to(self.root):
            path = path.relative_to(self.root)
        print(f"{path}:{line}: {text}" if line else f"{path}: {text}")
        self.count += 1

    def end(self, checked):
        print(f"{self.count} violations, {checked}")
        sys.exit(1 if self.count else 0)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)
