#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The program against a private software TPM: making keys, and every kind of them in use: keys_test.sh PROGRAM
set -u
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"

export TPM2TOOLS_TCTI=$SWTPM_TCTI

# tpm2 COMMAND ARGS...: one of tpm2-tools, which leave objects behind where there is no resource manager.
tpm2() {
  "tpm2_$1" "${@:2}" >"$work/tool" 2>&1 || { not_ok "tpm2_$1 works" "$(cat "$work/tool")"; return 1; }
  tpm2_flushcontext -t >/dev/null 2>&1
}

# verify KEYFILE HASH SIGNATURE: under the public key that the program prints.
verify() {
  "$program" key public "$1" >"$work/verify.pub" && openssl dgst "-$2" -verify "$work/verify.pub" -signature "$3" "$work/message"
}

# signs NAME KEYFILE HASH ARGS...: the key signs, and openssl verifies it.
signs() {
  local name=$1 keyfile=$2 hash=$3
  shift 3
  expect "$name signs" 0 '' sign --keyfile "$keyfile" --in message --out signature "$@"
  check "$name: openssl verifies it" verify "$keyfile" "$hash" signature
}

# hmac_of FILE HASH SECRET: as openssl makes it, in hexadecimal.
hmac_of() {
  openssl dgst "-$2" -mac HMAC -macopt "hexkey:$(od -An -v -tx1 "$3" | tr -d ' \n')" -r "$1" | cut -d ' ' -f 1
}

# member NAME: of the JSON that the program printed.
member() {
  /usr/bin/python3 -c 'import json, sys; print(json.load(open("out"))[sys.argv[1]])' "$1"
}

# --- key create --------------------------------------------------------------------------------------------------------------

expect "create without --out" 2 '--out is missing' key create
expect "create with the defaults" 0 '' key create --out rsa2048.pem
check "its mode is 0600" test "$(mode_of rsa2048.pem)" = 600
for algorithm in rsa3072 ecc256 ecc384 ecc521 hmac-sha256 hmac-sha384 hmac-sha512; do
  expect "create $algorithm" 0 '' key create --algorithm $algorithm --out $algorithm.pem --description "a $algorithm key"
  expect "show $algorithm" 0 '' key show $algorithm.pem
  check "it has its description" grep -q "^description: a $algorithm key$" out
done
refuse "an algorithm that there is not" 2 'option --algorithm' bad.pem key create --algorithm dsa --out bad.pem
refuse "the key file exists" 1 'exists; .*--force' none key create --algorithm ecc256 --out ecc256.pem
cp ecc256.pem before
expect "it is replaced with --force" 0 '' key create --algorithm ecc256 --out ecc256.pem --force
check "it is another one" sh -c '! cmp -s before ecc256.pem'
refuse "create into a directory that is not there" 1 "cannot write 'no/key.pem'" no/key.pem key create --out no/key.pem
refuse "create without a TPM" 1 . bad.pem key create --out bad.pem --tcti swtpm:host=127.0.0.1,port=1
expect "create to standard output" 0 '' key create --algorithm ecc256 --out -
check "it is there" grep -q 'BEGIN TSS2 PRIVATE KEY' out

signs "rsa2048" rsa2048.pem sha256
signs "rsa3072" rsa3072.pem sha256
signs "ecc256" ecc256.pem sha256
signs "ecc384" ecc384.pem sha384
signs "ecc521" ecc521.pem sha512
for bits in 256 384 512; do
  signs "rsa2048 with RS$bits" rsa2048.pem sha$bits --algorithm RS$bits
  expect "rsa2048 with PS$bits signs" 0 '' sign --keyfile rsa2048.pem --in message --out signature --algorithm PS$bits
  openssl dgst -sha$bits -binary -out digest message
  check "rsa2048 with PS$bits: openssl verifies it" openssl pkeyutl -verify -pubin -inkey verify.pub -sigfile signature -in digest \
    -pkeyopt digest:sha$bits -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:$((bits / 8))
done
signs "ecc256 with ES256" ecc256.pem sha256 --algorithm ES256
signs "ecc384 with ES384" ecc384.pem sha384 --algorithm ES384
signs "ecc521 with ES512" ecc521.pem sha512 --algorithm ES512
signs "ecc384 with another hash" ecc384.pem sha256 --algorithm ECDSA-SHA256
refuse "an algorithm of another curve" 1 'ES384' signature2 sign --keyfile ecc256.pem --in message --algorithm ES384 --out signature2
refuse "an algorithm of another kind of key" 1 'RS256' signature2 sign --keyfile ecc256.pem --in message --algorithm RS256 --out signature2
refuse "an algorithm that is none" 2 "unknown algorithm 'RS1'" signature2 sign --keyfile ecc256.pem --in message --algorithm RS1 --out signature2

