# SPDX-License-Identifier: Apache-2.0
# What the tests of policies share; source it after interop.sh.

# Attributes of keys that only a policy opens, and of keys that their password alone opens too.
POLICED="fixedtpm|fixedparent|sensitivedataorigin|noda|sign"
OPEN="$POLICED|userwithauth"

# trial NAME HASH COMMAND...: NAME.digest, after policy commands of tpm2-tools, each in one word with its arguments.
trial() {
  local name=$1 hash=$2 command words
  shift 2
  tpm2_startauthsession -Q -g "$hash" -S trial.ctx || return
  for command; do
    read -ra words <<<"$command"
    "${words[0]}" -Q -S trial.ctx -L "$name.digest" "${words[@]:1}" || return
  done
  tpm2_flushcontext trial.ctx
}

# policy NAME HASH COMMAND...: as trial; a failure is one of the test.
policy() {
  made "the policy $1" trial "$@"
}

# bound NAME POLICY OPTION...: the objects NAME.pub and NAME.prv, bound to POLICY.digest.
parent=h2.ctx
bound() {
  local name=$1 digest=$2
  shift 2
  made "the key $name" tpm2_create -Q -C "$parent" -L "$digest.digest" -u "$name.pub" -r "$name.prv" "$@"
}

steps() {
  /usr/bin/python3 "$here/policy_steps.py" "$@"
}

# policed NAME OBJECT STEP...: the key file NAME.pem around an object, with steps as policy_steps.py has them.
policed() {
  local name=$1 object=$2
  shift 2
  tss2 write "public=$object.pub" "private=$object.prv" "policy=$(steps write "$@")" >"$name.pem"
}

# registers HASH SELECTION: the digest over what registers hold now; a selection as tpm2-tools have it.
registers() {
  tpm2_pcrread -Q -o registers.bin "$2" && openssl dgst "-$1" -binary registers.bin | od -An -v -tx1 | tr -d ' \n'
}

# pcr SELECTION [HASH]: a PolicyPCR step of the draft's form for what registers hold now, and pcr2 for that of the TPM's command.
pcr() {
  echo "pcr:${1//:/=}:$(registers "${2:-sha256}" "$1")"
}

pcr2() {
  echo "pcr2:${1//:/=}:$(registers "${2:-sha256}" "$1")"
}

name_of_nv() {
  tpm2_nvreadpublic "$1" | sed -n 's/^ *name: *//p'
}

# measure REGISTER BANK: changes a register; forget REGISTER: puts one of those back that can be.
measure() {
  local size=64
  case $2 in sha1) size=40 ;; sha384) size=96 ;; sha512) size=128 ;; esac
  tools tpm2_pcrextend "$1:$2=$(printf "%0${size}d" 1)"
}

forget() {
  tools tpm2_pcrreset "$1"
}

# unused NAME PATTERN FILE ARGS...: the key cannot be used now.
unused() {
  local name=$1 pattern=$2 file=$3
  shift 3
  refuses "$name" 1 "$pattern" sign --keyfile "$file" --in message --out signature "$@"
}

# changed NAME REGISTER BANK FILE ARGS...: as unused(), since a register has changed: it is named.
changed() {
  local name=$1 register=$2 bank=$3
  shift 3
  unused "$name" "$bank.*$register|$register.*$bank" "$@"
}
