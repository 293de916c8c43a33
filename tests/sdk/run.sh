#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests against software of others that Debian does not have, in pinned versions from PyPI. What cannot be installed is
# skipped with a message.
#
# usage: run.sh TPMCLOUD_PROGRAM
set -eu

program=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

/usr/bin/python3 -m venv "$work/venv" || { echo "SKIP: python3-venv is not installed"; exit 77; }
"$work/venv/bin/pip" install -q -r "$here/requirements.txt" ||
  { echo "SKIP: the packages of requirements.txt cannot be installed"; exit 77; }

"$work/venv/bin/python" -B "$here/moto_test.py" "$program" "$work"
