/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/tpm_template.h"

#define EK_POLICY "0020 837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"
#define ECC "0006 0080 0043 0010 0003 0010"
#define RSA "0006 0080 0043 0010 0800 00000000"

/* The bytes that TPM2_CreatePrimary takes; `zeros` ends them, each run with its size. */
typedef struct expectation {
    const char *head;
    size_t zeros[2];
    size_t runs;
} expectation;

static const expectation expected[TPMC__TEMPLATE_COUNT] = {
    [TPMC__TEMPLATE_H2] = { "001a 0023 000b 00030472 0000" ECC, { 0, 0 }, 2 },
    [TPMC__TEMPLATE_H1] = { "001a 0001 000b 00030472 0000" RSA, { 0, 0 }, 1 },
    [TPMC__TEMPLATE_OLD] = { "001a 0023 000b 00030460 0000" ECC, { 0, 0 }, 2 },
    [TPMC__TEMPLATE_RSA_DA] = { "001a 0001 000b 00030072 0000" RSA, { 0, 0 }, 1 },
    [TPMC__TEMPLATE_ECC_DA] = { "001a 0023 000b 00030072 0000" ECC, { 0, 0 }, 2 },
    [TPMC__TEMPLATE_ECC_ZEROS] = { "005a 0023 000b 00030472 0000" ECC, { 32, 32 }, 2 },
    [TPMC__TEMPLATE_RSA_ZEROS] = { "011a 0001 000b 00030472 0000" RSA, { 256, 0 }, 1 },
    [TPMC__TEMPLATE_EK_RSA] = { "013a 0001 000b 000300b2" EK_POLICY RSA, { 256, 0 }, 1 },
    [TPMC__TEMPLATE_EK_ECC] = { "007a 0023 000b 000300b2" EK_POLICY ECC, { 32, 32 }, 2 },
};

static void set_expected(blob *out, const expectation *from)
{
    size_t i;
    size_t n;

    set_hex(out, from->head);
    for (i = 0; i < from->runs; i++) {
        add_hex(out, from->zeros[i] == 256 ? "0100" : from->zeros[i] ? "0020" : "0000");
        for (n = 0; n < from->zeros[i]; n++)
            add_hex(out, "00");
    }
}

static void each_template_has_its_bytes(void **state)
{
    static blob bytes;
    tpmc__public key;
    tpmc__buf out;
    int i;

    (void)state;
    for (i = 0; i < TPMC__TEMPLATE_COUNT; i++) {
        tpmc__template_fill((tpmc__template)i, &key);
        set_expected(&bytes, &expected[i]);
        tpmc__buf_init(&out, TPMC__PUBLIC_MAX);
        assert_int_equal(tpmc__public_write(&key, &out), 0);
        assert_int_equal(out.len, bytes.len);
        assert_memory_equal(out.data, bytes.data, bytes.len);
        tpmc__buf_free(&out);
    }
}

static void templates_are_of_storage_keys(void **state)
{
    tpmc__public key;
    int i;

    (void)state;
    for (i = 0; i < TPMC__TEMPLATE_COUNT; i++) {
        tpmc__template_fill((tpmc__template)i, &key);
        assert_true(tpmc__public_is_storage(&key));
    }
}

/* A template is told from every other one, but for those that differ in `unique` alone. */
static void keys_match_the_template_they_were_made_from(void **state)
{
    static const tpmc__template plain[TPMC__TEMPLATE_COUNT] = {
        TPMC__TEMPLATE_H2,     TPMC__TEMPLATE_H1,     TPMC__TEMPLATE_OLD,
        TPMC__TEMPLATE_RSA_DA, TPMC__TEMPLATE_ECC_DA, TPMC__TEMPLATE_H2,
        TPMC__TEMPLATE_H1,     TPMC__TEMPLATE_EK_RSA, TPMC__TEMPLATE_EK_ECC,
    };
    tpmc__public one;
    tpmc__public two;
    int i;
    int n;

    (void)state;
    for (i = 0; i < TPMC__TEMPLATE_COUNT; i++) {
        tpmc__template_fill((tpmc__template)i, &one);
        memset(one.unique, 0xc3, sizeof(one.unique));
        for (n = 0; n < TPMC__TEMPLATE_COUNT; n++) {
            tpmc__template_fill((tpmc__template)n, &two);
            assert_int_equal(tpmc__public_matches_template(&one, &two), plain[i] == plain[n]);
        }
    }
}

static void primaries_of_a_tpm_match(void **state)
{
    tpmc__public primary;
    tpmc__public key;

    (void)state;
    parse_hex(h2_public_hex, &primary);
    tpmc__template_fill(TPMC__TEMPLATE_H2, &key);
    assert_true(tpmc__public_matches_template(&primary, &key));
    tpmc__template_fill(TPMC__TEMPLATE_OLD, &key);
    assert_false(tpmc__public_matches_template(&primary, &key));
    parse_hex(h1_public_hex, &primary);
    tpmc__template_fill(TPMC__TEMPLATE_H1, &key);
    assert_true(tpmc__public_matches_template(&primary, &key));
    tpmc__template_fill(TPMC__TEMPLATE_RSA_DA, &key);
    assert_false(tpmc__public_matches_template(&primary, &key));
}

static void each_template_has_a_text_of_its_own(void **state)
{
    int i;
    int n;

    (void)state;
    assert_string_equal(tpmc__template_text(TPMC__TEMPLATE_H2), "the ECC storage primary (H-2)");
    for (i = 0; i < TPMC__TEMPLATE_COUNT; i++) {
        for (n = 0; n < i; n++)
            assert_string_not_equal(tpmc__template_text((tpmc__template)i),
                                    tpmc__template_text((tpmc__template)n));
    }
    assert_string_equal(tpmc__template_text(TPMC__TEMPLATE_COUNT), "an unknown primary");
}

static void fallbacks_come_in_the_order_of_their_likelihood(void **state)
{
    static const tpmc__template order[TPMC__FALLBACK_COUNT] = {
        TPMC__TEMPLATE_H1,        TPMC__TEMPLATE_RSA_DA,    TPMC__TEMPLATE_ECC_DA,
        TPMC__TEMPLATE_ECC_ZEROS, TPMC__TEMPLATE_RSA_ZEROS,
    };
    size_t i;

    (void)state;
    for (i = 0; i < TPMC__FALLBACK_COUNT; i++)
        assert_int_equal(tpmc__template_fallback(i), order[i]);
    assert_int_equal(tpmc__template_fallback(TPMC__FALLBACK_COUNT), TPMC__TEMPLATE_H2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_template_has_its_bytes),
        cmocka_unit_test(templates_are_of_storage_keys),
        cmocka_unit_test(keys_match_the_template_they_were_made_from),
        cmocka_unit_test(primaries_of_a_tpm_match),
        cmocka_unit_test(each_template_has_a_text_of_its_own),
        cmocka_unit_test(fallbacks_come_in_the_order_of_their_likelihood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
