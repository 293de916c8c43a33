/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "tpmcloud/policy.h"
#include "tpmkey/new_public.h"

#define SIGN (TPMC__OBJECT_USER_WITH_AUTH | TPMC__OBJECT_SIGN)
#define MADE                                                                                       \
    (SIGN | TPMC__OBJECT_FIXED_TPM | TPMC__OBJECT_FIXED_PARENT | TPMC__OBJECT_SENSITIVE_DATA_ORIGIN)
#define OPTIONS_MAX 5

/* Names and values in turn; NULL at the end. */
typedef const char *option_list[2 * OPTIONS_MAX + 1];

typedef struct bench {
    tpmc_env *env;
    tpmc_error *err;
    tpmc_key_template *t;
} bench;

static void begin(bench *b, const option_list options)
{
    size_t i;

    assert_int_equal(tpmc_error_new(&b->err), 0);
    assert_int_equal(tpmc_env_new(&b->env, b->err), 0);
    assert_int_equal(tpmc_key_template_new(b->env, &b->t, b->err), 0);
    for (i = 0; options[i] != NULL; i += 2)
        assert_int_equal(tpmc_key_template_set(b->t, options[i], options[i + 1], b->err), 0);
}

static void end(bench *b)
{
    tpmc_key_template_free(b->t);
    tpmc_error_free(b->err);
    tpmc_env_free(b->env);
}

/* What the parser of public areas takes, as the TPM does. */
static void assert_well_formed(const tpmc__public *key)
{
    tpmc__public again;
    tpmc__buf bytes;

    tpmc__buf_init(&bytes, TPMC__PUBLIC_MAX);
    assert_int_equal(tpmc__public_write(key, &bytes), 0);
    assert_int_equal(tpmc__public_parse(bytes.data, bytes.len, &again, NULL), 0);
    tpmc__buf_free(&bytes);
}

