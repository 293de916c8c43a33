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

#include "proto/token_int.h"
#include "unit/each_allocation.h"

#define VALUE_MAX 65536

static void holds_its_own_copy(void **state)
{
    char value[] = "abc.def";
    tpmc_token *token = NULL;

    (void)state;
    assert_int_equal(tpmc__token_new(value, 1234567890123, &token, NULL), 0);
    value[0] = 'x';
    assert_string_equal(tpmc_token_value(token), "abc.def");
    assert_string_equal(tpmc_token_type(token), "Bearer");
    assert_int_equal(tpmc_token_expires_at_ms(token), 1234567890123);
    tpmc_token_free(token);
}

static void lives_until_the_last_reference(void **state)
{
    tpmc_token *token = NULL;

    (void)state;
    assert_int_equal(tpmc__token_new("abc", 1, &token, NULL), 0);
    assert_ptr_equal(tpmc__token_ref(token), token);
    tpmc_token_free(token);
    assert_string_equal(tpmc_token_value(token), "abc");
    tpmc_token_free(token);
}

static void works_in_a_forked_child(void **state)
{
    tpmc_token *token = NULL;
    int wait_status = -1;
    pid_t child;

    (void)state;
    assert_int_equal(tpmc__token_new("abc", 7, &token, NULL), 0);
    child = fork();
    if (child == 0) {
        int good =
            strcmp(tpmc_token_value(token), "abc") == 0 && tpmc_token_expires_at_ms(token) == 7;

        tpmc_token_free(token);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    tpmc_token_free(token);
}

static void refuse(const char *value, const char *words)
{
    tpmc_token *token = (tpmc_token *)&token;
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    assert_int_equal(tpmc__token_new(value, 1, &token, err), TPMC_ERR_PROTOCOL);
    assert_null(token);
    assert_non_null(strstr(tpmc_error_text(err), words));
    assert_null(strstr(tpmc_error_text(err), "s3cret"));
    tpmc_error_free(err);
}

static void refuses_what_is_no_bearer_token(void **state)
{
    static char value[VALUE_MAX + 2];
    char with_byte[] = "s3cret?";
    tpmc_token *token = NULL;
    int c;

    (void)state;
    refuse("", "empty");
    for (c = 1; c < 256; c++) {
        with_byte[6] = (char)c;
        if (c < 0x21 || c > 0x7e)
            refuse(with_byte, "a character");
    }
    memset(value, '~', VALUE_MAX + 1);
    refuse(value, "65536");
    value[VALUE_MAX] = '\0';
    assert_int_equal(tpmc__token_new(value, 1, &token, NULL), 0);
    assert_string_equal(tpmc_token_value(token), value);
    tpmc_token_free(token);
}

static void null_is_no_crash(void **state)
{
    (void)state;
    assert_null(tpmc_token_value(NULL));
    assert_null(tpmc_token_type(NULL));
    assert_int_equal(tpmc_token_expires_at_ms(NULL), 0);
    tpmc_token_free(NULL);
}

static int make(void *context)
{
    tpmc_token *token = NULL;
    int status;

    (void)context;
    status = tpmc__token_new("abc", 1, &token, NULL);
    tpmc_token_free(token);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_int_equal(each_allocation(make, NULL, TPMC_ERR_NOMEM), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_its_own_copy),
        cmocka_unit_test(lives_until_the_last_reference),
        cmocka_unit_test(works_in_a_forked_child),
        cmocka_unit_test(refuses_what_is_no_bearer_token),
        cmocka_unit_test(null_is_no_crash),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
