#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 3000 random requests signed as botocore signs them: sigv4_botocore_test.sh DRIVER
set -u
here=$(dirname "$(realpath "$0")")
if ! /usr/bin/python3 -c 'import botocore.auth' 2>/dev/null; then
  echo "skipped - python3-botocore is not installed"
  exit 77
fi
exec /usr/bin/python3 -B "$here/sigv4_botocore.py" "$1"