expect "create a key bound to a scheme" 0 '' key create --scheme rsapss --hash sha384 --out pss384.pem
expect "it implies its algorithm" 0 '' sign --keyfile pss384.pem --in message --out signature
"$program" key public pss384.pem >pss384.pub
openssl dgst -sha384 -binary -out digest message
check "which is PS384" openssl pkeyutl -verify -pubin -inkey pss384.pub -sigfile signature -in digest -pkeyopt digest:sha384 \
  -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:48
refuse "and no other" 1 'RS256' signature2 sign --keyfile pss384.pem --in message --algorithm RS256 --out signature2
refuse "a scheme of another kind of key" 2 '--scheme' bad.pem key create --algorithm ecc256 --scheme rsassa --out bad.pem
refuse "a hash without a scheme" 2 '--hash' bad.pem key create --hash sha384 --out bad.pem
refuse "a restricted key without a scheme" 2 '--restricted' bad.pem key create --restricted --out bad.pem
expect "create a restricted key" 0 '' key create --algorithm ecc256 --scheme ecdsa --restricted --out restricted.pem
signs "the restricted key" restricted.pem sha256

expect "create with a password" 0 '' key create --algorithm ecc256 --out locked.pem --password-file password
signs "with its password, the key" locked.pem sha256 --password-file password
refuse "wrong password" 1 password signature2 sign --keyfile locked.pem --in message --password-file wrong --out signature2
refuse "no password" 1 password signature2 sign --keyfile locked.pem --in message --out signature2
refuse "a password that is too long" 2 'longer than 32' bad.pem key create --out bad.pem --password "$(printf '%033d' 0)"
expect "create a key that counts towards the lockout" 0 '' key create --algorithm ecc256 --out da.pem --password x --dictionary-attack
expect "show it" 0 '' key show da.pem --json
check "it has no noda" /usr/bin/python3 -c 'import json; assert "noda" not in json.load(open("out"))["public"]["attributes"]'
expect "show another" 0 '' key show locked.pem --json
check "that one has" /usr/bin/python3 -c 'import json; assert "noda" in json.load(open("out"))["public"]["attributes"]'

for parent in owner-rsa endorsement platform null null-rsa endorsement-rsa; do
  expect "create under $parent" 0 '' key create --algorithm ecc256 --parent $parent --out $parent.pem
  signs "a key under $parent" $parent.pem sha256
done

# --- hmac --------------------------------------------------------------------------------------------------------------------

printf 'a secret that is no text \000\001\377' >secret
printf 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n' >aws
printf 'AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' >aws4
printf 20260101 >date
head -c 5000 /dev/urandom >long
for bits in 256 384 512; do
  expect "import a secret for SHA-$bits" 0 'trusted unseen' key import --algorithm hmac-sha$bits --hmac --in secret --out hmac$bits.pem
  for file in message empty long; do
    expect "its HMAC of $file" 0 '' hmac --keyfile hmac$bits.pem --in $file --hex
    check "is openssl's" test "$(cat out)" = "$(hmac_of $file sha$bits secret)"
  done
done
expect "import a secret, the file without its flag" 0 'trusted unseen' key import --hmac secret --out hmac.pem
expect "the HMAC as bytes" 0 '' hmac --keyfile hmac.pem --in message --out mac
check "they are openssl's" sh -c 'openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(od -An -v -tx1 secret | tr -d " \n")" -binary message | cmp - mac'
check "for the owner only" test "$(mode_of mac)" = 600
input=message
expect "the HMAC of standard input" 0 '' hmac --keyfile hmac.pem --hex
check "is openssl's" test "$(cat out)" = "$(hmac_of message sha256 secret)"
input=secret
expect "a secret from standard input" 0 'trusted unseen' key import --hmac --in - --out hmac2.pem --password-file password
input=/dev/null
expect "its HMAC" 0 '' hmac --keyfile hmac2.pem --in message --hex --password-file password
check "is openssl's" test "$(cat out)" = "$(hmac_of message sha256 secret)"
refuse "HMAC with a wrong password" 1 password mac2 hmac --keyfile hmac2.pem --in message --out mac2 --password-file wrong
refuse "HMAC without password" 1 password mac2 hmac --keyfile hmac2.pem --in message --out mac2
refuse "HMAC with an RSA key" 1 'HS256|HMAC' mac2 hmac --keyfile rsa2048.pem --in message --out mac2
refuse "signing with an HMAC key" 1 'HMAC' signature2 sign --keyfile hmac.pem --in message --out signature2
refuse "the public key of an HMAC key" 1 'no public part' none key public hmac.pem
refuse "HMAC of a file that is not there" 1 "cannot open 'nothing'" mac2 hmac --keyfile hmac.pem --in nothing --out mac2
refuse "HMAC to nowhere" 1 "cannot write 'no/mac'" no/mac hmac --keyfile hmac.pem --in message --out no/mac
expect "the HMAC of a key made in the TPM" 0 '' hmac --keyfile hmac-sha256.pem --in message --hex
cp out first
expect "once more" 0 '' hmac --keyfile hmac-sha256.pem --in message --hex
check "is the same" cmp first out
check "64 digits" grep -qE '^[0-9a-f]{64}$' out

