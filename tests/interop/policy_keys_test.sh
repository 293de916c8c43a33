#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Keys with policies as other programs write them (openssl_tpm2_engine, tpm2genkey, tpmcopy, GRUB and pcr-oracle), around objects of
# tpm2-tools: policy_keys_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"
# shellcheck source=policies.sh
. "$here/policies.sh"

for tool in tpm2_policypcr tpm2_policyor tpm2_policycountertimer tpm2_policyduplicationselect; do
  command -v $tool >/dev/null || skip_all "$tool is not installed"
done

start_tpm "$work/tpm"
made "a TPM that forgives" tpm2_dictionarylockout -s -n 1000 -t 1 -l 1
made "the H2 parent" tpm2_createprimary -Q -C o -G ecc -g sha256 -a "$H2" -c h2.ctx || exit 1
printf 'foo\n' >foo
BOTH="$POLICED|decrypt"

# --- registers, in either order of selection and digest ----------------------------------------------------------------------

registers_hold() {
  local object=$1 algorithm=$2 selection=$3 hash=$4 form
  for form in pcr pcr2; do
    policed "$object-$form" "$object" "$($form "$selection" "$hash")"
    shows "$object, $form" "$object-$form.pem"
    signs "$object, $form" "$object-$form.pem" "$algorithm"
  done
}

policy both sha256 'tpm2_policypcr -l sha256:16,23'
bound engine-ec both -G ecc256 -a "$BOTH" && registers_hold engine-ec ES256 sha256:16,23 sha256
bound genkey-rsa both -G rsa2048:rsassa-sha256 -a "$POLICED" && registers_hold genkey-rsa RS256 sha256:16,23 sha256
# A key that only decrypts signs by that.
bound engine-rsa both -G rsa2048 -a "${BOTH/|sign/}" && registers_hold engine-rsa RS256 sha256:16,23 sha256
policy both384 sha384 'tpm2_policypcr -l sha256:16'
bound engine-384 both384 -g sha384 -G rsa2048 -a "${BOTH/|sign/}" && registers_hold engine-384 PS256 sha256:16 sha384
policy both1 sha1 'tpm2_policypcr -l sha256:16'
bound engine-1 both1 -g sha1 -G ecc256 -a "$BOTH" && registers_hold engine-1 ES256 sha256:16 sha1
policy both512 sha512 'tpm2_policypcr -l sha384:16+sha1:23'
bound long-hash both512 -g sha512 -G ecc384 -a "$BOTH" && registers_hold long-hash ES384 sha384:16+sha1:23 sha512

before=$(registers sha256 sha256:16,23)
TPMCLOUD_TCTI=$NO_TPM expect "the policy is shown" 0 '' policy show engine-ec-pcr.pem
check "it names the step and the registers" grep -q 'PolicyPCR.*16.*23' <(tr '\n' ' ' <out)
expect "the policy would hold" 0 '' policy check genkey-rsa-pcr2.pem
measure 16 sha256
expect "the policy would not hold" 1 'hold' policy check genkey-rsa-pcr2.pem
check "what was wanted is told" grep -q "$before" out
check "what was found is told" grep -q "$(registers sha256 sha256:16,23)" out
after=$(registers sha256 sha256:16,23)
for form in pcr pcr2; do
  for object in engine-ec genkey-rsa engine-rsa; do
    changed "$object, $form: a register has changed" 16 sha256 "$object-$form.pem"
  done
done
check "the wanted digest is told" said "$before"
check "the one found is told" said "$after"
changed "the hash sha1: a register has changed" 16 sha256 engine-1-pcr.pem
changed "the hash sha384: a register has changed" 16 sha256 engine-384-pcr2.pem
signs "a register of another bank has changed" long-hash-pcr.pem ES384
measure 23 sha1
changed "two banks: a register has changed" 23 sha1 long-hash-pcr.pem
forget 16
forget 23
signs "the register is what it was" engine-ec-pcr.pem ES256
signs "the registers are what they were" long-hash-pcr2.pem ES384
# Registers that are not asked for do not matter, nor that their counter has moved on.
measure 8 sha256
signs "another register has changed" engine-ec-pcr.pem ES256

# An empty digest: whatever registers hold. It leads to the key's authPolicy only while they hold what they did.
policed empty genkey-rsa pcr2:sha256=16,23:
shows "registers without a digest" empty.pem
signs "registers without a digest" empty.pem RS256
measure 23 sha256
unused "registers without a digest have changed" 'polic|PCR' empty.pem
forget 23

# --- password, locality, registers -------------------------------------------------------------------------------------------

