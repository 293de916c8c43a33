/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/tpm_template.h"

/* The template of profile H-2 as the key file format fixes it. */
static const char h2_template_hex[] = "001a 0023 000b 00030472 0000 0006 0080 0043 0010 0003 0010 "
                                      "0000 0000";

typedef struct sample {
    const char *public_hex;
    const char *name_hex;
} sample;

static const sample samples[] = {
    { h2_public_hex, h2_name_hex },
    { h1_public_hex, h1_name_hex },
    { rsa_public_hex, rsa_name_hex },
    { pss_public_hex, pss_name_hex },
    { plain_public_hex, plain_name_hex },
    { oaep_public_hex, oaep_name_hex },
    { ecc_public_hex, ecc_name_hex },
    { ecc384_public_hex, ecc384_name_hex },
    { restricted_public_hex, restricted_name_hex },
    { ecdaa_public_hex, ecdaa_name_hex },
    { hmac_public_hex, hmac_name_hex },
    { xor_public_hex, xor_name_hex },
    { aes_public_hex, aes_name_hex },
    { seal_public_hex, seal_name_hex },
};

#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

static void assert_written_as(const tpmc__public *key, const void *data, size_t len)
{
    tpmc__buf out;

    tpmc__buf_init(&out, TPMC__PUBLIC_MAX);
    assert_int_equal(tpmc__public_write(key, &out), 0);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, data, len);
    tpmc__buf_free(&out);
}

static void what_a_tpm_made_is_read_and_written_alike(void **state)
{
    static blob bytes;
    tpmc__public key;
    size_t i;

    (void)state;
    for (i = 0; i < SAMPLE_COUNT; i++) {
        set_hex(&bytes, samples[i].public_hex);
        assert_int_equal(tpmc__public_parse(bytes.data, bytes.len, &key, NULL), 0);
        assert_written_as(&key, bytes.data, bytes.len);
    }
}

static void names_are_those_of_the_tpm(void **state)
{
    tpmc_env *env = bare_env_new();
    uint8_t name[TPMC__NAME_MAX];
    tpmc__public key;
    size_t len;
    size_t i;

    (void)state;
    for (i = 0; i < SAMPLE_COUNT; i++) {
        parse_hex(samples[i].public_hex, &key);
        assert_int_equal(tpmc__public_name(env, &key, name, &len, NULL), 0);
        assert_hex(name, len, samples[i].name_hex);
    }
    tpmc_env_free(env);
}

static void h2_template_has_the_bytes_of_the_profile(void **state)
{
    static blob bytes;
    tpmc__public key;

    (void)state;
    set_hex(&bytes, h2_template_hex);
    assert_int_equal(bytes.len, 28);
    tpmc__template_fill(TPMC__TEMPLATE_H2, &key);
    assert_written_as(&key, bytes.data, bytes.len);
}

static void members_are_where_they_belong(void **state)
{
    tpmc__public key;

    (void)state;
    parse_hex(ecdaa_public_hex, &key);
    assert_int_equal(key.type, TPMC__ALG_ECC);
    assert_int_equal(key.scheme.algorithm, TPMC__ALG_ECDAA);
    assert_int_equal(key.scheme.hash, 0x000b);
    assert_int_equal(key.scheme.count, 4);
    assert_int_equal(key.curve, TPMC__CURVE_P256);
    assert_int_equal(key.unique_len, 32);
    assert_int_equal(key.unique_y_len, 32);
    parse_hex(xor_public_hex, &key);
    assert_int_equal(key.scheme.algorithm, TPMC__ALG_XOR);
    assert_int_equal(key.scheme.kdf, TPMC__ALG_KDF1_SP800_108);
    parse_hex(restricted_public_hex, &key);
    assert_int_equal(key.auth_policy_len, 32);
    assert_true(key.attributes & TPMC__OBJECT_RESTRICTED);
    assert_false(key.attributes & TPMC__OBJECT_USER_WITH_AUTH);
    parse_hex(rsa_public_hex, &key);
    assert_int_equal(key.key_bits, 2048);
    assert_int_equal(key.exponent, 0);
    assert_int_equal(key.unique_len, 256);
}

