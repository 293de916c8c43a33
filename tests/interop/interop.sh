# SPDX-License-Identifier: Apache-2.0
# What the tests with other tools share; source it with the program's path as the first argument. It makes $work, goes there, starts
# a private software TPM, points every tool at it, and makes the files `message`, `password` (abc) and `wrong`.

program=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d /tmp/tpmcloud-interop.XXXXXX)
# shellcheck source=../support/swtpm.sh
. "$here/../support/swtpm.sh"

count=0
failures=0

cleanup() {
  swtpm_stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# Some tools ask a terminal for what they miss; there is none here.
exec </dev/null

H2="fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"
SIGN="fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign"
OWNER=0x40000001

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

skip() {
  echo "skipped - $1"
}

# skip_all REASON: ends the script; CTest takes the status 77 for a skipped test.
skip_all() {
  skip "$1"
  exit 77
}

# check NAME COMMAND...: the command succeeds.
check() {
  local name=$1
  shift
  if "$@" >"$work/check" 2>&1; then ok "$name"; else not_ok "$name" "failed: $*" "$(head -n 20 "$work/check")"; fi
}

# tools COMMAND...: a command of another tool, which may leave objects in the TPM: there is no resource manager to remove them.
tools() {
  local status
  "$@"
  status=$?
  tpm2_flushcontext -Q -t
  tpm2_flushcontext -Q -l
  tpm2_flushcontext -Q -s
  return $status
} >"$work/tools" 2>&1

# made NAME COMMAND...: as tools; a failure is one of the test, since nothing that follows can work.
made() {
  local name=$1
  shift
  tools "$@" && return 0
  : >"$work/err"
  not_ok "$name is made" "failed: $*" "$(head -n 20 "$work/tools")"
  return 1
}

run() {
  "$program" "$@" >"$work/out" 2>"$work/err"
  rc=$?
}

# The TPM holds nothing, and no half-made file lies about.
is_clean() {
  local left
  left=$(tpm2_getcap handles-transient 2>&1 && tpm2_getcap handles-loaded-session 2>&1 && tpm2_getcap handles-saved-session 2>&1)
  [ -z "$left" ] || { echo "the TPM holds $left"; return 1; }
  left=$(find "$work" -name '.tpmcloud-*')
  [ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

# said PATTERN: a message of the program matches, its name at the front left aside.
said() {
  sed 's/^tpmcloud: //' "$work/err" | grep -qiE -- "$1"
}

# judge NAME STATUS PATTERN: the status of the last run, an extended regular expression that standard error matches (empty: standard
# error is empty; `any`: it is not looked at), one line for a failure
# beside the one that points to the help, and nothing left in the TPM.
judge() {
  local name=$1 status=$2 pattern=$3 dirt
  if [ "$rc" -ne "$status" ]; then
    not_ok "$name" "exit status $rc, not $status"
  elif [ -z "$pattern" ] && [ -s "$work/err" ]; then
    not_ok "$name" "standard error is not empty"
  elif [ -n "$pattern" ] && [ "$pattern" != any ] && ! said "$pattern"; then
    not_ok "$name" "standard error does not match: $pattern"
  elif grep -qv '^tpmcloud: ' "$work/err"; then
    not_ok "$name" "a line of standard error does not begin with the program's name"
  elif LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' "$work/err"; then
    not_ok "$name" "standard error has control characters"
  elif [ "$rc" -ne 0 ] && [ "$(grep -vcE "^tpmcloud: 'tpmcloud [a-z -]+ --help' lists the flags\$" "$work/err")" -ne 1 ]; then
    not_ok "$name" "standard error is not one line"
  elif ! dirt=$(is_clean); then
    not_ok "$name" "$dirt"
  else
    ok "$name"
    return 0
  fi
  return 1
}

# expect NAME STATUS PATTERN ARGS...
expect() {
  local name=$1 status=$2 pattern=$3
  shift 3
  run "$@"
  judge "$name" "$status" "$pattern"
}

# refuses NAME STATUS PATTERN ARGS...: as expect, and nothing is written.
refuses() {
  rm -f "$work/signature"
  expect "$@" || return
  if [ -e "$work/signature" ] || [ -s "$work/out" ]; then not_ok "$1: nothing is written" "there is output"; fi
}

# What is said of a TPM that cannot be reached.
about_tpm='swtpm|TPM simulator|connect|unavailable'

# wrong NAME FILE PATTERN COMMAND...: one line, which is about the file and not about the TPM that is not there.
wrong() {
  local name=$1 file=$2 pattern=$3
  shift 3
  rm -f "$work/signature"
  timeout 20 "$program" "$@" >"$work/out" 2>"$work/err"
  rc=$?
  if [ $rc -ne 1 ]; then
    not_ok "$name" "exit status $rc, not 1"
  elif [ "$(wc -l <"$work/err")" -ne 1 ] || ! grep -q '^tpmcloud: ' "$work/err"; then
    not_ok "$name" "standard error is not one line of the program's"
  elif ! said "$pattern"; then
    not_ok "$name" "standard error does not match: $pattern"
  elif said "$about_tpm"; then
    not_ok "$name" "it is about the TPM"
  elif LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f-\xff]' "$work/err"; then
    not_ok "$name" "standard error has bytes that are no plain text"
  elif [ -e "$work/signature" ] || [ -s "$work/out" ]; then
    not_ok "$name" "there is output"
  else
    ok "$name"
  fi
}

# verify ALGORITHM PUBLIC SIGNATURE MESSAGE: by plain OpenSSL.
verify() {
  local digest=-sha${1#??}
  case $1 in
    RS*) openssl dgst "$digest" -verify "$2" -signature "$3" "$4" ;;
    PS*) openssl dgst "$digest" -verify "$2" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -signature "$3" "$4" ;;
    ES*) openssl dgst "$digest" -verify "$2" -signature "$3" "$4" ;;
    ECDSA-*) openssl dgst "-sha${1#ECDSA-SHA}" -verify "$2" -signature "$3" "$4" ;;
  esac
}

