/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <pthread.h>

#include "base/ref.h"

#define THREADS 8
#define ROUNDS 10000

static void last_drop_says_so(void **state)
{
    tpmc__ref ref;

    (void)state;
    tpmc__ref_init(&ref);
    tpmc__ref_take(&ref);
    tpmc__ref_take(&ref);
    assert_int_equal(tpmc__ref_drop(&ref), 0);
    assert_int_equal(tpmc__ref_drop(&ref), 0);
    assert_int_equal(tpmc__ref_drop(&ref), 1);
}

static void freezing_is_for_good(void **state)
{
    tpmc__ref ref;

    (void)state;
    tpmc__ref_init(&ref);
    assert_int_equal(tpmc__ref_frozen(&ref), 0);
    tpmc__ref_freeze(&ref);
    tpmc__ref_freeze(&ref);
    assert_int_equal(tpmc__ref_frozen(&ref), 1);
}

static void *take_and_drop(void *arg)
{
    tpmc__ref *ref = arg;
    int last = 0;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        tpmc__ref_take(ref);
        last += tpmc__ref_drop(ref);
    }
    return last == 0 ? NULL : arg;
}

static void threads_count_right(void **state)
{
    pthread_t threads[THREADS];
    tpmc__ref ref;
    void *wrong = NULL;
    size_t i;

    (void)state;
    tpmc__ref_init(&ref);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_drop, &ref), 0);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    assert_int_equal(tpmc__ref_drop(&ref), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_drop_says_so),
        cmocka_unit_test(freezing_is_for_good),
        cmocka_unit_test(threads_count_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
