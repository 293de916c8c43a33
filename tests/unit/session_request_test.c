/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_rolesanywhere/session_request.h"

#include <openssl/ec.h>

#include "codec/base64.h"
#include "unit/certificate_maker.h"
#include "unit/each_allocation.h"
#include "unit/fake_env.h"
#include "unit/options_fixture.h"

#define ANCHOR "arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/a"
#define PROFILE "arn:aws:rolesanywhere:eu-central-1:123456789012:profile/b"
#define ROLE "arn:aws:iam::123456789012:role/x+1"
#define URL "https://x.example.com/p"
#define CHAIN_MAX 5

static EVP_PKEY *keys[CHAIN_MAX + 2];

/* A leaf and as many certificates above it as a test wants. */
typedef struct bench {
    options_fixture f;
    fake_env fake;
    tpmc_env *env;
    tpmc__certificate_set *set;
    tpmc__buf ders[CHAIN_MAX + 1]; /* in base64 */
    tpmc_http_request *request;
} bench;

/* The i-th certificate, to the PEM and to the bench. */
static void add_certificate(bench *b, size_t i, tpmc__buf *pem)
{
    static const char *const names[] = { "device", "ca1", "ca2", "ca3", "ca4", "ca5", "root" };
    made_wish w = { .key = keys[i], .subject = names[i], .issuer = names[i + 1] };
    unsigned char *der = NULL;
    X509 *made;
    int len;

    w.issuer_key = keys[i + 1];
    w.is_ca = i > 0;
    made = made_x509(&w);
    len = i2d_X509(made, &der);
    tpmc__buf_init(&b->ders[i], 8192);
    check(tpmc__base64_encode(der, (size_t)len, &b->ders[i]) == 0);
    check(tpmc__pem_write("CERTIFICATE", der, (size_t)len, pem) == 0);
    OPENSSL_free(der);
    X509_free(made);
}

static void open_bench(bench *b, size_t chain_count)
{
    tpmc__span spki = made_spki(keys[0]);
    tpmc__certificate_text text;
    tpmc__buf pem;

    memset(b, 0, sizeof(*b));
    b->env = fake_env_new(&b->fake);
    options_open(&b->f, TPMC_OBJECT_AWS_ROLESANYWHERE);
    options_put(&b->f, "trust_anchor_arn", ANCHOR);
    options_put(&b->f, "profile_arn", PROFILE);
    options_put(&b->f, "role_arn", ROLE);
    tpmc__buf_init(&pem, 65536);
    for (size_t i = 0; i <= chain_count; i++)
        add_certificate(b, i, &pem);
    text = (tpmc__certificate_text){ { pem.data, pem.len }, "the file" };
    expect_success(tpmc__certificate_set_new(b->env, &text, NULL, &spki, 0, &b->set, b->f.err),
                   b->f.err);
    assert_int_equal(tpmc__certificate_set_count(b->set), chain_count);
    tpmc__buf_free(&pem);
    made_spki_free(&spki);
}

static void close_bench(bench *b)
{
    for (size_t i = 0; i <= CHAIN_MAX; i++)
        tpmc__buf_free(&b->ders[i]);
    tpmc_http_request_free(b->request);
    tpmc__certificate_set_unref(b->set);
    options_close(&b->f);
    tpmc_env_free(b->env);
}

static int make(void *context)
{
    bench *b = context;
    int status;

    tpmc_http_request_free(b->request);
    b->request = NULL;
    tpmc__error_clear(b->f.err);
    status = tpmc__session_request(&b->f.options, URL, b->set, &b->request, b->f.err);
    assert_true((status == 0) == (b->request != NULL));
    assert_int_equal(tpmc_error_code(b->f.err), status);
    return status;
}

static void expect_request(bench *b, const char *url, const char *body)
{
    expect_success(make(b), b->f.err);
    assert_string_equal(tpmc_http_request_method(b->request), "POST");
    assert_string_equal(tpmc_http_request_url(b->request), url);
    assert_int_equal(tpmc_http_request_body_len(b->request), strlen(body));
    assert_memory_equal(tpmc_http_request_body(b->request), body, strlen(body));
}

static void expect_header(const bench *b, size_t i, const char *name, const char *value)
{
    assert_string_equal(tpmc_http_request_header_name(b->request, i), name);
    assert_string_equal(tpmc_http_request_header_value(b->request, i), value);
}

#define QUERY                                                                                      \
    "?profileArn=arn%3Aaws%3Arolesanywhere%3Aeu-central-1%3A123456789012%3Aprofile%2Fb"            \
    "&roleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx%2B1"                                    \
    "&trustAnchorArn=arn%3Aaws%3Arolesanywhere%3Aeu-central-1%3A123456789012%3Atrust-anchor%2Fa"

