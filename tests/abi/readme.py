#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whether README and the pages of docs/ tell the truth.

The C example of README is examples/gcp_token.c letter for letter, every command line of the program
in a sh fence is one that the program knows, with flags it knows, and every link leads somewhere.

usage: readme.py SOURCE_DIR [PROGRAM]
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from csource import Report

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def fences(text, language):
    return [match[2] for match in FENCE.finditer(text) if match[1] == language]


def check_example(report, source, readme):
    example = (source / "examples/gcp_token.c").read_text()
    if example not in fences(readme.read_text(), "c"):
        report.fail(readme, "holds no ```c fence that equals examples/gcp_token.c")


def command_lines(text):
    """Every call of the program in sh fences, as a list of words."""
    for fence in fences(text, "sh"):
        for line in fence.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            names = [i for i, w in enumerate(words) if w.split("/")[-1] == "tpmcloud"]
            if names and "install" not in words[:names[0]]:
                yield words[names[0] + 1:]


def help_of(program, *words):
    run = subprocess.run([program, *words, "--help"], text=True, capture_output=True)
    return run.stdout if run.returncode == 0 else ""


def split_command(words):
    command = []
    for word in words:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        command.append(word)
    return command[:2], [w.split("=")[0] for w in words if w.startswith("--")]


def check_commands(report, page, program):
    count = 0
    overview = help_of(program)
    for words in command_lines(page.read_text()):
        command, flags = split_command(words)
        count += 1
        if not command:
            continue
        if not re.search(r"\b" + r"\s+".join(command) + r"\b", overview):
            report.fail(page, f"the program's --help does not list '{' '.join(command)}'")
            continue
        own_help = help_of(program, *command)
        for flag in flags:
            if not re.search(re.escape(flag) + r"(?![\w-])", own_help) and flag != "--help":
                report.fail(page, f"'{' '.join(command)} --help' does not list {flag}")
    return count


def check_links(report, page):
    for link in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if not link.startswith("http") and not (page.parent / link).exists():
            report.fail(page, f"the link {link} leads nowhere")


def main():
    source = Path(sys.argv[1]).resolve()
    report = Report(source)
    readme = source / "README.md"
    pages = [readme, *sorted((source / "docs").glob("*.md"))]
    check_example(report, source, readme)
    count = 0
    for page in pages:
        check_links(report, page)
        if len(sys.argv) > 2:
            count += check_commands(report, page, sys.argv[2])
    if len(sys.argv) > 2 and not count:
        report.fail(readme, "shows no command of the program")
    report.end(f"{len(pages)} pages read, {count} command lines")


if __name__ == "__main__":
    main()