expect "import an AWS secret" 0 'trusted unseen' key import --aws --in aws --out aws.pem
expect "its HMAC" 0 '' hmac --keyfile aws.pem --in date --hex
check "is the one of AWS4 and the secret" test "$(cat out)" = "$(hmac_of date sha256 aws4)"
printf 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\r\n' >aws.crlf
printf 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' >aws.bare
for file in aws.crlf aws.bare; do
  expect "an AWS secret from $file" 0 'trusted unseen' key import --hmac --aws --in $file --out aws2.pem --force
  expect "its HMAC" 0 '' hmac --keyfile aws2.pem --in date --hex
  check "is the same" test "$(cat out)" = "$(hmac_of date sha256 aws4)"
done
printf 'short' >aws.short
printf '%0125d' 0 >aws.long
printf 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n' >aws.ini
printf 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n\n' >aws.lines
for file in aws.short aws.long aws.ini aws.lines; do
  refuse "no AWS secret: $file" 1 "$file does not hold a secret access key: one line of 16 to 124" bad.pem key import --aws --in $file --out bad.pem
done
check "it is not shown" sh -c '! grep -q wJalr err'
refuse "an empty secret" 1 'empty is empty; it should hold a secret' bad.pem key import --hmac --in empty --out bad.pem
head -c 129 long >secret.long
refuse "a secret that is too long" 2 '128' bad.pem key import --hmac --in secret.long --out bad.pem
refuse "--hmac with another algorithm" 2 'another kind of key' bad.pem key import --hmac --in secret --out bad.pem --algorithm rsa2048
printf AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY >prefixed
refuse "an AWS secret with its prefix" 1 "with AWS4 before it already" bad.pem key import --aws --in prefixed --out bad.pem
refuse "--aws with another hash" 2 'AWS signs with hmac-sha256' bad.pem key import --aws --in aws --out bad.pem --algorithm hmac-sha512

# --- key import of EC keys ---------------------------------------------------------------------------------------------------

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
for curve in P-256 P-384 P-521; do
  openssl genpkey -algorithm EC -pkeyopt group:$curve -out $curve.key
  expect "import a key on $curve" 0 'trusted unseen' key import --in $curve.key --out $curve.pem
  expect "its public key" 0 '' key public $curve.pem
  check "is openssl's" sh -c "openssl pkey -in $curve.key -pubout | cmp - out"
done
signs "the imported P-256" P-256.pem sha256
signs "the imported P-384" P-384.pem sha384
signs "the imported P-521" P-521.pem sha512
openssl genpkey -algorithm EC -pkeyopt group:secp256k1 -out k1.key
refuse "a curve that no TPM has" 1 . bad.pem key import --in k1.key --out bad.pem
openssl genpkey -algorithm ED25519 -out ed25519.key
refuse "a kind of key that no TPM has" 1 . bad.pem key import --in ed25519.key --out bad.pem

# --- key parent, key persist-parent ------------------------------------------------------------------------------------------

storage="fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"
tpm2 createprimary -C o -G ecc -g sha256 -a "$storage" -c h2.ctx
tpm2_readpublic -c h2.ctx -f tss -o h2.pub -n h2.name >/dev/null
tpm2_flushcontext -t
name=$(od -An -v -tx1 h2.name | tr -d ' \n')
expect "the parent's Name" 0 '' key parent
check "is the one that tpm2-tools see" test "$(cat out)" = "$name"
expect "the parent's public key" 0 '' key parent --out parent.pub
check "its Name is printed too" test "$(cat out)" = "$name"
check "is the one that tpm2-tools see" cmp parent.pub h2.pub
expect "the parent's public key on standard output" 0 "the parent's Name is $name" key parent --out -
check "is the same" cmp parent.pub out
refuse "the parent, to nowhere" 1 "cannot write 'no/parent'" none key parent --out no/parent
refuse "the parent, without a TPM" 1 . none key parent --out none --tcti swtpm:host=127.0.0.1,port=1
expect "the parent is pinned" 0 '' key create --algorithm ecc256 --parent-name "$name" --out pinned.pem
refuse "the parent is another one" 1 . bad.pem key create --algorithm ecc256 --parent owner-rsa --parent-name "$name" --out bad.pem
expect "another parent's Name" 0 '' key parent --parent owner-rsa
check "is another" test "$(cat out)" != "$name"

