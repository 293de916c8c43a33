/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_EXPECT_H
#define TESTS_UNIT_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tpmcloud/error.h"

/* A call returned `status` and filled `err`: the code, and words that the text must hold. */
static inline void expect_failure(int status, const tpmc_error *err, int code, const char *words)
{
    assert_int_equal(status, code);
    assert_int_equal(tpmc_error_code(err), code);
    if (strstr(tpmc_error_text(err), words) == NULL)
        fail_msg("'%s' does not hold '%s'", tpmc_error_text(err), words);
}

static inline void expect_success(int status, const tpmc_error *err)
{
    if (status != 0)
        fail_msg("%s: %s", tpmc_error_name(status), tpmc_error_text(err));
    assert_int_equal(tpmc_error_code(err), 0);
}

static inline int setup_error(void **state)
{
    return tpmc_error_new((tpmc_error **)state);
}

static inline int teardown_error(void **state)
{
    tpmc_error_free(*state);
    return 0;
}

/* A test whose state is an empty error. */
#define WITH_ERROR(test) cmocka_unit_test_setup_teardown(test, setup_error, teardown_error)

#endif