policy three sha256 tpm2_policyauthvalue 'tpm2_policylocality 31' 'tpm2_policypcr -l sha256:16+sha1:1,2'
if bound three three -G ecc256 -a "$BOTH" -p abc; then
  policed three three auth locality:1f "$(pcr sha256:16+sha1:1,2)"
  signs "password, locality and registers" three.pem ES256 --password-file password
  unused "no password" password three.pem
  unused "a wrong password" password three.pem --password-file wrong
  measure 1 sha1
  changed "a register of the second bank" 1 sha1 three.pem --password-file password
fi
policy elsewhere sha256 'tpm2_policylocality 30'
if bound elsewhere elsewhere -G ecc256 -a "$BOTH"; then
  policed elsewhere elsewhere locality:1e
  unused "another locality" localit elsewhere.pem
fi

policy registers sha256 'tpm2_policypcr -l sha256:23'
policy pcr-auth sha256 'tpm2_policypcr -l sha256:23' tpm2_policyauthvalue
for attributes in "$POLICED" "$OPEN"; do
  name="userWithAuth clear"
  [ "$attributes" = "$POLICED" ] || name="userWithAuth set"
  bound pcr-auth pcr-auth -G ecc256:ecdsa-sha256 -a "$attributes" -p foo || continue
  for last in auth password; do
    policed pcr-auth pcr-auth "$(pcr2 sha256:23)" $last
    shows "registers and password, $name" pcr-auth.pem
    signs "registers and password ($last), $name" pcr-auth.pem ES256 --password-file foo
    unused "a wrong password, $name" password pcr-auth.pem --password-file wrong
    measure 23 sha256
    if [ "$attributes" = "$POLICED" ]; then
      changed "registers and password: a register has changed" 23 sha256 pcr-auth.pem --password-file foo
    else
      signs "userWithAuth set: the password alone does" pcr-auth.pem ES256 --password-file foo
    fi
    forget 23
  done
  tss2 write public=pcr-auth.pub private=pcr-auth.prv >silent.pem
  if [ "$attributes" = "$POLICED" ]; then
    unused "a policy that the file does not tell" 'policy[-_]file' silent.pem --password-file foo
  else
    signs "a policy that the file does not tell, and a password that does" silent.pem ES256 --password-file foo
  fi
done

# Some policies are known by their digest alone.
policy password-only sha256 tpm2_policypassword
if bound silent password-only -G ecc256 -a "$POLICED" -p abc; then
  tss2 write public=silent.pub private=silent.prv >silent.pem
  signs "a password policy that the file does not tell" silent.pem ES256 --password-file password
  unused "a wrong password for it" password silent.pem --password-file wrong
fi
policy secret-owner sha256 'tpm2_policysecret -c o'
if bound silent secret-owner -G ecc256 -a "$POLICED"; then
  tss2 write public=silent.pub private=silent.prv >silent.pem
  signs "a policy of the owner's password that the file does not tell" silent.pem ES256
  made "an owner password" tpm2_changeauth -Q -c o opw
  signs "the owner's password" silent.pem ES256 --ownerpassword opw
  unused "no owner password" owner silent.pem
  made "no owner password" tpm2_changeauth -Q -c o -p opw
fi

# --- clocks and counters -----------------------------------------------------------------------------------------------------