refuse "a handle that is none" 2 '--handle must be' none key persist-parent --handle 81000001
refuse "a handle that is not persistent" 2 . none key persist-parent --handle 0x40000001
refuse "persist without a TPM" 1 . none key persist-parent --tcti swtpm:host=127.0.0.1,port=1
expect "keep the parent" 0 '' key persist-parent
check "its handle and Name are printed" test "$(cat out)" = "0x81000001 $name"
check "the TPM has it" sh -c 'tpm2_getcap handles-persistent | grep -qi 0x81000001'
expect "keep it again" 0 '' key persist-parent --handle 0x81000001
check "the same is printed" test "$(cat out)" = "0x81000001 $name"
refuse "another one at that handle" 1 0x81000001 none key persist-parent --parent owner-rsa
expect "keep another one elsewhere" 0 '' key persist-parent --parent owner-rsa --handle 0x81000002
expect "a key under a persistent parent" 0 '' key create --algorithm ecc256 --template-parent-handle 0x81000001 --out kept.pem
expect "show it" 0 '' key show kept.pem --json
check "its file names the handle" test "$(member parent)" = 0x81000001
signs "the key" kept.pem sha256
signs "a key of the hierarchy, under the kept parent," ecc256.pem sha256 --parent-handle 0x81000001
refuse "under another parent" 1 . signature2 sign --keyfile ecc256.pem --in message --out signature2 --parent-handle 0x81000002
refuse "under a parent that is not there" 1 0x81000009 signature2 sign --keyfile ecc256.pem --in message --out signature2 \
  --parent-handle 0x81000009
expect "import under a persistent parent" 0 'trusted unseen' key import --in rsa.key --out kept-rsa.pem --template-parent-handle 0x81000002
signs "the imported key" kept-rsa.pem sha256

tpm2_changeauth -c owner secret
refuse "the owner password is missing" 1 password signature2 sign --keyfile ecc256.pem --in message --out signature2
signs "without the owner password, a key under the kept parent" kept.pem sha256
refuse "keep a parent, owner password missing" 1 password none key persist-parent --handle 0x81000003
refuse "keep a parent, owner password wrong" 1 password none key persist-parent --handle 0x81000003 --ownerpassword-file wrong
expect "keep a parent with the owner password" 0 '' key persist-parent --handle 0x81000003 --ownerpassword secret
tpm2_changeauth -c owner -p secret

tpm2 createprimary -C o -G ecc -g sha256 -a "$storage" -p 'parent horse' -c parent.ctx
tpm2 evictcontrol -C o -c parent.ctx 0x81000010
printf 'parent horse\n' >parent-password
refuse "a parent's password for a hierarchy" 2 'template-parent-handle names none' bad.pem key create --algorithm ecc256 --out bad.pem \
  --parent-password x
refuse "the parent's password is missing" 1 parent bad.pem key create --algorithm ecc256 --template-parent-handle 0x81000010 --out bad.pem
refuse "the parent's password is wrong" 1 parent bad.pem key create --algorithm ecc256 --template-parent-handle 0x81000010 --out bad.pem \
  --parent-password-file wrong
expect "the parent's password" 0 '' key create --algorithm ecc256 --template-parent-handle 0x81000010 --out guarded.pem \
  --parent-password 'parent horse' --password-file password
signs "with both passwords, the key" guarded.pem sha256 --parent-password-file parent-password --password-file password
refuse "the parent's password is missing for signing" 1 parent signature2 sign --keyfile guarded.pem --in message --out signature2 \
  --password-file password
refuse "the parent's password is wrong for signing" 1 parent signature2 sign --keyfile guarded.pem --in message --out signature2 \
  --password-file password --parent-password-file wrong

# --- key wrap ----------------------------------------------------------------------------------------------------------------

export TPMCLOUD_TCTI=nonsense:x
expect "wrap a key without a TPM" 0 '' key wrap --in rsa.key --parent-public parent.pub --out wrapped.pem --parent-name "$name"
expect "show it" 0 '' key show wrapped.pem --json
check "it is importable" test "$(member type)" = importable
expect "wrap an EC key with a password" 0 '' key wrap --in P-256.key --parent-public parent.pub --out wrapped-ec.pem --password-file password
expect "wrap a secret" 0 '' key wrap --hmac secret --parent-public parent.pub --out wrapped-hmac.pem
expect "wrap an AWS secret" 0 '' key wrap --aws --in aws --parent-public parent.pub --out wrapped-aws.pem
refuse "wrap for another parent than the pinned one" 1 . bad.pem key wrap --in rsa.key --parent-public parent.pub --out bad.pem \
  --parent-name "000b$(printf '%064d' 0)"
refuse "wrap for what is no parent" 1 . bad.pem key wrap --in rsa.key --parent-public message --out bad.pem
refuse "wrap for nothing" 1 "'empty' is empty; .*'key parent'" bad.pem key wrap --in rsa.key --parent-public empty --out bad.pem
refuse "wrap for a file that is not there" 1 "cannot open 'nothing'" bad.pem key wrap --in rsa.key --parent-public nothing --out bad.pem
refuse "wrap what is not there" 1 "cannot open 'nothing'" bad.pem key wrap --in nothing --parent-public parent.pub --out bad.pem
refuse "wrap without a parent" 2 '--parent-public is missing' bad.pem key wrap --in rsa.key --out bad.pem
refuse "two files from standard input" 2 'only one file' bad.pem key wrap --in - --parent-public - --out bad.pem
refuse "wrap to nowhere" 1 "cannot write 'no/key.pem'" none key wrap --in rsa.key --parent-public parent.pub --out no/key.pem
export TPMCLOUD_TCTI=$SWTPM_TCTI

