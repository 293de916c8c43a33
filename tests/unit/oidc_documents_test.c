/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "proto/oidc_documents.h"
#include "tpmcloud/jwk.h"
#include "unit/each_allocation.h"
#include "unit/fake_env.h"

#define KEY_ID_LEN 43

typedef struct bench {
    fake_env fake;
    tpmc_env *env;
    tpmc_key *rsa;
    tpmc_key *p256;
    tpmc_key *p384;
} bench;

static bench shared;

static int never_called(void *user, const char *algorithm, const uint8_t *data, size_t len,
                        uint8_t *out, size_t capacity, size_t *out_len)
{
    (void)user;
    (void)algorithm;
    (void)data;
    (void)len;
    (void)out;
    (void)capacity;
    (void)out_len;
    check(0);
    return 0;
}

static tpmc_key *key_of(EVP_PKEY *pkey)
{
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(pkey, &spki);
    tpmc_key *key = NULL;

    assert_true(len > 0);
    assert_int_equal(
        tpmc_key_new_callback(shared.env, spki, (size_t)len, never_called, NULL, NULL, &key, NULL),
        0);
    OPENSSL_free(spki);
    EVP_PKEY_free(pkey);
    return key;
}

static int setup(void **state)
{
    (void)state;
    shared.env = fake_env_new(&shared.fake);
    shared.rsa = key_of(EVP_RSA_gen(2048));
    shared.p256 = key_of(EVP_EC_gen("P-256"));
    shared.p384 = key_of(EVP_EC_gen("P-384"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tpmc_key_free(shared.rsa);
    tpmc_key_free(shared.p256);
    tpmc_key_free(shared.p384);
    tpmc_env_free(shared.env);
    return 0;
}

static void issuers_are_https_urls(void **state)
{
    static const struct {
        const char *issuer;
        const char *words;
    } rows[] = {
        { "http://127.0.0.1/", "option 'issuer' must begin with https://" },
        { "https://h/?q", "option 'issuer' has a query" },
        { "https://h/#f", "option 'issuer'" },
        { "https://u@h/", "option 'issuer'" },
        { "h", "option 'issuer'" },
    };

    expect_success(tpmc__oidc_check_issuer("https://h", "issuer", *state), *state);
    expect_success(tpmc__oidc_check_issuer("https://h:1/a/", "issuer", *state), *state);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_failure(tpmc__oidc_check_issuer(rows[i].issuer, "issuer", *state), *state,
                       TPMC_ERR_ARGUMENT, rows[i].words);
}

static void the_key_says_how_it_signs(void **state)
{
    const char *algorithm = NULL;

    expect_success(tpmc__oidc_algorithm(shared.rsa, &algorithm, *state), *state);
    assert_string_equal(algorithm, "RS256");
    expect_success(tpmc__oidc_algorithm(shared.p256, &algorithm, *state), *state);
    assert_string_equal(algorithm, "ES256");
    expect_failure(tpmc__oidc_algorithm(shared.p384, &algorithm, *state), *state,
                   TPMC_ERR_UNSUPPORTED, "an issuer's key must be an RSA key");
}

static void the_set_holds_the_key_under_its_id(void **state)
{
    tpmc_bytes *jwk = NULL;
    tpmc_bytes *set = NULL;
    tpmc__buf id;
    char expected[4096];

    tpmc__buf_init(&id, 256);
    expect_success(tpmc__oidc_jwks(shared.p256, "ES256", &set, *state), *state);
    expect_success(tpmc_jwk_from_key(shared.p256, "ES256", &jwk, *state), *state);
    (void)snprintf(expected, sizeof(expected), "{\"keys\":[%.*s]}", (int)tpmc_bytes_len(jwk),
                   (const char *)tpmc_bytes_data(jwk));
    assert_string_equal((const char *)tpmc_bytes_data(set), expected);
    assert_int_equal(tpmc_bytes_len(set), strlen(expected));
    expect_success(tpmc__oidc_key_id(shared.p256, "ES256", &id, *state), *state);
    assert_int_equal(id.len, KEY_ID_LEN);
    assert_non_null(strstr(expected, (const char *)id.data));
    assert_non_null(strstr(expected, "\"alg\":\"ES256\""));
    tpmc_bytes_free(jwk);
    tpmc_bytes_free(set);
    tpmc__buf_free(&id);
}

static void expect_discovery(const char *issuer, const char *expected)
{
    tpmc_bytes *text = NULL;

    assert_int_equal(tpmc__oidc_discovery(issuer, "RS256", &text, NULL), 0);
    assert_string_equal((const char *)tpmc_bytes_data(text), expected);
    tpmc_bytes_free(text);
}

static void the_discovery_document_names_the_set(void **state)
{
    (void)state;
    expect_discovery("https://i.example/a",
                     "{\"issuer\":\"https://i.example/a\","
                     "\"jwks_uri\":\"https://i.example/a/.well-known/jwks.json\","
                     "\"response_types_supported\":[\"id_token\"],"
                     "\"subject_types_supported\":[\"public\"],"
                     "\"id_token_signing_alg_values_supported\":[\"RS256\"]}");
    expect_discovery("https://i.example/",
                     "{\"issuer\":\"https://i.example/\","
                     "\"jwks_uri\":\"https://i.example/.well-known/jwks.json\","
                     "\"response_types_supported\":[\"id_token\"],"
                     "\"subject_types_supported\":[\"public\"],"
                     "\"id_token_signing_alg_values_supported\":[\"RS256\"]}");
}

static int attempt(void *context)
{
    tpmc_bytes *set = NULL;
    tpmc_bytes *discovery = NULL;
    tpmc__buf id;
    int status;

    (void)context;
    tpmc__buf_init(&id, 256);
    status = tpmc__oidc_jwks(shared.p256, "ES256", &set, NULL);
    if (status == 0)
        status = tpmc__oidc_key_id(shared.p256, "ES256", &id, NULL);
    if (status == 0)
        status = tpmc__oidc_discovery("https://i", "ES256", &discovery, NULL);
    assert_true((status == 0) == (discovery != NULL));
    tpmc_bytes_free(set);
    tpmc_bytes_free(discovery);
    tpmc__buf_free(&id);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_in_range(each_allocation(attempt, NULL, TPMC_ERR_NOMEM), 10, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(issuers_are_https_urls),
        WITH_ERROR(the_key_says_how_it_signs),
        WITH_ERROR(the_set_holds_the_key_under_its_id),
        cmocka_unit_test(the_discovery_document_names_the_set),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
