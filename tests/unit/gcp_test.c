/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "tpmcloud/gcp.h"
#include "unit/each_allocation.h"
#include "unit/fake_env.h"
#include "unit/software_signer.h"

#define EMAIL "robot@project.iam.gserviceaccount.com"
#define THREADS 64

static EVP_PKEY *rsa;

typedef struct bench {
    fake_env fake;
    software_signer signer;
    tpmc_env *env;
    tpmc_key *key;
    tpmc_gcp *gcp;
    tpmc_error *err;
} bench;

static bench *new_bench(EVP_PKEY *key)
{
    bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->env = fake_env_new(&b->fake);
    b->signer.key = key;
    b->key = software_signer_key(&b->signer, b->env);
    assert_int_equal(tpmc_error_new(&b->err), 0);
    assert_int_equal(tpmc_gcp_new(b->env, b->key, &b->gcp, b->err), 0);
    return b;
}

static bench *new_robot(void)
{
    bench *b = new_bench(rsa);

    assert_int_equal(tpmc_gcp_set(b->gcp, "email", EMAIL, b->err), 0);
    return b;
}

static void free_bench(bench *b)
{
    tpmc_gcp_free(b->gcp);
    tpmc_key_free(b->key);
    tpmc_env_free(b->env);
    tpmc_error_free(b->err);
    free(b);
}

static tpmc_token *get(bench *b)
{
    tpmc_token *token = NULL;

    assert_int_equal(tpmc_gcp_get_token(b->gcp, &token, b->err), 0);
    assert_int_equal(tpmc_error_code(b->err), 0);
    assert_non_null(token);
    return token;
}

static void expect_failure(bench *b, int code, const char *words)
{
    tpmc_token *token = (tpmc_token *)b;

    assert_int_equal(tpmc_gcp_get_token(b->gcp, &token, b->err), code);
    assert_null(token);
    assert_int_equal(tpmc_error_code(b->err), code);
    if (strstr(tpmc_error_text(b->err), words) == NULL)
        fail_msg("%s", tpmc_error_text(b->err));
}

static void decode(const char *text, size_t len, tpmc__buf *out)
{
    tpmc__buf_init(out, 65536);
    assert_int_equal(tpmc__base64url_decode(text, len, out), 0);
}

/* What a verifier does: the signature under the public key, then the claims. */
static tpmc__json *verify(const tpmc_token *token)
{
    const char *jwt = tpmc_token_value(token);
    const char *dot = strchr(jwt, '.');
    const char *last = strrchr(jwt, '.');
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    tpmc__json *claims = NULL;
    tpmc__buf bytes;

    assert_non_null(dot);
    assert_true(last > dot);
    decode(last + 1, strlen(last + 1), &bytes);
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, rsa), 1);
    assert_int_equal(EVP_DigestVerify(ctx, bytes.data, bytes.len, (const unsigned char *)jwt,
                                      (size_t)(last - jwt)),
                     1);
    EVP_MD_CTX_free(ctx);
    tpmc__buf_free(&bytes);
    decode(dot + 1, (size_t)(last - dot - 1), &bytes);
    assert_int_equal(tpmc__json_parse(bytes.data, bytes.len, 65536, "claims", &claims, NULL), 0);
    tpmc__buf_free(&bytes);
    return claims;
}

static int64_t integer_of(const tpmc__json *claims, const char *name)
{
    int64_t value = -1;

    assert_int_equal(tpmc__json_integer(tpmc__json_member(claims, name), &value), 0);
    return value;
}

static void a_token_verifies(void **state)
{
    bench *b = new_robot();
    tpmc_token *token = get(b);
    tpmc__json *claims = verify(token);

    (void)state;
    assert_string_equal(tpmc_token_type(token), "Bearer");
    assert_string_equal(tpmc__json_text(tpmc__json_member(claims, "iss")), EMAIL);
    assert_string_equal(tpmc__json_text(tpmc__json_member(claims, "sub")), EMAIL);
    assert_string_equal(tpmc__json_text(tpmc__json_member(claims, "scope")),
                        "https://www.googleapis.com/auth/cloud-platform");
    assert_null(tpmc__json_member(claims, "aud"));
    assert_int_equal(integer_of(claims, "iat"), FAKE_WALL_MS / 1000 - 10);
    assert_int_equal(integer_of(claims, "exp"), FAKE_WALL_MS / 1000 + 3590);
    assert_int_equal(tpmc_token_expires_at_ms(token), FAKE_WALL_MS + 3590 * 1000);
    tpmc__json_free(claims);
    tpmc_token_free(token);
    free_bench(b);
}