cp wrapped.pem before
signs "the wrapped key" wrapped.pem sha256
check "its file is as it was" cmp before wrapped.pem
expect "the public key" 0 '' key public wrapped.pem
check "is openssl's" sh -c 'openssl pkey -in rsa.key -pubout | cmp - out'
signs "the wrapped EC key" wrapped-ec.pem sha256 --password-file password
refuse "with a wrong password" 1 password signature2 sign --keyfile wrapped-ec.pem --in message --out signature2 --password-file wrong
expect "the HMAC of the wrapped secret" 0 '' hmac --keyfile wrapped-hmac.pem --in message --hex
check "is openssl's" test "$(cat out)" = "$(hmac_of message sha256 secret)"
expect "the HMAC of the wrapped AWS secret" 0 '' hmac --keyfile wrapped-aws.pem --in date --hex
check "is openssl's" test "$(cat out)" = "$(hmac_of date sha256 aws4)"

expect "replace an importable key file" 0 '' key convert --keyfile wrapped.pem --out unwrapped.pem
expect "show it" 0 '' key show unwrapped.pem --json
check "it is loadable" test "$(member type)" = loadable
signs "the key" unwrapped.pem sha256
refuse "the key file exists" 1 'exists; .*--force' none key convert --keyfile wrapped.pem --out unwrapped.pem
expect "over itself" 0 '' key convert --keyfile wrapped-ec.pem --out wrapped-ec.pem --force --password-file password
signs "the key" wrapped-ec.pem sha256 --password-file password
refuse "a flag that a key file has no use for" 2 '--description does not go with --keyfile' bad.pem key convert --keyfile wrapped.pem \
  --description x --out bad.pem

# --- key convert -------------------------------------------------------------------------------------------------------------

signing="fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign"
tpm2 create -C h2.ctx -G ecc256:ecdsa-sha256 -a "$signing" -u k.pub -r k.prv
tpm2 create -C h2.ctx -G ecc256:ecdsa-sha256 -a "$signing" -p 'correct horse' -u p.pub -r p.prv
tpm2 createprimary -C o -c other.ctx
tpm2 create -C other.ctx -G ecc256:ecdsa-sha256 -a "$signing" -u o.pub -r o.prv
export TPMCLOUD_TCTI=nonsense:x
expect "convert a pair without a TPM" 0 '' key convert --public k.pub --private k.prv --out pair.pem --description 'a pair'
expect "show it" 0 '' key show pair.pem --json
check "it has no password" test "$(member empty_auth)/$(member description)" = "True/a pair"
expect "convert a pair with a password" 0 '' key convert --public p.pub --private p.prv --out pair2.pem --keyPassword 'correct horse'
expect "show it" 0 '' key show pair2.pem --json
check "it has a password" test "$(member empty_auth)" = False
expect "the password is longer than one of ours" 0 '' key convert --public p.pub --private p.prv --out pair3.pem \
  --password "$(printf '%040d' 0)"
expect "convert under a persistent parent" 0 '' key convert --public k.pub --private k.prv --out pair4.pem \
  --template-parent-handle 0x81000001
refuse "only one of the pair" 2 'needs --public and --private' bad.pem key convert --public k.pub --out bad.pem
refuse "neither" 2 'needs --public and --private' bad.pem key convert --out bad.pem
refuse "both kinds of source" 2 'does not go with --keyfile' bad.pem key convert --keyfile pair.pem --public k.pub --private k.prv --out bad.pem
refuse "--parent-handle for a pair" 2 '--template-parent-handle' bad.pem key convert --public k.pub --private k.prv --out bad.pem \
  --parent-handle 0x81000001
refuse "a flag of a new key for a pair" 2 '--algorithm is for a new key' bad.pem key convert --public k.pub --private k.prv --out bad.pem \
  --algorithm rsa2048
refuse "a flag of a key file for a pair" 2 '--parent-fallback does not go' bad.pem key convert --public k.pub --private k.prv --out bad.pem \
  --parent-fallback
refuse "a part that is not there" 1 "cannot open 'nothing'" bad.pem key convert --public nothing --private k.prv --out bad.pem
refuse "a part that is empty" 1 "'empty' is empty; .*TPM2B_PRIVATE" bad.pem key convert --public k.pub --private empty --out bad.pem
refuse "a part that is something else" 1 . bad.pem key convert --public message --private k.prv --out bad.pem
refuse "the parts in the wrong places" 1 . bad.pem key convert --public k.prv --private k.pub --out bad.pem
export TPMCLOUD_TCTI=$SWTPM_TCTI
signs "the pair's key file" pair.pem sha256
signs "the one with a password" pair2.pem sha256 --password-file password
signs "the one under a persistent parent" pair4.pem sha256
expect "convert a pair and try it" 0 '' key convert --public k.pub --private k.prv --out pair5.pem --tcti "$SWTPM_TCTI"
expect "convert a pair with a password and try it" 0 '' key convert --public p.pub --private p.prv --out pair6.pem --tcti "$SWTPM_TCTI" \
  --password-file password
