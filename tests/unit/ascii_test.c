/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/ascii.h"

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The class is exactly the characters of `set`, out of all 256. */
static void check_class(int (*is_member)(unsigned char), const char *set)
{
    int c;

    for (c = 0; c < 256; c++)
        assert_int_equal(is_member((unsigned char)c), c != 0 && strchr(set, c) != NULL);
}

static void classes_hold_what_the_rfcs_say(void **state)
{
    (void)state;
    check_class(tpmc__ascii_is_digit, "0123456789");
    check_class(tpmc__ascii_is_hex, "0123456789abcdefABCDEF");
    check_class(tpmc__ascii_is_host, LETTERS_AND_DIGITS "-._");
    check_class(tpmc__ascii_is_token, LETTERS_AND_DIGITS "!#$%&'*+-.^_`|~");
    check_class(tpmc__ascii_is_url, LETTERS_AND_DIGITS "-._~:/?@!$&'()*+,;=%");
}

static void letters_alone_have_two_cases(void **state)
{
    (void)state;
    assert_true(tpmc__ascii_equal("AZaz09", "azAZ09", 6));
    assert_true(tpmc__ascii_equal("abX", "abY", 2));
    assert_true(tpmc__ascii_equal("a", "b", 0));
    assert_false(tpmc__ascii_equal("a", "b", 1));
    /* Neighbours of the letters, 32 apart. */
    assert_false(tpmc__ascii_equal("@", "`", 1));
    assert_false(tpmc__ascii_equal("[", "{", 1));
    assert_false(tpmc__ascii_equal("\xc4", "\xe4", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_hold_what_the_rfcs_say),
        cmocka_unit_test(letters_alone_have_two_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
