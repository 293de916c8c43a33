#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Key files that are wrong, each refused in words of its own, and before the TPM is asked where the file alone tells:
# bad_files_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"

for tool in tpm2_create timeout; do
  command -v $tool >/dev/null || skip_all "$tool is not installed"
done

start_tpm "$work/tpm"
made "the H2 parent" tpm2_createprimary -Q -C o -G ecc -g sha256 -a "$H2" -c h2.ctx || exit 1
made "a good key" tpm2_create -Q -C h2.ctx -G ecc256 -a "$SIGN" -u k.pub -r k.prv || exit 1
tss2 write public=k.pub private=k.prv empty_auth=ff >good.pem
signs "a good key" good.pem ES256

# --- what the file alone tells -----------------------------------------------------------------------------------------------

export TPMCLOUD_TCTI=$NO_TPM
mkdir bad
/usr/bin/python3 "$here/bad_files.py" k.pub k.prv bad >list || not_ok "the bad files are written"
check "there are bad files" test "$(wc -l <list)" -ge 100
while IFS=$'\t' read -r file what pattern; do
  wrong "$what: sign" "$file" "$pattern" sign --keyfile "$file" --in message --out signature
  cp err first
  wrong "$what: show" "$file" "$pattern" key show "$file"
  cmp -s first err || not_ok "$what: both say the same" "$(cat first)"
done <list

mkfifo fifo
ln -s nowhere dangling
wrong "a directory" bad 'directory|regular file' sign --keyfile bad --in message --out signature
wrong "a pipe that nobody writes to" fifo 'regular file|pipe' sign --keyfile fifo --in message --out signature
wrong "a link to nothing" dangling 'No such file' sign --keyfile dangling --in message --out signature
wrong "no file" nothing "nothing.*No such file|No such file.*nothing" sign --keyfile nothing --in message --out signature
wrong "a device" /dev/zero 'regular file|device|65536' sign --keyfile /dev/zero --in message --out signature
export TPMCLOUD_TCTI=$SWTPM_TCTI

# Who may read the file is its owner's matter.
chmod 666 good.pem
ln -s good.pem link.pem
signs "a file that everybody may read" good.pem ES256
signs "a link to a file" link.pem ES256

# --- what the public area tells ----------------------------------------------------------------------------------------------

# unusable NAME PATTERN CREATE-OPTION...: a key that signs no token, told without a TPM.
unusable() {
  local name=$1 pattern=$2
  shift 2
  tools tpm2_create -Q -C h2.ctx -u u.pub -r u.prv "$@" || { skip "$name: this software TPM or tpm2-tools does not make it"; return; }
  tss2 write public=u.pub private=u.prv empty_auth=ff >u.pem
  TPMCLOUD_TCTI=$NO_TPM wrong "$name" u.pem "$pattern" sign --keyfile u.pem --in message --out signature
}

unusable "a storage key" 'storage|decrypt|sign' -G ecc256:null:aes128cfb -a "$H2"
unusable "a key for encryption" 'AES|symmetric|sign' -G aes128cfb -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign|decrypt'
unusable "a key for key exchange" 'decrypt|sign' -G ecc256 -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|decrypt'
unusable "P-224" 'P-224|curve' -G ecc224 -a "$SIGN"
unusable "SM2" 'SM2|curve' -G ecc_sm2_p256 -a "$SIGN"
unusable "ECDAA" 'ECDAA|scheme' -G ecc256:ecdaa4-sha256:null -a "$SIGN"
unusable "SHA-1" 'SHA-?1' -G ecc256:ecdsa-sha1:null -a "$SIGN"
made "sealed data" tpm2_create -Q -C h2.ctx -i message -a 'fixedtpm|fixedparent|noda|userwithauth' -u u.pub -r u.prv
tss2 write type=sealed public=u.pub private=u.prv empty_auth=ff >u.pem
TPMCLOUD_TCTI=$NO_TPM wrong "sealed data" u.pem sealed sign --keyfile u.pem --in message --out signature
tss2 write public=u.pub private=u.prv empty_auth=ff >u.pem
TPMCLOUD_TCTI=$NO_TPM wrong "sealed data whose file says loadable" u.pem 'sealed|sign' sign --keyfile u.pem --in message --out signature

# --- policies ----------------------------------------------------------------------------------------------------------------

trial_policy() {
  tpm2_startauthsession -Q -S trial.ctx && tpm2_policyauthvalue -Q -S trial.ctx -L policy.digest
}
if made "a policy" trial_policy && made "a key with a policy" tpm2_create -Q -C h2.ctx -G ecc256 -a "${SIGN/userwithauth|/}" \
  -L policy.digest -u p.pub -r p.prv -p abc; then
  # A step: SEQUENCE { [0] command, [1] body }.
  tss2 write public=p.pub private=p.prv policy=300aa0040202015da1020400 >policy-unknown.pem
  TPMCLOUD_TCTI=$NO_TPM wrong "an unknown policy command" policy-unknown.pem '0x(0000)?015d|0x15d' sign --keyfile policy-unknown.pem \
    --in message --out signature --password-file password
  tss2 write public=p.pub private=p.prv policy=300ea0040202016ca10604040000015d >policy-other.pem
  TPMCLOUD_TCTI=$NO_TPM wrong "a policy that is not the key's" policy-other.pem 'authPolicy' sign --keyfile policy-other.pem \
    --in message --out signature --password-file password
  tss2 write public=p.pub private=p.prv policy=300aa0040202016ba1020400 >policy.pem
  expect "a key with a policy is shown" 0 '' key show policy.pem
  check "and its policy" grep -qi 'policyauthvalue\|0x16b\|PolicyAuthValue' out
  signs "a key with a policy" policy.pem ES256 --password-file password
fi

# --- what only the TPM tells -------------------------------------------------------------------------------------------------

tss2 write public=k.pub private=k.prv empty_auth=ff parent=0x81999999 >absent.pem
refuses "a persistent parent that is not there" 1 '0x81999999' sign --keyfile absent.pem --in message --out signature
/usr/bin/python3 -c 'd = bytearray(open("k.prv", "rb").read()); d[-3] ^= 1; open("flipped.prv", "wb").write(d)'
tss2 write public=k.pub private=flipped.prv empty_auth=ff >flipped.pem
refuses "a private part with a bit flipped" 1 'parent.*damaged' sign --keyfile flipped.pem --in message --out signature
check "its causes are told" said 'other TPM|another TPM|cleared|damaged|corrupt'
made "another key" tpm2_create -Q -C h2.ctx -G ecc256 -a "$SIGN" -u other.pub -r other.prv
tss2 write public=other.pub private=k.prv empty_auth=ff >mixed.pem
refuses "the public part of another key" 1 'parent' sign --keyfile mixed.pem --in message --out signature
signs "the good key after all that" good.pem ES256

refuses "no TPM" 1 'no TPM' sign --keyfile good.pem --in message --out signature --tcti "$NO_TPM"
refuses "no device" 1 '/dev/nothing' sign --keyfile good.pem --in message --out signature --tcti device:/dev/nothing

# --- another TPM -------------------------------------------------------------------------------------------------------------

check "the TPM holds what it held" is_clean
swtpm_stop
start_tpm "$work/other"
refuses "a key of another TPM" 1 'TPM.*parent' sign --keyfile good.pem --in message --out signature
refuses "a key of another TPM, with other parents allowed" 1 'TPM' sign --keyfile good.pem --in message --out signature --parent-fallback
check "that does not offer them again" sh -c '! grep -q -e --parent-fallback err'

conclude