expect "convert a pair of another parent" 0 '' key convert --public o.pub --private o.prv --out other.pem
refuse "convert a pair of another parent and try it" 1 . bad.pem key convert --public o.pub --private o.prv --out bad.pem --tcti "$SWTPM_TCTI"
refuse "a key of another parent" 1 . signature2 sign --keyfile other.pem --in message --out signature2
expect "one of the usual other parents" 0 '' sign --keyfile other.pem --in message --out signature --parent-fallback
check "openssl verifies it" verify other.pem sha256 signature
expect "a pair signs as it is" 0 '' sign --public k.pub --private k.prv --in message --out signature
check "openssl verifies it" verify pair.pem sha256 signature

# --- sources -----------------------------------------------------------------------------------------------------------------

tpm2 load -C h2.ctx -u k.pub -r k.prv -c k.ctx
tpm2 evictcontrol -C o -c k.ctx 0x81000020
expect "a persistent key signs" 0 '' sign --handle 0x81000020 --in message --out signature
check "openssl verifies it" verify pair.pem sha256 signature
expect "the public key of a persistent key" 0 '' key public --handle 0x81000020
check "is the pair's" sh -c "'$program' key public pair.pem | cmp - out"
expect "show a persistent key" 0 '' key show --handle 0x81000020
check "it says where it is" grep -q 0x81000020 out
refuse "a persistent key that is not there" 1 0x81000021 none key show --handle 0x81000021
refuse "a persistent key without a TPM" 1 . none key show --handle 0x81000020 --tcti swtpm:host=127.0.0.1,port=1
expect "show a pair" 0 '' key show --public k.pub --private k.prv
refuse "two sources" 2 'options --keyfile, --handle, --public with --private' signature2 sign --keyfile pair.pem --handle 0x81000020 --in message --out signature2
refuse "half a pair" 2 '--p' signature2 sign --public k.pub --in message --out signature2
refuse "a handle that is none" 2 'option --handle' signature2 sign --handle 0x8100002 --in message --out signature2
refuse "a persistent key cannot be exported" 2 'needs --public' bad.pem key convert --handle 0x81000020 --out bad.pem

tpm2 create -C h2.ctx -i secret -u sealed.pub -r sealed.prv
refuse "sealed data does not sign" 1 seal signature2 sign --public sealed.pub --private sealed.prv --in message --out signature2
refuse "nor make an HMAC" 1 'option --allow-sealed-hmac' mac2 hmac --public sealed.pub --private sealed.prv --in message --out mac2
expect "but with --allow-sealed-hmac" 0 '' hmac --public sealed.pub --private sealed.prv --in message --hex --allow-sealed-hmac \
  --password ''
check "it makes openssl's" test "$(cat out)" = "$(hmac_of message sha256 secret)"

# --- the bus, and what is kept -----------------------------------------------------------------------------------------------

salted=(--salt-key handle:0x81000001 --salt-key-name)
signs "under a pinned salt key, the key" locked.pem sha256 --password-file password "${salted[@]}" "$name"
refuse "another key is pinned" 1 'pinned Name' signature2 sign --keyfile locked.pem --in message --password-file password \
  --out signature2 "${salted[@]}" "000b$(printf '%064d' 0)"
refuse "a pin that is no Name" 2 'option --salt-key-name' signature2 sign --keyfile locked.pem --in message --password-file password \
  --out signature2 "${salted[@]}" 000b
refuse "a salt key that is none" 2 'option --salt-key' signature2 sign --keyfile locked.pem --in message --out signature2 --salt-key srk
for salt in ek-ecc ek-rsa; do
  signs "under the endorsement key ($salt), the key" locked.pem sha256 --password-file password --salt-key $salt
done
openssl req -x509 -newkey rsa:2048 -nodes -keyout maker.key -subj /CN=maker -days 1 -out maker.pem 2>/dev/null
refuse "a certificate for what has none" 2 'option --ek-ca-file' signature2 sign --keyfile locked.pem --in message --out signature2 \
  --password-file password --ek-ca-file maker.pem
refuse "no certificate of the endorsement key" 1 certificate signature2 sign --keyfile locked.pem --in message --out signature2 \
  --password-file password --salt-key ek-ecc --ek-ca-file maker.pem
for protection in always never; do
  signs "with --bus-protection $protection, the key" locked.pem sha256 --password-file password --bus-protection $protection
  expect "with --bus-protection $protection, an HMAC" 0 '' hmac --keyfile hmac.pem --in message --hex --bus-protection $protection
  check "is openssl's" test "$(cat out)" = "$(hmac_of message sha256 secret)"
