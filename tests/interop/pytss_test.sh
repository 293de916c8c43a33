#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Keys of python3-tpm2-pytss used by the program, and the program's by it: pytss_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"

/usr/bin/python3 -c 'import tpm2_pytss.tsskey' 2>/dev/null || skip_all "python3-tpm2-pytss is not installed"

start_tpm "$work/tpm"

pytss() {
  /usr/bin/python3 "$here/pytss_key.py" "$@"
}

# --- keys of pytss -----------------------------------------------------------------------------------------------------------

for kind in rsa2048 rsa3072 ecc256 ecc384 ecc521; do
  made "pytss's $kind" pytss create $kind $kind.pem || continue
  shows "pytss's $kind" $kind.pem
  case $kind in
    rsa*) algorithms="RS256 PS256" ;;
    ecc521) algorithms=ES512 ;;
    ecc*) algorithms=ES${kind#ecc} ;;
  esac
  for algorithm in $algorithms; do
    signs "pytss's $kind" $kind.pem "$algorithm"
  done
done
for kind in rsa2048 ecc256; do
  algorithm=RS256
  [ $kind = rsa2048 ] || algorithm=ES256
  made "pytss's $kind with a password" pytss create $kind locked-$kind.pem abc || continue
  signs "pytss's $kind with a password" locked-$kind.pem $algorithm --password-file password
  refuses "a wrong password for pytss's $kind" 1 password sign --keyfile locked-$kind.pem --in message --out signature --password-file wrong
done

persistent() {
  tpm2_createprimary -Q -C o -G rsa2048 -g sha256 -a "$H2" -c h1.ctx && tpm2_evictcontrol -Q -C o -c h1.ctx 0x81000001
}
made "a persistent parent" persistent && made "pytss's key under it" pytss create ecc256 under.pem '' 0x81000001 &&
  signs "pytss's key under a persistent parent" under.pem ES256

# --- our keys ----------------------------------------------------------------------------------------------------------------

# pytss_signs NAME FILE [PASSWORD]
pytss_signs() {
  local name=$1 file=$2
  shift 2
  rm -f signature
  check "$name: pytss signs with it" tools pytss sign "$file" message signature "$@"
  check "$name: pytss's signature verifies" openssl dgst -sha256 -verify <(tss2 public "$file") -signature signature message
}

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out software-rsa.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out software-ec.pem 2>/dev/null
for kind in rsa2048 ecc256; do
  expect "we make $kind" 0 any key create --algorithm $kind --out created-$kind.pem && pytss_signs "our $kind" created-$kind.pem
  expect "we make $kind with a password" 0 any key create --algorithm $kind --out mine-$kind.pem --password-file password &&
    pytss_signs "our $kind with a password" mine-$kind.pem abc
done
for kind in rsa ec; do
  expect "we import $kind" 0 'trusted unseen' key import --in software-$kind.pem --out imported-$kind.pem &&
    pytss_signs "our imported $kind" imported-$kind.pem
done
expect "we make a key under a persistent parent" 0 any key create --algorithm ecc256 --template-parent-handle 0x81000001 --out mine.pem &&
  pytss_signs "our key under a persistent parent" mine.pem

conclude
