#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Format and lint: clang-format over every C file, clang-tidy over those that the build compiles.
# usage: lint.sh SOURCE_DIR BUILD_DIR (with compile_commands.json)
set -uo pipefail

source_dir=$1
build_dir=$2
failed=0
cd "$source_dir" || exit 1

command -v clang-format >/dev/null && command -v clang-tidy >/dev/null || {
  echo "skipped: clang-format and clang-tidy are not here"
  exit 77
}

# What these tools say differs from version to version; the tree is held to that of Debian 12.
for tool in clang-format clang-tidy; do
  "$tool" --version | grep -q 'version 14\.' || {
    echo "skipped: this $tool is not version 14"
    exit 77
  }
done

find src include tests examples \( -name '*.c' -o -name '*.h' -o -name '*.cpp' \) -print0 |
  xargs -0 clang-format --dry-run -Werror || failed=1

[ -f "$build_dir/compile_commands.json" ] || {
  echo "no compile_commands.json: configure with -DCMAKE_EXPORT_COMPILE_COMMANDS=ON for clang-tidy"
  exit "$failed"
}
# clang-tidy counts suppressed warnings on standard error; its findings come on standard output.
/usr/bin/python3 -c '
import json, sys
print(*sorted({entry["file"] for entry in json.load(open(sys.argv[1]))}), sep="\0", end="")
' "$build_dir/compile_commands.json" |
  xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build_dir" 2>/dev/null || failed=1
exit "$failed"
