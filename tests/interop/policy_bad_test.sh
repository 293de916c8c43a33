#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Policies that are wrong, in JSON and in key files, each refused in words of its own, and before the TPM is asked where the text alone
# tells; keys and files that contradict each other: policy_bad_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"
# shellcheck source=policies.sh
. "$here/policies.sh"

for tool in tpm2_create tpm2_policypcr timeout; do
  command -v $tool >/dev/null || skip_all "$tool is not installed"
done

start_tpm "$work/tpm"
made "the H2 parent" tpm2_createprimary -Q -C o -G ecc -g sha256 -a "$H2" -c h2.ctx || exit 1
policy pcr-auth sha256 'tpm2_policypcr -l sha256:23' tpm2_policyauthvalue
bound k pcr-auth -G ecc256 -a "$POLICED" -p abc || exit 1
policed good k "$(pcr sha256:23)" auth
signs "a good key" good.pem ES256 --password-file password

# --- in JSON -----------------------------------------------------------------------------------------------------------------

export TPMCLOUD_TCTI=$NO_TPM
mkdir json files
/usr/bin/python3 "$here/policy_bad.py" json json >list || not_ok "the bad policies are written"
check "there are bad policies" test "$(wc -l <list)" -ge 85
: >told
while IFS=$'\t' read -r file what pattern; do
  wrong "$what: digest" "$file" "$pattern" policy digest "$file"
  printf '%s\t%s\n' "$what" "$(sed "s,$file,FILE,g" "$work/err")" >>told
  rm -f "$work/out"
  wrong "$what: use" "$file" "$pattern" sign --keyfile good.pem --policy-file "$file" --in message --out signature
done <list
check "they are told in many words" test "$(cut -f2 told | sort -u | wc -l)" -ge 65
echo '{"description": "", "policy": [{"type": "POLICYNAMEHASH", "nameHash": "'"$(printf '%064d' 0)"'"}]}' >hash.json
wrong "a digest of another hash" hash.json 'sha384|SHA-384|32|48' policy digest hash.json --hash sha384
refuses "a hash that there is not" 2 'hash' policy digest hash.json --hash md5
refuses "no policy file" 2 'FILE|policy' policy digest
wrong "a policy file that is not there" nothing.json 'nothing.json.*No such file|No such file.*nothing.json' policy digest nothing.json
wrong "a policy file that is a directory" json 'directory|regular file' policy digest json
mkfifo fifo
wrong "a policy file that nobody writes to" fifo 'regular file|pipe' sign --keyfile good.pem --policy-file fifo --in message --out signature
export TPMCLOUD_TCTI=$SWTPM_TCTI
echo '{"description": "", "policy": [{"type": "PCR", "currentPCRandBanks": [{"hash": "SM3_256", "pcrSelect": [1]}]}]}' >bank.json
refuses "a bank that nobody has" 1 'hash' policy digest bank.json
echo '{"description": "", "policy": [{"type": "NV", "nvIndex": "0x01000099", "operandB": "00", "operation": "EQ"}]}' >index.json
refuses "an NV index that the TPM lacks" 1 '0x01000099' policy digest index.json
export TPMCLOUD_TCTI=$NO_TPM

# --- in key files ------------------------------------------------------------------------------------------------------------

/usr/bin/python3 "$here/policy_bad.py" files k.pub k.prv files >list || not_ok "the bad files are written"
check "there are bad files" test "$(wc -l <list)" -ge 30
while IFS=$'\t' read -r file what pattern; do
  wrong "$what: sign" "$file" "$pattern" sign --keyfile "$file" --in message --out signature --password-file password
  rm -f "$work/out"
  wrong "$what: policy show" "$file" "$pattern" policy show "$file"
done <list

# --- keys and files that contradict each other -------------------------------------------------------------------------------

export TPMCLOUD_TCTI=$SWTPM_TCTI
# Steps in the file of a key that is bound to nothing: its password does, if that is allowed to.
made "a key without policy" tpm2_create -Q -C h2.ctx -G ecc256 -a "$OPEN" -p abc -u free.pub -r free.prv
policed free free "$(pcr sha256:23)" auth
signs "steps for a key that is bound to nothing" free.pem ES256 --password-file password
unused "steps for a key that is bound to nothing: a wrong password" password free.pem --password-file wrong
made "a key that nothing opens" tpm2_create -Q -C h2.ctx -G ecc256 -a "$POLICED" -u never.pub -r never.prv
policed never never "$(pcr sha256:23)" auth
TPMCLOUD_TCTI=$NO_TPM unused "steps for a key that nothing opens" 'never be used' never.pem --password-file password
tss2 write public=never.pub private=never.prv empty_auth=ff >never.pem
TPMCLOUD_TCTI=$NO_TPM unused "a key that nothing opens" 'never be used' never.pem
# No steps for a key that only a policy opens.
tss2 write public=k.pub private=k.prv >silent.pem
TPMCLOUD_TCTI=$NO_TPM unused "no steps" 'policy[-_]file' silent.pem --password-file password
# Steps that are not the key's, beside a password that will do.
bound open pcr-auth -G ecc256 -a "$OPEN" -p abc
policed other open auth
signs "steps that are not the key's beside a password" other.pem ES256 --password-file password
policed unknown open raw:15d:
signs "steps that nobody knows beside a password" unknown.pem ES256 --password-file password
# A policy for another use only.
policy elsewhere sha256 'tpm2_policycommandcode TPM2_CC_Duplicate'
bound elsewhere elsewhere -G ecc256 -a 'sensitivedataorigin|noda|sign'
policed elsewhere elsewhere code:0000014b
TPMCLOUD_TCTI=$NO_TPM unused "a policy that lets the key only be duplicated" 'TPM2_Duplicate|Duplicate|duplicat' elsewhere.pem
signs "the good key after all that" good.pem ES256 --password-file password

# --- a bank that the TPM no longer has ---------------------------------------------------------------------------------------

policy bank sha256 'tpm2_policypcr -l sha384:16'
bound bank bank -G ecc256 -a "$POLICED" && policed bank bank "$(pcr sha384:16)"
tss2 write public=bank.pub private=bank.prv >bank-silent.pem
echo '{"description": "", "policy": [{"type": "PCR", "currentPCRandBanks": [{"hash": "SHA384", "pcrSelect": [16]}]}]}' >bank.json
signs "a key for a bank that is there" bank.pem ES256
fewer_banks() {
  tpm2_pcrallocate -Q sha1:all+sha256:all+sha384:none+sha512:none && tpm2_shutdown -Q -c
}
made "a TPM with fewer banks" fewer_banks
swtpm_stop
start_tpm "$work/tpm"
unused "a key for a bank that is gone" 'sha384' bank.pem
unused "--pcr of a bank that is gone" 'sha384' bank-silent.pem --pcr sha384:16
unused "--policy-file with a bank that is gone" 'sha384' bank-silent.pem --policy-file bank.json
refuses "the digest of a policy with a bank that is gone" 1 'sha384' policy digest bank.json
expect "no key is bound to a bank that is gone" 1 'sha384' key create --algorithm ecc256 --pcr sha384:16 --out none.pem
check "nothing is written" test ! -e none.pem
signs "a key for a bank that is still there" good.pem ES256 --password-file password

conclude
