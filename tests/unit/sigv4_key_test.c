/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "codec/text.h"
#include "proto/sigv4_key.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/sigv4_fixture.h"

/* Amazon's example of key derivation, and what that key makes of an empty text. */
static const char published_key[] =
    "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
static const tpmc__sigv4_scope published = { "20150830", "us-east-1", "iam" };

static int sign(sigv4_signer *signer, const tpmc__sigv4_scope *scope, char *out)
{
    tpmc__buf hex;
    int status;

    tpmc__buf_init(&hex, 64);
    status = tpmc__sigv4_hmac(&signer->hmac, scope, "text", 4, &hex, NULL);
    if (status == 0)
        memcpy(out, hex.data, 65);
    tpmc__buf_free(&hex);
    return status;
}

static void the_published_key_is_derived_and_kept(void **state)
{
    sigv4_signer signer;
    tpmc__sigv4_signing_key kept = { 0 };
    tpmc__span text = { "text", 4 };
    uint8_t expected[TPMC__DIGEST_MAX];
    char with_kept[65];
    char without[65];
    tpmc__buf hex;

    sigv4_signer_init(&signer, *state);
    assert_int_equal(sign(&signer, &published, without), 0);
    signer.hmac.kept = &kept;
    assert_int_equal(sign(&signer, &published, with_kept), 0);
    assert_string_equal(with_kept, without);
    tpmc__buf_init(&hex, 64);
    assert_int_equal(tpmc__hex_encode(kept.key.data, kept.key.len, &hex), 0);
    assert_string_equal((const char *)hex.data, published_key);
    assert_int_equal(tpmc__hmac(*state, TPMC__HASH_SHA256, kept.key.data, kept.key.len, &text, 1,
                                expected, NULL),
                     0);
    tpmc__buf_clear(&hex);
    assert_int_equal(tpmc__hex_encode(expected, 32, &hex), 0);
    assert_string_equal((const char *)hex.data, without);
    tpmc__buf_free(&hex);
    tpmc__sigv4_signing_key_clear(&kept);
    assert_int_equal(tpmc__secret_is_set(&kept.key), 0);
}

static void a_kept_key_serves_its_own_scope_alone(void **state)
{
    static const tpmc__sigv4_scope others[] = {
        { "20150831", "us-east-1", "iam" },
        { "20150831", "us-east-2", "iam" },
        { "20150831", "us-east-2", "sts" },
    };
    sigv4_signer signer;
    tpmc__sigv4_signing_key kept = { 0 };
    char first[65];
    char again[65];
    char other[65];

    sigv4_signer_init(&signer, *state);
    signer.hmac.kept = &kept;
    assert_int_equal(sign(&signer, &published, first), 0);
    assert_int_equal(sign(&signer, &published, again), 0);
    assert_int_equal(signer.kdates, 1);
    assert_string_equal(first, again);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sign(&signer, &others[i], other), 0);
        assert_int_equal(signer.kdates, 2 + i);
        assert_string_not_equal(first, other);
    }
    tpmc__sigv4_signing_key_clear(&kept);
}

static void a_failing_kdate_leaves_the_kept_key(void **state)
{
    static const tpmc__sigv4_scope other = { "20150831", "us-east-1", "iam" };
    sigv4_signer signer;
    tpmc__sigv4_signing_key kept = { 0 };
    char first[65];
    char again[65];

    sigv4_signer_init(&signer, *state);
    signer.hmac.kept = &kept;
    assert_int_equal(sign(&signer, &published, first), 0);
    signer.status = TPMC_ERR_TPM;
    assert_int_equal(sign(&signer, &other, again), TPMC_ERR_TPM);
    assert_int_equal(sign(&signer, &published, again), 0);
    assert_string_equal(first, again);
    signer.hmac.kept = NULL;
    assert_int_equal(sign(&signer, &published, again), TPMC_ERR_TPM);
    tpmc__sigv4_signing_key_clear(&kept);
}

static int attempt(void *context)
{
    char out[65];

    return sign(context, &published, out);
}

static void a_lack_of_memory_is_told(void **state)
{
    sigv4_signer signer;

    sigv4_signer_init(&signer, *state);
    assert_true(each_allocation(attempt, &signer, TPMC_ERR_NOMEM) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_key_is_derived_and_kept),
        cmocka_unit_test(a_kept_key_serves_its_own_scope_alone),
        cmocka_unit_test(a_failing_kdate_leaves_the_kept_key),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
