#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The endpoints of AWS by our rules and by botocore's: aws_endpoints_test.sh DRIVER
set -u
exec /usr/bin/python3 -B "$(dirname "$(realpath "$0")")/aws_endpoints.py" "$1"