static void a_token_is_signed_once(void **state)
{
    bench *b = new_robot();
    tpmc_token *first = get(b);
    tpmc_token *again;
    int i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        again = get(b);
        assert_string_equal(tpmc_token_value(again), tpmc_token_value(first));
        tpmc_token_free(again);
    }
    assert_int_equal(atomic_load(&b->signer.calls), 1);
    tpmc_token_free(first);
    free_bench(b);
}

static void it_is_renewed_near_its_expiry(void **state)
{
    bench *b = new_robot();
    tpmc_token *first = get(b);
    tpmc_token *second;
    tpmc__json *claims;

    (void)state;
    fake_env_pass(&b->fake, (3590 - 300) * 1000);
    second = get(b);
    assert_int_equal(atomic_load(&b->signer.calls), 2);
    assert_string_not_equal(tpmc_token_value(second), tpmc_token_value(first));
    claims = verify(second);
    assert_int_equal(integer_of(claims, "iat"), FAKE_WALL_MS / 1000 - 10 + 3290);
    tpmc__json_free(claims);
    tpmc_token_free(first);
    tpmc_token_free(second);
    free_bench(b);
}

static void a_failing_key_is_told_unless_a_token_is_valid(void **state)
{
    bench *b = new_robot();
    tpmc_token *token;

    (void)state;
    atomic_store(&b->signer.status, TPMC_ERR_LOCKOUT);
    expect_failure(b, TPMC_ERR_LOCKOUT, "LOCKOUT");
    atomic_store(&b->signer.status, 0);
    tpmc_token_free(get(b));
    atomic_store(&b->signer.status, TPMC_ERR_LOCKOUT);
    fake_env_pass(&b->fake, (3590 - 300) * 1000);
    token = get(b);
    assert_int_equal(tpmc_token_expires_at_ms(token), FAKE_WALL_MS + 3590 * 1000);
    assert_int_equal(atomic_load(&b->fake.logged), 1);
    assert_non_null(strstr(b->fake.log_text, "LOCKOUT"));
    assert_null(strstr(b->fake.log_text, tpmc_token_value(token)));
    tpmc_token_free(token);
    fake_env_pass(&b->fake, 300 * 1000);
    expect_failure(b, TPMC_ERR_LOCKOUT, "LOCKOUT");
    free_bench(b);
}

static void a_refusal_leaves_the_object_settable(void **state)
{
    bench *b = new_bench(rsa);

    (void)state;
    expect_failure(b, TPMC_ERR_ARGUMENT, "'email' is missing");
    assert_int_equal(tpmc_gcp_set(b->gcp, "email", EMAIL, b->err), 0);
    assert_int_equal(tpmc_gcp_set(b->gcp, "scopes", "https://a", b->err), 0);
    assert_int_equal(tpmc_gcp_set(b->gcp, "audience", "https://a/", b->err), 0);
    expect_failure(b, TPMC_ERR_ARGUMENT, "'scopes' and 'audience'");
    assert_int_equal(tpmc_gcp_set(b->gcp, "scopes", NULL, b->err), 0);
    assert_int_equal(atomic_load(&b->signer.calls), 0);
    tpmc_token_free(get(b));
    assert_int_equal(tpmc_gcp_set(b->gcp, "scopes", NULL, b->err), TPMC_ERR_STATE);
    assert_int_equal(tpmc_error_code(b->err), TPMC_ERR_STATE);
    free_bench(b);
}

