#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The program against a private software TPM: usage, import, show, sign and token: cli_test.sh PROGRAM
set -u
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"

verify_ps256() {
  openssl dgst -sha256 -binary -out "$work/digest" "$work/message" &&
    openssl pkeyutl -verify -pubin -inkey "$work/public.pem" -sigfile "$1" -in "$work/digest" -pkeyopt digest:sha256 \
      -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:32
}

# verify_token FILE PYTHON: PyJWT accepts the token, and the expression over header, claims and now is true.
verify_token() {
  /usr/bin/python3 - "$work/public.pem" "$1" "$2" <<'PYTHON'
import sys, time, jwt
public, path, condition = sys.argv[1:]
text = open(path).read()
assert text.endswith("\n") and text.count("\n") == 1, "one line"
token = text[:-1]
header = jwt.get_unverified_header(token)
now = time.time()
claims = jwt.decode(token, open(public).read(), algorithms=["RS256"], options={"verify_aud": False})
assert eval(condition), (header, claims)
PYTHON
}

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem 2>/dev/null ||
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem 2>/dev/null
openssl pkey -in private.pem -pubout -out public.pem
openssl req -x509 -key private.pem -subj /CN=test -days 1 -out certificate.pem 2>/dev/null
/usr/bin/python3 -c 'import json; print(json.dumps({"type": "service_account", "private_key_id": "abc",
  "private_key": open("private.pem").read(), "client_email": "robot@project.iam.gserviceaccount.com"}))' >account.json

# --- usage -------------------------------------------------------------------------------------------------------------------

expect "no command" 2 'no command'
expect "unknown command" 2 "unknown command 'sgin'; did you mean 'sign'" sgin
expect "unknown second word" 2 "did you mean 'key show'" key shw
expect "unknown second word after help" 2 "unknown command 'key shw'; did you mean 'key show'" help key shw
expect "unknown command without likeness" 2 "unknown command 'frobnicate'; see tpmcloud --help" frobnicate
expect "unknown flag with a hint" 2 "unknown flag '--emial'; did you mean '--email'" gcp token --emial x
expect "unknown flag without likeness" 2 "unknown flag '--zzzzzzzzzzzzzz'$" sign --zzzzzzzzzzzzzz
expect "unknown flag hides its value" 2 "unknown flag '--pasword'; did you mean '--password'" sign --pasword=hunter2
check "the value is not shown" sh -c '! grep -q hunter2 err'
expect "one-letter flag" 2 "unknown flag '-k'" sign -k
expect "flag without value" 2 '--email needs a value' gcp token --email
expect "flag where a value should be" 2 '--email needs a value' gcp token --email --keyfile k
expect "word out of a choice" 2 "--format is 'xml'; it must be one of raw, json, executable" gcp token --format xml
expect "value for a switch" 2 '--json is a switch' key show x --json=7
expect "stray argument" 2 'belongs to no flag' sign stray
check "it is not shown either" sh -c '! grep -q stray err'
expect "two key files" 2 'takes one file' key show a b
expect "two key files, one behind its flag" 2 'takes one file' key show --keyfile a b
expect "two inputs" 2 'takes one file' key import a --in b --out c
expect "no key file" 2 'needs the path of a key file' key show
expect "import without --in" 2 '--in is missing' key import --out x
expect "import without --out" 2 '--out is missing' key import --in private.pem
expect "two passwords from standard input" 2 'only one password' sign --keyfile k --in message --password-file - --ownerpassword-file -
expect "password and message from standard input" 2 'cannot both' sign --keyfile k --password-file -
expect "password and private key from standard input" 2 'cannot both' key import --in - --out x --password-file -
expect "password given twice" 2 'more than once' sign --keyfile k --password a --password-file password
expect "password too long" 2 'longer than 4096' sign --keyfile k --password "$(printf '%05000d' 0)"

for words in "" "key create" "key import" "key convert" "key wrap" "key show" "key public" "key csr" "key certificate" "key parent" \
  "key persist-parent" "policy digest" "policy show" "policy check" "policy sign" "sign" "hmac" "gcp token" \
  "aws-rolesanywhere credentials" "aws-hmac credentials" "aws-hmac sign-request" "aws-hmac presign" "aws-hmac eks-token" \
  "aws-hmac caller-identity" "gcp oidc-documents"; do
  # shellcheck disable=SC2086
  expect "help of '$words'" 0 '' help $words
  cp out help
  # shellcheck disable=SC2086
  expect "'$words --help'" 0 '' $words --help
  check "both are the same" cmp help out
  check "no flag of '$words' is listed twice" sh -c '! grep -oE "^  --[A-Za-z-]+" out | sort | uniq -d | grep .'
  check "no line of it is too long" sh -c '! tail -n +2 out | grep -E "^.{81}"'