static const struct created_case {
    option_list options;
    tpmc__public key;
} created_cases[] = {
    { { NULL },
      { .type = TPMC__ALG_RSA,
        .attributes = MADE | TPMC__OBJECT_DECRYPT | TPMC__OBJECT_NO_DA,
        .key_bits = 2048,
        .scheme = { .algorithm = TPMC__ALG_NULL } } },
    { { "algorithm", "rsa4096", "scheme", "rsassa", "dictionary_attack", "1" },
      { .type = TPMC__ALG_RSA,
        .attributes = MADE,
        .key_bits = 4096,
        .scheme = { TPMC__ALG_RSASSA, TPMC__HASH_SHA256, 0, 0 } } },
    { { "algorithm", "rsa3072", "scheme", "rsapss", "hash", "sha384", "restricted", "1" },
      { .type = TPMC__ALG_RSA,
        .attributes = MADE | TPMC__OBJECT_NO_DA | TPMC__OBJECT_RESTRICTED,
        .key_bits = 3072,
        .scheme = { TPMC__ALG_RSAPSS, TPMC__HASH_SHA384, 0, 0 } } },
    { { "algorithm", "ecc256" },
      { .type = TPMC__ALG_ECC,
        .attributes = MADE | TPMC__OBJECT_NO_DA,
        .curve = TPMC__CURVE_P256,
        .scheme = { .algorithm = TPMC__ALG_NULL } } },
    { { "algorithm", "ecc256", "scheme", "ecdsa" },
      { .type = TPMC__ALG_ECC,
        .attributes = MADE | TPMC__OBJECT_NO_DA,
        .curve = TPMC__CURVE_P256,
        .scheme = { TPMC__ALG_ECDSA, TPMC__HASH_SHA256, 0, 0 } } },
    { { "algorithm", "ecc384", "scheme", "ecdsa" },
      { .type = TPMC__ALG_ECC,
        .attributes = MADE | TPMC__OBJECT_NO_DA,
        .curve = TPMC__CURVE_P384,
        .scheme = { TPMC__ALG_ECDSA, TPMC__HASH_SHA384, 0, 0 } } },
    { { "algorithm", "ecc521", "scheme", "ecdsa" },
      { .type = TPMC__ALG_ECC,
        .attributes = MADE | TPMC__OBJECT_NO_DA,
        .curve = TPMC__CURVE_P521,
        .scheme = { TPMC__ALG_ECDSA, TPMC__HASH_SHA512, 0, 0 } } },
    { { "algorithm", "ecc521", "scheme", "ecdsa", "hash", "sha256" },
      { .type = TPMC__ALG_ECC,
        .attributes = MADE | TPMC__OBJECT_NO_DA,
        .curve = TPMC__CURVE_P521,
        .scheme = { TPMC__ALG_ECDSA, TPMC__HASH_SHA256, 0, 0 } } },
    { { "algorithm", "hmac-sha384", "scheme", "null" },
      { .type = TPMC__ALG_KEYEDHASH,
        .attributes = MADE | TPMC__OBJECT_NO_DA,
        .scheme = { TPMC__ALG_HMAC, TPMC__HASH_SHA384, 0, 0 } } },
    { { "algorithm", "ecc256", "bind_pcr", "sha256:16" },
      { .type = TPMC__ALG_ECC,
        .attributes = (MADE | TPMC__OBJECT_NO_DA) & ~TPMC__OBJECT_USER_WITH_AUTH,
        .curve = TPMC__CURVE_P256,
        .scheme = { .algorithm = TPMC__ALG_NULL } } },
    { { "algorithm", "ecc256", "policy_file", "/nowhere", "user_with_auth", "auto" },
      { .type = TPMC__ALG_ECC,
        .attributes = (MADE | TPMC__OBJECT_NO_DA) & ~TPMC__OBJECT_USER_WITH_AUTH,
        .curve = TPMC__CURVE_P256,
        .scheme = { .algorithm = TPMC__ALG_NULL } } },
    { { "algorithm", "hmac-sha256", "pcr", "16", "user_with_auth", "1" },
      { .type = TPMC__ALG_KEYEDHASH,
        .attributes = MADE | TPMC__OBJECT_NO_DA,
        .scheme = { TPMC__ALG_HMAC, TPMC__HASH_SHA256, 0, 0 } } },
    { { "algorithm", "hmac-sha256", "pcr", "16", "user_with_auth", "0" },
      { .type = TPMC__ALG_KEYEDHASH,
        .attributes = (MADE | TPMC__OBJECT_NO_DA) & ~TPMC__OBJECT_USER_WITH_AUTH,
        .scheme = { TPMC__ALG_HMAC, TPMC__HASH_SHA256, 0, 0 } } },
    { { "algorithm", "ecc256", "user_with_auth", "1" },
      { .type = TPMC__ALG_ECC,
        .attributes = MADE | TPMC__OBJECT_NO_DA,
        .curve = TPMC__CURVE_P256,
        .scheme = { .algorithm = TPMC__ALG_NULL } } },
};

static void created_keys(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(created_cases) / sizeof(created_cases[0]); i++) {
        tpmc__public wanted = created_cases[i].key;
        tpmc__public made;
        bench b;

        wanted.name_alg = TPMC__HASH_SHA256;
        wanted.symmetric.algorithm = TPMC__ALG_NULL;
        wanted.kdf.algorithm = TPMC__ALG_NULL;
        begin(&b, created_cases[i].options);
        expect_success(tpmc__new_public_created(b.t, &made, b.err), b.err);
        assert_true(tpmc__public_matches_template(&made, &wanted));
        assert_int_equal(made.unique_len, 0);
        assert_int_equal(tpmc__new_public_is_hmac(b.t), wanted.type == TPMC__ALG_KEYEDHASH);
        assert_well_formed(&made);
        end(&b);
    }
}

