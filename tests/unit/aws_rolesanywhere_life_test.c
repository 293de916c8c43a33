/* SPDX-License-Identifier: Apache-2.0 */
/* Life and death of the identity, its threads and its memory. */
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <sys/wait.h>

#include "unit/anywhere_bench.h"
#include "unit/each_allocation.h"

#define THREADS 64

static EVP_PKEY *rsa;
static EVP_PKEY *ec;

static anywhere_bench *new_bench(void)
{
    anywhere_bench *b = anywhere_bench_bare(ec);
    made_wish w = anywhere_wish(ec, rsa, "1");

    anywhere_write(b->path, &w);
    anywhere_set_arns(b);
    anywhere_set(b, "public_certificate_file", b->path);
    return b;
}

static void *ask(void *user)
{
    anywhere_bench *b = user;
    tpmc_aws_credentials *credentials = NULL;

    check(tpmc_aws_rolesanywhere_get_credentials(b->anywhere, &credentials, NULL) == 0);
    check(strcmp(tpmc_aws_credentials_session_token(credentials), AWS_GIVEN_TOKEN) == 0);
    tpmc_aws_credentials_free(credentials);
    return NULL;
}

static void run_threads(anywhere_bench *b)
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, b), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void a_herd_sends_one_request(void **state)
{
    anywhere_bench *b = new_bench();

    (void)state;
    run_threads(b);
    anywhere_expect_counts(b, 1, 1);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS);
    run_threads(b);
    anywhere_expect_counts(b, 2, 2);
    anywhere_bench_free(b);
}

static void a_child_can_only_read_and_free(void **state)
{
    anywhere_bench *b = new_bench();
    tpmc_aws_credentials *credentials = anywhere_get(b);
    int wait_status = -1;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        anywhere_refuse(b, TPMC_ERR_FORKED, "fork");
        check(tpmc_aws_rolesanywhere_set(b->anywhere, "region", "x", NULL) == TPMC_ERR_FORKED);
        check(tpmc_aws_rolesanywhere_set_certificate(b->anywhere, "x", 1, NULL) == TPMC_ERR_FORKED);
        check(strcmp(tpmc_aws_credentials_access_key_id(credentials), AWS_GIVEN_ID) == 0);
        tpmc_aws_credentials_free(credentials);
        anywhere_bench_free(b);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    tpmc_aws_credentials_free(credentials);
    anywhere_bench_free(b);
}

/* Frees env, key, identity and credentials in the order of one permutation. */
static void free_in_order(const int *order)
{
    anywhere_bench *b = new_bench();
    tpmc_aws_credentials *credentials = anywhere_get(b);

    for (int i = 0; i < 4; i++) {
        if (order[i] == 0) {
            tpmc_env_free(b->aws.env);
            b->aws.env = NULL;
        } else if (order[i] == 1) {
            tpmc_key_free(b->key);
            b->key = NULL;
        } else if (order[i] == 2) {
            tpmc_aws_rolesanywhere_free(b->anywhere);
            b->anywhere = NULL;
        } else {
            assert_string_equal(tpmc_aws_credentials_access_key_id(credentials), AWS_GIVEN_ID);
            tpmc_aws_credentials_free(credentials);
        }
    }
    anywhere_bench_free(b);
}

static void objects_may_be_freed_in_any_order(void **state)
{
    int order[4];

    (void)state;
    for (int n = 0; n < 256; n++) {
        order[0] = n & 3;
        order[1] = n >> 2 & 3;
        order[2] = n >> 4 & 3;
        order[3] = n >> 6 & 3;
        if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) == 15)
            free_in_order(order);
    }
}

static void null_is_no_crash(void **state)
{
    anywhere_bench *b = new_bench();
    tpmc_aws_rolesanywhere *anywhere = (tpmc_aws_rolesanywhere *)b;
    tpmc_aws_credentials *credentials = (tpmc_aws_credentials *)b;
    tpmc_error *err = b->aws.err;

    (void)state;
    aws_expect_failure(&b->aws, tpmc_aws_rolesanywhere_new(NULL, b->key, &anywhere, err),
                       TPMC_ERR_ARGUMENT, "env or key is NULL");
    assert_null(anywhere);
    aws_expect_failure(&b->aws, tpmc_aws_rolesanywhere_new(b->aws.env, NULL, &anywhere, err),
                       TPMC_ERR_ARGUMENT, "env or key is NULL");
    aws_expect_failure(&b->aws, tpmc_aws_rolesanywhere_new(b->aws.env, b->key, NULL, err),
                       TPMC_ERR_ARGUMENT, "out is NULL");
    aws_expect_failure(&b->aws, tpmc_aws_rolesanywhere_set(NULL, "region", "x", err),
                       TPMC_ERR_ARGUMENT, "anywhere is NULL");
    aws_expect_failure(&b->aws, tpmc_aws_rolesanywhere_set_certificate(NULL, "x", 1, err),
                       TPMC_ERR_ARGUMENT, "anywhere is NULL");
    aws_expect_failure(&b->aws, tpmc_aws_rolesanywhere_get_credentials(NULL, &credentials, err),
                       TPMC_ERR_ARGUMENT, "anywhere is NULL");
    assert_null(credentials);
    aws_expect_failure(&b->aws, tpmc_aws_rolesanywhere_get_credentials(b->anywhere, NULL, err),
                       TPMC_ERR_ARGUMENT, "out is NULL");
    tpmc_aws_rolesanywhere_free(NULL);
    anywhere_bench_free(b);
}