done
expect "overview" 0 '' --help
check "no name runs into its summary" sh -c 'grep -A1 "^  aws-hmac caller-identity$" out | grep -qE "^ {22}Ask"'
check "no group of flags is without a name" sh -c "! '$program' help --man | grep -q '[ ,]Other'"
check "help lists flags from the tables with defaults" sh -c \
  "'$program' gcp token --help | tr '\n' ' ' | grep -qE -- '--expire-in NUMBER +.*3600\)'"
expect "help of a group" 0 '' key --help
check "it lists the group" grep -q 'tpmcloud key show KEY.pem' out
expect "version" 0 '' --version
check "version text" grep -qE '^tpmcloud [0-9]+\.[0-9]+\.[0-9]+$' out
expect "man page" 0 '' help --man
check "the man page in the tree is the program's" cmp out "$here/../../docs/man/tpmcloud.1"
if command -v groff >/dev/null; then
  check "the man page is well formed" sh -c 'test -z "$(groff -man -Tutf8 -ww out 2>&1 >/dev/null)"'
fi

# --- key import --------------------------------------------------------------------------------------------------------------

mkdir out.d
expect "import" 0 'trusted unseen; .*--parent-name [0-9a-f]{68}$' key import --in private.pem --out out.d/key.pem
name=$(grep -oE '[0-9a-f]{68}' err | head -1)
check "the key file is a TSS2 key" grep -q '^-----BEGIN TSS2 PRIVATE KEY-----$' out.d/key.pem
check "only the key file is there" test "$(ls -A out.d)" = key.pem
check "its mode is 0600" test "$(mode_of out.d/key.pem)" = 600
expect "import with the parent pinned" 0 '' key import --in private.pem --out pinned.pem --parent-name "$name"
wrong_name=$(printf '%s' "$name" | tr '0-9a-f' '1-9a-f0' | sed 's/^..../000b/')
refuse "import with another parent pinned" 1 . bad.pem key import --in private.pem --out bad.pem --parent-name "$wrong_name"
refuse "a Name that is none" 2 'option --parent-name' bad.pem key import --in private.pem --out bad.pem --parent-name 000b
expect "import of a service-account JSON" 0 'trusted unseen' key import --in account.json --out account.pem
input=private.pem
expect "import from standard input" 0 'trusted unseen' key import --in - --out stdin.pem
input=/dev/null
expect "import to standard output" 0 'trusted unseen' key import --in private.pem --out -
check "the key file is on standard output" grep -q 'BEGIN TSS2 PRIVATE KEY' out
expect "import with a password" 0 'trusted unseen' key import --in private.pem --out locked.pem --password-file password
input=password
expect "import with the password from standard input" 0 'trusted unseen' key import --in private.pem --out locked2.pem --password-file=-
input=/dev/null
expect "import of an RSAPSS-fixed key" 0 'trusted unseen' key import --in private.pem --out pss.pem --scheme rsapss --description 'a key'

for mask in 000 077 777; do
  rm -f mask.pem
  (umask $mask && exec "$program" key import --in private.pem --out mask.pem) >out 2>err
  check "mode under umask $mask" test "$(mode_of mask.pem)" = 600
done

cp out.d/key.pem before
refuse "an existing key file is not replaced" 1 'exists; .*--force' none.pem key import --in private.pem --out out.d/key.pem
check "it is as it was" cmp before out.d/key.pem
expect "import with --force" 0 'trusted unseen' key import --in private.pem --out out.d/key.pem --force
check "it is another one" sh -c '! cmp -s before out.d/key.pem'
ln -s out.d/key.pem link.pem
refuse "a symbolic link is not followed" 1 'symbolic link' none.pem key import --in private.pem --out link.pem --force
refuse "the output is a directory" 1 'is a directory' none.pem key import --in private.pem --out out.d
refuse "the output is a directory with slash" 1 'directory' none.pem key import --in private.pem --out out.d/
refuse "the output's directory does not exist" 1 "cannot write 'no/key.pem': No such file" no/key.pem \
  key import --in private.pem --out no/key.pem
