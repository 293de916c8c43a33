/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_file_fixture.h"

#include "unit/codec_env.h"
#include "unit/each_allocation.h"

#define AUTH_VALUE "8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e"
/* PolicyA of endorsement keys, as the TCG publishes it. */
#define ENDORSEMENT "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"

static int find(tpmc_env *env, uint16_t hash, const char *digest, tpmc__policy_steps *out)
{
    static blob bytes;
    tpmc__public key;

    set_hex(&bytes, digest);
    memset(&key, 0, sizeof(key));
    key.name_alg = hash;
    memcpy(key.auth_policy, bytes.data, bytes.len);
    key.auth_policy_len = bytes.len;
    return tpmc__policy_well_known(env, &key, out, NULL);
}

static void published_digests_are_known(void **state)
{
    tpmc__policy_steps steps;

    assert_int_equal(find(*state, TPMC__HASH_SHA256, AUTH_VALUE, &steps), 1);
    assert_int_equal(steps.count, 1);
    assert_int_equal(steps.items[0].kind, TPMC__POLICY_AUTH_VALUE);
    tpmc__policy_free_steps(&steps);
    assert_int_equal(find(*state, TPMC__HASH_SHA256, ENDORSEMENT, &steps), 1);
    assert_int_equal(steps.items[0].kind, TPMC__POLICY_SECRET);
    assert_int_equal(steps.items[0].u.secret.handle, 0x4000000b);
    assert_hex(steps.items[0].u.secret.name.data, steps.items[0].u.secret.name.len, "4000000b");
    tpmc__policy_free_steps(&steps);
}

static void every_hierarchy_is_known_by_every_hash(void **state)
{
    static const uint16_t hashes[] = { TPMC__HASH_SHA1, TPMC__HASH_SHA256, TPMC__HASH_SHA384,
                                       TPMC__HASH_SHA512 };
    static const uint8_t last[] = { 0x01, 0x0a, 0x0b, 0x0c };
    tpmc__public key;

    memset(&key, 0, sizeof(key));
    for (size_t i = 0; i < 16; i++) {
        uint8_t name[4] = { 0x40, 0, 0, last[i % 4] };
        tpmc__policy_steps steps = { 0 };
        tpmc__policy_bytes digest;

        make_secret(&steps, 0x40000000u | last[i % 4], name, sizeof(name));
        key.name_alg = hashes[i / 4];
        digest_of(*state, &steps, key.name_alg, &digest);
        tpmc__policy_free_steps(&steps);
        memcpy(key.auth_policy, digest.data, digest.len);
        key.auth_policy_len = digest.len;
        assert_int_equal(tpmc__policy_well_known(*state, &key, &steps, NULL), 1);
        assert_int_equal(steps.items[0].u.secret.handle, 0x40000000u | last[i % 4]);
        tpmc__policy_free_steps(&steps);
    }
}

static void other_digests_are_not(void **state)
{
    tpmc__policy_steps steps;

    assert_int_equal(find(*state, TPMC__HASH_SHA256, "", &steps), 0);
    assert_int_equal(steps.count, 0);
    assert_int_equal(find(*state, TPMC__HASH_SHA256, SHA256_OF_11, &steps), 0);
    assert_int_equal(find(*state, TPMC__HASH_SHA384, AUTH_VALUE, &steps), 0);
    assert_true(find(*state, TPMC__ALG_NULL, AUTH_VALUE, &steps) < 0);
    assert_int_equal(steps.count, 0);
}

static int attempt(void *context)
{
    tpmc__policy_steps steps;
    int status = find(context, TPMC__HASH_SHA256, SHA256_OF_11, &steps);

    assert_int_equal(steps.count, 0);
    return status;
}

static void every_allocation_fails_once(void **state)
{
    assert_int_equal(each_allocation(attempt, *state, TPMC_ERR_NOMEM), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_digests_are_known),
        cmocka_unit_test(every_hierarchy_is_known_by_every_hash),
        cmocka_unit_test(other_digests_are_not),
        cmocka_unit_test(every_allocation_fails_once),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
