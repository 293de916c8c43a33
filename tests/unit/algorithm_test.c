/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "tpmkey/algorithm.h"

static void picks_what_the_key_implies(void **state)
{
    static const tpmc__key_kind any = { TPMC__ALG_RSA, TPMC__ALG_NULL, 0 };
    static const tpmc__key_kind pss = { TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA256 };
    tpmc_error *err = *state;
    const tpmc__algorithm *found = NULL;

    expect_success(tpmc__algorithm_for(&any, NULL, &found, err), err);
    assert_string_equal(found->name, "RS256");
    expect_success(tpmc__algorithm_for(&pss, NULL, &found, err), err);
    assert_string_equal(found->name, "PS256");
    expect_success(tpmc__algorithm_for(&any, "PS256", &found, err), err);
    assert_int_equal(found->scheme, TPMC__ALG_RSAPSS);
}

static void refuses_with_the_reason(void **state)
{
    static const struct {
        tpmc__key_kind kind;
        const char *name;
        int code;
        const char *words;
    } rows[] = {
        { { TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA256 },
          "PS256",
          TPMC_ERR_UNSUPPORTED,
          "rsassa" },
        { { TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA256 },
          "RS256",
          TPMC_ERR_UNSUPPORTED,
          "rsapss" },
        { { TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA384 },
          "RS256",
          TPMC_ERR_UNSUPPORTED,
          "sha384" },
        { { TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA384 },
          NULL,
          TPMC_ERR_UNSUPPORTED,
          "sha384" },
        { { TPMC__ALG_ECC, TPMC__ALG_NULL, 0 }, "RS256", TPMC_ERR_UNSUPPORTED, "EC key" },
        { { TPMC__ALG_ECC, TPMC__ALG_NULL, 0 }, NULL, TPMC_ERR_UNSUPPORTED, "EC key" },
        { { TPMC__ALG_KEYEDHASH, TPMC__ALG_HMAC, 0 }, "RS256", TPMC_ERR_UNSUPPORTED, "HMAC key" },
        { { TPMC__ALG_RSA, TPMC__ALG_NULL, 0 }, "ES256", TPMC_ERR_ARGUMENT, "ES256" },
        { { TPMC__ALG_RSA, TPMC__ALG_NULL, 0 }, "rs256", TPMC_ERR_ARGUMENT, "unknown algorithm" },
        { { TPMC__ALG_RSA, TPMC__ALG_NULL, 0 }, "", TPMC_ERR_ARGUMENT, "unknown algorithm" },
    };
    tpmc_error *err = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const tpmc__algorithm *found = NULL;

        expect_failure(tpmc__algorithm_for(&rows[i].kind, rows[i].name, &found, err), err,
                       rows[i].code, rows[i].words);
        assert_null(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(picks_what_the_key_implies),
        WITH_ERROR(refuses_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
