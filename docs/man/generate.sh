#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes tpmcloud.1, which the program makes from the option tables: generate.sh PROGRAM
set -eu
page=$(dirname "$0")/tpmcloud.1
"$1" help --man >"$page.new"
mv "$page.new" "$page"
