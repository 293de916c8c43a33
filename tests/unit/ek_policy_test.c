/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <openssl/evp.h>

#include "codec/digest.h"
#include "keyfile/tpm_template.h"
#include "policy/ek_policy.h"

static const struct {
    uint16_t hash;
    const char *openssl;
} hashes[] = {
    { TPMC__HASH_SHA256, "SHA256" },
    { TPMC__HASH_SHA384, "SHA384" },
    { TPMC__HASH_SHA512, "SHA512" },
};

static void digest(const char *name, const uint8_t *data, size_t len, uint8_t *out)
{
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);

    assert_non_null(md);
    assert_int_equal(EVP_Digest(data, len, out, NULL, md, NULL), 1);
    EVP_MD_free(md);
}

/* TPM 2.0 Part 3, 23.4: the Name of a hierarchy is its handle; there is no policyRef. */
static void secret_of_endorsement(void **state)
{
    static const uint8_t entity[] = { 0, 0, 0x01, 0x51, 0x40, 0, 0, 0x0b };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t len = tpmc__hash_size(hashes[i].hash);
        uint8_t data[TPMC__DIGEST_MAX + sizeof(entity)] = { 0 };
        uint8_t expected[TPMC__DIGEST_MAX];

        memcpy(data + len, entity, sizeof(entity));
        digest(hashes[i].openssl, data, len + sizeof(entity), expected);
        digest(hashes[i].openssl, expected, len, expected);
        assert_memory_equal(tpmc__ek_policy_digest(hashes[i].hash, TPMC__EK_POLICY_A), expected,
                            len);
    }
}

/* Part 3, 23.6: the digest starts anew. */
static void either_of_two(void **state)
{
    static const uint8_t code[] = { 0, 0, 0x01, 0x71 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t len = tpmc__hash_size(hashes[i].hash);
        uint8_t data[3 * TPMC__DIGEST_MAX + sizeof(code)] = { 0 };
        uint8_t expected[TPMC__DIGEST_MAX];

        memcpy(data + len, code, sizeof(code));
        memcpy(data + len + sizeof(code), tpmc__ek_policy_digest(hashes[i].hash, TPMC__EK_POLICY_A),
               len);
        memcpy(data + 2 * len + sizeof(code),
               tpmc__ek_policy_digest(hashes[i].hash, TPMC__EK_POLICY_NONE), len);
        digest(hashes[i].openssl, data, 3 * len + sizeof(code), expected);
        assert_memory_equal(tpmc__ek_policy_digest(hashes[i].hash, TPMC__EK_POLICY_B), expected,
                            len);
    }
}

static void unknown_hashes(void **state)
{
    (void)state;
    assert_null(tpmc__ek_policy_digest(0x0004, TPMC__EK_POLICY_A));
    assert_null(tpmc__ek_policy_digest(0x0010, TPMC__EK_POLICY_B));
    assert_null(tpmc__ek_policy_digest(0, TPMC__EK_POLICY_NONE));
}

static void recognises(void **state)
{
    static const tpmc__ek_policy all[] = { TPMC__EK_POLICY_A, TPMC__EK_POLICY_B };
    tpmc__public key;

    (void)state;
    tpmc__template_fill(TPMC__TEMPLATE_EK_RSA, &key);
    assert_int_equal(tpmc__ek_policy_of(&key), TPMC__EK_POLICY_A);
    tpmc__template_fill(TPMC__TEMPLATE_EK_ECC, &key);
    assert_int_equal(tpmc__ek_policy_of(&key), TPMC__EK_POLICY_A);
    tpmc__template_fill(TPMC__TEMPLATE_H2, &key);
    assert_int_equal(tpmc__ek_policy_of(&key), TPMC__EK_POLICY_NONE);
    for (size_t i = 0; i < 3; i++) {
        size_t len = tpmc__hash_size(hashes[i].hash);

        for (size_t k = 0; k < 2; k++) {
            memset(&key, 0, sizeof(key));
            key.name_alg = hashes[i].hash;
            key.auth_policy_len = len;
            memcpy(key.auth_policy, tpmc__ek_policy_digest(hashes[i].hash, all[k]), len);
            assert_int_equal(tpmc__ek_policy_of(&key), all[k]);
            key.auth_policy[len - 1] ^= 1;
            assert_int_equal(tpmc__ek_policy_of(&key), TPMC__EK_POLICY_NONE);
            key.auth_policy[len - 1] ^= 1;
            key.auth_policy_len--;
            assert_int_equal(tpmc__ek_policy_of(&key), TPMC__EK_POLICY_NONE);
            key.auth_policy_len++;
            key.name_alg = hashes[(i + 1) % 3].hash;
            assert_int_equal(tpmc__ek_policy_of(&key), TPMC__EK_POLICY_NONE);
        }
        /* PolicyC alone is not one that can be run here. */
        key.name_alg = hashes[i].hash;
        memcpy(key.auth_policy, tpmc__ek_policy_digest(hashes[i].hash, TPMC__EK_POLICY_NONE), len);
        assert_int_equal(tpmc__ek_policy_of(&key), TPMC__EK_POLICY_NONE);
    }
    memset(&key, 0, sizeof(key));
    key.name_alg = 0x0004;
    key.auth_policy_len = 20;
    assert_int_equal(tpmc__ek_policy_of(&key), TPMC__EK_POLICY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_of_endorsement),
        cmocka_unit_test(either_of_two),
        cmocka_unit_test(unknown_hashes),
        cmocka_unit_test(recognises),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
