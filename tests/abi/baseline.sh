#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compares the shared library with the ABI of the last release, tests/abi/tpmcloud.abi.
# usage: baseline.sh [--update] SOURCE_DIR LIBRARY
# --update writes the baseline: at a release, and only then. The library must carry debug information.
set -euo pipefail

update=0
if [ "${1:-}" = --update ]; then
  update=1
  shift
fi
source_dir=$1
library=$2
baseline=$source_dir/tests/abi/tpmcloud.abi

skip() {
  echo "skipped: $1"
  exit 77
}

command -v abidw >/dev/null && command -v abidiff >/dev/null || skip "abidw and abidiff are not here (Debian: abigail-tools)"
readelf -SW "$library" | grep -q '\.debug_info' || skip "$library carries no debug information"

# One folder with all headers: the generated version.h belongs to the public ones as well.
headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
cp -r "$source_dir/include/tpmcloud" "$headers/"

if [ "$update" = 1 ]; then
  abidw --headers-dir "$headers" --drop-private-types --no-show-locs --no-corpus-path --no-comp-dir-path \
    --type-id-style hash --out-file "$baseline" "$library"
  # Where the library was built says nothing about its ABI.
  sed -i "s|path='[^']*/src/|path='src/|; s| comp-dir-path='[^']*'||" "$baseline"
  echo "wrote $baseline"
  exit 0
fi

[ -f "$baseline" ] || skip "there is no baseline yet"
# Its exit status has bits for kinds of change, and a narrowed return type does not set the one for
# "incompatible": only 0 is good. Added functions are fine.
status=0
abidiff --headers-dir2 "$headers" --drop-private-types --no-added-syms "$baseline" "$library" || status=$?
if [ "$status" != 0 ]; then
  echo "the ABI differs from that of the last release (abidiff: $status)"
  exit 1
fi
echo "the ABI is that of the last release, or more"