# The clock is at most a time that is far away, or long past.
policy later sha256 tpm2_policyauthvalue 'tpm2_policycountertimer clock=1152921504606846975 --ule'
policy earlier sha256 tpm2_policyauthvalue 'tpm2_policycountertimer clock=1 --ule'
for operand in later:0fffffffffffffff earlier:0000000000000001; do
  bound clock "${operand%:*}" -G ecc256 -a "$BOTH" -p abc || continue
  for form in counter counter2; do
    policed clock clock auth $form:${operand#*:}:0008:0009
    if [ "${operand%:*}" = later ]; then
      signs "a clock, $form" clock.pem ES256 --password-file password
    else
      unused "a clock that has passed, $form" 'countertimer|clock' clock.pem --password-file password
    fi
  done
done

# --- the password of something else ------------------------------------------------------------------------------------------

index() {
  tpm2_nvdefine -Q -C o -s 8 -p nvpw -a "authread|authwrite|no_da" 0x01000002 && printf 12345678 >content &&
    tpm2_nvwrite -Q -P nvpw -i content 0x01000002
}
entity() {
  tpm2_createprimary -Q -C e -G ecc -a "$H2" -p keypw -c entity.ctx && tpm2_evictcontrol -Q -C o -c entity.ctx 0x81000002 &&
    tpm2_readpublic -Q -c 0x81000002 -n entity.name
}
made "an NV index" index
made "a persistent object" entity
printf 'nvpw\n' >nvpw
printf 'keypw\n' >keypw
printf 'which one' >reference
nv_name=$(name_of_nv 0x01000002)
policy secret-nv sha256 'tpm2_policysecret -c 0x01000002 nvpw'
if bound secret-nv secret-nv -G ecc256 -a "$BOTH"; then
  policed secret-nv secret-nv "secret:01000002:$nv_name:"
  shows "an NV index's password" secret-nv.pem
  signs "an NV index's password" secret-nv.pem ES256 --entity-password-file 0x01000002=nvpw
  signs "an NV index's password in the command line" secret-nv.pem ES256 --entity-password 0x01000002=nvpw
  unused "no password of the NV index" '0x01000002' secret-nv.pem
  unused "a wrong password of the NV index" '0x01000002' secret-nv.pem --entity-password-file 0x01000002=wrong
  unused "the password of another index" '0x01000002' secret-nv.pem --entity-password-file 0x01000003=nvpw
  policed secret-gone secret-nv "secret:01000009:$nv_name:"
  unused "an NV index that is not there" '0x01000009' secret-gone.pem --entity-password-file 0x01000009=nvpw
fi
policy secret-key sha256 'tpm2_policysecret -c 0x81000002 -q reference keypw'
if bound secret-key secret-key -G rsa2048 -a "$BOTH"; then
  for form in secret secret2; do
    policed secret-key secret-key "$form:81000002:$(hex entity.name):$(hex reference)"
    signs "a key's password and a reference, $form" secret-key.pem RS256 --entity-password-file 0x81000002=keypw
    unused "a wrong password of that key, $form" '0x81000002' secret-key.pem --entity-password-file 0x81000002=wrong
  done
  policed secret-other secret-key "secret:01000002:$(hex entity.name):$(hex reference)"
  unused "something else at the handle" '0x01000002' secret-other.pem --entity-password-file 0x01000002=nvpw
fi
policy secret-endorsement sha256 'tpm2_policysecret -c e' tpm2_policyauthvalue
if bound secret-endorsement secret-endorsement -G ecc256 -a "$BOTH" -p abc; then
  policed secret-endorsement secret-endorsement secret:00000000:4000000b: auth
  signs "the endorsement hierarchy's password, and the key's" secret-endorsement.pem ES256 --password-file password
  made "an endorsement password" tpm2_changeauth -Q -c e epw
  signs "two passwords" secret-endorsement.pem ES256 --password-file password --endorsement-password epw
  unused "one of two passwords" endorsement secret-endorsement.pem --password-file password
  unused "the other of two passwords" password secret-endorsement.pem --endorsement-password epw
  made "no endorsement password" tpm2_changeauth -Q -c e -p epw
fi
check "nothing was locked" sh -c 'tpm2_getcap properties-variable | grep -q "inLockout: *0"'

# --- one command only --------------------------------------------------------------------------------------------------------

policy sign-only sha256 'tpm2_policycommandcode TPM2_CC_Sign'
if bound sign-only sign-only -G ecc256 -a "$POLICED"; then
  policed sign-only sign-only code:0000015d
  signs "TPM2_Sign only" sign-only.pem ES256
fi
policy decrypt-only sha256 'tpm2_policycommandcode TPM2_CC_RSA_Decrypt'
if bound decrypt-only decrypt-only -G rsa2048 -a "$BOTH"; then
  policed decrypt-only decrypt-only code:00000159
  signs "TPM2_RSA_Decrypt only" decrypt-only.pem RS256
fi
policy unseal-only sha256 'tpm2_policycommandcode TPM2_CC_Unseal'
if bound unseal-only unseal-only -G ecc256 -a "$POLICED"; then
  policed unseal-only unseal-only code:0000015e
  unused "TPM2_Unseal only" 'command' unseal-only.pem
fi

# --- HMAC keys ---------------------------------------------------------------------------------------------------------------

# The same secret with and without a policy.
openssl rand -out secret 32
mac() {
  local name=$1
  shift
  run hmac --in message --hex "$@"
  judge "$name makes an HMAC" 0 '' || return
  check "$name: it is the software's" test "$(cat out)" = \
    "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(hex secret)" message | sed 's/.*= //')"
}
imported() {
  local name=$1 digest=$2
  shift 2
  made "the HMAC key $name" tpm2_import -Q -C h2.ctx -G hmac -i secret -L "$digest.digest" -u "$name.pub" -r "$name.prv" "$@"
}
if imported hmac-pcr registers -a 'noda|sign'; then
  for form in pcr pcr2; do
    policed hmac-pcr hmac-pcr "$($form sha256:23)"
    mac "an HMAC key with registers, $form" --keyfile hmac-pcr.pem
  done
  policed hmac-empty hmac-pcr pcr2:sha256=23:
  mac "an HMAC key with registers without a digest" --keyfile hmac-empty.pem
  cp message short
  head -c 5000 /dev/zero >message
  mac "an HMAC that takes a sequence" --keyfile hmac-pcr.pem
  cp short message
  measure 23 sha256
  refuses "an HMAC key: a register has changed" 1 'sha256.*23|23.*sha256' hmac --keyfile hmac-pcr.pem --in message --hex
  refuses "an HMAC key without a digest: a register has changed" 1 'polic|PCR' hmac --keyfile hmac-empty.pem --in message --hex
  forget 23
