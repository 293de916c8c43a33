#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The walls between the folders of src/: includes, vocabulary, names, banned calls and macros.

usage: layers.py SOURCE_DIR
"""

import re
import sys
from pathlib import Path

from csource import Report, code_only, line_of, sources, without_comments

# What a folder may use beside itself. The order is that of the floors, from the ground up.
USES = {
    "base": (),
    "codec": ("base",),
    "http": ("codec", "base"),
    "keyfile": ("codec", "base"),
    "tpm": ("keyfile", "codec", "base"),
    "policy": ("tpm", "keyfile", "codec", "base"),
    "tpmkey": ("policy", "tpm", "keyfile", "codec", "base"),
    "proto": ("http", "codec", "base"),
    "services": ("http", "base"),
    "gcp": ("proto", "http", "codec", "base"),
    "azure": ("proto", "http", "codec", "base"),
    "aws_rolesanywhere": ("proto", "http", "codec", "base"),
    "aws_hmac": ("proto", "http", "codec", "base"),
    "cli": (),
}

# Which folders implement a public header.
IMPLEMENTS = {
    "bytes.h": ("base",),
    "env.h": ("base", "services"),
    "error.h": ("base",),
    "option.h": ("base",),
    "version.h": ("base",),
    "http.h": ("http",),
    "jwk.h": ("proto",),
    "tpmkey.h": ("tpm", "policy", "tpmkey"),
    "tpmkey_esys.h": ("tpm", "policy", "tpmkey"),
    "policy.h": ("policy", "tpmkey"),
    "token.h": ("proto",),
    "gcp.h": ("gcp",),
    "azure.h": ("azure",),
    "aws_rolesanywhere.h": ("aws_rolesanywhere",),
    "aws_hmac.h": ("aws_hmac",),
    "aws.h": ("proto",),
}

# Folders above the key core reach keys by this header alone.
KEYS_BY_HEADER = ("proto", "gcp", "azure", "aws_rolesanywhere", "aws_hmac")

KEY_MODULE = ("keyfile", "tpm", "policy", "tpmkey")
FOREIGN_WORDS = {"http", "https", "token", "tokens", "cloud", "clouds", "google", "gcp", "aws",
                 "azure", "jwt", "jwts"}

INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"\n]+)[>\"]", re.MULTILINE)
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:\\\n|[^\n])*)", re.MULTILINE)

BANNED = ("strcpy strcat sprintf vsprintf gets strtok atoi atol atof system popen rand srand tmpnam "
          "tempnam mktemp alloca").split()
BANNED_IN_LIBRARY = ("getenv secure_getenv setenv putenv unsetenv abort exit _exit quick_exit printf "
                     "vprintf fprintf vfprintf dprintf puts putchar perror assert strdup strndup "
                     "localtime gmtime ctime asctime signal sigaction pthread_create fork "
                     "longjmp setjmp").split()
ALLOCATORS = "malloc calloc realloc reallocarray free".split()
# The allocator's home, and the file that takes whole pages for secrets where there is no mmap of Linux.
ALLOCATOR_FILES = ("base/mem.c", "base/secret_posix.c")


def call_pattern(names):
    return re.compile(r"(?<![\w.])(?<!->)(" + "|".join(names) + r")\s*\(")


def may_include_public(folder, header):
    if header == "export.h" or folder == "cli":
        return True
    if folder in KEYS_BY_HEADER and header == "tpmkey.h":
        return True
    implementers = IMPLEMENTS.get(header, ())
    return folder in implementers or any(used in implementers for used in USES[folder])


def check_quoted(report, path, folder, name, line):
    target, slash, header = name.partition("/")
    if not slash:
        report.fail(path, f'"{name}" does not name its folder', line)
    elif target == "tpmcloud":
        if not may_include_public(folder, header):
            report.fail(path, f'{folder} may not include "{name}"', line)
    elif target != folder and target not in USES[folder]:
        report.fail(path, f'{folder} may not include "{name}"', line)


def check_angled(report, path, folder, name, line, users):
    if name.startswith("tpmcloud/"):
        report.fail(path, f"<{name}> is ours: include it in quotes", line)
    elif name.startswith("tss2/") and folder not in ("tpm", "policy", "tpmkey"):
        report.fail(path, f"{folder} may not include <{name}>", line)
    elif name.startswith("curl/"):
        users["curl"].add(path)
    elif "cJSON.h" in name and folder != "cli":
        users["cJSON"].add(path)
    elif name == "assert.h":
        report.fail(path, "<assert.h> aborts the process", line)
    if folder == "cli" and name.split("/")[0] in ("openssl", "tss2", "curl"):
        report.fail(path, f"the program uses only the public headers, not <{name}>", line)


def check_includes(report, path, folder, text, users):
    for match in INCLUDE.finditer(without_comments(text)):
        line = line_of(text, match.start())
        if match[1] == '"':
            check_quoted(report, path, folder, match[2], line)
        else:
            check_angled(report, path, folder, match[2], line, users)


def check_words(report, path, text):
    for match in re.finditer(r"[A-Za-z]+", text):
        for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", match[0]):
            if word.lower() in FOREIGN_WORDS:
                report.fail(path, f"the key module does not speak of '{match[0]}'",
                            line_of(text, match.start()))


def check_calls(report, path, folder, text):
    banned = list(BANNED)
    if folder != "cli":
        banned += BANNED_IN_LIBRARY
        if f"{folder}/{path.name}" not in ALLOCATOR_FILES:
            banned += ALLOCATORS
    code = code_only(text)
    for match in call_pattern(banned).finditer(code):
        report.fail(path, f"{match[1]}() is banned here", line_of(code, match.start()))


def check_macros(report, path, text):
    code = code_only(text)
    for match in MACRO.finditer(code):
        if re.search(r"\b(return|goto)\b", match[2]):
            report.fail(path, f"macro {match[1]} hides a return or goto",
                        line_of(code, match.start()))


def check_form(report, path, text):
    if not text.startswith("/* SPDX-License-Identifier: Apache-2.0 */\n"):
        report.fail(path, "does not begin with the license line", 1)
    stripped = re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", lambda m: re.sub(r"[^\n]", " ", m[0]),
                      text, flags=re.DOTALL)
    for match in re.finditer(r"//", stripped):
        report.fail(path, "a // comment", line_of(stripped, match.start()))


def check_names(report, root):
    seen = {}
    for path in sources(root, "src", "include", "tests", "examples"):
        if path.name in seen:
            report.fail(path, f"has the same name as {seen[path.name]}")
        seen[path.name] = path.relative_to(root)
    public = {p.name.removesuffix(".in") for p in Path(root, "include/tpmcloud").iterdir()}
    for path in Path(root, "src").rglob("*.h"):
        if path.name in public:
            report.fail(path, "a private header has the name of a public one")


def check_single_users(report, users):
    for library, allowed in (("cJSON", "codec/json.c"), ("curl", "services/")):
        for path in users[library]:
            if allowed not in path.as_posix():
                report.fail(path, f"{library} belongs to src/{allowed} alone")
        if len(users[library]) > 1:
            report.fail("src", f"{library} is included by {len(users[library])} files")


def main():
    root = Path(sys.argv[1]).resolve()
    report = Report(root)
    users = {"cJSON": set(), "curl": set()}
    files = sources(root, "src")
    for path in files:
        folder = path.relative_to(root / "src").parts[0]
        if folder not in USES:
            report.fail(path, f"{folder} is not a folder of the design")
            continue
        text = path.read_text()
        check_includes(report, path, folder, text, users)
        check_calls(report, path, folder, text)
        check_macros(report, path, text)
        check_form(report, path, text)
        if folder in KEY_MODULE:
            check_words(report, path, text)
    for path in sources(root, "include"):
        check_macros(report, path, path.read_text())
        check_form(report, path, path.read_text())
    check_single_users(report, users)
    check_names(report, root)
    if not files:
        report.fail("src", "holds no sources")
    report.end(f"{len(files)} files of src read")


if __name__ == "__main__":
    main()