typedef struct refusal {
    const char *hex;
    int code;
    const char *words;
} refusal;

/* Each differs in one place from a well-formed template of its type. */
static const refusal refusals[] = {
    { "", TPMC_ERR_FORMAT, "truncated in the field 'size'" },
    { "00", TPMC_ERR_FORMAT, "truncated in the field 'size'" },
    { "0000", TPMC_ERR_FORMAT, "it is empty" },
    { "001b 0023 000b 00030472 0000 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "states 27 bytes and 26 bytes follow it" },
    { "001a 0023 000b 00030472 0000 0006 0080 0043 0010 0003 0010 0000 0000 00", TPMC_ERR_FORMAT,
      "states 26 bytes and 27 bytes follow it" },
    { "001b 0023 000b 00030472 0000 0006 0080 0043 0010 0003 0010 0000 0000 00", TPMC_ERR_FORMAT,
      "1 bytes are left over" },
    { "0018 0023 000b 00030472 0000 0006 0080 0043 0010 0003 0010 0000", TPMC_ERR_FORMAT,
      "truncated in the field 'unique.y'" },
    { "0001 00", TPMC_ERR_FORMAT, "truncated in the field 'type'" },
    /* type */
    { "001a 0006 000b 00030472 0000 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "aes (0x0006) does not fit in the field 'type'" },
    { "001a 7777 000b 00030472 0000 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_UNSUPPORTED,
      "0x7777 in the field 'type'" },
    /* nameAlg */
    { "001a 0023 0010 00030472 0000 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "'nameAlg'" },
    { "001a 0023 0012 00030472 0000 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_UNSUPPORTED,
      "0x0012 in the field 'nameAlg'" },
    /* objectAttributes */
    { "001a 0023 000b 00030473 0000 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "reserved bit 0 " },
    { "001a 0023 000b 80030472 0000 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "reserved bit 31 " },
    { "001a 0023 000b 0003047a 0000 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "reserved bit 3 " },
    /* authPolicy */
    { "001c 0023 000b 00030472 0002aabb 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "'authPolicy' has 2 bytes; a digest of nameAlg sha256 has 32" },
    { "001a 0023 000b 00030472 0041 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "'authPolicy' has 65 bytes, at most 64" },
    { "001a 0023 000b 00030472 0020 0006 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "truncated in the field 'authPolicy'" },
    /* symmetric */
    { "001a 0023 000b 00030472 0000 0006 0081 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "aes has no keys of 129 bits" },
    { "001a 0023 000b 00030472 0000 000b 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "sha256 (0x000b) does not fit in the field 'symmetric'" },
    { "001a 0023 000b 00030472 0000 0099 0080 0043 0010 0003 0010 0000 0000", TPMC_ERR_UNSUPPORTED,
      "0x0099 in the field 'symmetric'" },
    { "001a 0023 000b 00030472 0000 0006 0080 0010 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "null (0x0010) does not fit in the field 'symmetric'" },
    { "0012 0025 000b 00060072 0000 0010 0080 0043 0000", TPMC_ERR_FORMAT,
      "null (0x0010) does not fit in the field 'symmetric'" },
    /* scheme, kdf and curve */
    { "001c 0023 000b 00030472 0000 0006 0080 0043 0014 000b 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "rsassa (0x0014) does not fit in the field 'scheme'" },
    { "001c 0023 000b 00030472 0000 0006 0080 0043 0018 0010 0003 0010 0000 0000", TPMC_ERR_FORMAT,
      "null (0x0010) does not fit in the field 'scheme'" },
    { "001c 0023 000b 00030472 0000 0006 0080 0043 0018 0027 0003 0010 0000 0000",
      TPMC_ERR_UNSUPPORTED, "0x0027 in the field 'scheme'" },
    { "001a 0023 000b 00030472 0000 0006 0080 0043 0010 0003 0018 0000 0000", TPMC_ERR_FORMAT,
      "ecdsa (0x0018) does not fit in the field 'kdf'" },
    { "001a 0023 000b 00030472 0000 0006 0080 0043 0010 0099 0010 0000 0000", TPMC_ERR_UNSUPPORTED,
      "the curve 0x0099" },
    { "0012 0008 000b 00040072 0000 000a 000b 0005 0000", TPMC_ERR_FORMAT,
      "hmac (0x0005) does not fit in the field 'scheme'" },
    { "0010 0008 000b 00040072 0000 0014 000b 0000", TPMC_ERR_FORMAT,
      "rsassa (0x0014) does not fit" },
    /* point */
    { "001b 0023 000b 00030472 0000 0006 0080 0043 0010 0003 0010 0001 aa 0000", TPMC_ERR_FORMAT,
      "only one coordinate" },
    { "001a 0023 000b 00030472 0000 0006 0080 0043 0010 0003 0010 0021 0000", TPMC_ERR_FORMAT,
      "'unique.x' has 33 bytes, at most 32" },
    /* RSA */
    { "001a 0001 000b 00030472 0000 0006 0080 0043 0010 0801 00000000 0000", TPMC_ERR_UNSUPPORTED,
      "RSA key of 2049 bits" },
    { "001a 0001 000b 00030472 0000 0006 0080 0043 0010 0800 00000002 0000", TPMC_ERR_FORMAT,
      "2 is no public exponent" },
    { "001a 0001 000b 00030472 0000 0006 0080 0043 0010 0800 00000001 0000", TPMC_ERR_FORMAT,
      "1 is no public exponent" },
    { "001b 0001 000b 00030472 0000 0006 0080 0043 0010 0800 00000000 0001 ff", TPMC_ERR_FORMAT,
      "2048 bits has 1 bytes instead of 256" },
    { "001a 0001 000b 00030472 0000 0006 0080 0043 0010 0800 00000000 0101", TPMC_ERR_FORMAT,
      "'unique' has 257 bytes, at most 256" },
    { "001c 0001 000b 00040072 0000 0010 0018 000b 0800 00000000 0000 0000 0000", TPMC_ERR_FORMAT,
      "ecdsa (0x0018) does not fit" },
};

static void bad_structures_are_refused_in_words(void **state)
{
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__public key;
    size_t i;
    int status;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        set_hex(&bytes, refusals[i].hex);
        status = tpmc__public_parse(bytes.data, bytes.len, &key, err);
        expect_failure(status, err, refusals[i].code, refusals[i].words);
        assert_int_equal(key.type, 0);
    }
    bytes.len = TPMC__PUBLIC_MAX + 1;
    status = tpmc__public_parse(bytes.data, bytes.len, &key, err);
    expect_failure(status, err, TPMC_ERR_FORMAT, "at most 1024 are taken");
}

static void unusual_but_allowed_structures_are_read(void **state)
{
    static const char *const allowed[] = {
        /* H-1; an L template with its zeros; a mode left open; RSAES; ECC with a KDF. */
        "001a 0001 000b 00030472 0000 0006 0080 0043 0010 0800 00000000 0000",
        "0010 0025 000b 00060072 0000 0006 0100 0010 0000",
        "0016 0001 000b 00020072 0000 0010 0015 1000 00010001 0000",
        "0018 0023 000c 00020072 0000 0010 0010 0005 0020 000c 0000 0000",
        "0016 0023 0004 00040072 0000 0010 001b 000b 0020 0010 0000 0000",
        "0010 0008 000b 00020072 0000 000a 000b 0010 0000",
    };
    static blob bytes;
    tpmc__public key;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        set_hex(&bytes, allowed[i]);
        bytes.data[1] = (uint8_t)(bytes.len - 2);
        assert_int_equal(tpmc__public_parse(bytes.data, bytes.len, &key, NULL), 0);
        assert_written_as(&key, bytes.data, bytes.len);
    }
}

static void every_truncation_is_refused(void **state)
{
    static blob bytes;
    tpmc__public key;
    size_t i;
    size_t len;

    (void)state;
    for (i = 0; i < SAMPLE_COUNT; i++) {
        set_hex(&bytes, samples[i].public_hex);
        for (len = 2; len < bytes.len; len++) {
            assert_int_not_equal(tpmc__public_parse(bytes.data, len, &key, NULL), 0);
            /* With a size prefix that agrees, a field is cut instead. */
            bytes.data[0] = (uint8_t)((len - 2) >> 8);
            bytes.data[1] = (uint8_t)(len - 2);
            assert_int_not_equal(tpmc__public_parse(bytes.data, len, &key, NULL), 0);
        }
    }
}

static void check_mutation(const blob *bytes)
{
    tpmc__public key;

    if (tpmc__public_parse(bytes->data, bytes->len, &key, NULL) == 0)
        assert_written_as(&key, bytes->data, bytes->len);
}

static void each_changed_byte_is_refused_or_written_alike(void **state)
{
    static blob bytes;
    size_t i;
    size_t at;
    unsigned value;

    (void)state;
    for (i = 0; i < SAMPLE_COUNT; i++) {
        set_hex(&bytes, samples[i].public_hex);
        for (at = 0; at < bytes.len && at < 96; at++) {
            uint8_t original = bytes.data[at];

            for (value = 0; value < 256; value++) {
                bytes.data[at] = (uint8_t)value;
                check_mutation(&bytes);
            }
            bytes.data[at] = original;
        }
    }
}

static void what_is_no_public_area_is_not_written(void **state)
{
    tpmc_error *err = *state;
    tpmc_env *env = bare_env_new();
    uint8_t name[TPMC__NAME_MAX];
    tpmc__public key;
    tpmc__buf out;
    size_t len = 1;

    tpmc__buf_init(&out, TPMC__PUBLIC_MAX);
    tpmc__template_fill(TPMC__TEMPLATE_H2, &key);
    key.type = 0;
    assert_int_equal(tpmc__public_write(&key, &out), TPMC_ERR_ARGUMENT);
    tpmc__template_fill(TPMC__TEMPLATE_H2, &key);
    key.unique_len = sizeof(key.unique) + 1;
    assert_int_equal(tpmc__public_write(&key, &out), TPMC_ERR_ARGUMENT);
    tpmc__template_fill(TPMC__TEMPLATE_H2, &key);
    key.scheme.algorithm = TPMC__ALG_RSASSA;
    assert_int_equal(tpmc__public_write(&key, &out), TPMC_ERR_ARGUMENT);
    expect_failure(tpmc__public_name(env, &key, name, &len, err), err, TPMC_ERR_ARGUMENT,
                   "no Name");
    assert_int_equal(len, 0);
    assert_int_equal(out.len, 0);
    tpmc__buf_free(&out);
    tpmc_env_free(env);
}

static int parse_once(void *context)
{
    const blob *bytes = context;
    tpmc__public key;

    return tpmc__public_parse(bytes->data, bytes->len, &key, NULL);
}

static int name_once(void *context)
{
    uint8_t name[TPMC__NAME_MAX];
    tpmc__public key;
    size_t len;

    tpmc__template_fill(TPMC__TEMPLATE_H2, &key);
    return tpmc__public_name(context, &key, name, &len, NULL);
}

static void lack_of_memory_is_reported(void **state)
{
    tpmc_env *env = bare_env_new();
    static blob bytes;

    (void)state;
    set_hex(&bytes, rsa_public_hex);
    assert_true(each_allocation(parse_once, &bytes, TPMC_ERR_NOMEM) > 0);
    assert_true(each_allocation(name_once, env, TPMC_ERR_NOMEM) > 0);
    tpmc_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_tpm_made_is_read_and_written_alike),
        cmocka_unit_test(names_are_those_of_the_tpm),
        cmocka_unit_test(h2_template_has_the_bytes_of_the_profile),
        cmocka_unit_test(members_are_where_they_belong),
        WITH_ERROR(bad_structures_are_refused_in_words),
        cmocka_unit_test(unusual_but_allowed_structures_are_read),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(each_changed_byte_is_refused_or_written_alike),
        WITH_ERROR(what_is_no_public_area_is_not_written),
        cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
