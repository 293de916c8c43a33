/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "tpmcloud/tpmcloud.h"

/* A software key behind a callback key, and how it shall misbehave. */
struct signer {
    tpmc_env *env;
    tpmc_error *err;
    EVP_PKEY *pkey;
    unsigned char *spki;
    int spki_len;
    int salt_len;
    int status;
    int flip;
    size_t claim; /* claims this many bytes instead */
    size_t calls;
    size_t released;
    char algorithm[16];
};

static int sign(void *user, const char *algorithm, const uint8_t *data, size_t len, uint8_t *out,
                size_t capacity, size_t *out_len)
{
    struct signer *signer = user;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(signer->pkey, NULL);
    const char *bits = algorithm + strlen(algorithm) - 3;
    int pss = algorithm[0] == 'P';
    char hash[16];

    signer->calls++;
    strncpy(signer->algorithm, algorithm, sizeof(signer->algorithm) - 1);
    *out_len = capacity;
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    if (EVP_PKEY_is_a(signer->pkey, "RSA"))
        EVP_PKEY_CTX_set_rsa_padding(ctx, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING);
    snprintf(hash, sizeof(hash), "SHA%s", bits);
    EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(hash));
    if (pss)
        EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, signer->salt_len);
    assert_int_equal(EVP_PKEY_sign(ctx, out, out_len, data, len), 1);
    EVP_PKEY_CTX_free(ctx);
    if (signer->flip)
        out[10] ^= 1;
    if (signer->claim != 0)
        *out_len = signer->claim;
    return signer->status;
}

static void release(void *user)
{
    ((struct signer *)user)->released++;
}

static struct signer signer;

static int setup(void **state)
{
    memset(&signer, 0, sizeof(signer));
    signer.salt_len = 32;
    signer.pkey = EVP_RSA_gen(2048);
    signer.spki_len = i2d_PUBKEY(signer.pkey, &signer.spki);
    assert_int_equal(tpmc_error_new(&signer.err), 0);
    assert_int_equal(tpmc_env_new(&signer.env, signer.err), 0);
    *state = &signer;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tpmc_env_free(signer.env);
    tpmc_error_free(signer.err);
    OPENSSL_free(signer.spki);
    EVP_PKEY_free(signer.pkey);
    return 0;
}

static tpmc_key *new_key(void)
{
    tpmc_key *key = NULL;

    expect_success(tpmc_key_new_callback(signer.env, signer.spki, (size_t)signer.spki_len, sign,
                                         &signer, release, &key, signer.err),
                   signer.err);
    return key;
}

static void signs_and_is_released_once(void **state)
{
    tpmc_key *key = new_key();
    tpmc_bytes *out = NULL;

    (void)state;
    expect_success(tpmc_key_sign(key, "PS256", "abc", 3, &out, signer.err), signer.err);
    assert_int_equal(tpmc_bytes_len(out), 256);
    tpmc_bytes_free(out);
    expect_success(tpmc_key_sign(key, NULL, "abc", 3, &out, signer.err), signer.err);
    assert_string_equal(signer.algorithm, "RS256");
    tpmc_bytes_free(out);
    expect_success(tpmc_key_public(key, &out, signer.err), signer.err);
    assert_int_equal(tpmc_bytes_len(out), signer.spki_len);
    assert_memory_equal(tpmc_bytes_data(out), signer.spki, tpmc_bytes_len(out));
    tpmc_bytes_free(out);
    expect_success(tpmc_key_retain(key, signer.err), signer.err);
    tpmc_key_free(key);
    assert_int_equal(signer.released, 0);
    tpmc_key_free(key);
    assert_int_equal(signer.released, 1);
}

