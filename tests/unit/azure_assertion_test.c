/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/azure_bench.h"

#include <stdlib.h>
#include <unistd.h>

#include "tpmcloud/jwk.h"
#include "unit/each_allocation.h"

/* The assertion as text; freed by the caller. */
static char *make(azure_bench *b)
{
    tpmc_bytes *assertion = NULL;
    char *text;

    expect_success(tpmc_azure_make_assertion(b->azure, &assertion, b->err), b->err);
    text = calloc(1, tpmc_bytes_len(assertion) + 1);
    check(text != NULL);
    memcpy(text, tpmc_bytes_data(assertion), tpmc_bytes_len(assertion));
    tpmc_bytes_free(assertion);
    return text;
}

static void expect_refusal(azure_bench *b, int code, const char *words)
{
    tpmc_bytes *assertion = (tpmc_bytes *)b;
    int status = tpmc_azure_make_assertion(b->azure, &assertion, b->err);

    expect_failure(status, b->err, code, words);
    assert_null(assertion);
}

static void expect_algorithm(const char *jws, const char *algorithm)
{
    tpmc__json *header = jws_part(jws, 0);

    expect_text(header, "alg", algorithm);
    assert_true(bench_verifies(bench_rsa, jws, strcmp(algorithm, "PS256") == 0));
    tpmc__json_free(header);
}

static void an_assertion_verifies(void **state)
{
    azure_bench *b = new_bench();
    char *jws = make(b);
    tpmc__json *claims = jws_part(jws, 1);

    (void)state;
    expect_algorithm(jws, "PS256");
    expect_text(claims, "aud", TOKEN_URL);
    expect_integer(claims, "nbf", FAKE_WALL_MS / 1000 - 60);
    expect_integer(claims, "exp", FAKE_WALL_MS / 1000 + 540);
    assert_int_equal(atomic_load(&b->signatures), 1);
    assert_int_equal(atomic_load(&b->exchanges), 0);
    tpmc__json_free(claims);
    free(jws);
    free_bench(b);
}

static void each_call_signs_a_new_one(void **state)
{
    azure_bench *b = new_bench();
    tpmc__json *claims;
    char *jws;

    (void)state;
    free(make(b));
    atomic_store(&b->fake.random_byte, 0xff);
    jws = make(b);
    claims = jws_part(jws, 1);
    expect_text(claims, "jti", "ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_int_equal(atomic_load(&b->signatures), 2);
    tpmc__json_free(claims);
    free(jws);
    free_bench(b);
}

/* A setting, and the algorithm that it leads to. */
static void expect_choice(const char *name, const char *value, const char *algorithm)
{
    azure_bench *b = new_bench();
    char *jws;

    bench_set(b, name, value);
    if (strcmp(value, "adfs") == 0)
        bench_set(b, "authority_host", "https://sts.contoso.com");
    jws = make(b);
    expect_algorithm(jws, algorithm);
    free(jws);
    free_bench(b);
}

static void the_algorithm_can_be_chosen(void **state)
{
    (void)state;
    expect_choice("algorithm", "auto", "PS256");
    expect_choice("algorithm", "PS256", "PS256");
    expect_choice("algorithm", "RS256", "RS256");
    expect_choice("tenant_id", "adfs", "RS256");
}

static void a_wrong_salt_falls_back_to_rs256(void **state)
{
    azure_bench *b = new_bench();
    int pss_tries;
    char *jws;

    (void)state;
    b->salt_len = 222; /* as many TPMs have it */
    jws = make(b);
    expect_algorithm(jws, "RS256");
    free(jws);
    pss_tries = atomic_load(&b->signatures) - 1;
    assert_true(pss_tries >= 1);
    /* The key remembers. */
    free(make(b));
    assert_int_equal(atomic_load(&b->signatures), pss_tries + 2);
    free_bench(b);
}

static void a_key_that_refuses_pss_falls_back_too(void **state)
{
    azure_bench *b = new_bench();
    char *jws;

    (void)state;
    atomic_store(&b->refuses_pss, 1);
    jws = make(b);
    expect_algorithm(jws, "RS256");
    free(jws);
    free_bench(b);
    b = new_bench();
    atomic_store(&b->refuses_pss, 1);
    bench_set(b, "algorithm", "PS256");
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "");
    free_bench(b);
}