refuse "an unwritable output is told before the TPM is used" 1 "cannot write" no/key.pem \
  key import --in private.pem --out no/key.pem --tcti swtpm:host=127.0.0.1,port=1
refuse "a directory in which nobody can write" 1 "cannot write '/proc/key.pem'" /proc/key.pem key import --in private.pem --out /proc/key.pem
chmod 711 "$work"
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups "$program" --version >/dev/null 2>&1; then
  setpriv --reuid=65534 --regid=65534 --clear-groups "$program" key import --in private.pem --out out.d/other.pem >out 2>err
  rc=$?
  judge "no permission to write" 1 "cannot write 'out.d/other.pem': Permission denied"
  check "and nothing is written" test "$(ls -A out.d)" = key.pem
fi
err=$(ulimit -f 0; "$program" key import --in private.pem --out full.pem 2>&1 >/dev/null); rc=$?
check "no room for the key file" test $rc -eq 1
check "no room: the text" sh -c 'printf %s "$1" | grep -q "cannot write .full.pem.: File too large"' - "$err"
check "no room: no key file, nothing left" sh -c 'test ! -e full.pem && test -z "$(ls -A | grep ^.tpmcloud-)"'
expect "disk full" 1 "cannot write '/dev/full': No space left" key import --in private.pem --out /dev/full

refuse "no input file" 1 "cannot open 'nothing.pem': No such file" bad.pem key import --in nothing.pem --out bad.pem
refuse "the input is a directory" 1 'not a regular file' bad.pem key import --in out.d --out bad.pem
refuse "the input is empty" 1 'empty is empty; .*private key' bad.pem key import --in empty --out bad.pem
refuse "standard input is empty" 1 'standard input is empty; .*private key' bad.pem key import --in - --out bad.pem
refuse "the input is no key" 1 . bad.pem key import --in message --out bad.pem
refuse "the input is a certificate" 1 certificate bad.pem key import --in certificate.pem --out bad.pem
openssl pkey -in private.pem -aes256 -passout pass:x -out encrypted.pem
refuse "the input is encrypted" 1 encrypted bad.pem key import --in encrypted.pem --out bad.pem
truncate -s 65537 large
refuse "the input is too large" 1 'more than 65536 bytes' bad.pem key import --in large --out bad.pem
refuse "the password is too long for the key" 2 . bad.pem key import --in private.pem --out bad.pem --password "$(printf '%033d' 0)"
refuse "the password file is missing" 1 "cannot open 'nothing' to read the key's password" bad.pem \
  key import --in private.pem --out bad.pem --password-file nothing
refuse "the password file is empty" 1 "no line to read the key's password from" bad.pem \
  key import --in private.pem --out bad.pem --password-file empty
refuse "an option is out of range" 2 'option --tpm-timeout-ms' bad.pem key import --in private.pem --out bad.pem --tpm-timeout-ms 1

# --- key show, key public ----------------------------------------------------------------------------------------------------

unset TPMCLOUD_TCTI
expect "show needs no TPM" 0 '' key show pss.pem
check "show says what the file is" grep -q '^type: loadable$' out
check "show has the description" grep -q 'description: a key' out
check "show wraps the modulus" sh -c 'test "$(grep -A8 "^  modulus:$" out | grep -cE "^    [0-9a-f]{64}$")" = 8'
check "no line of it is too long" sh -c '! grep -E "^.{81}" out'
check "show is silent about what is not there" sh -c '! grep -qE "^ *(policy|auth .*polic.*|secret|rsa parent|symmetric):" out'
check "show ends with a line end" sh -c 'test -z "$(tail -c 1 out)"'
expect "show as JSON" 0 '' key show pss.pem --json
check "the JSON is JSON" /usr/bin/python3 -c 'import json; assert json.load(open("out"))["type"] == "loadable"'
check "and whole" /usr/bin/python3 -c 'import json; d = json.load(open("out")); assert len(d["public"]["modulus"]) == 512 and d["secret"] is False'
expect "show of a key with a password" 0 '' key show locked.pem
check "it says so" grep -q '^empty auth: no$' out
expect "show with --keyfile" 0 '' key show --keyfile pss.pem
TPMCLOUD_TCTI=$'bad\n' expect "show does not look at the TCTI" 0 '' key show pss.pem
expect "public" 0 '' key public account.pem
check "it is the private key's" cmp out public.pem
expect "public as DER" 0 '' key public account.pem --format=der
check "it is the same" sh -c 'openssl pkey -pubin -inform DER -in out -pubout | cmp - public.pem'
expect "show of a plain private key" 1 'private key' key show private.pem
expect "show of a certificate" 1 certificate key show certificate.pem
openssl pkcs12 -export -inkey private.pem -in certificate.pem -passout pass: -out bundle.p12
expect "show of a PKCS#12 file" 1 'PKCS#12' key show bundle.p12
expect "show of nothing" 1 'No such file|nothing.pem' key show nothing.pem
head -c 600 account.pem >truncated.pem
expect "show of a truncated file" 1 . key show truncated.pem
export TPMCLOUD_TCTI=$SWTPM_TCTI

