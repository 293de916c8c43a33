#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds a tiny library with one violation at a time and demands that exports.py sees each.
# usage: exports_selftest.sh SOURCE_DIR COMPILER
set -euo pipefail

check=$1/tests/abi/exports.py
compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/include/tpmcloud"
echo 'TPMC_API int tpmc_a(void);' >"$work/include/tpmcloud/a.h"
failures=0

# build CODE [MAP BODY] [SONAME]
build() {
  printf 'int tpmc_a(void);\n%s\n' "$1" >"$work/a.c"
  printf 'TPMCLOUD_0.1 { global: %s local: *; };\n' "${2:-tpmc_a;}" >"$work/a.map"
  "$compiler" -fPIC -c "$work/a.c" -o "$work/a.o"
  rm -f "$work/liba.a"
  ar rc "$work/liba.a" "$work/a.o"
  "$compiler" -shared "-Wl,--version-script=$work/a.map" "-Wl,-soname=${3:-liba.so.0.1}" "$work/a.o" -o "$work/liba.so"
}

run() {
  /usr/bin/python3 "$check" --shared "$work/liba.so" --static "$work/liba.a" --map "$work/a.map" \
    --soname liba.so.0.1 "$work/include" 2>&1
}

# expect WORDS: the check fails and says them.
expect() {
  local output
  if output=$(run) || ! grep -qF -- "$1" <<<"$output"; then
    printf 'not seen: %s\n%s\n' "$1" "$output"
    failures=$((failures + 1))
  fi
}

good='int tpmc_a(void) { return 0; }'
build "$good static const char *const names[] = {\"a\"}; const char *tpmc_n(int i); const char *tpmc_n(int i) { return names[i]; }"
run >"$work/out" || { cat "$work/out"; failures=1; }

build "$good int stray(void); int stray(void) { return 0; }" && expect 'the global stray does not begin with tpmc_'
build "$good int tpmc_b(void); int tpmc_b(void) { return 0; }" 'tpmc_a; tpmc_b;' && expect 'is in the map but not in the headers'
build 'int tpmc_a(void);' && expect 'is in the headers but not in the library'
build "$good" '' && sed -i 's/tpmc_a;//' "$work/a.map" && expect 'is in the headers but not in the map'
build "$good" '' liba.so.1 && expect 'SONAME is liba.so.1'
build 'static int n; int tpmc_a(void) { return n++; }' && expect 'n is writable data in .bss'
build 'static int n = 1; int tpmc_a(void) { return n++; }' && expect 'n is writable data in .data'
build 'static _Thread_local int n; int tpmc_a(void) { return n++; }' && expect 'n is writable data in .tbss'
build 'int tpmc_a(void) { static const char *p = "x"; return (p++)[0]; }' && expect 'writable bytes in .data'
build 'void abort(void); int tpmc_a(void) { abort(); }' && expect 'imports abort'
build '#include <stdio.h>
int tpmc_a(void) { return printf("%d", 1); }' && expect 'imports printf'
build 'char *getenv(const char *); int tpmc_a(void) { return getenv("A") != 0; }' && expect 'imports getenv'

echo "$failures violations not seen"
[ "$failures" = 0 ]
