#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Key files that other programs really wrote, with the state of their software TPM: vectors_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"

vectors=$here/../../../shared/vectors/tss2keys
[ -f "$vectors/tpm2-00.permall" ] || skip_all "the key files of other programs are not here: $vectors"

mkdir tpm
cp "$vectors/tpm2-00.permall" tpm/
start_tpm "$work/tpm"
for file in "$vectors"/*.tpm "$vectors"/*.pem; do
  cp "$file" .
done
printf 'foo\n' >foo

for name in 20_ote_ec 20_ote_rsa 24_ote_old 25_ote_imp_rsa 21_ote_pcr 26_ote_signed; do
  shows $name $name.tpm
done
shows 40_genkey_pcrauth 40_genkey_pcrauth.pem
shows 42_genkey_or 42_genkey_or.pem

signs "the engine's EC key" 20_ote_ec.tpm ES256
implies "the engine's EC key" 20_ote_ec.tpm ES256
for algorithm in RS256 RS384 RS512 PS256 PS384 PS512; do
  signs "the engine's RSA key" 20_ote_rsa.tpm $algorithm
  signs "the engine's importable RSA key" 25_ote_imp_rsa.tpm $algorithm
done
signs "the engine's old file" 24_ote_old.tpm ES256

expect "the engine's sealed data is shown" 0 '' key show 29_ote_seal.tpm
check "as sealed" grep -q sealed out
refuses "the engine's sealed data as signer" 1 sealed sign --keyfile 29_ote_seal.tpm --in message --out signature
refuses "the engine's sealed data for an HMAC without leave" 1 'allow[-_]sealed[-_]hmac' hmac --keyfile 29_ote_seal.tpm --in message --hex

# What is sealed, by tpm2-tools.
unsealed() {
  /usr/bin/python3 - "$here" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import tss2_file
parts = [value for tag, value in tss2_file.elements(tss2_file.elements(tss2_file.load("29_ote_seal.tpm"))[0][1]) if tag == 0x04]
open("sealed.pub", "wb").write(parts[0])
open("sealed.prv", "wb").write(parts[1])
PYTHON
  tpm2_createprimary -Q -C o -G ecc -g sha256 -a "$H2" -c h2.ctx && tpm2_load -Q -C h2.ctx -u sealed.pub -r sealed.prv -c sealed.ctx &&
    tpm2_flushcontext -t && tpm2_unseal -c sealed.ctx -o secret
}
made "what is sealed" unsealed && macs "the engine's sealed data" "$(hex secret)" sha256 --keyfile 29_ote_seal.tpm --allow-sealed-hmac

# --- policies ----------------------------------------------------------------------------------------------------------------

signs "the engine's key for registers" 21_ote_pcr.tpm ES256
signs "the engine's key for signed policies, the first of which does not hold" 26_ote_signed.tpm ES256
signs "tpm2genkey's key for a register and a password" 40_genkey_pcrauth.pem RS256 --password-file foo
refuses "a wrong password of tpm2genkey's key" 1 password sign --keyfile 40_genkey_pcrauth.pem --in message --out signature --password-file password
signs "tpm2genkey's key with branches, by its password" 42_genkey_or.pem ES256 --password-file foo
signs "tpm2genkey's key with branches, by its register" 42_genkey_or.pem ES256
expect "the policy of a key is shown" 0 '' policy show 26_ote_signed.tpm
check "with its signed policies" grep -q 'PolicyAuthorize' out
for name in 21_ote_pcr.tpm 26_ote_signed.tpm; do
  expect "the policy of $name would hold" 0 '' policy check $name
done

# What happens to the machine.
tools tpm2_pcrextend 16:sha256="$(printf '%064d' 1)"
for name in 21_ote_pcr.tpm 26_ote_signed.tpm; do
  refuses "$name: a register has changed" 1 'sha256.*16|16.*sha256' sign --keyfile $name --in message --out signature
done
expect "21_ote_pcr.tpm: the policy would not hold" 1 any policy check 21_ote_pcr.tpm
tools tpm2_pcrreset 16
signs "the register is what it was" 21_ote_pcr.tpm ES256
tools tpm2_pcrextend 23:sha256="$(printf '%064d' 1)"
signs "tpm2genkey's key with branches, by the empty endorsement password" 42_genkey_or.pem ES256
tools tpm2_changeauth -c e epw
signs "tpm2genkey's key with branches, by its password, when nothing else holds" 42_genkey_or.pem ES256 --password-file foo
refuses "tpm2genkey's key with branches, none of which holds" 1 'sha256.*23|23.*sha256' sign --keyfile 42_genkey_or.pem --in message --out signature

conclude