# --- sign --------------------------------------------------------------------------------------------------------------------

input=message
expect "sign standard input" 0 '' sign --keyfile account.pem --algorithm RS256
check "the signature verifies" verify_rs256 out
input=/dev/null
expect "sign a file into a file" 0 '' sign --keyfile=account.pem --in=message --out=signature
check "the signature in the file verifies" verify_rs256 signature
check "its mode is 0600 too" test "$(mode_of signature)" = 600
printf old >signature
expect "sign over an existing file" 0 '' sign --keyfile account.pem --in message --out signature --algorithm PS256
check "PS256 verifies with a salt of 32 bytes" verify_ps256 signature

# A system that routes OpenSSL through the TPM must not send libtss2's own cryptography there too.
cat >"$work/tpm2-first.cnf" <<'CNF'
openssl_conf = openssl_init
[openssl_init]
providers = providers
alg_section = algorithms
[providers]
tpm2 = activated
default = activated
[activated]
activate = 1
[algorithms]
default_properties = ?provider=tpm2
CNF
export OPENSSL_CONF=$work/tpm2-first.cnf TPM2OPENSSL_TCTI=$SWTPM_TCTI
run sign --keyfile locked.pem --password-file password --in message
unset OPENSSL_CONF TPM2OPENSSL_TCTI
judge "sign where openssl.cnf prefers the TPM's provider" 0 ''
check "it verifies" verify_rs256 out

expect "the algorithm that an RSAPSS-fixed key implies" 0 '' sign --keyfile pss.pem --in message
check "it is PS256" verify_ps256 out
expect "RS256 with an RSAPSS-fixed key" 1 RS256 sign --keyfile pss.pem --in message --algorithm RS256
expect "sign with a password" 0 '' sign --keyfile locked.pem --in message --password 'correct horse'
check "it verifies" verify_rs256 out
expect "sign with a password file" 0 '' sign --keyfile locked.pem --in message --password_file password
check "it verifies" verify_rs256 out
input=password
expect "sign with the password from standard input" 0 '' sign --keyfile locked2.pem --in message --password-file -
check "it verifies" verify_rs256 out
input=/dev/null
expect "sign with the password from a pipe" 0 '' sign --keyfile locked.pem --in message --password-file <(cat password)
refuse "wrong password" 1 password signature2 sign --keyfile locked.pem --in message --password-file wrong --out signature2
refuse "missing password" 1 password signature2 sign --keyfile locked.pem --in message --out signature2
refuse "password known to be empty, but it is not" 1 password signature2 sign --keyfile locked.pem --in message --password '' --out signature2
expect "password known to be empty" 0 '' sign --keyfile account.pem --in message --password ''
expect "sign without key" 2 keyfile sign --in message
expect "sign with a plain private key" 1 'private key' sign --keyfile private.pem --in message
expect "sign with a certificate" 1 certificate sign --keyfile certificate.pem --in message
expect "sign a directory" 1 'cannot read out.d: Is a directory' sign --keyfile account.pem --in out.d
truncate -s 64M big
expect "sign 64 MiB" 0 '' sign --keyfile account.pem --in big
truncate -s 67108865 big
expect "sign more than 64 MiB" 1 'more than 67108864 bytes' sign --keyfile account.pem --in big
rm big
expect "sign to a full disk" 1 "'/dev/full': No space left" sign --keyfile account.pem --in message --out /dev/full
mkfifo pipe
cat pipe >piped &
expect "sign into a pipe" 0 '' sign --keyfile account.pem --in message --out pipe
wait $!
check "the pipe is still one" test -p pipe
check "what came through verifies" verify_rs256 piped