static EVP_PKEY *new_pss_key(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *key = NULL;

    check(EVP_PKEY_keygen_init(ctx) == 1);
    check(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) == 1);
    check(EVP_PKEY_generate(ctx, &key) == 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* An identity of a key, with the certificate of another one. */
static azure_bench *new_bench_of(EVP_PKEY *pkey, EVP_PKEY *certified)
{
    azure_bench *b = new_bare_bench(pkey);
    tpmc__buf pem;

    bench_certificate(certified, &pem);
    expect_success(tpmc_azure_set_certificate(b->azure, pem.data, pem.len, b->err), b->err);
    tpmc__buf_free(&pem);
    bench_set(b, "tenant_id", TENANT);
    bench_set(b, "client_id", CLIENT);
    return b;
}

static void keys_that_entra_does_not_take_are_refused_in_words(void **state)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    EVP_PKEY *pss = new_pss_key();
    azure_bench *b = new_bench_of(ec, bench_rsa);

    (void)state;
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "Entra takes assertions only from RSA keys");
    free_bench(b);
    b = new_bench_of(pss, bench_rsa);
    bench_set(b, "algorithm", "RS256");
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "may sign with RS256");
    assert_int_equal(atomic_load(&b->signatures), 0);
    free_bench(b);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(pss);
}

static void a_short_key_is_refused_before_it_signs(void **state)
{
    EVP_PKEY *small = EVP_RSA_gen(1024);
    azure_bench *b = new_bench_of(small, small);

    (void)state;
    expect_refusal(b, TPMC_ERR_UNSUPPORTED,
                   "the key has 1024 bits, and Entra takes RSA keys of 2048 bits or more");
    assert_int_equal(atomic_load(&b->signatures), 0);
    free_bench(b);
    EVP_PKEY_free(small);
}

static void a_key_for_pss_alone_has_nothing_to_fall_back_to(void **state)
{
    EVP_PKEY *pss = new_pss_key();
    azure_bench *b = new_bench_of(pss, pss);
    char *jws = make(b);
    tpmc__json *header = jws_part(jws, 0);

    (void)state;
    expect_text(header, "alg", "PS256");
    tpmc__json_free(header);
    free(jws);
    b->salt_len = 222;
    expect_refusal(b, TPMC_ERR_UNSUPPORTED, "salt");
    free_bench(b);
    EVP_PKEY_free(pss);
}

static void a_certificate_of_another_key_is_refused(void **state)
{
    EVP_PKEY *other = EVP_RSA_gen(2048);
    azure_bench *b = new_bench_of(other, bench_rsa);

    (void)state;
    expect_refusal(b, TPMC_ERR_MISMATCH, "another key");
    assert_int_equal(atomic_load(&b->signatures), 0);
    free_bench(b);
    EVP_PKEY_free(other);
}

static void write_file(const char *path, const tpmc__buf *content)
{
    FILE *file = fopen(path, "w");

    check(file != NULL);
    check(fwrite(content->data, 1, content->len, file) == content->len);
    check(fclose(file) == 0);
}

static void a_file_is_read_again_when_it_changes(void **state)
{
    char path[] = "/tmp/azure_assertion_test.XXXXXX";
    int fd = mkstemp(path);
    azure_bench *b = new_bare_bench(bench_rsa);
    tpmc__json *former;
    tpmc__json *header;
    tpmc__buf pem;
    char *jws;

    (void)state;
    check(fd >= 0 && close(fd) == 0);
    bench_set(b, "tenant_id", TENANT);
    bench_set(b, "client_id", CLIENT);
    bench_set(b, "certificate_path", path);
    expect_refusal(b, TPMC_ERR_FORMAT, path);
    bench_certificate(bench_rsa, &pem);
    write_file(path, &pem);
    jws = make(b);
    former = jws_part(jws, 0);
    free(jws);
    tpmc__buf_clear(&pem);
    made_pem(&(made_wish){ .key = bench_rsa,
                           .subject = "renewed device",
                           .not_before = "20200101000000Z",
                           .not_after = "20400101000000Z" },
             &pem);
    write_file(path, &pem);
    jws = make(b);
    header = jws_part(jws, 0);
    assert_string_not_equal(tpmc__json_text(tpmc__json_member(header, "x5t#S256")),
                            tpmc__json_text(tpmc__json_member(former, "x5t#S256")));
    tpmc__json_free(former);
    tpmc__json_free(header);
    tpmc__buf_free(&pem);
    free(jws);
    free_bench(b);
    check(unlink(path) == 0);
}