static void contradictions(void **state)
{
    static const struct {
        option_list options;
        const char *words;
    } cases[] = {
        { { "algorithm", "ecc256", "scheme", "rsassa" }, "'scheme' is rsassa" },
        { { "algorithm", "rsa2048", "scheme", "ecdsa" }, "RSA 2048 (the option 'algorithm'" },
        { { "algorithm", "hmac-sha256", "scheme", "ecdsa" }, "HMAC (the option 'algorithm'" },
        { { "hash", "sha256" }, "'hash' goes with a 'scheme'" },
        { { "algorithm", "hmac-sha256", "hash", "sha256" }, "part of its 'algorithm'" },
        { { "restricted", "1" }, "'restricted' needs a 'scheme'" },
        { { "restricted", "1", "algorithm", "hmac-sha512" }, "HMAC 'algorithm'" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tpmc__public made;
        bench b;

        begin(&b, cases[i].options);
        expect_failure(tpmc__new_public_created(b.t, &made, b.err), b.err, TPMC_ERR_ARGUMENT,
                       cases[i].words);
        end(&b);
    }
}

static void imported_rsa_keys(void **state)
{
    static const option_list none = { NULL };
    static const option_list right = { "algorithm", "rsa2048", NULL };
    static const option_list wrong = { "algorithm", "rsa3072", NULL };
    static const option_list other = { "algorithm", "ecc256", NULL };
    static tpmc__private_key software = { .kind = TPMC__PRIVATE_RSA,
                                          .modulus_len = 256,
                                          .exponent = 65537 };
    tpmc__public made;
    bench b;

    (void)state;
    memset(software.modulus, 0xa5, 256);
    begin(&b, none);
    expect_success(tpmc__new_public_imported(b.t, &software, &made, b.err), b.err);
    assert_int_equal(made.key_bits, 2048);
    assert_int_equal(made.exponent, 0);
    assert_int_equal(made.unique_len, 256);
    assert_memory_equal(made.unique, software.modulus, 256);
    assert_int_equal(made.attributes, SIGN | TPMC__OBJECT_DECRYPT | TPMC__OBJECT_NO_DA);
    assert_well_formed(&made);
    software.exponent = 3;
    expect_success(tpmc__new_public_imported(b.t, &software, &made, b.err), b.err);
    assert_int_equal(made.exponent, 3);
    end(&b);
    begin(&b, right);
    expect_success(tpmc__new_public_imported(b.t, &software, &made, b.err), b.err);
    end(&b);
    begin(&b, wrong);
    expect_failure(tpmc__new_public_imported(b.t, &software, &made, b.err), b.err,
                   TPMC_ERR_ARGUMENT,
                   "'algorithm' is rsa3072, and the key that was given is RSA 2048");
    end(&b);
    begin(&b, other);
    expect_failure(tpmc__new_public_imported(b.t, &software, &made, b.err), b.err,
                   TPMC_ERR_ARGUMENT, "'algorithm' is ecc256");
    end(&b);
}

static void imported_ec_keys(void **state)
{
    static const struct {
        unsigned bits;
        size_t len;
        uint16_t curve;
        uint16_t hash;
    } cases[] = { { 256, 32, TPMC__CURVE_P256, TPMC__HASH_SHA256 },
                  { 384, 48, TPMC__CURVE_P384, TPMC__HASH_SHA384 },
                  { 521, 66, TPMC__CURVE_P521, TPMC__HASH_SHA512 } };
    static const option_list ecdsa = { "scheme", "ecdsa", "restricted", "1", NULL };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static tpmc__private_key software = { .kind = TPMC__PRIVATE_EC };
        tpmc__public made;
        bench b;

        software.curve_bits = cases[i].bits;
        software.coordinate_len = cases[i].len;
        memset(software.x, 1, cases[i].len);
        memset(software.y, 2, cases[i].len);
        begin(&b, ecdsa);
        expect_success(tpmc__new_public_imported(b.t, &software, &made, b.err), b.err);
        assert_int_equal(made.curve, cases[i].curve);
        assert_int_equal(made.scheme.hash, cases[i].hash);
        assert_int_equal(made.unique_len, cases[i].len);
        assert_int_equal(made.unique_y_len, cases[i].len);
        assert_memory_equal(made.unique, software.x, cases[i].len);
        assert_memory_equal(made.unique_y, software.y, cases[i].len);
        assert_int_equal(made.attributes, SIGN | TPMC__OBJECT_NO_DA | TPMC__OBJECT_RESTRICTED);
        assert_well_formed(&made);
        end(&b);
    }
}

