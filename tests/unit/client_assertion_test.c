/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/client_assertion.h"

#include <openssl/rsa.h>

#include "base/error_int.h"
#include "support/check.h"
#include "tpmcloud/env.h"
#include "unit/azure_fixture.h"
#include "unit/certificate_maker.h"
#include "unit/each_allocation.h"

#define URL "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token"
#define UUID "00112233-4455-4677-8899-aabbccddeeff"
#define BEGIN_S (MADE_NOW_S - 60)

static EVP_PKEY *leaf_key;
static EVP_PKEY *issuer_key;

typedef struct bench {
    tpmc_env *env;
    tpmc_error *err;
    tpmc__options options;
    tpmc__buf pem;
    tpmc__buf jws;
    tpmc__certificate_set *certificates;
    tpmc__client_assertion assertion;
} bench;

static void make_certificates(bench *b)
{
    made_wish leaf = {
        .key = leaf_key, .subject = "device", .issuer = "issuer", .issuer_key = issuer_key
    };
    made_wish issuer = {
        .key = issuer_key, .subject = "issuer", .issuer = "root", .issuer_key = leaf_key, .is_ca = 1
    };
    tpmc__certificate_text text = { { NULL, 0 }, "test" };
    tpmc__span spki = made_spki(leaf_key);

    tpmc__buf_init(&b->pem, 65536);
    made_pem(&leaf, &b->pem);
    made_pem(&issuer, &b->pem);
    text.bytes = (tpmc__span){ b->pem.data, b->pem.len };
    check(tpmc__certificate_set_new(b->env, &text, NULL, &spki, 0, &b->certificates, NULL) == 0);
    made_spki_free(&spki);
}

static bench *new_bench(const setting *settings)
{
    bench *b = calloc(1, sizeof(*b));
    size_t i;

    check(b != NULL);
    check(tpmc_env_new(&b->env, NULL) == 0);
    check(tpmc_error_new(&b->err) == 0);
    init_options(&b->options, settings);
    tpmc__buf_init(&b->jws, 65536);
    make_certificates(b);
    b->assertion.algorithm = "RS256";
    b->assertion.audience = URL;
    b->assertion.certificates = b->certificates;
    b->assertion.time_ms = MADE_NOW_MS + 999;
    for (i = 0; i < sizeof(b->assertion.id); i++)
        b->assertion.id[i] = (uint8_t)(i * 0x11);
    return b;
}

static void free_bench(bench *b)
{
    tpmc__certificate_set_unref(b->certificates);
    tpmc__buf_free(&b->pem);
    tpmc__buf_free(&b->jws);
    tpmc__options_free(&b->options);
    tpmc_error_free(b->err);
    tpmc_env_free(b->env);
    free(b);
}

static int make(bench *b)
{
    return tpmc__client_assertion_input(b->env, &b->options, &b->assertion, &b->jws, b->err);
}

/* What OpenSSL says that the hash of the leaf is, in base64url. */
static void thumbprint_of(const bench *b, const EVP_MD *md, tpmc__buf *out)
{
    const tpmc__certificate *leaf = tpmc__certificate_set_leaf(b->certificates);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    check(EVP_Digest(leaf->der.data, leaf->der.len, digest, &len, md, NULL) == 1);
    tpmc__buf_init(out, 256);
    check(tpmc__base64url_encode(digest, len, out) == 0);
}

static void an_assertion_is_as_documented(void **state)
{
    static const setting settings[] = { { "tenant_id", TENANT },
                                        { "client_id", CLIENT },
                                        { NULL, NULL } };
    bench *b = new_bench(settings);
    tpmc__json *json;
    tpmc__buf thumbprint;

    (void)state;
    expect_success(make(b), b->err);
    thumbprint_of(b, EVP_sha256(), &thumbprint);
    json = jws_part((const char *)b->jws.data, 0);
    assert_int_equal(tpmc__json_count(json), 3);
    expect_text(json, "alg", "RS256");
    expect_text(json, "typ", "JWT");
    assert_int_equal(thumbprint.len, 43);
    expect_text(json, "x5t#S256", (const char *)thumbprint.data);
    tpmc__json_free(json);
    json = jws_part((const char *)b->jws.data, 1);
    assert_int_equal(tpmc__json_count(json), 7);
    expect_text(json, "aud", URL);
    expect_text(json, "iss", CLIENT);
    expect_text(json, "sub", CLIENT);
    expect_text(json, "jti", UUID);
    expect_integer(json, "nbf", BEGIN_S);
    expect_integer(json, "iat", BEGIN_S);
    expect_integer(json, "exp", BEGIN_S + 600);
    tpmc__json_free(json);
    tpmc__buf_free(&thumbprint);
    free_bench(b);
}

static void expect_thumbprint(const setting *settings, const char *member, const EVP_MD *md)
{
    bench *b = new_bench(settings);
    tpmc__json *json;
    tpmc__buf thumbprint;

    expect_success(make(b), b->err);
    thumbprint_of(b, md, &thumbprint);
    json = jws_part((const char *)b->jws.data, 0);
    expect_text(json, member, (const char *)thumbprint.data);
    assert_int_equal(tpmc__json_count(json), 3);
    tpmc__json_free(json);
    tpmc__buf_free(&thumbprint);
    free_bench(b);
}