static void the_arns_stand_in_the_query(void **state)
{
    bench b;

    (void)state;
    open_bench(&b, 0);
    expect_request(&b, URL "/sessions" QUERY, "{\"durationSeconds\":3600}");
    assert_int_equal(tpmc_http_request_header_count(b.request), 2);
    expect_header(&b, 0, "Content-Type", "application/json");
    expect_header(&b, 1, "X-Amz-X509", (const char *)b.ders[0].data);
    options_put(&b.f, "duration_seconds", "43200");
    options_put(&b.f, "session_name", "me@x");
    expect_request(&b, URL "/sessions" QUERY,
                   "{\"durationSeconds\":43200,\"roleSessionName\":\"me@x\"}");
    close_bench(&b);
}

static void or_in_the_body(void **state)
{
    bench b;

    (void)state;
    open_bench(&b, 0);
    options_put(&b.f, "arns_in", "body");
    expect_request(&b, URL "/sessions",
                   "{\"durationSeconds\":3600,\"profileArn\":\"" PROFILE "\",\"roleArn\":\"" ROLE
                   "\",\"trustAnchorArn\":\"" ANCHOR "\"}");
    close_bench(&b);
}

static void properties_are_an_object(void **state)
{
    bench b;

    (void)state;
    open_bench(&b, 0);
    options_put(&b.f, "instance_property", "b=1=2");
    options_put(&b.f, "instance_property", "caf\xc3\xa9=\"\\");
    options_put(&b.f, "instance_property", "a=");
    expect_request(&b, URL "/sessions" QUERY,
                   "{\"durationSeconds\":3600,\"instanceProperties\":{\"b\":\"1=2\","
                   "\"caf\xc3\xa9\":\"\\\"\\\\\",\"a\":\"\"}}");
    close_bench(&b);
}

/* 64 properties of 1024 bytes are the most that the options hold. */
static void all_that_the_options_hold_fits(void **state)
{
    bench b;
    char key[16];
    char *pair;

    (void)state;
    open_bench(&b, 0);
    for (int i = 0; i < 64; i++) {
        (void)snprintf(key, sizeof(key), "%02d=", i);
        pair = repeated(key, "\"", 1021, "");
        options_put(&b.f, "instance_property", pair);
        free(pair);
    }
    expect_success(make(&b), b.f.err);
    assert_true(tpmc_http_request_body_len(b.request) > (size_t)64 * 2 * 1021);
    close_bench(&b);
}

static void a_chain_goes_from_the_leaf_on(void **state)
{
    char *chain = repeated("", "", 0, "");
    char *longer;
    bench b;

    (void)state;
    open_bench(&b, CHAIN_MAX);
    expect_request(&b, URL "/sessions" QUERY, "{\"durationSeconds\":3600}");
    assert_int_equal(tpmc_http_request_header_count(b.request), 3);
    expect_header(&b, 1, "X-Amz-X509", (const char *)b.ders[0].data);
    for (size_t i = 1; i <= CHAIN_MAX; i++) {
        longer = repeated(chain, i > 1 ? "," : "", 1, (const char *)b.ders[i].data);
        free(chain);
        chain = longer;
    }
    expect_header(&b, 2, "X-Amz-X509-Chain", chain);
    free(chain);
    close_bench(&b);
}

static void survives_every_failing_allocation(void **state)
{
    bench b;

    (void)state;
    open_bench(&b, 2);
    options_put(&b.f, "arns_in", "body");
    options_put(&b.f, "session_name", "me");
    options_put(&b.f, "instance_property", "a=1");
    options_put(&b.f, "instance_property", "b=2");
    assert_in_range(each_allocation(make, &b, TPMC_ERR_NOMEM), 10, 500);
    options_put(&b.f, "arns_in", "query");
    assert_in_range(each_allocation(make, &b, TPMC_ERR_NOMEM), 10, 500);
    close_bench(&b);
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAIN_MAX + 2; i++)
        keys[i] = EVP_EC_gen("P-256");
    return keys[CHAIN_MAX + 1] == NULL;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAIN_MAX + 2; i++)
        EVP_PKEY_free(keys[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_arns_stand_in_the_query),
        cmocka_unit_test(or_in_the_body),
        cmocka_unit_test(properties_are_an_object),
        cmocka_unit_test(all_that_the_options_hold_fits),
        cmocka_unit_test(a_chain_goes_from_the_leaf_on),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