/* A policy object counts as the options do. */
static void keys_bound_by_an_object(void **state)
{
    static const option_list none = { NULL };
    tpmc_policy *policy = NULL;
    tpmc__public made;
    bench b;

    (void)state;
    begin(&b, none);
    expect_success(tpmc_policy_new(b.env, &policy, b.err), b.err);
    expect_success(tpmc_key_template_set_policy(b.t, policy, b.err), b.err);
    tpmc_policy_free(policy);
    expect_success(tpmc__new_public_created(b.t, &made, b.err), b.err);
    assert_int_equal(made.attributes & TPMC__OBJECT_USER_WITH_AUTH, 0);
    assert_int_equal(made.attributes & TPMC__OBJECT_ADMIN_WITH_POLICY, 0);
    assert_int_equal(tpmc_key_template_set(b.t, "user_with_auth", "1", b.err), 0);
    expect_success(tpmc__new_public_created(b.t, &made, b.err), b.err);
    assert_true(made.attributes & TPMC__OBJECT_USER_WITH_AUTH);
    end(&b);
}

static void imported_hmac_keys(void **state)
{
    static const option_list options = { "algorithm", "hmac-sha512", "dictionary_attack", "1",
                                         NULL };
    tpmc__public made;
    bench b;

    (void)state;
    begin(&b, options);
    expect_success(tpmc__new_public_imported_hmac(b.t, &made, b.err), b.err);
    assert_int_equal(made.type, TPMC__ALG_KEYEDHASH);
    assert_int_equal(made.attributes, SIGN);
    assert_int_equal(made.scheme.algorithm, TPMC__ALG_HMAC);
    assert_int_equal(made.scheme.hash, TPMC__HASH_SHA512);
    end(&b);
}

/* Under a parent that can be duplicated, so can its children. */
static void parents_that_are_not_fixed(void **state)
{
    tpmc__public parent;
    tpmc__public key = { .attributes = MADE };

    (void)state;
    tpmc__template_fill(TPMC__TEMPLATE_H2, &parent);
    tpmc__new_public_fit_parent(&key, &parent);
    assert_int_equal(key.attributes, MADE);
    tpmc__template_fill(TPMC__TEMPLATE_OLD, &parent);
    tpmc__new_public_fit_parent(&key, &parent);
    assert_int_equal(key.attributes, MADE & ~TPMC__OBJECT_FIXED_TPM);
    parent.attributes |= TPMC__OBJECT_ENCRYPTED_DUPLICATION;
    tpmc__new_public_fit_parent(&key, &parent);
    assert_true(key.attributes & TPMC__OBJECT_ENCRYPTED_DUPLICATION);
}

static void places(void **state)
{
    static const struct {
        const char *word;
        uint32_t handle;
        tpmc__template which;
    } cases[] = {
        { "owner", 0x40000001, TPMC__TEMPLATE_H2 },
        { "endorsement", 0x4000000b, TPMC__TEMPLATE_H2 },
        { "platform", 0x4000000c, TPMC__TEMPLATE_H2 },
        { "null", 0x40000007, TPMC__TEMPLATE_H2 },
        { "owner-rsa", 0x40000001, TPMC__TEMPLATE_H1 },
        { "endorsement-rsa", 0x4000000b, TPMC__TEMPLATE_H1 },
        { "platform-rsa", 0x4000000c, TPMC__TEMPLATE_H1 },
        { "null-rsa", 0x40000007, TPMC__TEMPLATE_H1 },
    };
    static const option_list persistent = { "template_parent_handle", "0x81000042", NULL };
    tpmc__parent_place place;
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const option_list options = { "parent", cases[i].word, NULL };

        begin(&b, options);
        tpmc__template_place(b.t, &place);
        assert_int_equal(place.handle, cases[i].handle);
        assert_int_equal(place.which, cases[i].which);
        assert_null(place.password);
        assert_int_equal(tpmc__template_check(b.t, b.err), 0);
        end(&b);
    }
    begin(&b, persistent);
    tpmc__template_place(b.t, &place);
    assert_int_equal(place.handle, 0x81000042u);
    assert_ptr_equal(place.password, &b.t->parent_password);
    assert_ptr_equal(place.refused, &b.t->parent_refused);
    assert_int_equal(tpmc_key_template_set(b.t, "parent", "null", b.err), 0);
    expect_failure(tpmc__template_check(b.t, b.err), b.err, TPMC_ERR_ARGUMENT,
                   "'parent' and 'template_parent_handle'");
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(created_keys),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(imported_rsa_keys),
        cmocka_unit_test(imported_ec_keys),
        cmocka_unit_test(keys_bound_by_an_object),
        cmocka_unit_test(imported_hmac_keys),
        cmocka_unit_test(parents_that_are_not_fixed),
        cmocka_unit_test(places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
