#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whether every function is documented: by its header's comment, to Doxygen's content, in the changelog.

usage: docs.py SOURCE_DIR INCLUDE_DIR...
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from csource import Report, prototypes, public_headers


def has_command(comment, command):
    return re.search(r"[\\@]" + command + r"\b", comment) is not None


def check_comment(report, path, prototype):
    name, comment = prototype.name, prototype.comment
    if not comment.startswith("/**"):
        report.fail(path, f"{name} has no comment")
        return
    if not has_command(comment, "brief"):
        report.fail(path, f"{name}: no \\brief")
    if prototype.result != "void" and not has_command(comment, "return"):
        report.fail(path, f"{name}: no \\return")
    if prototype.result == "void" and has_command(comment, "return"):
        report.fail(path, f"{name}: \\return of a void function")
    if not re.search(r"[\\@]since\s+\d+\.\d+", comment):
        report.fail(path, f"{name}: no \\since with a version")
    if not re.search(r"[\\@]par\s+Threads\s+\S", comment):
        report.fail(path, f"{name}: no paragraph on threads")
    documented = re.findall(r"[\\@]param(?:\[[a-z,]+\])?\s+(\w+)", comment)
    if documented != prototype.parameter_names():
        report.fail(path, f"{name}: documents {documented}, takes {prototype.parameter_names()}")


def check_changelog(report, source, found):
    changelog = Path(source, "docs/CHANGELOG.md")
    text = changelog.read_text()
    for prototype in found:
        if not re.search(r"\b" + prototype.name + r"\b", text):
            report.fail(changelog, f"does not name {prototype.name}")


def run_doxygen(report, source, include_dirs):
    if not shutil.which("doxygen"):
        print("doxygen is not here: left out")
        return
    settings = Path(source, "docs/Doxyfile").read_text()
    with tempfile.TemporaryDirectory() as output:
        inputs = " ".join(f'"{Path(d, "tpmcloud").resolve()}"' for d in include_dirs)
        settings += f'\nINPUT = {inputs}\nOUTPUT_DIRECTORY = "{output}"\nSTRIP_FROM_INC_PATH = '
        settings += " ".join(f'"{Path(d).resolve()}"' for d in include_dirs) + "\n"
        run = subprocess.run(["doxygen", "-"], cwd=source, input=settings, text=True,
                             capture_output=True)
        if run.returncode or "warning:" in run.stderr or "error:" in run.stderr:
            report.fail("docs/Doxyfile", f"doxygen is not content:\n{run.stderr}")


def main():
    source, include_dirs = Path(sys.argv[1]).resolve(), sys.argv[2:]
    report = Report(source)
    headers = public_headers(include_dirs)
    found = prototypes(headers)
    for prototype in found:
        check_comment(report, headers[prototype.header], prototype)
    check_changelog(report, source, found)
    if report.count == 0:
        run_doxygen(report, source, include_dirs)
    if not found:
        report.fail("include", "no prototypes found")
    report.end(f"{len(found)} functions read")


if __name__ == "__main__":
    main()
