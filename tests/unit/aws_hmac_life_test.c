/* SPDX-License-Identifier: Apache-2.0 */
/* Life and death of the identity, its threads and its memory. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/each_allocation.h"
#include "unit/hmac_bench.h"

#define THREADS 64

static void *ask(void *user)
{
    hmac_bench *b = user;
    tpmc_aws_credentials *credentials = NULL;

    check(tpmc_aws_hmac_get_credentials(b->hmac, &credentials, NULL) == 0);
    check(strcmp(tpmc_aws_credentials_session_token(credentials), AWS_GIVEN_TOKEN) == 0);
    tpmc_aws_credentials_free(credentials);
    return NULL;
}

static void *sign(void *user)
{
    hmac_bench *b = user;
    tpmc_http_request *request = NULL;

    check(tpmc_http_request_new("GET", "https://x.example.com/", &request, NULL) == 0);
    check(tpmc_aws_hmac_sign_request(b->hmac, "x", NULL, request, 0, NULL) == 0);
    check(tpmc_http_request_header_count(request) == 2);
    tpmc_http_request_free(request);
    return NULL;
}

static void run_threads(void *(*work)(void *), hmac_bench *b)
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, b), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void a_herd_sends_one_request(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    run_threads(ask, b);
    assert_int_equal(atomic_load(&b->aws.requests), 1);
    assert_int_equal(atomic_load(&b->macs), 1);
    fake_env_pass(&b->aws.fake, AWS_HOUR_MS);
    run_threads(ask, b);
    assert_int_equal(atomic_load(&b->aws.requests), 2);
    assert_int_equal(atomic_load(&b->macs), 2);
    hmac_bench_free(b);
}

static void a_herd_makes_one_signing_key(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    hmac_set(b, "cache_signing_key", "1");
    run_threads(sign, b);
    assert_int_equal(atomic_load(&b->macs), 1);
    hmac_bench_free(b);
    b = hmac_bench_new();
    run_threads(sign, b);
    assert_int_equal(atomic_load(&b->macs), THREADS);
    hmac_bench_free(b);
}

static void a_child_can_only_read_and_free(void **state)
{
    hmac_bench *b = hmac_bench_new();
    tpmc_aws_credentials *credentials;
    tpmc_http_request *request = NULL;
    tpmc_bytes *bytes = NULL;
    tpmc_token *token = NULL;
    int wait_status = -1;
    pid_t child;

    (void)state;
    hmac_set(b, "cache_signing_key", "1");
    credentials = hmac_get(b);
    assert_int_equal(tpmc_http_request_new("GET", "https://x/", &request, NULL), 0);
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        hmac_refuse(b, TPMC_ERR_FORKED, "fork");
        check(tpmc_aws_hmac_set(b->hmac, "region", "x", NULL) == TPMC_ERR_FORKED);
        check(tpmc_aws_hmac_set_mfa_callback(b->hmac, NULL, NULL, NULL, NULL) == TPMC_ERR_FORKED);
        check(tpmc_aws_hmac_sign_request(b->hmac, "x", "r", request, 0, NULL) == TPMC_ERR_FORKED);
        check(tpmc_aws_hmac_presign(b->hmac, "x", "r", request, 60, &bytes, NULL) ==
              TPMC_ERR_FORKED);
        check(tpmc_aws_hmac_get_caller_identity(b->hmac, &bytes, NULL) == TPMC_ERR_FORKED);
        check(tpmc_aws_hmac_eks_token(b->hmac, "c", &token, NULL) == TPMC_ERR_FORKED);
        check(strcmp(tpmc_aws_credentials_access_key_id(credentials), AWS_GIVEN_ID) == 0);
        tpmc_aws_credentials_free(credentials);
        tpmc_http_request_free(request);
        hmac_bench_free(b);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    tpmc_http_request_free(request);
    tpmc_aws_credentials_free(credentials);
    hmac_bench_free(b);
}

static int count_release;

static void released(void *user)
{
    (void)user;
    count_release++;
}

/* Frees env, key, hmac and credentials in the order of one permutation. */
static void free_in_order(const int *order)
{
    hmac_bench *b = calloc(1, sizeof(*b));
    tpmc_aws_credentials *credentials;

    check(b != NULL);
    aws_bench_open(&b->aws, aws_xml_grant);
    count_release = 0;
    assert_int_equal(
        tpmc_key_new_callback(b->aws.env, NULL, 0, hmac_make, b, released, &b->key, NULL), 0);
    hmac_renew(b);
    hmac_set(b, "access_key", AWS_KEY_ID);
    credentials = hmac_get(b);
    for (int i = 0; i < 4; i++) {
        if (order[i] == 0) {
            tpmc_env_free(b->aws.env);
            b->aws.env = NULL;
        } else if (order[i] == 1) {
            tpmc_key_free(b->key);
        } else if (order[i] == 2) {
            tpmc_aws_hmac_free(b->hmac);
        } else {
            assert_string_equal(tpmc_aws_credentials_access_key_id(credentials), AWS_GIVEN_ID);
            tpmc_aws_credentials_free(credentials);
        }
    }
    assert_int_equal(count_release, 1);
    aws_bench_close(&b->aws);
    free(b);
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

static int code_of_nobody(void *user, char *code, size_t capacity)
{
    hmac_bench *b = user;
    tpmc_aws_credentials *credentials = NULL;

    check(tpmc_aws_hmac_get_credentials(b->hmac, &credentials, NULL) == TPMC_ERR_STATE);
    (void)snprintf(code, capacity, "%s", AWS_MFA_CODE);
    return 0;
}

static void a_callback_cannot_ask_for_what_it_is_needed_for(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    hmac_set(b, "mfa_serial", "GAHT12345678");
    expect_success(tpmc_aws_hmac_set_mfa_callback(b->hmac, code_of_nobody, b, NULL, b->aws.err),
                   b->aws.err);
    hmac_get_and_drop(b);
    hmac_bench_free(b);
}

static void null_is_no_crash(void **state)
{
    hmac_bench *b = hmac_bench_new();
    tpmc_aws_hmac *hmac = (tpmc_aws_hmac *)b;
    tpmc_aws_credentials *credentials = (tpmc_aws_credentials *)b;
    tpmc_error *err = b->aws.err;

    (void)state;
    aws_expect_failure(&b->aws, tpmc_aws_hmac_new(NULL, b->key, &hmac, err), TPMC_ERR_ARGUMENT,
                       "env or key is NULL");
    assert_null(hmac);
    aws_expect_failure(&b->aws, tpmc_aws_hmac_new(b->aws.env, NULL, &hmac, err), TPMC_ERR_ARGUMENT,
                       "env or key is NULL");
    aws_expect_failure(&b->aws, tpmc_aws_hmac_new(b->aws.env, b->key, NULL, err), TPMC_ERR_ARGUMENT,
                       "out is NULL");
    aws_expect_failure(&b->aws, tpmc_aws_hmac_set(NULL, "region", "x", err), TPMC_ERR_ARGUMENT,
                       "hmac is NULL");
    aws_expect_failure(&b->aws, tpmc_aws_hmac_get_credentials(NULL, &credentials, err),
                       TPMC_ERR_ARGUMENT, "hmac is NULL");
    assert_null(credentials);
    aws_expect_failure(&b->aws, tpmc_aws_hmac_get_credentials(b->hmac, NULL, err),
                       TPMC_ERR_ARGUMENT, "out is NULL");
    tpmc_aws_hmac_free(NULL);
    hmac_bench_free(b);
}

/* Whether a failed request was sent or not, with a role, tags and MFA. */
static int make_and_get(void *context)
{
    hmac_bench *b = context;
    tpmc_aws_hmac *hmac = NULL;
    tpmc_aws_credentials *credentials = NULL;
    int status;

    status = tpmc_aws_hmac_new(b->aws.env, b->key, &hmac, b->aws.err);
    assert_true(status == 0 || hmac == NULL);
    if (status == 0)
        status = tpmc_aws_hmac_set(hmac, "aws_access_key_id", AWS_KEY_ID, b->aws.err);
    if (status == 0)
        status = tpmc_aws_hmac_set(hmac, "assume_role_arn", AWS_ROLE, b->aws.err);
    if (status == 0)
        status = tpmc_aws_hmac_set(hmac, "tag", "a=b", b->aws.err);
    if (status == 0)
        status = tpmc_aws_hmac_set(hmac, "cache_signing_key", "1", b->aws.err);
    if (status == 0)
        status = tpmc_aws_hmac_get_credentials(hmac, &credentials, b->aws.err);
    assert_true((status == 0) == (credentials != NULL));
    assert_int_equal(tpmc_error_code(b->aws.err), status);
    tpmc_aws_hmac_free(hmac);
    tpmc_aws_credentials_free(credentials);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    hmac_bench *b = hmac_bench_new();

    (void)state;
    b->aws.forgets = 1;
    assert_in_range(each_allocation(make_and_get, b, TPMC_ERR_NOMEM), 20, 1000);
    hmac_bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_herd_sends_one_request),
        cmocka_unit_test(a_herd_makes_one_signing_key),
        cmocka_unit_test(a_child_can_only_read_and_free),
        cmocka_unit_test(objects_may_be_freed_in_any_order),
        cmocka_unit_test(a_callback_cannot_ask_for_what_it_is_needed_for),
        cmocka_unit_test(null_is_no_crash),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
