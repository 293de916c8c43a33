#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Keys of OpenSSL's TPM 2 provider used by the program, and the program's by the provider: tpm2_openssl_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"

provider=(-provider tpm2 -provider default)
start_tpm "$work/tpm"
openssl list -providers "${provider[@]}" >/dev/null 2>&1 || skip_all "tpm2-openssl is not installed"
made "a TPM that forgives" tpm2_dictionarylockout -s -n 1000 -t 1 -l 1

# --- keys of the provider ----------------------------------------------------------------------------------------------------

# provided NAME FILE OPTION...: a key made by the provider.
provided() {
  local name=$1 file=$2
  shift 2
  made "$name" openssl genpkey "${provider[@]}" "$@" -out "$file" || return
  shows "$name" "$file"
  return 0
}

if provided "RSA 2048" rsa.pem -algorithm RSA; then
  for algorithm in RS256 RS384 RS512 PS256 PS384 PS512; do
    signs "RSA 2048" rsa.pem $algorithm
  done
  implies "RSA 2048" rsa.pem RS256
  refuses "RSA 2048 by ES256" 1 'RSA|ES256' sign --keyfile rsa.pem --algorithm ES256 --in message --out signature
fi
if provided "RSA 3072" rsa3072.pem -algorithm RSA -pkeyopt bits:3072; then
  signs "RSA 3072" rsa3072.pem RS256
  signs "RSA 3072" rsa3072.pem PS512
fi
if provided "restricted RSA-PSS" pss.pem -algorithm RSA-PSS -pkeyopt digest:SHA256; then
  signs "restricted RSA-PSS" pss.pem PS256
  implies "restricted RSA-PSS" pss.pem PS256
  refuses "restricted RSA-PSS by RS256" 1 'PS256|PSS' sign --keyfile pss.pem --algorithm RS256 --in message --out signature
  refuses "restricted RSA-PSS by PS384" 1 'PS256|SHA-?256' sign --keyfile pss.pem --algorithm PS384 --in message --out signature
  head -c 5000 /dev/urandom >long
  expect "restricted RSA-PSS signs what takes a sequence" 0 '' sign --keyfile pss.pem --in long --out signature
  check "restricted RSA-PSS: the long signature verifies" verify PS256 <(tss2 public pss.pem) signature long
fi
for size in 256 384 521; do
  algorithm=ES${size/521/512}
  provided "P-$size" p$size.pem -algorithm EC -pkeyopt group:P-$size || continue
  signs "P-$size" p$size.pem "$algorithm"
  implies "P-$size" p$size.pem "$algorithm"
done
[ ! -e p384.pem ] || signs "P-384" p384.pem ECDSA-SHA256
[ ! -e p256.pem ] || refuses "P-256 by ES384" 1 'P-256|ES256|P-384' sign --keyfile p256.pem --algorithm ES384 --in message --out signature

if provided "P-256 with a password" auth.pem -algorithm EC -pkeyopt group:P-256 -pkeyopt user-auth:abc; then
  signs "P-256 with a password" auth.pem ES256 --password-file password
  refuses "no password for it" 1 password sign --keyfile auth.pem --in message --out signature --tcti "$NO_TPM"
  tools tpm2_getcap properties-variable
  before=$(grep LOCKOUT_COUNTER tools)
  refuses "a wrong password for it" 1 password sign --keyfile auth.pem --in message --out signature --password-file wrong
  tools tpm2_getcap properties-variable
  check "it was tried once" test "$before" != "$(grep LOCKOUT_COUNTER tools)"
  signs "P-256 with a password again" auth.pem ES256 --password-file password
fi
if provided "RSA with a password" rsa-auth.pem -algorithm RSA -pkeyopt user-auth:abc; then
  signs "RSA with a password" rsa-auth.pem RS256 --password-file password
fi

# --- persistent parents ------------------------------------------------------------------------------------------------------

# persist HANDLE PRIMARY-OPTION...
persist() {
  local handle=$1
  shift
  tools tpm2_createprimary -Q -C o -g sha256 -a "$H2" -c parent.ctx "$@" && tools tpm2_evictcontrol -Q -C o -c parent.ctx "$handle"
}

if made "the parent 0x81000001" persist 0x81000001 -G rsa2048 &&
  provided "P-256 under 0x81000001" persistent.pem -algorithm EC -pkeyopt group:P-256 -pkeyopt parent:0x81000001; then
  signs "P-256 under 0x81000001" persistent.pem ES256
fi
if made "the parent 0x81000002" persist 0x81000002 -G ecc -p ppw; then
  echo ppw >parent-password
  export TPM2OPENSSL_PARENT_AUTH=ppw
  if provided "P-256 under a parent with a password" locked-parent.pem -algorithm EC -pkeyopt group:P-256 \
    -pkeyopt parent:0x81000002 -pkeyopt user-auth:abc; then
    signs "P-256 under a parent with a password" locked-parent.pem ES256 --parent-password-file parent-password --password-file password
    refuses "no password for the parent" 1 'parent.*password|password.*parent' sign --keyfile locked-parent.pem --in message \
      --out signature --password-file password
    refuses "a wrong password for the parent" 1 'parent.*password|password.*parent' sign --keyfile locked-parent.pem --in message \
      --out signature --password-file password --parent-password-file wrong
    refuses "a wrong password for the key" 1 "password" sign --keyfile locked-parent.pem --in message \
      --out signature --password-file wrong --parent-password-file parent-password
    check "that does not blame the parent" sh -c '! grep -qi "parent.s password" err'
  fi
  unset TPM2OPENSSL_PARENT_AUTH
fi

# --- our keys in the provider ------------------------------------------------------------------------------------------------

# Versions before 1.2 know neither the field `description` nor that a file without emptyAuth has a password.
openssl_signs() {
  local name=$1 file=$2
  shift 2
  rm -f signature
  check "$name: the provider signs with it" tools openssl pkeyutl "${provider[@]}" -propquery '?provider=tpm2' -sign -rawin -digest sha256 \
    -inkey "$file" -in message -out signature "$@"
  check "$name: the provider's signature verifies" openssl dgst -sha256 -verify <(tss2 public "$file") -signature signature message
  check "$name: nothing stays of the provider" is_clean
}

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out software-rsa.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out software-ec.pem 2>/dev/null
for kind in rsa2048 ecc256; do
  expect "we make $kind" 0 any key create --algorithm $kind --out created-$kind.pem &&
    openssl_signs "our $kind" created-$kind.pem
  expect "we make $kind with a password" 0 any key create --algorithm $kind --out locked-$kind.pem --password-file password &&
    openssl_signs "our $kind with a password" locked-$kind.pem -passin file:password
done
for kind in rsa ec; do
  expect "we import $kind" 0 'trusted unseen' key import --in software-$kind.pem --out imported-$kind.pem &&
    openssl_signs "our imported $kind" imported-$kind.pem
done
expect "we make a key under a persistent parent" 0 any key create --algorithm ecc256 \
  --template-parent-handle 0x81000001 --out under.pem &&
  openssl_signs "our key under a persistent parent" under.pem

conclude
