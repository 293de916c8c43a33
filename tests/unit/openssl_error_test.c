/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/openssl_error.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "unit/expect.h"

static void the_queue_of_the_application_stays(void **state)
{
    (void)state;
    ERR_clear_error();
    tpmc__openssl_begin();
    ERR_raise(ERR_LIB_USER, 1);
    tpmc__openssl_end();
    assert_int_equal(ERR_peek_error(), 0);

    ERR_raise(ERR_LIB_USER, 7);
    ERR_raise(ERR_LIB_USER, 8);
    tpmc__openssl_begin();
    ERR_raise(ERR_LIB_USER, 9);
    ERR_raise(ERR_LIB_USER, 10);
    tpmc__openssl_end();
    tpmc__openssl_begin();
    tpmc__openssl_end();
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 7);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 8);
    assert_int_equal(ERR_get_error(), 0);
}

static void the_reason_is_told(void **state)
{
    tpmc_error *err = *state;

    tpmc__openssl_begin();
    expect_failure(tpmc__openssl_fail(err, "this"), err, TPMC_ERR_UNSUPPORTED,
                   "this failed: OpenSSL gives no reason");
    ERR_raise(ERR_LIB_EVP, EVP_R_INVALID_KEY_LENGTH);
    assert_false(tpmc__openssl_out_of_memory());
    expect_failure(tpmc__openssl_fail(err, "this"), err, TPMC_ERR_UNSUPPORTED,
                   "this failed: invalid key length");
    ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
    assert_true(tpmc__openssl_out_of_memory());
    expect_failure(tpmc__openssl_fail(err, "this"), err, TPMC_ERR_NOMEM, "memory");
    assert_int_equal(tpmc__openssl_fail(NULL, "this"), TPMC_ERR_NOMEM);
    tpmc__openssl_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_of_the_application_stays),
        WITH_ERROR(the_reason_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
