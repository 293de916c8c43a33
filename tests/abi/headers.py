#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each public header alone: compiles everywhere, and holds nothing a binding cannot take.

usage: headers.py SOURCE_DIR INCLUDE_DIR...
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from csource import Report, code_only, line_of, public_headers, prototypes, without_comments

try:
    import cffi
except ImportError:
    cffi = None

SYSTEM_HEADERS = {"stddef.h", "stdint.h"}
ESYS_HEADER = "tpmkey_esys.h"
COMPILERS = (
    ("gcc", "c", "c99"), ("gcc", "c", "c11"), ("g++", "c++", "c++11"),
    ("clang", "c", "c99"), ("clang", "c", "c11"), ("clang++", "c++", "c++11"),
)
FLAGS = ["-fsyntax-only", "-pedantic", "-Wall", "-Wextra", "-Wstrict-prototypes", "-Werror"]

# What must not stand in a public header, and why.
FORBIDDEN = (
    (r"\.\.\.", "a variadic function"),
    (r"\benum\b", "an enum type: constants are macros, parameters are int"),
    (r"\bunion\b", "a union"),
    (r"\b(bool|_Bool)\b", "a bool: use int"),
    (r"\b(long|time_t|off_t|ssize_t|wchar_t|FILE|clock_t)\b", "a type whose size differs by system"),
    (r"\b(unsigned|short|float|double)\b", "a type that is not of fixed width"),
    (r"\bstruct\s+\w+\s*\{", "the inside of a struct"),
    (r"\b(inline|static)\b", "an inline body"),
    (r"\bextern\b(?!\s*\")", "exported data"),
    (r"#\s*define\s+\w+\(", "a macro that is a function"),
    (r"^(?!#|typedef|extern).*\)\s*\{", "a function body"),
)


def check_text(report, name, path):
    code = code_only(path.read_text())
    for pattern, what in FORBIDDEN:
        for match in re.finditer(pattern, code, re.MULTILINE):
            report.fail(path, what, line_of(code, match.start()))
    for match in re.finditer(r"#\s*include\s*([<\"])([^>\"]+)", without_comments(path.read_text())):
        ours = match[1] == '"' and match[2].startswith("tpmcloud/")
        tss = name == ESYS_HEADER and match[2].startswith("tss2/")
        if not ours and not tss and match[2] not in SYSTEM_HEADERS:
            report.fail(path, f"includes {match[2]}", line_of(code, match.start()))


def check_struct_by_value(report, path, prototype):
    opaque = r"\b(tpmc_(?!\w*_fn\b)\w+|TSS2_\w+)\s+\w+$"
    for parameter in prototype.parameters:
        if re.search(opaque, parameter):
            report.fail(path, f"{prototype.name}: passes '{parameter}' by value")
    if re.search(r"\btpmc_\w+$", prototype.result):
        report.fail(path, f"{prototype.name}: returns a struct by value")


def check_prototypes(report, headers):
    found = prototypes(headers)
    for prototype in found:
        path = headers[prototype.header]
        check_struct_by_value(report, path, prototype)
        errors = [i for i, p in enumerate(prototype.parameters) if p.startswith("tpmc_error *err")]
        if errors and (errors != [len(prototype.parameters) - 1] or prototype.result != "int"):
            if not prototype.name.startswith("tpmc_error_"):
                report.fail(path, f"{prototype.name}: err is not the last parameter of an int")
    for name, path in headers.items():
        code = code_only(path.read_text())
        for match in re.finditer(r"^(?!typedef|#|extern)[\w ]+\**\s*\b(\w+)\s*\([^;{}]*\)\s*;", code,
                                 re.MULTILINE):
            if "TPMC_API" not in match[0] or not match[1].startswith("tpmc_"):
                report.fail(path, f"{match[1]}: no TPMC_API or no tpmc_",
                            line_of(code, match.start()))
    return len(found)


def compile_alone(report, headers, include_flags):
    done = 0
    for compiler, language, standard in COMPILERS:
        if not shutil.which(compiler):
            print(f"{compiler} is not here: left out")
            continue
        flags = [f for f in FLAGS if language == "c" or f != "-Wstrict-prototypes"]
        for name, path in headers.items():
            unit = f'#include "tpmcloud/{name}"\ntypedef int header_check;\n'
            run = subprocess.run([compiler, "-x", language, f"-std={standard}", *flags,
                                  *include_flags, "-"],
                                 input=unit, text=True, capture_output=True)
            done += 1
            if run.returncode:
                report.fail(path, f"does not compile alone as {standard} with {compiler}:\n"
                            + run.stderr)
    return done


def parse_as_binding(report, headers, include_flags):
    """What a cffi user does: one run of the preprocessor with TPMC_API erased, then cdef."""
    if cffi is None:
        print("python3-cffi is not here: parsing left out")
        return
    with tempfile.TemporaryDirectory() as empty:
        for name in SYSTEM_HEADERS:
            Path(empty, name).touch()
        unit = "".join(f'#include "tpmcloud/{h}"\n' for h in headers if h != ESYS_HEADER)
        run = subprocess.run(["cc", "-E", "-P", "-nostdinc", "-DTPMC_API=", "-isystem", empty,
                              *include_flags, "-x", "c", "-"],
                             input=unit, text=True, capture_output=True)
    if run.returncode:
        report.fail("include", f"the preprocessor refuses them without system headers:\n{run.stderr}")
        return
    try:
        cffi.FFI().cdef(run.stdout)
    except cffi.CDefError as error:
        report.fail("include", f"cffi cannot parse them: {error}")


def main():
    report = Report(sys.argv[1])
    include_flags = [f"-I{directory}" for directory in sys.argv[2:]]
    headers = public_headers(sys.argv[2:])
    for name, path in headers.items():
        check_text(report, name, path)
    count = check_prototypes(report, headers)
    compiled = 0
    if report.count == 0:
        compiled = compile_alone(report, headers, include_flags)
        parse_as_binding(report, headers, include_flags)
    if not headers or not count:
        report.fail("include", "no headers or no prototypes found")
    report.end(f"{len(headers)} headers with {count} prototypes read, {compiled} compilations")


if __name__ == "__main__":
    main()
