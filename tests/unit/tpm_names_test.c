/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "keyfile/tpm_names.h"
#include "keyfile/tpm_public.h"

static void algorithms_have_the_names_of_the_registry(void **state)
{
    (void)state;
    assert_string_equal(tpmc__alg_name(TPMC__ALG_RSASSA), "rsassa");
    assert_string_equal(tpmc__alg_name(TPMC__ALG_RSAPSS), "rsapss");
    assert_string_equal(tpmc__alg_name(TPMC__ALG_ECDSA), "ecdsa");
    assert_string_equal(tpmc__alg_name(TPMC__ALG_NULL), "null");
    assert_string_equal(tpmc__alg_name(0x000b), "sha256");
    assert_string_equal(tpmc__alg_name(0x0004), "sha1");
    assert_null(tpmc__alg_name(0x0000));
    assert_null(tpmc__alg_name(0x7fff));
}

static void each_attribute_bit_is_known_or_reserved(void **state)
{
    static const char *const names[32] = {
        [1] = "fixedtpm",        [2] = "stclear",
        [4] = "fixedparent",     [5] = "sensitivedataorigin",
        [6] = "userwithauth",    [7] = "adminwithpolicy",
        [8] = "firmwarelimited", [9] = "svnlimited",
        [10] = "noda",           [11] = "encryptedduplication",
        [16] = "restricted",     [17] = "decrypt",
        [18] = "sign",           [19] = "x509sign",
    };
    unsigned bit;

    (void)state;
    for (bit = 0; bit < 32; bit++) {
        const char *name = tpmc__attribute_name(bit);

        assert_int_equal(name == NULL, names[bit] == NULL);
        if (name)
            assert_string_equal(name, names[bit]);
    }
    assert_null(tpmc__attribute_name(32));
}

static void policy_commands_are_named(void **state)
{
    (void)state;
    assert_string_equal(tpmc__policy_command_name(0x17f), "PolicyPCR");
    assert_string_equal(tpmc__policy_command_name(0x16b), "PolicyAuthValue");
    assert_string_equal(tpmc__policy_command_name(0x16a), "PolicyAuthorize");
    assert_null(tpmc__policy_command_name(0x15d)); /* Sign */
    assert_null(tpmc__policy_command_name(0));
}

static void curves_are_found_by_number(void **state)
{
    const tpmc__curve *curve = tpmc__curve_find(TPMC__CURVE_P521);

    (void)state;
    assert_non_null(curve);
    assert_string_equal(curve->name, "P-521");
    assert_int_equal(curve->size, 66);
    assert_string_equal(curve->oid, "1.3.132.0.35");
    curve = tpmc__curve_find(0x0011);
    assert_non_null(curve);
    assert_int_equal(curve->size, 80);
    assert_null(curve->oid);
    assert_null(tpmc__curve_find(0));
    assert_null(tpmc__curve_find(0x0012));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(algorithms_have_the_names_of_the_registry),
        cmocka_unit_test(each_attribute_bit_is_known_or_reserved),
        cmocka_unit_test(policy_commands_are_named),
        cmocka_unit_test(curves_are_found_by_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
