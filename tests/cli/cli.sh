# SPDX-License-Identifier: Apache-2.0
# What the tests of the program share; source it with the path of the program as $1. It makes a directory $work and goes there,
# and starts a private software TPM, which TPMCLOUD_TCTI names. The last line of a test is `finish`.

program=$(realpath "$1")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
work=$(mktemp -d /tmp/tpmcloud-cli.XXXXXX)
# shellcheck source=../support/swtpm.sh
. "$here/../support/swtpm.sh"

count=0
failures=0
background=

cleanup() {
  [ -z "$background" ] || kill -KILL "$background" 2>/dev/null
  swtpm_stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

ok() {
  count=$((count + 1))
  echo "ok $count - $1"
}

not_ok() {
  count=$((count + 1))
  failures=$((failures + 1))
  echo "not ok $count - $1"
  shift
  printf '#   %s\n' "$@"
  [ ! -s "$work/err" ] || sed 's/^/#   stderr: /' "$work/err"
}

# check NAME COMMAND...: the command succeeds.
check() {
  local name=$1
  shift
  if "$@" >"$work/check" 2>&1; then ok "$name"; else not_ok "$name" "failed: $*" "$(cat "$work/check")"; fi
}

# run ARGS...: runs the program with $input as standard input; output in $work/out and $work/err, status in rc.
input=/dev/null
run() {
  "$program" "$@" <"$input" >"$work/out" 2>"$work/err"
  rc=$?
}

# The TPM holds nothing and the output directory no half-made file.
is_clean() {
  local left=
  # A TPM that was stopped holds nothing.
  [ -z "$SWTPM_PID" ] || left=$(tpm2_getcap -T "$SWTPM_TCTI" handles-transient 2>&1 &&
    tpm2_getcap -T "$SWTPM_TCTI" handles-loaded-session 2>&1)
  [ -z "$left" ] || { echo "the TPM holds $left"; return 1; }
  left=$(find "$work" -name '.tpmcloud-*')
  [ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

# expect NAME STATUS PATTERN ARGS...: the status, an extended regular expression that standard error matches (empty: standard
# error is empty), and nothing left in the TPM.
expect() {
  local name=$1 status=$2 pattern=$3
  shift 3
  run "$@"
  judge "$name" "$status" "$pattern"
}

judge() {
  local name=$1 status=$2 pattern=$3 dirt
  if [ "$rc" -ne "$status" ]; then
    not_ok "$name" "exit status $rc, not $status"
  elif [ -z "$pattern" ] && [ -s "$work/err" ]; then
    not_ok "$name" "standard error is not empty"
  elif [ -n "$pattern" ] && ! grep -qE -- "$pattern" "$work/err"; then
    not_ok "$name" "standard error does not match: $pattern"
  elif grep -qv '^tpmcloud: ' "$work/err" && [ "$pattern" != any ]; then
    not_ok "$name" "a line of standard error does not begin with the program's name"
  elif ! dirt=$(is_clean); then
    not_ok "$name" "$dirt"
  else
    ok "$name"
  fi
}

# refuse NAME STATUS PATTERN FILE ARGS...: as expect, and FILE does not exist and nothing is on standard output.
refuse() {
  local name=$1 file=$4
  expect "$1" "$2" "$3" "${@:5}"
  if [ -e "$file" ] || [ -s "$work/out" ]; then not_ok "$name: nothing is written" "there is output"; fi
  rm -f "$file"
}

verify_rs256() {
  openssl dgst -sha256 -verify "$work/public.pem" -signature "$1" "$work/message"
}

mode_of() {
  stat -c %a "$1"
}

finish() {
  echo "$count checks, $failures failed"
  [ $failures -eq 0 ]
}

swtpm_start "$work/tpm" || exit 1
export TPMCLOUD_TCTI=$SWTPM_TCTI
unset TPM2TOOLS_TCTI TSS2_LOG
cd "$work" || exit 1

printf 'a message\n' >message
printf 'correct horse\n' >password
printf 'wrong horse\n' >wrong
: >empty
