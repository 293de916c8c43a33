/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/azure_bench.h"

#include "tpmcloud/jwk.h"
#include "unit/each_allocation.h"

typedef int (*maker)(tpmc_azure *azure, tpmc_bytes **out, tpmc_error *err);

static void expect_document(azure_bench *b, maker make, const char *expected)
{
    tpmc_bytes *text = NULL;

    expect_success(make(b->azure, &text, b->err), b->err);
    assert_string_equal((const char *)tpmc_bytes_data(text), expected);
    tpmc_bytes_free(text);
}

static void expect_refusal(azure_bench *b, maker make, int code, const char *words)
{
    tpmc_bytes *text = (tpmc_bytes *)b;

    expect_failure(make(b->azure, &text, b->err), b->err, code, words);
    assert_null(text);
}

static void the_set_holds_the_key_as_assertions_name_it(void **state)
{
    static const char *const algorithms[] = { "RS256", "PS256" };

    (void)state;
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        azure_bench *b = new_bare_bench(bench_rsa);
        tpmc_bytes *jwk = NULL;
        char expected[4096];

        if (i != 0)
            bench_set(b, "algorithm", algorithms[i]);
        assert_int_equal(tpmc_jwk_from_key(b->key, algorithms[i], &jwk, NULL), 0);
        (void)snprintf(expected, sizeof(expected), "{\"keys\":[%s]}",
                       (const char *)tpmc_bytes_data(jwk));
        expect_document(b, tpmc_azure_make_jwks, expected);
        expect_failure(tpmc_azure_set(b->azure, "client_id", CLIENT, b->err), b->err,
                       TPMC_ERR_STATE, "");
        tpmc_bytes_free(jwk);
        free_bench(b);
    }
}

static void discovery_needs_the_issuer_alone(void **state)
{
    azure_bench *b = new_bare_bench(bench_rsa);

    (void)state;
    expect_refusal(b, tpmc_azure_make_discovery, TPMC_ERR_ARGUMENT,
                   "option 'federation_issuer' is missing");
    bench_set(b, "federation_issuer", "http://i.example");
    expect_refusal(b, tpmc_azure_make_discovery, TPMC_ERR_ARGUMENT,
                   "option 'federation_issuer' must begin with https://");
    bench_set(b, "federation_issuer", "https://i.example/a");
    expect_document(b, tpmc_azure_make_discovery,
                    "{\"issuer\":\"https://i.example/a\","
                    "\"jwks_uri\":\"https://i.example/a/.well-known/jwks.json\","
                    "\"response_types_supported\":[\"id_token\"],"
                    "\"subject_types_supported\":[\"public\"],"
                    "\"id_token_signing_alg_values_supported\":[\"RS256\"]}");
    expect_failure(tpmc_azure_set(b->azure, "client_id", CLIENT, b->err), b->err, TPMC_ERR_STATE,
                   "");
    free_bench(b);
}

static void ec_keys_are_of_no_use(void **state)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    azure_bench *b = new_bare_bench(ec);

    (void)state;
    bench_set(b, "federation_issuer", "https://i.example/a");
    expect_refusal(b, tpmc_azure_make_jwks, TPMC_ERR_UNSUPPORTED, "only from RSA keys");
    expect_refusal(b, tpmc_azure_make_discovery, TPMC_ERR_UNSUPPORTED, "only from RSA keys");
    free_bench(b);
    EVP_PKEY_free(ec);
}

static void null_parameters_are_refused(void **state)
{
    azure_bench *b = new_bare_bench(bench_rsa);
    tpmc_bytes *text = NULL;

    (void)state;
    expect_failure(tpmc_azure_make_jwks(NULL, &text, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "azure is NULL");
    expect_failure(tpmc_azure_make_discovery(b->azure, NULL, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "out is NULL");
    free_bench(b);
}

static int attempt(void *context)
{
    const azure_bench *b = context;
    tpmc_bytes *text = NULL;
    int status = tpmc_azure_make_discovery(b->azure, &text, NULL);

    assert_true((status == 0) == (text != NULL));
    tpmc_bytes_free(text);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    azure_bench *b = new_bare_bench(bench_rsa);

    (void)state;
    bench_set(b, "federation_issuer", "https://i.example/a");
    assert_true(each_allocation(attempt, b, TPMC_ERR_NOMEM) > 0);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_set_holds_the_key_as_assertions_name_it),
        cmocka_unit_test(discovery_needs_the_issuer_alone),
        cmocka_unit_test(ec_keys_are_of_no_use),
        cmocka_unit_test(null_parameters_are_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
