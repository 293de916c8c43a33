#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prints how many instructions a signature of AWS takes, and fails when it takes more than it may.
#
# usage: sign_request.sh SIGN_REQUEST_PROGRAM
set -eu

program=$1
# A well-known library takes 157,000 for the same, the signing key derived each time.
limit=30000
few=100
many=600

command -v valgrind >/dev/null || { echo "valgrind is not installed: skipped"; exit 77; }

# Instructions that one more turn takes: what starting and ending cost falls out.
instructions() {
  local counts=() turns
  for turns in $few $many; do
    counts+=("$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$turns" 2>&1 |
      sed -n 's/.*Collected : //p')")
  done
  echo $(((counts[1] - counts[0]) / (many - few)))
}

build=$(instructions build)
hash=$(($(instructions hash) - build))
sign=$(($(instructions sign) - build))
derive=$(($(instructions derive) - build))
beyond=$((sign - hash))
[ "$build" -gt 0 ] && [ "$hash" -gt 0 ] || { echo "nothing was counted"; exit 1; }
printf '%-44s %8d\n' "making the request" "$build" \
  "hashing alone" "$hash" \
  "a signature, key cached" "$sign" \
  "a signature, key derived in software" "$derive" \
  "a signature, key cached, beyond hashing" "$beyond"
if [ "$beyond" -gt "$limit" ]; then
  echo "more than $limit instructions beyond hashing"
  exit 1
fi
