/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <pthread.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "services/default_service.h"

static void bytes_differ(void **state)
{
    static const uint8_t zeros[32];
    uint8_t first[32] = { 0 };
    uint8_t second[32] = { 0 };
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();

    (void)state;
    assert_non_null(context);
    assert_int_equal(tpmc__openssl_random(context, first, sizeof(first)), 0);
    assert_int_equal(tpmc__openssl_random(context, second, sizeof(second)), 0);
    assert_memory_not_equal(first, second, sizeof(first));
    assert_memory_not_equal(first, zeros, sizeof(first));
    OSSL_LIB_CTX_free(context);
}

static void just_what_was_asked_is_written(void **state)
{
    uint8_t bytes[8] = { 0 };
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();

    (void)state;
    assert_non_null(context);
    assert_int_equal(tpmc__openssl_random(context, bytes, 4), 0);
    assert_memory_equal(bytes + 4, "\0\0\0\0", 4);
    OSSL_LIB_CTX_free(context);
}

/* No provider in the context, no random bytes; the caller's error queue stays as it was. */
static void failure_is_told(void **state)
{
    uint8_t bytes[8];
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(context, "null");

    (void)state;
    assert_non_null(provider);
    ERR_clear_error();
    assert_int_equal(tpmc__openssl_random(context, bytes, sizeof(bytes)), TPMC_ERR_IO);
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(OSSL_PROVIDER_unload(provider), 1);
    OSSL_LIB_CTX_free(context);
}

typedef struct shared {
    OSSL_LIB_CTX *context;
    pthread_barrier_t barrier;
} shared;

static void *draw_then_outlive(void *arg)
{
    uint8_t bytes[16];
    shared *both = arg;
    int status = tpmc__openssl_random(both->context, bytes, sizeof(bytes));

    (void)pthread_barrier_wait(&both->barrier);
    (void)pthread_barrier_wait(&both->barrier);
    return status == 0 ? NULL : arg;
}

/* OpenSSL would look for the context when the thread ends, and crash. */
static void a_thread_may_outlive_the_context(void **state)
{
    pthread_t thread;
    void *failed = NULL;
    shared both;

    (void)state;
    both.context = OSSL_LIB_CTX_new();
    assert_non_null(both.context);
    assert_int_equal(pthread_barrier_init(&both.barrier, NULL, 2), 0);
    assert_int_equal(pthread_create(&thread, NULL, draw_then_outlive, &both), 0);
    (void)pthread_barrier_wait(&both.barrier);
    OSSL_LIB_CTX_free(both.context);
    (void)pthread_barrier_wait(&both.barrier);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    assert_int_equal(pthread_barrier_destroy(&both.barrier), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_differ),
        cmocka_unit_test(just_what_was_asked_is_written),
        cmocka_unit_test(failure_is_told),
        cmocka_unit_test(a_thread_may_outlive_the_context),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