/* Many chips make the salt as long as fits; PS256 verifiers refuse that. */
static void refuses_another_salt_and_remembers(void **state)
{
    tpmc_key *key = new_key();
    tpmc_bytes *out = NULL;

    (void)state;
    signer.salt_len = 222;
    expect_failure(tpmc_key_sign(key, "PS256", "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_UNSUPPORTED, "salt");
    assert_null(out);
    assert_int_equal(signer.calls, 1);
    expect_failure(tpmc_key_sign(key, "PS256", "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_UNSUPPORTED, "RS256");
    assert_int_equal(signer.calls, 1);
    expect_success(tpmc_key_sign(key, "RS256", "abc", 3, &out, signer.err), signer.err);
    tpmc_bytes_free(out);
    tpmc_key_free(key);
}

static void refuses_bad_signatures(void **state)
{
    tpmc_key *key = new_key();
    tpmc_bytes *out = NULL;

    (void)state;
    signer.flip = 1;
    expect_failure(tpmc_key_sign(key, "RS256", "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_INTEGRITY, "does not verify");
    assert_null(out);
    signer.flip = 0;
    signer.claim = 255;
    expect_failure(tpmc_key_sign(key, "RS256", "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_INTEGRITY, "does not verify");
    signer.claim = 4097;
    expect_failure(tpmc_key_sign(key, "RS256", "abc", 3, &out, signer.err), signer.err, TPMC_ERR_IO,
                   "4097 bytes");
    assert_int_equal(ERR_peek_error(), 0);
    tpmc_key_free(key);
}

static void maps_the_callbacks_status(void **state)
{
    static const int rows[][2] = {
        { TPMC_ERR_DENIED, TPMC_ERR_DENIED },
        { TPMC_ERR_CANCELLED, TPMC_ERR_CANCELLED },
        { 1, TPMC_ERR_IO },
        { -1000, TPMC_ERR_IO },
    };
    tpmc_key *key = new_key();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tpmc_bytes *out = NULL;

        signer.status = rows[i][0];
        expect_failure(tpmc_key_sign(key, "RS256", "abc", 3, &out, signer.err), signer.err,
                       rows[i][1], "callback");
    }
    tpmc_key_free(key);
}

static void checks_digests(void **state)
{
    static const uint8_t digest[33] = { 1 };
    tpmc_key *key = new_key();
    tpmc_bytes *out = NULL;

    (void)state;
    expect_success(tpmc_key_sign_digest(key, "RS256", digest, 32, &out, signer.err), signer.err);
    tpmc_bytes_free(out);
    expect_failure(tpmc_key_sign_digest(key, "RS256", digest, 31, &out, signer.err), signer.err,
                   TPMC_ERR_ARGUMENT, "31 bytes");
    expect_failure(tpmc_key_sign_digest(key, "RS256", digest, 33, &out, signer.err), signer.err,
                   TPMC_ERR_ARGUMENT, "takes 32");
    expect_failure(tpmc_key_sign_digest(key, "RS256", NULL, 32, &out, signer.err), signer.err,
                   TPMC_ERR_ARGUMENT, "digest");
    tpmc_key_free(key);
}

static void refuses_unfit_public_keys(void **state)
{
    tpmc_key *key = NULL;
    unsigned char longer[600] = { 0 };

    (void)state;
    memcpy(longer, signer.spki, (size_t)signer.spki_len);
    expect_failure(tpmc_key_new_callback(signer.env, longer, (size_t)signer.spki_len + 1, sign,
                                         &signer, release, &key, signer.err),
                   signer.err, TPMC_ERR_FORMAT, "SubjectPublicKeyInfo");
    assert_null(key);
    expect_failure(
        tpmc_key_new_callback(signer.env, longer, 0, sign, &signer, release, &key, signer.err),
        signer.err, TPMC_ERR_ARGUMENT, "spki_len");
    expect_failure(
        tpmc_key_new_callback(signer.env, NULL, 0, NULL, &signer, release, &key, signer.err),
        signer.err, TPMC_ERR_ARGUMENT, "fn");
    assert_int_equal(signer.released, 0);
    assert_int_equal(ERR_peek_error(), 0);
}

static void other_kinds_cannot_do_rsa(void **state)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(ec, &spki);
    tpmc_key *key = NULL;
    tpmc_bytes *out = NULL;

    (void)state;
    expect_success(
        tpmc_key_new_callback(signer.env, spki, (size_t)len, sign, &signer, NULL, &key, signer.err),
        signer.err);
    expect_failure(tpmc_key_supports(key, "RS256", signer.err), signer.err, TPMC_ERR_UNSUPPORTED,
                   "EC key");
    tpmc_key_free(key);
    expect_success(
        tpmc_key_new_callback(signer.env, NULL, 0, sign, &signer, NULL, &key, signer.err),
        signer.err);
    expect_failure(tpmc_key_sign(key, "RS256", "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_UNSUPPORTED, "HMAC key");
    expect_failure(tpmc_key_public(key, &out, signer.err), signer.err, TPMC_ERR_UNSUPPORTED,
                   "no public part");
    tpmc_key_free(key);
    assert_int_equal(signer.calls, 0);
    OPENSSL_free(spki);
    EVP_PKEY_free(ec);
}

/* All algorithms of the key's type; the callback gets a digest as long as the hash. */
static void try_algorithms(const char *type, const char *const *names, const char *refused)
{
    EVP_PKEY *rsa = signer.pkey;
    unsigned char *rsa_spki = signer.spki;
    int rsa_len = signer.spki_len;
    tpmc_key *key = NULL;
    tpmc_bytes *out = NULL;

    if (type != NULL) {
        signer.pkey = EVP_EC_gen(type);
        signer.spki = NULL;
        signer.spki_len = i2d_PUBKEY(signer.pkey, &signer.spki);
    }
    signer.salt_len = RSA_PSS_SALTLEN_DIGEST;
    key = new_key();
    for (size_t i = 0; names[i] != NULL; i++) {
        expect_success(tpmc_key_supports(key, names[i], signer.err), signer.err);
        expect_success(tpmc_key_sign(key, names[i], "abc", 3, &out, signer.err), signer.err);
        assert_string_equal(signer.algorithm, names[i]);
        tpmc_bytes_free(out);
    }
    expect_success(tpmc_key_sign(key, NULL, "abc", 3, &out, signer.err), signer.err);
    assert_string_equal(signer.algorithm, names[0]);
    tpmc_bytes_free(out);
    expect_failure(tpmc_key_sign(key, refused, "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_UNSUPPORTED, refused);
    assert_null(out);
    tpmc_key_free(key);
    if (type != NULL) {
        OPENSSL_free(signer.spki);
        EVP_PKEY_free(signer.pkey);
        signer.pkey = rsa;
        signer.spki = rsa_spki;
        signer.spki_len = rsa_len;
    }
}

static void signs_with_every_algorithm(void **state)
{
    static const char *const rsa[] = { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", NULL };
    static const char *const p256[] = { "ES256", "ECDSA-SHA256", "ECDSA-SHA384", "ECDSA-SHA512",
                                        NULL };
    static const char *const p384[] = { "ES384", "ECDSA-SHA256", "ECDSA-SHA384", "ECDSA-SHA512",
                                        NULL };
    static const char *const p521[] = { "ES512", "ECDSA-SHA256", "ECDSA-SHA384", "ECDSA-SHA512",
                                        NULL };

    (void)state;
    try_algorithms(NULL, rsa, "ES256");
    try_algorithms("P-256", p256, "ES384");
    try_algorithms("P-384", p384, "ES256");
    try_algorithms("P-521", p521, "RS512");
}

/* RSASSA-PSS has no room for the salt of SHA-512 in 1024 bits. */
static void refuses_pss_in_a_short_key(void **state)
{
    EVP_PKEY *long_key = signer.pkey;
    unsigned char *spki = NULL;
    tpmc_key *key = NULL;
    tpmc_bytes *out = NULL;
    int len = 0;

    (void)state;
    signer.pkey = EVP_RSA_gen(1024);
    signer.salt_len = RSA_PSS_SALTLEN_DIGEST;
    len = i2d_PUBKEY(signer.pkey, &spki);
    expect_success(
        tpmc_key_new_callback(signer.env, spki, (size_t)len, sign, &signer, NULL, &key, signer.err),
        signer.err);
    expect_failure(tpmc_key_sign(key, "PS512", "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_UNSUPPORTED, "too short for PS512");
    assert_int_equal(signer.calls, 0);
    expect_success(tpmc_key_sign(key, "PS384", "abc", 3, &out, signer.err), signer.err);
    tpmc_bytes_free(out);
    expect_success(tpmc_key_sign(key, "RS512", "abc", 3, &out, signer.err), signer.err);
    tpmc_bytes_free(out);
    tpmc_key_free(key);
    OPENSSL_free(spki);
    EVP_PKEY_free(signer.pkey);
    signer.pkey = long_key;
}

/* A MAC of the whole message, by a key that OpenSSL has. */
static int mac(void *user, const char *algorithm, const uint8_t *data, size_t len, uint8_t *out,
               size_t capacity, size_t *out_len)
{
    struct signer *self = user;
    unsigned int made = (unsigned int)capacity;

    self->calls++;
    strncpy(self->algorithm, algorithm, sizeof(self->algorithm) - 1);
    assert_non_null(HMAC(EVP_sha256(), "secret", 6, data, len, out, &made));
    *out_len = self->claim != 0 ? self->claim : made;
    return self->status;
}

static tpmc_key *new_mac_key(void)
{
    tpmc_key *key = NULL;

    expect_success(
        tpmc_key_new_callback(signer.env, NULL, 0, mac, &signer, release, &key, signer.err),
        signer.err);
    return key;
}

static void makes_macs(void **state)
{
    static const size_t lengths[] = { 0, 1, 64, 5000 };
    static uint8_t message[5000];
    tpmc_key *key = new_mac_key();
    tpmc_bytes *out = NULL;

    (void)state;
    memset(message, 'm', sizeof(message));
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t expected[32];
        unsigned int len = sizeof(expected);

        assert_non_null(HMAC(EVP_sha256(), "secret", 6, message, lengths[i], expected, &len));
        expect_success(tpmc_key_hmac(key, message, lengths[i], &out, signer.err), signer.err);
        assert_string_equal(signer.algorithm, "HS256");
        assert_int_equal(tpmc_bytes_len(out), 32);
        assert_memory_equal(tpmc_bytes_data(out), expected, 32);
        tpmc_bytes_free(out);
    }
    expect_success(tpmc_key_supports(key, "HS256", signer.err), signer.err);
    expect_failure(tpmc_key_supports(key, "HS384", signer.err), signer.err, TPMC_ERR_UNSUPPORTED,
                   "HS384");
    tpmc_key_free(key);
    assert_int_equal(signer.released, 1);
}

static void refuses_unfit_macs(void **state)
{
    static const size_t claims[] = { 31, 33, 64, 65, 4096 };
    tpmc_key *key = new_mac_key();
    tpmc_key *rsa = new_key();
    tpmc_bytes *out = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        signer.claim = claims[i];
        expect_failure(tpmc_key_hmac(key, "abc", 3, &out, signer.err), signer.err, TPMC_ERR_IO,
                       "instead of 32");
        assert_null(out);
    }
    signer.status = TPMC_ERR_DENIED;
    expect_failure(tpmc_key_hmac(key, "abc", 3, &out, signer.err), signer.err, TPMC_ERR_DENIED,
                   "callback");
    signer.calls = 0;
    expect_failure(tpmc_key_hmac(key, NULL, 3, &out, signer.err), signer.err, TPMC_ERR_ARGUMENT,
                   "data");
    expect_failure(tpmc_key_hmac(key, "abc", 3, NULL, signer.err), signer.err, TPMC_ERR_ARGUMENT,
                   "out");
    expect_failure(tpmc_key_hmac(NULL, "abc", 3, &out, signer.err), signer.err, TPMC_ERR_ARGUMENT,
                   "key");
    expect_failure(tpmc_key_hmac(rsa, "abc", 3, &out, signer.err), signer.err, TPMC_ERR_UNSUPPORTED,
                   "no HMAC key");
    expect_failure(tpmc_key_sign(key, NULL, "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_UNSUPPORTED, "tpmc_key_hmac");
    expect_failure(tpmc_key_sign(key, "HS256", "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_UNSUPPORTED, "tpmc_key_hmac");
    expect_failure(tpmc_key_sign(key, "RS256", "abc", 3, &out, signer.err), signer.err,
                   TPMC_ERR_UNSUPPORTED, "tpmc_key_hmac");
    assert_int_equal(signer.calls, 0);
    tpmc_key_free(rsa);
    tpmc_key_free(key);
}

static void takes_no_settings(void **state)
{
    tpmc_key *key = new_key();

    (void)state;
    expect_failure(tpmc_key_set(key, "keyfile", "x", signer.err), signer.err, TPMC_ERR_ARGUMENT,
                   "no settings");
    expect_failure(tpmc_key_set_password(key, "x", 1, signer.err), signer.err, TPMC_ERR_ARGUMENT,
                   "no settings");
    expect_success(tpmc_key_open(key, signer.err), signer.err);
    expect_failure(tpmc_key_set(key, "keyfile", "x", signer.err), signer.err, TPMC_ERR_STATE, "");
    tpmc_key_free(key);
}

#define WITH_SIGNER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SIGNER(signs_and_is_released_once),
        WITH_SIGNER(refuses_another_salt_and_remembers),
        WITH_SIGNER(refuses_bad_signatures),
        WITH_SIGNER(maps_the_callbacks_status),
        WITH_SIGNER(checks_digests),
        WITH_SIGNER(refuses_unfit_public_keys),
        WITH_SIGNER(other_kinds_cannot_do_rsa),
        WITH_SIGNER(signs_with_every_algorithm),
        WITH_SIGNER(refuses_pss_in_a_short_key),
        WITH_SIGNER(makes_macs),
        WITH_SIGNER(refuses_unfit_macs),
        WITH_SIGNER(takes_no_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
