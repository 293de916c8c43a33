/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/wrap_seed.h"

#define OUT_MAX 1024

static int share(tpmc_env *env, const tpmc__public *parent, tpmc__wrap_key *seed, tpmc__buf *out,
                 tpmc_error *err)
{
    memset(seed, 0, sizeof(*seed));
    tpmc__buf_init(out, OUT_MAX);
    return tpmc__wrap_share_seed(env, parent, seed, out, err);
}

static void an_ecc_parent_gets_a_point(void **state)
{
    tpmc_env *env = bare_env_new();
    tpmc_error *err = *state;
    tpmc__public parent;
    tpmc__wrap_key seed;
    tpmc__buf out;

    parse_hex(h2_public_hex, &parent);
    expect_success(share(env, &parent, &seed, &out, err), err);
    assert_int_equal(seed.hash, TPMC__HASH_SHA256);
    assert_int_equal(seed.len, 32);
    assert_int_equal(out.len, 2 + 2 * (2 + 32));
    assert_hex(out.data, 4, "0044 0020");
    assert_hex(out.data + 36, 2, "0020");
    tpmc__buf_free(&out);
    tpmc_env_free(env);
}

static void an_rsa_parent_gets_a_ciphertext(void **state)
{
    tpmc_env *env = bare_env_new();
    tpmc_error *err = *state;
    tpmc__public parent;
    tpmc__wrap_key seed;
    tpmc__buf out;

    parse_hex(h1_public_hex, &parent);
    expect_success(share(env, &parent, &seed, &out, err), err);
    assert_int_equal(seed.len, 32);
    assert_int_equal(out.len, 2 + 256);
    assert_hex(out.data, 2, "0100");
    tpmc__buf_free(&out);
    tpmc_env_free(env);
}

static void seeds_are_never_the_same(void **state)
{
    tpmc_env *env = bare_env_new();
    tpmc_error *err = *state;
    tpmc__public parent;
    tpmc__wrap_key one;
    tpmc__wrap_key two;
    tpmc__buf out;

    parse_hex(h1_public_hex, &parent);
    expect_success(share(env, &parent, &one, &out, err), err);
    tpmc__buf_free(&out);
    expect_success(share(env, &parent, &two, &out, err), err);
    tpmc__buf_free(&out);
    assert_memory_not_equal(one.bytes, two.bytes, one.len);
    parse_hex(h2_public_hex, &parent);
    expect_success(share(env, &parent, &one, &out, err), err);
    tpmc__buf_free(&out);
    expect_success(share(env, &parent, &two, &out, err), err);
    tpmc__buf_free(&out);
    assert_memory_not_equal(one.bytes, two.bytes, one.len);
    tpmc_env_free(env);
}

static void points_off_the_curve_get_nothing(void **state)
{
    tpmc_env *env = bare_env_new();
    tpmc_error *err = *state;
    tpmc__public parent;
    tpmc__wrap_key seed;
    tpmc__buf out;

    parse_hex(h2_public_hex, &parent);
    parent.unique_y[0] ^= 0x80;
    expect_failure(share(env, &parent, &seed, &out, err), err, TPMC_ERR_ARGUMENT,
                   "not on the curve P-256");
    assert_int_equal(out.len, 0);
    /* The point (0, 0). */
    memset(parent.unique, 0, sizeof(parent.unique));
    memset(parent.unique_y, 0, sizeof(parent.unique_y));
    expect_failure(share(env, &parent, &seed, &out, err), err, TPMC_ERR_ARGUMENT, "not on the");
    parent.curve = 0x0002;
    expect_failure(share(env, &parent, &seed, &out, err), err, TPMC_ERR_UNSUPPORTED, "P-224");
    tpmc_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(an_ecc_parent_gets_a_point),
        WITH_ERROR(an_rsa_parent_gets_a_ciphertext),
        WITH_ERROR(seeds_are_never_the_same),
        WITH_ERROR(points_off_the_curve_get_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
