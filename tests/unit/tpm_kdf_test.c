/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/keyfile_fixture.h"

#include "keyfile/tpm_kdf.h"

#define LEN_MAX 80

typedef struct vector {
    uint16_t hash;
    const char *expected;
} vector;

/* Made with the KBKDF of another implementation: key 00..1f, u 34 x 11, v 5 x 22, "STORAGE". */
static const vector kdfa_vectors[] = {
    { TPMC__HASH_SHA1, "41b4bf51db79926d607cc4246fddcee6" },
    { TPMC__HASH_SHA256, "5cc95d425ad85502ae135f02fc026a26" },
    { TPMC__HASH_SHA256, "15469f41af62664dc254d10c9b55c6059053110eb7808201706629a75f8e2f4c" },
    { TPMC__HASH_SHA384, "99dfed2437b438df91009867f261b5de4bb10cf3f8f5748a4e7cb72725b343e2" },
    { TPMC__HASH_SHA512, "ee13ac7a70a54fa045701996ed77e1e454ecf9645782c98673514b56833c2159"
                         "2ad770e69c9a87fa0fe2515f61bd264ca6b207aafffcd5dcfd352a91c20497d5" },
    { TPMC__HASH_SHA1, "89298c1bef391e3ea9c3c99897005422bae9aee18c1ca51407a701a395e75683"
                       "4c3a5131907a04538ca7a658acbfcff8f658" },
    { TPMC__HASH_SHA256, "abca0c002df588fd35b544d417b2085b6560b7df3f56bc04db275dd09e5dd812"
                         "6e" },
};

/* ... with its ConcatKDF: Z 00..1f, u 32 x 33, v 32 x 44, "DUPLICATE". */
static const vector kdfe_vectors[] = {
    { TPMC__HASH_SHA1, "62f746c465f9658a8243b999696813000f1b2fa3" },
    { TPMC__HASH_SHA256, "7a0288d365d6189eaa723ce308b4993f8a8f1f5784fbcac5f6ccc666968850eb" },
    { TPMC__HASH_SHA384, "a47022d1b976e6ca5a03e4c23c008419d9d58154b575acc80c28e4e15c24f385"
                         "215c94f12468d1f62a39c7a1625f680a" },
    { TPMC__HASH_SHA512, "1daad201eb587604f7789e33d60f8010ac3c1419322f34b774c276c148d9fe73"
                         "3e4248d2cc352dd9485ef3be3d426491b312fbf7585588992b79daf951982caa" },
    { TPMC__HASH_SHA256, "7a0288d365d6189eaa723ce308b4993f8a8f1f5784fbcac5f6ccc666968850eb"
                         "e39196d49ce64ea6229e00a319d8c28ed475ecf5a5132126d71bc5bab343d89a"
                         "1b9a08df6900b6e00f0ead999e9a3553" },
};

static void fill_key(uint8_t key[32])
{
    int i;

    for (i = 0; i < 32; i++)
        key[i] = (uint8_t)i;
}

static void kdfa_gives_the_vectors(void **state)
{
    tpmc_env *env = bare_env_new();
    uint8_t key[32];
    uint8_t u[34];
    uint8_t v[5];
    uint8_t out[LEN_MAX];
    tpmc__kdf_input input = { 0, { key, sizeof(key) }, "STORAGE", { u, sizeof(u) }, { v, 5 } };
    size_t i;

    (void)state;
    fill_key(key);
    memset(u, 0x11, sizeof(u));
    memset(v, 0x22, sizeof(v));
    for (i = 0; i < sizeof(kdfa_vectors) / sizeof(kdfa_vectors[0]); i++) {
        size_t len = strlen(kdfa_vectors[i].expected) / 2;

        input.hash = kdfa_vectors[i].hash;
        assert_int_equal(tpmc__kdfa(env, &input, out, len, NULL), 0);
        assert_hex(out, len, kdfa_vectors[i].expected);
    }
    tpmc_env_free(env);
}

static void kdfa_takes_empty_contexts(void **state)
{
    tpmc_env *env = bare_env_new();
    uint8_t key[32];
    uint8_t out[32];
    const tpmc__kdf_input input = {
        TPMC__HASH_SHA256, { key, sizeof(key) }, "INTEGRITY", { NULL, 0 }, { NULL, 0 }
    };

    (void)state;
    fill_key(key);
    assert_int_equal(tpmc__kdfa(env, &input, out, sizeof(out), NULL), 0);
    assert_hex(out, sizeof(out),
               "bacf689f634ece301e1f1b15b072d9c87db6a69585db42b1a0cb8f73ebe2692e");
    tpmc_env_free(env);
}

static void kdfe_gives_the_vectors(void **state)
{
    tpmc_env *env = bare_env_new();
    uint8_t z[32];
    uint8_t u[32];
    uint8_t v[32];
    uint8_t out[LEN_MAX];
    tpmc__kdf_input input = { 0, { z, sizeof(z) }, "DUPLICATE", { u, 32 }, { v, 32 } };
    size_t i;

    (void)state;
    fill_key(z);
    memset(u, 0x33, sizeof(u));
    memset(v, 0x44, sizeof(v));
    for (i = 0; i < sizeof(kdfe_vectors) / sizeof(kdfe_vectors[0]); i++) {
        size_t len = strlen(kdfe_vectors[i].expected) / 2;

        input.hash = kdfe_vectors[i].hash;
        assert_int_equal(tpmc__kdfe(env, &input, out, len, NULL), 0);
        assert_hex(out, len, kdfe_vectors[i].expected);
    }
    tpmc_env_free(env);
}

static void unknown_hashes_are_refused(void **state)
{
    tpmc_error *err = *state;
    tpmc_env *env = bare_env_new();
    uint8_t out[32];
    const tpmc__kdf_input input = { 0x0012, { "k", 1 }, "STORAGE", { NULL, 0 }, { NULL, 0 } };

    expect_failure(tpmc__kdfa(env, &input, out, sizeof(out), err), err, TPMC_ERR_UNSUPPORTED,
                   "0x0012");
    expect_failure(tpmc__kdfe(env, &input, out, sizeof(out), err), err, TPMC_ERR_UNSUPPORTED,
                   "0x0012");
    tpmc_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kdfa_gives_the_vectors),
        cmocka_unit_test(kdfa_takes_empty_contexts),
        cmocka_unit_test(kdfe_gives_the_vectors),
        WITH_ERROR(unknown_hashes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