static int never_sign(void *user, const char *algorithm, const uint8_t *data, size_t len,
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

/* A key of another kind in the place of the one that there is. */
static void expect_unfit_key(EVP_PKEY *pkey, const char *words)
{
    anywhere_bench *b = new_bench();
    tpmc__span spki = { NULL, 0 };

    tpmc_key_free(b->key);
    if (pkey != NULL)
        spki = made_spki(pkey);
    assert_int_equal(tpmc_key_new_callback(b->aws.env, spki.data, spki.len, never_sign, NULL, NULL,
                                           &b->key, NULL),
                     0);
    made_spki_free(&spki);
    anywhere_renew(b);
    anywhere_set_arns(b);
    anywhere_set(b, "public_certificate_file", b->path);
    anywhere_refuse(b, TPMC_ERR_UNSUPPORTED,
                    "Roles Anywhere takes RSA keys that may use RSASSA with SHA-256 and EC keys");
    if (strstr(tpmc_error_text(b->aws.err), words) == NULL)
        fail_msg("%s", tpmc_error_text(b->aws.err));
    assert_int_equal(atomic_load(&b->aws.requests), 0);
    anywhere_bench_free(b);
}

static void keys_that_cannot_sign_are_refused_in_words(void **state)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *pss = NULL;

    (void)state;
    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &pss), 1);
    EVP_PKEY_CTX_free(ctx);
    expect_unfit_key(NULL, "neither");
    expect_unfit_key(pss, "neither");
    EVP_PKEY_free(pss);
}

static int make_and_get(void *context)
{
    anywhere_bench *b = context;
    tpmc_aws_rolesanywhere *anywhere = NULL;
    tpmc_aws_credentials *credentials = NULL;
    static const char *const settings[][2] = {
        { "trust_anchor_arn", ANCHOR_ARN },
        { "profile_arn", PROFILE_ARN },
        { "role_arn", AWS_ROLE },
        { "instance_property", "a=b" },
    };
    int status;

    status = tpmc_aws_rolesanywhere_new(b->aws.env, b->key, &anywhere, b->aws.err);
    assert_true(status == 0 || anywhere == NULL);
    for (size_t i = 0; i < 4 && status == 0; i++)
        status = tpmc_aws_rolesanywhere_set(anywhere, settings[i][0], settings[i][1], b->aws.err);
    if (status == 0)
        status =
            tpmc_aws_rolesanywhere_set(anywhere, "public_certificate_file", b->path, b->aws.err);
    if (status == 0)
        status = tpmc_aws_rolesanywhere_set(anywhere, "certificate_chain_file", b->chain_path,
                                            b->aws.err);
    if (status == 0)
        status = tpmc_aws_rolesanywhere_get_credentials(anywhere, &credentials, b->aws.err);
    assert_true((status == 0) == (credentials != NULL));
    assert_int_equal(tpmc_error_code(b->aws.err), status);
    tpmc_aws_rolesanywhere_free(anywhere);
    tpmc_aws_credentials_free(credentials);
    return status;
}

static int set_bytes(void *context)
{
    anywhere_bench *b = context;

    return tpmc_aws_rolesanywhere_set_certificate(b->anywhere, "abc", 3, b->aws.err);
}

static void survives_every_failing_allocation(void **state)
{
    anywhere_bench *b = new_bench();
    made_wish ca = { .key = rsa, .subject = "ca", .issuer = "root", .issuer_key = ec, .is_ca = 1 };

    (void)state;
    anywhere_write(b->chain_path, &ca);
    b->aws.forgets = 1;
    assert_in_range(each_allocation(make_and_get, b, TPMC_ERR_NOMEM), 20, 2000);
    assert_in_range(each_allocation(set_bytes, b, TPMC_ERR_NOMEM), 1, 1);
    anywhere_bench_free(b);
}

static int setup(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");
    return rsa == NULL || ec == NULL;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_herd_sends_one_request),
        cmocka_unit_test(a_child_can_only_read_and_free),
        cmocka_unit_test(objects_may_be_freed_in_any_order),
        cmocka_unit_test(null_is_no_crash),
        cmocka_unit_test(keys_that_cannot_sign_are_refused_in_words),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
