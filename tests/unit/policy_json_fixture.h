/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_POLICY_JSON_FIXTURE_H
#define TESTS_UNIT_POLICY_JSON_FIXTURE_H

/* Policies as JSON. In these texts ' stands for ", which C would have to escape. */

#include <stdio.h>
#include <stdlib.h>

#include "base/error_int.h"
#include "policy/policy_json.h"
#include "unit/codec_env.h"
#include "unit/expect.h"

#define JSON_TEXT_MAX 20000

/* Public keys that tpm2-tss has published signatures of. */
#define RSA_PEM                                                                                    \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoGL6IrCSAznmIIzBessI\n"                           \
    "mW7tPOUy78uWTIaub32KnYHn78KXprrZ3ykp6WDrOQeMjv4AA+14mJbg77apVYXy\n"                           \
    "EnkFdOMa1hszSJnp6cJvx7ILngLvFUxzbVki/ehvgS3nRk67Njal+nMTe8hpe3UK\n"                           \
    "QeV/Ij+F0r6Yz91W+4LPmncAiUesRZLetI2BZsKwHYRMznmpIYpoua1NtS8QpEXR\n"                           \
    "MmsUue19eS/XRAPmmCfnb5BX2Tn06iCpk6wO+RfMo9etcX5cLSAuIYEQYCvV2/0X\n"                           \
    "TfEw607vttBN0Y54LrVOKno1vRXd5sxyRlfB0WL42F4VG5TfcJo5u1Xq7k9m9K57\n"                           \
    "8wIDAQAB\n"                                                                                   \
    "-----END PUBLIC KEY-----\n"
#define EC_PEM                                                                                     \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEwl7xkJ8nywaYBzTzfr/Or0Phg2XY\n"                           \
    "ufUHcIYJvC+x8NjOoPTFcE8CKGup6+Q7LOq21S9YmnXrt8xLiHBIxM7YOQ==\n"                               \
    "-----END PUBLIC KEY-----\n"
#define P384_PEM                                                                                   \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEPnzYHCTqHAJnCcLRQC4bL/r2t9P1bJJE\n"                           \
    "27tHWVxxRtdUNPQceF9sFPE1AgafveTyLrf/V2TwYqpOgMw3hseFlpXAgQl0klqN\n"                           \
    "ZPX3zQ+iOfcHhZ7YPjSXzBghWF67oxat\n"                                                           \
    "-----END PUBLIC KEY-----\n"

/* A policy of these steps, and one of a single step. */
#define POLICY(steps) "{'description':'','policy':[" steps "]}"
#define STEP(members) POLICY("{" members "}")

#define ZEROS32 "0000000000000000000000000000000000000000000000000000000000000000"

static tpmc_error *err;
static tpmc__policy_document document;

static inline int setup_document(void **state)
{
    (void)state;
    memset(&document, 0, sizeof(document));
    return tpmc_error_new(&err);
}

static inline int teardown_document(void **state)
{
    (void)state;
    tpmc__policy_document_free(&document);
    tpmc_error_free(err);
    return 0;
}

/* A test that reads policies; the state of its group is an environment. */
#define WITH_DOCUMENT(test) cmocka_unit_test_setup_teardown(test, setup_document, teardown_document)

static inline int try_policy(tpmc_env *env, const char *text)
{
    static char json[JSON_TEXT_MAX];
    size_t len = strlen(text);

    assert_true(len < sizeof(json));
    for (size_t i = 0; i <= len; i++)
        json[i] = text[i] == '\'' ? '"' : text[i];
    tpmc__policy_document_free(&document);
    tpmc__error_clear(err);
    return tpmc__policy_json_read(env, json, len, &document, err);
}

static inline void read_policy(void **state, const char *text)
{
    expect_success(try_policy(*state, text), err);
    assert_int_equal(tpmc__policy_check(&document.steps, "the policy", NULL), 0);
}

/* The one step of a policy. */
static inline const tpmc__policy_step *read_step(void **state, const char *text)
{
    read_policy(state, text);
    assert_int_equal(document.steps.count, 1);
    return &document.steps.items[0];
}

static inline void refuse_policy(void **state, const char *text, int code, const char *words)
{
    if (try_policy(*state, text) == 0)
        fail_msg("taken: %s", text);
    expect_failure(tpmc_error_code(err), err, code, words);
    assert_int_equal(document.steps.count, 0);
    assert_null(document.steps.items);
    assert_null(document.authorizations);
}

static inline void expect_hex(const void *data, size_t len, const char *hex)
{
    const uint8_t *bytes = data;
    char text[2 * TPMC__POLICY_SIGNATURE_MAX + 1] = "";

    assert_true(len <= TPMC__POLICY_SIGNATURE_MAX);
    for (size_t i = 0; i < len; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, hex);
}

static inline void expect_bytes(const tpmc__policy_bytes *bytes, const char *hex)
{
    expect_hex(bytes->data, bytes->len, hex);
}

#endif