static void a_federated_assertion_needs_no_certificate(void **state)
{
    azure_bench *b = new_bare_bench(bench_rsa);
    tpmc_bytes *jwk = NULL;
    tpmc__json *json = NULL;
    tpmc__json *header;
    char *jws;

    (void)state;
    bench_set(b, "federation_issuer", "https://issuer.example/a");
    bench_set(b, "federation_subject", "device-1");
    jws = make(b);
    expect_algorithm(jws, "RS256");
    header = jws_part(jws, 0);
    assert_int_equal(tpmc_jwk_from_key(b->key, "RS256", &jwk, NULL), 0);
    assert_int_equal(
        tpmc__json_parse(tpmc_bytes_data(jwk), tpmc_bytes_len(jwk), 65536, "jwk", &json, NULL), 0);
    expect_text(header, "kid", tpmc__json_text(tpmc__json_member(json, "kid")));
    tpmc__json_free(header);
    tpmc__json_free(json);
    tpmc_bytes_free(jwk);
    free(jws);
    free_bench(b);
}

static void a_refusal_leaves_the_object_settable(void **state)
{
    azure_bench *b = new_bare_bench(bench_rsa);

    (void)state;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "'client_id' is missing");
    bench_set(b, "federation_issuer", "https://issuer.example/a");
    bench_set(b, "federation_subject", "device-1");
    free(make(b));
    expect_failure(tpmc_azure_set(b->azure, "client_id", CLIENT, b->err), b->err, TPMC_ERR_STATE,
                   "");
    free_bench(b);
}

static void what_fails_below_is_told(void **state)
{
    azure_bench *b = new_bench();

    (void)state;
    atomic_store(&b->sign_status, TPMC_ERR_LOCKOUT);
    expect_refusal(b, TPMC_ERR_LOCKOUT, "LOCKOUT");
    atomic_store(&b->sign_status, 0);
    atomic_store(&b->fake.random_status, TPMC_ERR_IO);
    expect_refusal(b, TPMC_ERR_IO, "random");
    atomic_store(&b->fake.random_status, 0);
    atomic_store(&b->fake.clock_status, TPMC_ERR_IO);
    expect_refusal(b, TPMC_ERR_IO, "clock");
    atomic_store(&b->fake.clock_status, 0);
    free(make(b));
    free_bench(b);
}

static void null_parameters_are_refused(void **state)
{
    azure_bench *b = new_bench();
    tpmc_bytes *assertion = NULL;

    (void)state;
    expect_failure(tpmc_azure_make_assertion(NULL, &assertion, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "azure is NULL");
    expect_failure(tpmc_azure_make_assertion(b->azure, NULL, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "out is NULL");
    free_bench(b);
}

static int attempt(void *context)
{
    azure_bench *b = context;
    tpmc_bytes *assertion = NULL;
    int status = tpmc_azure_make_assertion(b->azure, &assertion, NULL);

    tpmc_bytes_free(assertion);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    azure_bench *b = new_bench();

    (void)state;
    assert_true(each_allocation(attempt, b, TPMC_ERR_NOMEM) > 0);
    free_bench(b);
    b = new_bare_bench(bench_rsa);
    bench_set(b, "federation_issuer", "https://issuer.example/a");
    bench_set(b, "federation_subject", "device-1");
    assert_true(each_allocation(attempt, b, TPMC_ERR_NOMEM) > 0);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assertion_verifies),
        cmocka_unit_test(each_call_signs_a_new_one),
        cmocka_unit_test(the_algorithm_can_be_chosen),
        cmocka_unit_test(a_wrong_salt_falls_back_to_rs256),
        cmocka_unit_test(a_key_that_refuses_pss_falls_back_too),
        cmocka_unit_test(keys_that_entra_does_not_take_are_refused_in_words),
        cmocka_unit_test(a_short_key_is_refused_before_it_signs),
        cmocka_unit_test(a_key_for_pss_alone_has_nothing_to_fall_back_to),
        cmocka_unit_test(a_certificate_of_another_key_is_refused),
        cmocka_unit_test(a_file_is_read_again_when_it_changes),
        cmocka_unit_test(a_federated_assertion_needs_no_certificate),
        cmocka_unit_test(a_refusal_leaves_the_object_settable),
        cmocka_unit_test(what_fails_below_is_told),
        cmocka_unit_test(null_parameters_are_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