static void ad_fs_gets_the_older_thumbprint(void **state)
{
    static const setting adfs[] = { { "tenant_id", "adfs" }, { "client_id", "c" }, { NULL, NULL } };
    static const setting newer[] = {
        { "tenant_id", "adfs" }, { "client_id", "c" }, { "thumbprint", "sha256" }, { NULL, NULL }
    };
    static const setting older[] = {
        { "tenant_id", "t" }, { "client_id", "c" }, { "thumbprint", "sha1" }, { NULL, NULL }
    };

    (void)state;
    expect_thumbprint(adfs, "x5t", EVP_sha1());
    expect_thumbprint(newer, "x5t#S256", EVP_sha256());
    expect_thumbprint(older, "x5t", EVP_sha1());
}

static void expect_certificate(const tpmc__json *chain, size_t index,
                               const tpmc__certificate *certificate)
{
    tpmc__buf text;

    tpmc__buf_init(&text, 65536);
    assert_int_equal(tpmc__base64_encode(certificate->der.data, certificate->der.len, &text), 0);
    assert_string_equal(tpmc__json_text(tpmc__json_item(chain, index)), (const char *)text.data);
    tpmc__buf_free(&text);
}

static void the_chain_is_sent_on_request(void **state)
{
    static const setting settings[] = { { "client_id", "c" },
                                        { "send_certificate_chain", "1" },
                                        { "assertion_lifetime", "120" },
                                        { NULL, NULL } };
    bench *b = new_bench(settings);
    const tpmc__json *chain;
    tpmc__json *json;

    (void)state;
    b->assertion.algorithm = "PS256";
    expect_success(make(b), b->err);
    json = jws_part((const char *)b->jws.data, 0);
    expect_text(json, "alg", "PS256");
    chain = tpmc__json_member(json, "x5c");
    assert_true(tpmc__json_is_array(chain));
    assert_int_equal(tpmc__json_count(chain), 2);
    expect_certificate(chain, 0, tpmc__certificate_set_leaf(b->certificates));
    expect_certificate(chain, 1, tpmc__certificate_set_at(b->certificates, 0));
    tpmc__json_free(json);
    json = jws_part((const char *)b->jws.data, 1);
    expect_integer(json, "exp", BEGIN_S + 120);
    tpmc__json_free(json);
    free_bench(b);
}

static void a_federated_credential_has_its_own_names(void **state)
{
    static const setting settings[] = { { "federation_issuer", "https://issuer.example/a" },
                                        { "federation_subject", "a \"subject\"" },
                                        { NULL, NULL } };
    tpmc__json *json;
    bench *b;

    (void)state;
    b = new_bench(settings);
    b->assertion.certificates = NULL;
    b->assertion.audience = NULL;
    b->assertion.key_id = "the-key";
    expect_success(make(b), b->err);
    json = jws_part((const char *)b->jws.data, 0);
    assert_int_equal(tpmc__json_count(json), 3);
    expect_text(json, "kid", "the-key");
    tpmc__json_free(json);
    json = jws_part((const char *)b->jws.data, 1);
    assert_int_equal(tpmc__json_count(json), 7);
    expect_text(json, "aud", "api://AzureADTokenExchange");
    expect_text(json, "iss", "https://issuer.example/a");
    expect_text(json, "sub", "a \"subject\"");
    expect_text(json, "jti", UUID);
    expect_integer(json, "exp", BEGIN_S + 600);
    tpmc__json_free(json);
    free_bench(b);
}

static void a_clock_that_was_never_set_is_refused(void **state)
{
    static const setting settings[] = { { "client_id", "c" }, { NULL, NULL } };
    bench *b = new_bench(settings);

    (void)state;
    b->assertion.time_ms = INT64_C(1577836800000) - 1;
    expect_failure(make(b), b->err, TPMC_ERR_CLOCK, "before the year 2020");
    tpmc__error_clear(b->err);
    b->assertion.time_ms++;
    expect_success(make(b), b->err);
    free_bench(b);
}

static int attempt(void *context)
{
    bench *b = context;
    int status;

    tpmc__buf_free(&b->jws);
    status = tpmc__client_assertion_input(b->env, &b->options, &b->assertion, &b->jws, NULL);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    static const setting settings[] = { { "client_id", "c" },
                                        { "send_certificate_chain", "1" },
                                        { NULL, NULL } };
    bench *b = new_bench(settings);

    (void)state;
    assert_true(each_allocation(attempt, b, TPMC_ERR_NOMEM) > 0);
    free_bench(b);
}

static int make_keys(void **state)
{
    (void)state;
    leaf_key = EVP_RSA_gen(2048);
    issuer_key = EVP_RSA_gen(2048);
    return leaf_key == NULL || issuer_key == NULL;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(leaf_key);
    EVP_PKEY_free(issuer_key);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assertion_is_as_documented),
        cmocka_unit_test(ad_fs_gets_the_older_thumbprint),
        cmocka_unit_test(the_chain_is_sent_on_request),
        cmocka_unit_test(a_federated_credential_has_its_own_names),
        cmocka_unit_test(a_clock_that_was_never_set_is_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