done
for hold in all session nothing; do
  signs "with --hold $hold, the key" locked.pem sha256 --password-file password --hold $hold
done

mkdir -m 700 contexts
signs "with a directory for contexts, the key" locked.pem sha256 --password-file password --context-dir contexts
check "there are some" sh -c 'test -n "$(ls contexts)"'
check "for the owner only" sh -c 'test -z "$(find contexts -type f ! -perm 600)"'
signs "from saved contexts, the key" locked.pem sha256 --password-file password --context-dir contexts
refuse "with a wrong password" 1 password signature2 sign --keyfile locked.pem --in message --password-file wrong --out signature2 \
  --context-dir contexts
for file in contexts/*; do head -c 300 long >"$file"; done
signs "with damaged contexts, the key" locked.pem sha256 --password-file password --context-dir contexts
expect "the key signs with a directory that is not there" 0 "context could not be saved in the directory of" \
  sign --keyfile locked.pem --in message --out signature --password-file password --context-dir no/contexts
check "openssl verifies it" verify locked.pem sha256 signature

# --- gcp token with other keys -----------------------------------------------------------------------------------------------

email=robot@project.iam.gserviceaccount.com
expect "a token with a key under a persistent parent" 0 '' gcp token --keyfile kept-rsa.pem --email $email
expect "a token with a wrapped key" 0 '' gcp token --keyfile wrapped.pem --email $email
expect "a token with an imported key under a guarded parent" 0 'trusted unseen' key import --in rsa.key --out guarded-rsa.pem \
  --template-parent-handle 0x81000010 --parent-password-file parent-password
expect "and its password" 0 '' gcp token --keyfile guarded-rsa.pem --email $email --parent-password-file parent-password
refuse "without the parent's password" 1 parent none gcp token --keyfile guarded-rsa.pem --email $email
refuse "a token with an EC key" 1 RS256 none gcp token --keyfile ecc256.pem --email $email
refuse "a token with an HMAC key" 1 . none gcp token --keyfile hmac.pem --email $email

# --- key csr, key certificate ------------------------------------------------------------------------------------------------

for key in rsa2048 pss384 ecc256 ecc384 ecc521 restricted; do
  expect "a request by $key" 0 '' key csr --keyfile $key.pem --subject 'CN=device 7,O=Example' --out request.pem
  check "openssl verifies it" sh -c 'openssl req -in request.pem -verify -noout 2>&1 | grep -q "verify OK"'
  "$program" key public $key.pem >key.pub
  check "it is the key's" sh -c 'openssl req -in request.pem -pubkey -noout | cmp - key.pub'
  expect "a certificate by $key" 0 '' key certificate --keyfile $key.pem --subject 'CN=device 7,O=Example' --days 7 --out certificate.pem
  check "openssl verifies it" openssl verify -CAfile certificate.pem -check_ss_sig certificate.pem
  check "it has its subject" sh -c 'openssl x509 -in certificate.pem -noout -subject -nameopt RFC2253 | grep -qx "subject=CN=device 7,O=Example"'
  check "it is valid for so long" sh -c 'openssl x509 -in certificate.pem -noout -checkend 600000 && ! openssl x509 -in certificate.pem -noout -checkend 610000'
  check "it is the key's" sh -c 'openssl x509 -in certificate.pem -pubkey -noout | cmp - key.pub'
done
expect "a request with another algorithm" 0 '' key csr --keyfile rsa2048.pem --subject /O=Example/CN=x --algorithm PS256
check "openssl verifies it" sh -c 'openssl req -in out -verify -noout 2>&1 | grep -q "verify OK"'
check "it is PSS" sh -c 'openssl req -in out -text -noout | grep -qi rsassaPss'
expect "a certificate to standard output" 0 '' key certificate --keyfile locked.pem --password-file password --subject CN=x
check "it is valid for a year" sh -c 'openssl x509 -in out -noout -checkend 31000000 && ! openssl x509 -in out -noout -checkend 32000000'
refuse "a request without subject" 2 '--subject is missing' none key csr --keyfile ecc256.pem
refuse "a subject that is none" 2 . none key csr --keyfile ecc256.pem --subject 'no name at all'
refuse "no day" 2 'days' none key certificate --keyfile ecc256.pem --subject CN=x --days 0
refuse "too many days" 2 'days' none key certificate --keyfile ecc256.pem --subject CN=x --days 36501
refuse "days that are no number" 2 '--days must be a number' none key certificate --keyfile ecc256.pem --subject CN=x --days 1d
refuse "an algorithm that the key cannot do" 1 'ES384' none key csr --keyfile ecc256.pem --subject CN=x --algorithm ES384
refuse "a request by an HMAC key" 1 'no public part' none key csr --keyfile hmac.pem --subject CN=x
refuse "a request with a wrong password" 1 password none key csr --keyfile locked.pem --subject CN=x --password-file wrong
refuse "a request to nowhere" 1 "cannot write 'no/request'" none key csr --keyfile ecc256.pem --subject CN=x --out no/request
refuse "a request without a TPM" 1 . none key csr --keyfile ecc256.pem --subject CN=x --tcti swtpm:host=127.0.0.1,port=1

# --- key public as JWK -------------------------------------------------------------------------------------------------------

# is_jwk FILE KEYFILE: the key in it is the key file's, says cryptography, and its kid is the thumbprint.
is_jwk() {
  /usr/bin/python3 - "$program" "$1" "$2" <<'PYTHON'
import base64, hashlib, json, subprocess, sys
import jwt.algorithms
from cryptography.hazmat.primitives import serialization
program, path, keyfile = sys.argv[1:]
jwk = json.load(open(path))
if "keys" in jwk:
    (jwk,) = jwk["keys"]
algorithm = jwt.algorithms.RSAAlgorithm if jwk["kty"] == "RSA" else jwt.algorithms.ECAlgorithm
der = algorithm.from_jwk(json.dumps(jwk)).public_bytes(serialization.Encoding.DER,
                                                      serialization.PublicFormat.SubjectPublicKeyInfo)
assert der == subprocess.run([program, "key", "public", keyfile, "--format", "der"], capture_output=True).stdout
members = {name: jwk[name] for name in {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}[jwk["kty"]]}
text = json.dumps(members, separators=(",", ":"), sort_keys=True)
kid = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
assert jwk["kid"] == kid and jwk["use"] == "sig", (jwk, kid)
PYTHON
}

unset TPMCLOUD_TCTI
for key in rsa2048 ecc256 ecc384 ecc521; do
  expect "$key as JWK" 0 '' key public $key.pem --format jwk
  check "it is the key" is_jwk out $key.pem
  expect "$key as a set of JWKs" 0 '' key public $key.pem --format jwks
  check "it holds the key" is_jwk out $key.pem
  check "it is a set" grep -q '^{"keys":\[{.*}\]}$' out
done
expect "with its algorithm" 0 '' key public rsa2048.pem --format jwk --algorithm PS256
check "it says so" test "$(member alg)" = PS256
refuse "with one that it cannot do" 1 'ES256' none key public rsa2048.pem --format jwk --algorithm ES256
refuse "an algorithm for PEM" 2 '--algorithm goes with' none key public rsa2048.pem --algorithm RS256
refuse "an HMAC key as JWK" 1 'no public part' none key public hmac.pem --format jwk
export TPMCLOUD_TCTI=$SWTPM_TCTI

# --- devices -----------------------------------------------------------------------------------------------------------------

: >device
chmod 600 device
chmod 711 "$work"
chmod 644 ecc256.pem message
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups "$program" --version >/dev/null 2>&1; then
  setpriv --reuid=65534 --regid=65534 --clear-groups "$program" sign --keyfile ecc256.pem --in message --tcti "device:$work/device" \
    >out 2>err
  rc=$?
  judge "no permission to use the TPM" 1 "no permission to use $work/device; .*group.* tss"
fi
refuse "a device that is no TPM" 1 "the TPM at $work/device cannot be opened" none sign --keyfile ecc256.pem --in message \
  --tcti "device:$work/device"
refuse "a device that is not there" 1 "there is no TPM at $work/none; .*firmware" none sign --keyfile ecc256.pem --in message \
  --tcti "device:$work/none"

# --- another TPM, and none ---------------------------------------------------------------------------------------------------

swtpm_stop
refuse "the TPM is gone: create" 1 . bad.pem key create --out bad.pem
refuse "the TPM is gone: import" 1 . bad.pem key import --in rsa.key --out bad.pem
refuse "the TPM is gone: hmac" 1 . mac2 hmac --keyfile hmac.pem --in message --out mac2
refuse "the TPM is gone: convert" 1 . bad.pem key convert --keyfile wrapped.pem --out bad.pem
refuse "the TPM is gone: convert and try" 1 . bad.pem key convert --public k.pub --private k.prv --out bad.pem --tcti "$TPMCLOUD_TCTI"
refuse "the TPM is gone: persist-parent" 1 . none key persist-parent
refuse "the TPM is gone: certificate" 1 . none key certificate --keyfile ecc256.pem --subject CN=x
swtpm_start "$work/tpm2" || exit 1
export TPMCLOUD_TCTI=$SWTPM_TCTI
refuse "a key wrapped for another TPM" 1 . signature2 sign --keyfile wrapped.pem --in message --out signature2
refuse "a wrapped key of another TPM is not converted" 1 . bad.pem key convert --keyfile wrapped.pem --out bad.pem
refuse "a key of another TPM" 1 0x1df signature2 sign --keyfile ecc256.pem --in message --out signature2
refuse "a parent that was only in the other TPM" 1 0x81000001 signature2 sign --keyfile kept.pem --in message --out signature2

finish
