/* SPDX-License-Identifier: Apache-2.0 */

/* Signatures of AWS by a secret access key in the TPM. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "aws_hmac/aws_hmac_int.h"
#include "codec/digest.h"
#include "support/tpm_fixture.h"
#include "tpm/made_key.h"
#include "unit/sigv4_vectors.h"

#define CC_HMAC 0x155u

static const made_key access_key = { TPM2_ALG_KEYEDHASH,
                                     MADE_SECRET | TPMA_OBJECT_SIGN_ENCRYPT,
                                     TPM2_ALG_HMAC,
                                     TPM2_ALG_SHA256,
                                     0,
                                     "AWS4" SIGV4_SECRET,
                                     NULL,
                                     0 };

typedef struct bench {
    fixture f;
    tpmc_key *key;
    tpmc_aws_hmac *hmac;
} bench;

static int wall_clock(void *user, int64_t *ms)
{
    *ms = *(int64_t *)user;
    return 0;
}

static void open_bench(bench *b, int64_t *now_ms, const char *cache)
{
    char pem[TSS2_FILE_TEXT_MAX];

    memset(b, 0, sizeof(*b));
    fixture_begin(&b->f, 0);
    assert_int_equal(tpmc_env_set_wall_clock(b->f.env, wall_clock, now_ms, NULL, NULL), 0);
    assert_int_equal(made_key_write(&access_key, pem), 0);
    fixture_mark_others(&b->f);
    assert_int_equal(fixture_connect(&b->f), 0);
    assert_int_equal(fixture_key_text(&b->f, pem, NULL, &b->key), 0);
    assert_int_equal(tpmc_aws_hmac_new(b->f.env, b->key, &b->hmac, b->f.err), 0);
    assert_int_equal(tpmc_aws_hmac_set(b->hmac, "aws_access_key_id", SIGV4_ID, b->f.err), 0);
    assert_int_equal(tpmc_aws_hmac_set(b->hmac, "region", "us-east-1", b->f.err), 0);
    assert_int_equal(tpmc_aws_hmac_set(b->hmac, "cache_signing_key", cache, b->f.err), 0);
    tap_clear(b->f.tap);
}

static void close_bench(bench *b)
{
    tpmc_aws_hmac_free(b->hmac);
    tpmc_key_free(b->key);
    tpmc_tpm_free(b->f.tpm);
    b->f.tpm = NULL;
    assert_true(fixture_holds_only_others(&b->f));
    fixture_close(&b->f);
}

static void every_vector_is_met_by_the_tpm(void **state)
{
    tpmc__hmac_identity identity = { 0 };
    int64_t now_ms = SIGV4_TIME_MS;
    bench b;
    int done;

    (void)state;
    open_bench(&b, &now_ms, "0");
    assert_int_equal(tpmc__aws_hmac_enter(b.hmac, 0, b.f.err), 0);
    assert_int_equal(tpmc__hmac_identity_of_key(b.hmac, &identity, b.f.err), 0);
    done = sigv4_vectors_check(b.f.env, identity.signer.make_key, identity.signer.key_context);
    assert_int_equal(tap_count_of(b.f.tap, CC_HMAC), 2 * done);
    tpmc__hmac_identity_close(&identity);
    close_bench(&b);
    if (done == 0)
        skip();
}

/* Signs a request without fields for a service; the signature must be that of the date. */
static void sign(bench *b, const char *service, char *authorization, size_t capacity)
{
    tpmc_http_request *request = NULL;
    const char *value;

    assert_int_equal(
        tpmc_http_request_new("GET", "https://example.amazonaws.com/", &request, b->f.err), 0);
    assert_int_equal(tpmc_aws_hmac_sign_request(b->hmac, service, NULL, request, 0, b->f.err), 0);
    value = sigv4_field(request, "Authorization");
    assert_non_null(value);
    assert_true(strlen(value) < capacity);
    memcpy(authorization, value, strlen(value) + 1);
    tpmc_http_request_free(request);
}

/* The published signature of get-vanilla. */
static void check_vanilla(const char *authorization)
{
    assert_string_equal(authorization,
                        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
                        "aws4_request, SignedHeaders=host;x-amz-date, Signature="
                        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

/* The first one costs the five commands of a key with a session, each later one a single command,
 * and what leads to the signing key crosses encrypted. */
static void a_warm_signature_takes_one_command(void **state)
{
    static const tpmc__span date = { "20150830", 8 };
    int64_t now_ms = SIGV4_TIME_MS;
    uint8_t kdate[TPMC__SIGV4_KEY_SIZE];
    char text[512];
    bench b;

    (void)state;
    open_bench(&b, &now_ms, "0");
    sign(&b, "service", text, sizeof(text));
    check_vanilla(text);
    assert_int_equal(tap_count(b.f.tap), 5);
    for (size_t i = 0; i < 10; i++) {
        sign(&b, "service", text, sizeof(text));
        check_vanilla(text);
        assert_int_equal(tap_count(b.f.tap), 6 + i);
    }
    assert_int_equal(tpmc__hmac(b.f.env, TPMC__HASH_SHA256, access_key.secret,
                                strlen(access_key.secret), &date, 1, kdate, NULL),
                     0);
    assert_false(tap_saw(b.f.tap, kdate, sizeof(kdate)));
    close_bench(&b);
}

/* One command for each day and service, however many signatures. */
static void a_kept_signing_key_takes_none(void **state)
{
    int64_t now_ms = SIGV4_TIME_MS;
    char first[512];
    char again[512];
    bench b;

    (void)state;
    open_bench(&b, &now_ms, "1");
    sign(&b, "service", first, sizeof(first));
    check_vanilla(first);
    for (int i = 0; i < 10; i++)
        sign(&b, "service", again, sizeof(again));
    assert_string_equal(first, again);
    assert_int_equal(tap_count(b.f.tap), 5);
    sign(&b, "other", again, sizeof(again));
    sign(&b, "service", again, sizeof(again));
    assert_string_equal(first, again);
    assert_int_equal(tap_count(b.f.tap), 6);
    now_ms += INT64_C(24) * 3600 * 1000;
    sign(&b, "service", again, sizeof(again));
    assert_string_not_equal(first, again);
    assert_int_equal(tap_count(b.f.tap), 7);
    /* A clock that goes back must not bring a key of another day. */
    now_ms = SIGV4_TIME_MS;
    sign(&b, "service", again, sizeof(again));
    assert_string_equal(first, again);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_is_met_by_the_tpm),
        cmocka_unit_test(a_warm_signature_takes_one_command),
        cmocka_unit_test(a_kept_signing_key_takes_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