static void unknown_options_and_bad_values_are_refused(void **state)
{
    bench *b = new_bench(rsa);

    (void)state;
    assert_int_equal(tpmc_gcp_set(b->gcp, "emial", EMAIL, b->err), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(b->err), "did you mean 'email'"));
    assert_int_equal(tpmc_gcp_set(b->gcp, NULL, "x", b->err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_gcp_set(b->gcp, "expire-in", "0", b->err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_gcp_set(b->gcp, "expire_in", "3601", b->err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_gcp_set(b->gcp, "keyid", "a\nb", b->err), TPMC_ERR_ARGUMENT);
    free_bench(b);
}

static void a_wrong_clock_signs_nothing(void **state)
{
    bench *b = new_robot();

    (void)state;
    atomic_store(&b->fake.wall_ms, INT64_C(946684800000));
    expect_failure(b, TPMC_ERR_CLOCK, "before the year 2020");
    assert_int_equal(atomic_load(&b->signer.calls), 0);
    atomic_store(&b->fake.wall_ms, FAKE_WALL_MS);
    tpmc_token_free(get(b));
    free_bench(b);
}

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

static void expect_unfit_key(EVP_PKEY *pkey, const char *words)
{
    fake_env fake;
    bench b = { .err = NULL };
    unsigned char *spki = NULL;
    int len = pkey == NULL ? 0 : i2d_PUBKEY(pkey, &spki);

    b.env = fake_env_new(&fake);
    assert_int_equal(tpmc_error_new(&b.err), 0);
    assert_int_equal(
        tpmc_key_new_callback(b.env, spki, (size_t)len, never_called, NULL, NULL, &b.key, b.err),
        0);
    OPENSSL_free(spki);
    assert_int_equal(tpmc_gcp_new(b.env, b.key, &b.gcp, b.err), 0);
    assert_int_equal(tpmc_gcp_set(b.gcp, "email", EMAIL, b.err), 0);
    expect_failure(&b, TPMC_ERR_UNSUPPORTED, "Google");
    if (strstr(tpmc_error_text(b.err), words) == NULL)
        fail_msg("%s", tpmc_error_text(b.err));
    tpmc_gcp_free(b.gcp);
    tpmc_key_free(b.key);
    tpmc_env_free(b.env);
    tpmc_error_free(b.err);
}

static EVP_PKEY *new_pss_key(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static void a_key_that_cannot_rs256_is_refused_in_words(void **state)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    EVP_PKEY *pss = new_pss_key();

    (void)state;
    expect_unfit_key(ec, "EC key");
    expect_unfit_key(pss, "rsapss");
    expect_unfit_key(NULL, "HMAC key");
    EVP_PKEY_free(ec);
    EVP_PKEY_free(pss);
}

static int count_release;

static void released(void *user)
{
    (void)user;
    count_release++;
}

/* Frees env, key, gcp and token in the order of one permutation. */
static void free_in_order(const int *order)
{
    static software_signer signer;
    tpmc_env *env = NULL;
    tpmc_key *key = NULL;
    tpmc_gcp *gcp = NULL;
    tpmc_token *token = NULL;
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(rsa, &spki);
    int i;

    signer.key = rsa;
    count_release = 0;
    assert_int_equal(tpmc_env_new(&env, NULL), 0);
    assert_int_equal(
        tpmc_key_new_callback(env, spki, (size_t)len, software_sign, &signer, released, &key, NULL),
        0);
    OPENSSL_free(spki);
    assert_int_equal(tpmc_gcp_new(env, key, &gcp, NULL), 0);
    assert_int_equal(tpmc_gcp_set(gcp, "email", EMAIL, NULL), 0);
    assert_int_equal(tpmc_gcp_get_token(gcp, &token, NULL), 0);
    for (i = 0; i < 4; i++) {
        if (order[i] == 0)
            tpmc_env_free(env);
        if (order[i] == 1)
            tpmc_key_free(key);
        if (order[i] == 2)
            tpmc_gcp_free(gcp);
        if (order[i] == 3) {
            assert_non_null(strchr(tpmc_token_value(token), '.'));
            tpmc_token_free(token);
        }
    }
    assert_int_equal(count_release, 1);
}

static void objects_may_be_freed_in_any_order(void **state)
{
    int order[4];
    int n;

    (void)state;
    for (n = 0; n < 256; n++) {
        order[0] = n & 3;
        order[1] = n >> 2 & 3;
        order[2] = n >> 4 & 3;
        order[3] = n >> 6 & 3;
        if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) == 15)
            free_in_order(order);
    }
}

static void *ask(void *user)
{
    bench *b = user;
    tpmc_token *token = NULL;

    check(tpmc_gcp_get_token(b->gcp, &token, NULL) == 0);
    check(strchr(tpmc_token_value(token), '.') != NULL);
    tpmc_token_free(token);
    return NULL;
}

static void a_herd_makes_one_signature(void **state)
{
    bench *b = new_robot();
    pthread_t threads[THREADS];
    size_t i;

    (void)state;
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, b), 0);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&b->signer.calls), 1);
    free_bench(b);
}

static void a_child_can_only_read_and_free(void **state)
{
    bench *b = new_robot();
    tpmc_token *token = get(b);
    int wait_status = -1;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        expect_failure(b, TPMC_ERR_FORKED, "fork");
        check(tpmc_gcp_set(b->gcp, "keyid", "x", b->err) == TPMC_ERR_FORKED);
        check(strchr(tpmc_token_value(token), '.') != NULL);
        tpmc_token_free(token);
        free_bench(b);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    tpmc_token_free(token);
    free_bench(b);
}

/* A signer that asks for the token it signs. */
static int ask_back(void *user, const char *algorithm, const uint8_t *data, size_t len,
                    uint8_t *out, size_t capacity, size_t *out_len)
{
    bench *b = user;
    tpmc_token *token = NULL;

    check(tpmc_gcp_get_token(b->gcp, &token, NULL) == TPMC_ERR_STATE);
    return software_sign(&b->signer, algorithm, data, len, out, capacity, out_len);
}