fi
if imported hmac-locked pcr-auth -a 'noda|sign' -p abc; then
  policed hmac-locked hmac-locked "$(pcr sha256:23)" auth
  mac "an HMAC key with registers and password" --keyfile hmac-locked.pem --password-file password
  refuses "a wrong password of an HMAC key" 1 password hmac --keyfile hmac-locked.pem --in message --hex --password-file wrong
fi
policy hmac-only sha256 'tpm2_policycommandcode TPM2_CC_HMAC'
if imported hmac-only hmac-only -a 'noda|sign'; then
  policed hmac-only hmac-only code:00000155
  mac "TPM2_HMAC only" --keyfile hmac-only.pem
fi

# --- PolicyOR, its branches one after the other before it --------------------------------------------------------------------

policy or-pcr sha256 'tpm2_policypcr -l sha256:23'
policy or-secret sha256 'tpm2_policysecret -c e'
policy or-auth sha256 tpm2_policyauthvalue
policy or sha256 'tpm2_policyor sha256:or-pcr.digest,or-secret.digest,or-auth.digest'
leaves="or:$(hex or-pcr.digest),$(hex or-secret.digest),$(hex or-auth.digest)"
if bound or or -G ecc256 -a "$POLICED" -p foo; then
  policed or or "$(pcr2 sha256:23)" secret:4000000b:4000000b: auth "$leaves"
  shows "three branches" or.pem
  signs "three branches: the registers" or.pem ES256
  measure 23 sha256
  signs "three branches: the empty endorsement password" or.pem ES256
  made "an endorsement password" tpm2_changeauth -Q -c e epw
  signs "three branches: the endorsement password" or.pem ES256 --endorsement-password epw
  signs "three branches: the key's password" or.pem ES256 --password-file foo
  unused "three branches, none of which holds" 'sha256.*23|23.*sha256' or.pem
  unused "three branches and wrong passwords" 'password' or.pem --password-file wrong --endorsement-password-file wrong
  made "no endorsement password" tpm2_changeauth -Q -c e -p epw
  forget 23
fi
# Steps that belong together before it, and steps after it.
policy or-first sha256 'tpm2_policypcr -l sha256:23' tpm2_policyauthvalue
policy or-second sha256 'tpm2_policylocality 1'
policy or-then sha256 'tpm2_policyor sha256:or-first.digest,or-second.digest' 'tpm2_policycommandcode TPM2_CC_Sign'
if bound or-then or-then -G ecc256 -a "$POLICED" -p foo; then
  policed or-then or-then "$(pcr sha256:23)" auth "or:$(hex or-first.digest),$(hex or-second.digest)" code:0000015d
  signs "a branch of two steps, and a step after it" or-then.pem ES256 --password-file foo
  policed or-then or-then locality:01 "or:$(hex or-first.digest),$(hex or-second.digest)" code:0000015d
  signs "a branch of which only the digest is told" or-then.pem ES256
fi
# Two of them in one another.
policy or-outer sha256 'tpm2_policyor sha256:or.digest,or-first.digest'
if bound or-outer or-outer -G ecc256 -a "$POLICED" -p foo; then
  policed or-outer or-outer "$(pcr2 sha256:23)" secret:4000000b:4000000b: auth "$leaves" "or:$(hex or.digest),$(hex or-first.digest)"
  signs "a PolicyOR in a PolicyOR" or-outer.pem ES256
fi

# --- tpmcopy: one branch to use the key, one to move it -----------------------------------------------------------------------

MOVABLE="sensitivedataorigin|noda|sign"
parent_name() {
  tpm2_readpublic -Q -c h2.ctx -n h2.name
}
made "the parent's Name" parent_name
policy move sha256 'tpm2_policyduplicationselect -N h2.name'
for use in or-auth or-pcr; do
  policy tpmcopy sha256 "tpm2_policyor sha256:$use.digest,move.digest"
  bound tpmcopy tpmcopy -G rsa2048:rsassa-sha256 -a "$MOVABLE" -p foo || continue
  step=auth
  [ $use = or-auth ] || step=$(pcr2 sha256:23)
  policed tpmcopy tpmcopy "$step" "select::$(hex h2.name):00" "or:$(hex $use.digest),$(hex move.digest)"
  signs "tpmcopy's key, $use" tpmcopy.pem RS256 --password-file foo
  if [ $use = or-auth ]; then
    unused "tpmcopy's key without its password" password tpmcopy.pem
  else
    measure 23 sha256
    changed "tpmcopy's key whose registers have changed" 23 sha256 tpmcopy.pem
    forget 23
  fi
done

conclude
