#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the built libraries show and import: headers == shared library == export map.

usage: exports.py [--sanitized] --shared FILE --static FILE --map FILE --soname NAME INCLUDE_DIR...
"""

import argparse
import re
import subprocess

from csource import Report, prototypes, public_headers

FORBIDDEN_IMPORTS = set(
    "abort exit _exit quick_exit printf fprintf vprintf vfprintf __printf_chk __fprintf_chk "
    "__vprintf_chk __vfprintf_chk puts putchar perror stdout stderr __assert_fail signal sigaction "
    "setenv putenv unsetenv getenv secure_getenv __secure_getenv system popen fork vfork execve "
    "execvp pthread_create atexit longjmp".split())
SANITIZER_NAME = re.compile(r"_*(asan|ubsan|tsan|lsan|odr_asan|sanitizer)")
# Sections that a program can write to. Those of .data.rel.ro are written by the loader alone.
WRITABLE = re.compile(r"(\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*|COMMON)")


def run(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def read_map(path):
    """Symbol -> node of an export map."""
    nodes = {}
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.DOTALL)
    for node, body in re.findall(r"([\w.]+)\s*\{(.*?)\}", text, re.DOTALL):
        listed = re.search(r"global:(.*?)(local:|$)", body, re.DOTALL)
        for name in re.findall(r"(\w+)\s*;", listed[1] if listed else ""):
            nodes[name] = node
    if not re.search(r"local:\s*\*\s*;", text):
        nodes["(local: *;)"] = "missing"
    return nodes


def read_exports(path):
    """Symbol -> node of a shared library."""
    exports = {}
    for line in run("nm", "-D", "--defined-only", "--with-symbol-versions", path).splitlines():
        kind, name = line.split()[-2:]
        symbol, _, node = name.partition("@@")
        if kind != "A":
            exports[symbol] = (kind, node)
    return exports


def compare(report, what, names, other_what, others):
    for name in sorted(set(names) - set(others)):
        report.fail(name, f"is in {what} but not in {other_what}")


def check_shared(report, arguments, declared):
    listed = read_map(arguments.map)
    exports = read_exports(arguments.shared)
    for one, two in (("the headers", declared), ("the library", exports)), \
                    (("the library", exports), ("the headers", declared)), \
                    (("the headers", declared), ("the map", listed)), \
                    (("the map", listed), ("the headers", declared)):
        compare(report, one[0], one[1], two[0], two[1])
    for name, (kind, node) in exports.items():
        if kind != "T":
            report.fail(name, f"is exported, but is no function ({kind})")
        if node != listed.get(name):
            report.fail(name, f"carries the version {node}, the map says {listed.get(name)}")
    soname = re.search(r"\(SONAME\).*\[(.*)\]", run("readelf", "-dW", arguments.shared))
    if not soname or soname[1] != arguments.soname:
        report.fail(arguments.shared, f"SONAME is {soname and soname[1]}, not {arguments.soname}")
    return len(exports)


def check_symbols(report, arguments):
    count = 0
    for line in run("nm", "-A", arguments.static).splitlines():
        kind, name = line.split()[-2:]
        if SANITIZER_NAME.match(name):
            continue
        if kind == "U" and name.split("@")[0] in FORBIDDEN_IMPORTS:
            report.fail(line.split(":")[1], f"imports {name}")
        if kind.isupper() and kind not in "UN":
            count += 1
            if not name.startswith("tpmc_"):
                report.fail(line.split(":")[1], f"the global {name} does not begin with tpmc_")
    return count


def check_writable(report, arguments):
    """No writable data: neither a named symbol nor bytes in a writable section."""
    member = ""
    for line in run("objdump", "-t", "-h", arguments.static).splitlines():
        if re.match(r"\S+\.o:", line):
            member = line.split(":")[0]
        symbol = re.match(r"[0-9a-f]+ .{7} (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$", line)
        if symbol and WRITABLE.match(symbol[1]) and symbol[3] != symbol[1]:
            report.fail(member, f"{symbol[3]} is writable data in {symbol[1]}")
        section = re.match(r"\s*\d+ (\S+)\s+([0-9a-f]{8})\s", line)
        if section and WRITABLE.match(section[1]) and int(section[2], 16):
            report.fail(member, f"{int(section[2], 16)} writable bytes in {section[1]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sanitized", action="store_true")
    for name in ("shared", "static", "map", "soname"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("include", nargs="+")
    arguments = parser.parse_args()
    report = Report()
    declared = {p.name for p in prototypes(public_headers(arguments.include))}
    exported = check_shared(report, arguments, declared)
    defined = check_symbols(report, arguments)
    if arguments.sanitized:
        print("sanitizers add writable data: that check is left to a plain build")
    else:
        check_writable(report, arguments)
    if exported > 100:
        print(f"note: {exported} exports, the aim is at most 100")
    report.end(f"{exported} exports, {defined} globals in the static library")


if __name__ == "__main__":
    main()