# --- standard output ---------------------------------------------------------------------------------------------------------

err=$("$program" sign --keyfile account.pem --in message 2>&1 >/dev/full); rc=$?
check "standard output on a full disk" test "$rc/$err" = "1/tpmcloud: cannot write 'standard output': No space left on device"
{ sleep 0.3; "$program" sign --keyfile account.pem --in message; echo $? >rc; } 2>err | true
check "standard output is a closed pipe" sh -c 'test "$(cat rc)" = 1 && grep -q "Broken pipe" err'
err=$("$program" --help 2>&1 >/dev/full); rc=$?
check "help on a full disk" test $rc -eq 1
err=$("$program" sign --keyfile account.pem --in message 2>&1 >&-); rc=$?
check "standard output is closed" test "$rc/$err" = "1/tpmcloud: cannot write 'standard output': Bad file descriptor"
err=$("$program" sign --keyfile account.pem 2>&1 <&- >/dev/null); rc=$?
check "standard input is closed" test "$rc/$err" = "1/tpmcloud: cannot read standard input: Bad file descriptor"

# --- gcp token ---------------------------------------------------------------------------------------------------------------

email=robot@project.iam.gserviceaccount.com
expect "token" 0 '' gcp token --keyfile account.pem --email $email
check "it is what Google takes" verify_token out "claims['iss'] == claims['sub'] == '$email' and header['alg'] == 'RS256' \
  and claims['scope'] == 'https://www.googleapis.com/auth/cloud-platform' and 'kid' not in header and 3500 < claims['exp'] - now <= 3600"
expect "token with everything" 0 '' gcp token --keyfile locked.pem --password-file password --email $email --key-id abc \
  --scopes https://www.googleapis.com/auth/a --scopes=https://www.googleapis.com/auth/b --expire-in 600
check "it has all of it" verify_token out "header['kid'] == 'abc' and 500 < claims['exp'] - now <= 600 and \
  claims['scope'] == 'https://www.googleapis.com/auth/a https://www.googleapis.com/auth/b'"