tss2() {
  /usr/bin/python3 "$here/tss2_file.py" "$@"
}

# signs NAME FILE ALGORITHM ARGS...: the key file signs, and OpenSSL accepts the signature under the public key in the file, which
# is taken out by other code than ours.
signs() {
  local name=$1 file=$2 algorithm=$3
  shift 3
  rm -f signature
  run sign --keyfile "$file" --algorithm "$algorithm" --in message --out signature "$@"
  judge "$name signs by $algorithm" 0 '' || return
  check "$name: the $algorithm signature verifies" verify "$algorithm" <(tss2 public "$file") signature message
}

# implies NAME FILE ALGORITHM ARGS...: as signs, when no algorithm is named.
implies() {
  local name=$1 file=$2 algorithm=$3
  shift 3
  rm -f signature
  run sign --keyfile "$file" --in message --out signature "$@"
  judge "$name signs by what it implies" 0 '' || return
  check "$name: that is $algorithm" verify "$algorithm" <(tss2 public "$file") signature message
}

# shows NAME FILE: show and public need no TPM, and the public key is the one in the file.
shows() {
  local name=$1 file=$2 TPMCLOUD_TCTI=$NO_TPM
  expect "$name is shown as text" 0 '' key show "$file" || return
  expect "$name is shown as JSON" 0 '' key show "$file" --json || return
  check "$name: what is shown is JSON" /usr/bin/python3 -c 'import json, sys; json.load(open(sys.argv[1]))["type"]' out
  expect "$name: its public key is told" 0 '' key public "$file" || return
  check "$name: it is the file's" cmp out <(tss2 public "$file")
}

# macs NAME SECRET HASH ARGS...: the HMAC is that of OpenSSL under the secret, given in hexadecimal digits.
macs() {
  local name=$1 secret=$2 hash=$3
  shift 3
  run hmac --in message --hex "$@"
  judge "$name makes an HMAC" 0 '' || return
  check "$name: it is the software's" test "$(cat out)" = \
    "$(openssl dgst "-$hash" -mac HMAC -macopt "hexkey:$secret" message | sed 's/.*= //')"
}

hex() {
  od -An -v -tx1 "$1" | tr -d ' \n'
}

# The end of each script.
conclude() {
  check "the TPM holds what it held" is_clean
  echo "$count checks, $failures failed"
  [ "$failures" -eq 0 ]
}

for tool in tpm2_getcap tpm2_flushcontext openssl swtpm; do
  command -v "$tool" >/dev/null || skip_all "$tool is not installed"
done
[ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import cryptography' 2>/dev/null || skip_all "python3 with cryptography is not installed"

cd "$work" || exit 1
unset TSS2_LOG
# Where nobody listens: whatever is answered came without a TPM.
NO_TPM=swtpm:host=127.0.0.1,port=1

start_tpm() {
  swtpm_start "$1" || exit 1
  export TPMCLOUD_TCTI=$SWTPM_TCTI TPM2TOOLS_TCTI=$SWTPM_TCTI TPM2OPENSSL_TCTI=$SWTPM_TCTI
}

printf 'a message\n' >message
printf 'abc\n' >password
printf 'wrong\n' >wrong