static void a_signer_cannot_ask_for_what_it_signs(void **state)
{
    bench *b = new_robot();
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(rsa, &spki);

    (void)state;
    tpmc_gcp_free(b->gcp);
    tpmc_key_free(b->key);
    assert_int_equal(
        tpmc_key_new_callback(b->env, spki, (size_t)len, ask_back, b, NULL, &b->key, b->err), 0);
    OPENSSL_free(spki);
    assert_int_equal(tpmc_gcp_new(b->env, b->key, &b->gcp, b->err), 0);
    assert_int_equal(tpmc_gcp_set(b->gcp, "email", EMAIL, b->err), 0);
    tpmc_token_free(get(b));
    free_bench(b);
}

/* A log that asks for a token. */
static int log_and_ask(void *user, int level, const char *text)
{
    bench *b = user;
    tpmc_token *token = NULL;

    (void)level;
    (void)text;
    check(tpmc_gcp_get_token(b->gcp, &token, NULL) == TPMC_ERR_STATE);
    atomic_fetch_add(&b->fake.logged, 1);
    return 0;
}

static void a_log_callback_cannot_come_back(void **state)
{
    fake_env fake;
    bench b = { .err = NULL };

    (void)state;
    b.env = fake_env_new(&fake);
    assert_int_equal(tpmc_env_set_log(b.env, log_and_ask, &b, NULL, NULL), 0);
    b.signer.key = rsa;
    b.key = software_signer_key(&b.signer, b.env);
    assert_int_equal(tpmc_gcp_new(b.env, b.key, &b.gcp, NULL), 0);
    assert_int_equal(tpmc_gcp_set(b.gcp, "email", EMAIL, NULL), 0);
    tpmc_token_free(get(&b));
    fake_env_pass(&fake, 3400 * 1000);
    atomic_store(&b.signer.status, TPMC_ERR_TPM);
    tpmc_token_free(get(&b));
    assert_int_equal(atomic_load(&b.fake.logged), 1);
    tpmc_gcp_free(b.gcp);
    tpmc_key_free(b.key);
    tpmc_env_free(b.env);
}

static void null_is_no_crash(void **state)
{
    bench *b = new_robot();
    tpmc_gcp *gcp = (tpmc_gcp *)b;
    tpmc_token *token = (tpmc_token *)b;

    (void)state;
    assert_int_equal(tpmc_gcp_new(NULL, b->key, &gcp, b->err), TPMC_ERR_ARGUMENT);
    assert_null(gcp);
    assert_non_null(strstr(tpmc_error_text(b->err), "NULL"));
    assert_int_equal(tpmc_gcp_new(b->env, NULL, &gcp, b->err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_gcp_new(b->env, b->key, NULL, b->err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_gcp_set(NULL, "email", EMAIL, b->err), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc_gcp_get_token(NULL, &token, b->err), TPMC_ERR_ARGUMENT);
    assert_null(token);
    assert_int_equal(tpmc_gcp_get_token(b->gcp, NULL, b->err), TPMC_ERR_ARGUMENT);
    tpmc_gcp_free(NULL);
    free_bench(b);
}

static int make_and_get(void *context)
{
    bench *b = context;
    tpmc_gcp *gcp = NULL;
    tpmc_token *token = NULL;
    int status;

    status = tpmc_gcp_new(b->env, b->key, &gcp, b->err);
    assert_true(status == 0 || gcp == NULL);
    if (status == 0)
        status = tpmc_gcp_set(gcp, "email", EMAIL, b->err);
    if (status == 0)
        status = tpmc_gcp_get_token(gcp, &token, b->err);
    assert_true((status == 0) == (token != NULL));
    assert_int_equal(tpmc_error_code(b->err), status);
    tpmc_gcp_free(gcp);
    tpmc_token_free(token);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    bench *b = new_robot();

    (void)state;
    assert_in_range(each_allocation(make_and_get, b, TPMC_ERR_NOMEM), 10, 1000);
    free_bench(b);
}

static int setup(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    return rsa == NULL;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_verifies),
        cmocka_unit_test(a_token_is_signed_once),
        cmocka_unit_test(it_is_renewed_near_its_expiry),
        cmocka_unit_test(a_failing_key_is_told_unless_a_token_is_valid),
        cmocka_unit_test(a_refusal_leaves_the_object_settable),
        cmocka_unit_test(unknown_options_and_bad_values_are_refused),
        cmocka_unit_test(a_wrong_clock_signs_nothing),
        cmocka_unit_test(a_key_that_cannot_rs256_is_refused_in_words),
        cmocka_unit_test(objects_may_be_freed_in_any_order),
        cmocka_unit_test(a_herd_makes_one_signature),
        cmocka_unit_test(a_child_can_only_read_and_free),
        cmocka_unit_test(a_signer_cannot_ask_for_what_it_signs),
        cmocka_unit_test(a_log_callback_cannot_come_back),
        cmocka_unit_test(null_is_no_crash),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