expect "token for an audience" 0 '' gcp token --keyfile account.pem --email $email --audience https://pubsub.googleapis.com/ --keyid abc
check "it has the audience and no scope" verify_token out "claims['aud'] == 'https://pubsub.googleapis.com/' and 'scope' not in claims"
expect "token as JSON into a file" 0 '' gcp token --keyfile account.pem --email $email --format json --output-file token.json
check "nothing on standard output" test ! -s out
check "mode of the token file" test "$(mode_of token.json)" = 600
check "the JSON" /usr/bin/python3 -c 'import json, datetime, time, jwt
t = json.load(open("token.json"))
assert sorted(t) == ["access_token", "expires_at", "expires_in", "token_type"], t
at = datetime.datetime.strptime(t["expires_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
assert t["token_type"] == "Bearer" and 3500 < t["expires_in"] <= 3600 and abs(at - time.time() - t["expires_in"]) < 5, t
claims = jwt.decode(t["access_token"], open("public.pem").read(), algorithms=["RS256"], options={"verify_aud": False})
assert claims["exp"] == at, (claims, at)'
expect "token over an existing file" 0 '' gcp token --keyfile account.pem --email $email --output-file token.json
check "the file is the new token" verify_token token.json "True"
refuse "token without e-mail" 2 'option --email is missing' none gcp token --keyfile account.pem
refuse "expire_in out of range" 2 'option --expire-in must be .* to 3600' none gcp token --keyfile account.pem --email $email --expire-in 3601
refuse "control character in an option" 2 'option --email' none gcp token --keyfile account.pem --email $'a\nb@c'
refuse "scopes and audience" 2 'options --scopes and --audience' none gcp token --keyfile account.pem --email $email --scopes s --audience a
refuse "what is quoted but no option stays" 2 "not 'email'" none gcp token --keyfile account.pem --email $email --expire-in email
refuse "token with an RSAPSS-fixed key" 1 RS256 none gcp token --keyfile pss.pem --email $email
refuse "an option that has no effect" 2 'option --subject has no effect' none gcp token --keyfile account.pem --email $email --subject a@b
refuse "an ID token for nobody" 2 'option --audience is missing' none gcp token --keyfile account.pem --email $email --kind id
printf '{"type":"service_account","client_email":"%s","private_key_id":"abc","private_key":"x"}' $email >sa.json
expect "token by a service-account file" 0 'holds a private key, which is not used' gcp token --keyfile account.pem --service-account-file sa.json
check "it says whose and which key" verify_token out "claims['iss'] == '$email' and header['kid'] == 'abc'"
expect "quota project in JSON" 0 '' gcp token --keyfile account.pem --email $email --quota-project billed --format json
check "it is told" grep -q '"quota_project":"billed"' out
refuse "token to an unwritable file" 1 "cannot write 'no/token'" none gcp token --keyfile account.pem --email $email --output-file no/token

# --- gcp token --format executable -------------------------------------------------------------------------------------------

pool=//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q
executable=(gcp token --format executable --keyfile account.pem --issuer https://issuer.example/a --federation-subject device)
expect "the documents of an issuer" 0 '' gcp oidc-documents --keyfile account.pem --issuer https://issuer.example/a --out docs
check "the set holds the key" /usr/bin/python3 -c 'import json
d = json.load(open("docs/.well-known/openid-configuration"))
assert d["issuer"] == "https://issuer.example/a" and d["jwks_uri"] == d["issuer"] + "/.well-known/jwks.json", d
assert d["id_token_signing_alg_values_supported"] == ["RS256"], d
[key] = json.load(open("docs/.well-known/jwks.json"))["keys"]
assert key["kty"] == "RSA" and key["alg"] == "RS256" and len(key["kid"]) == 43, key'
check "a web server may read them" test "$(mode_of docs/.well-known/jwks.json)$(mode_of docs/.well-known/openid-configuration)" = 644644
expect "they can be written again" 0 '' gcp oidc-documents --keyfile account.pem --issuer https://issuer.example/a --out docs
refuse "documents without issuer" 2 'option --issuer is missing' none gcp oidc-documents --keyfile account.pem --out none
refuse "documents of an http issuer" 2 'option --issuer must begin with https' none gcp oidc-documents --keyfile account.pem --issuer http://i --out none
expect "the documents of a federated credential" 0 '' azure oidc-documents --keyfile account.pem --federation-issuer https://issuer.example/b --out site
check "its set holds the key" /usr/bin/python3 -c 'import json
d = json.load(open("site/.well-known/openid-configuration"))
assert d["issuer"] == "https://issuer.example/b" and d["jwks_uri"] == d["issuer"] + "/.well-known/jwks.json", d
assert d["id_token_signing_alg_values_supported"] == ["RS256"], d
[key] = json.load(open("site/.well-known/jwks.json"))["keys"]
assert key["kty"] == "RSA" and key["alg"] == "RS256" and len(key["kid"]) == 43, key'
check "a web server may read these too" test "$(mode_of site/.well-known/jwks.json)$(mode_of site/.well-known/openid-configuration)" = 644644
refuse "a federated credential without issuer" 2 'option --federation-issuer is missing' none azure oidc-documents --keyfile account.pem --out none
refuse "a federated credential of an http issuer" 2 'option --federation-issuer must begin with https' none azure oidc-documents --keyfile account.pem --federation-issuer http://issuer.example --out none
# answer NAME EXPRESSION ARGS: what the program prints is JSON r of version 1, and it says nothing else.
answer() {
  local name=$1 expression=$2
  shift 2
  expect "$name" 0 '' "$@"
  check "$name: nothing on standard error" test ! -s err
  check "$name: the answer" /usr/bin/python3 -c 'import json, sys, time, jwt
r = json.load(open("out"))
assert r["version"] == 1 and type(r["version"]) is int, r
if r["success"]:
    key = jwt.PyJWKSet.from_dict(json.load(open("docs/.well-known/jwks.json"))).keys[0]
    header = jwt.get_unverified_header(r["id_token"])
    assert header["kid"] == key.key_id, header
    claims = jwt.decode(r["id_token"], key.key, algorithms=["RS256"], options={"verify_aud": False})
    assert claims["exp"] == r["expiration_time"] and claims["iss"] == "https://issuer.example/a", claims
    assert claims["sub"] == "device" and claims["aud"] == "https:'$pool'", claims
else:
    assert sorted(r) == ["code", "message", "success", "version"] and r["code"] and r["message"], r
assert eval(sys.argv[1]), r' "$expression"
}
answer "executable without a pool" 'not r["success"] and "AUDIENCE" in r["message"] and r["code"] == "USAGE"' "${executable[@]}"
answer "executable with the pool as a flag" 'r["success"] and r["token_type"].endswith(":jwt")' "${executable[@]}" --pool-audience $pool
export GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=$pool
answer "executable with the pool that is asked for" 'r["success"]' "${executable[@]}"
answer "executable with another pool" 'not r["success"] and "--pool-audience" in r["message"]' "${executable[@]}" --pool-audience ${pool}2
answer "executable of another kind" 'not r["success"] and "--kind" in r["message"]' "${executable[@]}" --kind jwt
export GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE=urn:ietf:params:oauth:token-type:id_token GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE=$work/cache.json
answer "executable with type and file" 'r["success"] and r["token_type"].endswith(":id_token")' "${executable[@]}" --expire-in 600
check "the file holds the same" cmp out cache.json
check "mode of that file" test "$(mode_of cache.json)" = 600
cp cache.json kept.json
answer "executable that fails" 'not r["success"] and r["code"] == "FAILED" and "none.pem" in r["message"]' "${executable[@]}" --keyfile none.pem
check "the file is left as it was" cmp cache.json kept.json
GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE=urn:ietf:params:oauth:token-type:saml2 answer "executable asked for SAML" \
  'not r["success"] and "saml2" in r["message"]' "${executable[@]}"
GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE=$work/no/cache.json answer "executable with a file that cannot be written" \
  'not r["success"] and "no/cache.json" in r["message"]' "${executable[@]}"
ln -s kept.json link.json
GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE=$work/link.json answer "executable with a link for a file" \
  'not r["success"] and "symbolic link" in r["message"]' "${executable[@]}"
check "the link is neither replaced nor followed" sh -c 'test -L link.json && cmp -s cache.json kept.json'
unset GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE
expect "executable with an unknown flag" 2 'unknown flag' "${executable[@]}" --nonsense

# --- the TPM -----------------------------------------------------------------------------------------------------------------

refuse "no TPM" 1 . none sign --keyfile account.pem --in message --tcti swtpm:host=127.0.0.1,port=1
refuse "no device" 1 /dev/nonexistent none sign --keyfile account.pem --in message --tcti device:/dev/nonexistent
refuse "a TCTI that is nonsense" 2 nonsense none sign --keyfile account.pem --in message --tcti nonsense:x
refuse "a TCTI that runs a command" 2 'option --allow-any-tcti$' ran sign --keyfile account.pem --in message --tcti "cmd:touch $work/ran"
TPMCLOUD_TCTI="cmd:touch $work/ran" refuse "the same from the environment" 2 'option --allow-any-tcti$' ran sign --keyfile account.pem --in message
TPMCLOUD_TCTI= TPM2TOOLS_TCTI=$SWTPM_TCTI expect "TPM2TOOLS_TCTI is the second choice" 0 '' sign --keyfile account.pem --in message
TPM2TOOLS_TCTI=nonsense:x expect "TPMCLOUD_TCTI comes first" 0 '' sign --keyfile account.pem --in message
TPMCLOUD_TCTI=nonsense:x expect "--tcti comes before both" 0 '' sign --keyfile account.pem --in message --tcti "$SWTPM_TCTI"
expect "switches with and without a value" 0 '' sign --allow-startup --allow-any-tcti no --keyfile account.pem --in message

tpm2_changeauth -T "$SWTPM_TCTI" -c owner secret
refuse "owner password missing" 1 password none sign --keyfile account.pem --in message
expect "owner password" 0 '' sign --keyfile account.pem --in message --ownerpassword secret
check "it verifies" verify_rs256 out
expect "owner password and key password from files" 0 '' sign --keyfile locked.pem --in message --password-file password \
  --ownerpassword-file <(echo secret)
refuse "owner password wrong" 1 password none sign --keyfile account.pem --in message --ownerpassword-file wrong
expect "import with an owner password" 0 'trusted unseen' key import --in private.pem --out owned.pem --ownerpassword secret
tpm2_changeauth -T "$SWTPM_TCTI" -c owner -p secret

# --- passwords in the process list, and signals ------------------------------------------------------------------------------

# start ARGS...: the program in the background, waiting for the pipe `feed`, which is descriptor 9 here.
start() {
  rm -f feed
  mkfifo feed
  "$program" "$@" <feed >out 2>err 9>&- &
  background=$!
  exec 9>feed
}

# The program itself, not yet the shell that becomes it, and what it shows of its arguments.
shown_arguments() {
  [ "$(readlink "/proc/$background/exe")" = "$program" ] && tr '\0' ' ' <"/proc/$background/cmdline"
}

# wait_until COMMAND...: at most ten seconds.
wait_until() {
  local try
  for try in $(seq 200); do
    "$@" && return 0
    sleep 0.05
  done
  return 1
}

hides_passwords() {
  local shown
  shown=$(shown_arguments) && [ -n "$shown" ] && ! printf %s "$shown" | grep -qE 'correct|horse|topsecret'
}

for form in --password= --password; do
  if [ $form = --password ]; then set -- --password 'correct horse'; else set -- '--password=correct horse'; fi
  start sign --keyfile locked.pem "$@" --endorsement-password topsecret
  check "passwords vanish from the process list ($form)" wait_until hides_passwords
  cat message >&9
  exec 9>&-
  wait "$background"
  rc=$?
  background=
  judge "and are used ($form)" 0 ''
  check "it verifies" verify_rs256 out
done

# ask INPUT: runs the program at a terminal of its own and types INPUT when it asks for the password; prints what the
# terminal showed, whether it still echoes afterwards, and the exit status.
ask() {
  /usr/bin/python3 - "$program" "$1" <<'PYTHON'
import os, pty, sys, termios, time
program, typed = sys.argv[1], sys.argv[2].encode()
child, terminal = pty.fork()
if child == 0:
    os.execv(program, [program, "sign", "--keyfile", "locked.pem", "--in", "message", "--out", "signature",
                       "--password-file", "-"])
shown = b""
while b": " not in shown:
    shown += os.read(terminal, 1000)
time.sleep(0.1)
os.write(terminal, typed)
status = None
while status is None:
    done, code = os.waitpid(child, os.WNOHANG)
    status = os.waitstatus_to_exitcode(code) if done else None
    time.sleep(0.05)
echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
try:
    shown += os.read(terminal, 1000)
except OSError:
    pass
print(repr(shown), echoes, status)
PYTHON
}

ask $'correct horse\n' >asked
check "a terminal is asked, and shows nothing" test "$(cat asked)" = 'b"Type the key'"'"'s password: \r\n" True 0'
check "what was typed is used" verify_rs256 signature
rm -f signature
ask $'\x03' >asked
check "an interrupt at the terminal leaves it as it was" grep -q 'stopped by a signal.* True 1$' asked
check "nothing is written" test ! -e signature

waits_for_input() {
  [ "$(readlink "/proc/$background/exe")" = "$program" ] && grep -q '^State:.*S' "/proc/$background/status"
}

rm -f signature
start sign --keyfile account.pem --out signature
wait_until waits_for_input
sleep 0.2
kill -TERM "$background"
wait "$background"
rc=$?
background=
exec 9>&-
judge "a signal while the message is awaited" 1 'stopped by a signal'
check "nothing is written" test ! -e signature

kill -STOP "$SWTPM_PID"
# The signal may cut short libtss2's opening of the TCTI, which in 4.x leaks then; the library is unloaded by the time
# that leaks are looked for, so only a slow stack trace names it.
ASAN_OPTIONS="${ASAN_OPTIONS:-}:fast_unwind_on_malloc=0" \
  "$program" sign --keyfile account.pem --in message --out signature >out 2>err &
background=$!
wait_until waits_for_input
sleep 0.5
kill -TERM "$background"
sleep 0.5
kill -CONT "$SWTPM_PID"
wait "$background"
rc=$?
background=
judge "a signal while the TPM works" 1 'stopped by a signal'
check "nothing is written" test ! -e signature

# --- another TPM -------------------------------------------------------------------------------------------------------------

swtpm_stop
swtpm_start "$work/tpm2" || exit 1
export TPMCLOUD_TCTI=$SWTPM_TCTI
refuse "a key of another TPM" 1 '0x[0-9a-f]*1df' none sign --keyfile account.pem --in message
refuse "a parent pinned that was the other TPM's" 1 . bad.pem key import --in private.pem --out bad.pem --parent-name "$name"

finish
