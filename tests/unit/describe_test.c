/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/keyfile.h"

/* The description of a file as text; the text ends with a NUL. */
static void describe(tpmc_env *env, const tpmc__keyfile *file, tpmc__buf *out)
{
    tpmc__json *json = NULL;

    tpmc__buf_init(out, TPMC__KEYFILE_MAX);
    assert_int_equal(tpmc__keyfile_describe(env, file, &json, NULL), 0);
    assert_int_equal(tpmc__json_print(json, out), 0);
    tpmc__json_free(json);
}

static void fill(tpmc__keyfile *file, const char *public_hex)
{
    memset(file, 0, sizeof(*file));
    file->parent = 0x40000001;
    parse_hex(public_hex, &file->key);
}

static void a_whole_file_is_described(void **state)
{
    static uint8_t data[] = { 0xde, 0xad };
    static tpmc__keyfile_step steps[] = { { 0x17f, data, 2 }, { 0x1234, NULL, 0 } };
    static char name[] = "first";
    static char description[] = "a \"key\"";
    static tpmc__keyfile_auth_policy auth_policies[] = { { name, { steps, 1 } },
                                                         { NULL, { NULL, 0 } } };
    static uint8_t secret[4];
    tpmc_env *env = bare_env_new();
    tpmc__keyfile file;
    tpmc__buf text;

    (void)state;
    fill(&file, hmac_public_hex);
    file.type = TPMC__KEYFILE_IMPORTABLE;
    file.has_empty_auth = 1;
    file.parent = 0x81000001;
    file.rsa_parent = 1;
    file.policy.items = steps;
    file.policy.count = 2;
    file.secret = secret;
    file.secret_len = sizeof(secret);
    file.auth_policies = auth_policies;
    file.auth_policy_count = 2;
    file.description = description;
    describe(env, &file, &text);
    assert_string_equal(
        (const char *)text.data,
        "{\"format\":\"TSS2 PRIVATE KEY\",\"layout\":\"current\",\"type\":\"importable\","
        "\"empty_auth\":false,"
        "\"description\":\"a \\\"key\\\"\",\"parent\":\"0x81000001\","
        "\"parent_kind\":\"persistent\",\"rsa_parent\":true,"
        "\"public\":{\"type\":\"keyedhash\",\"kind\":\"HMAC\",\"name_alg\":\"sha256\","
        "\"attributes\":[\"fixedtpm\",\"fixedparent\",\"sensitivedataorigin\","
        "\"userwithauth\",\"sign\"],\"auth_policy\":\"\",\"scheme\":\"hmac\","
        "\"scheme_hash\":\"sha256\",\"unique\":"
        "\"f7df0c7b9bd7939ab9d7282b5578a8fca76812cdb2e4823584bb6c99bae6d2b2\"},"
        "\"name\":\"000b31eed73b829b3232b079ea15f96cb1051518042c98b35b0005e6bf3e90db3add\","
        "\"policy\":[{\"command\":\"PolicyPCR\",\"code\":\"0x0000017f\",\"data\":\"dead\"},"
        "{\"command\":\"0x00001234\",\"code\":\"0x00001234\",\"data\":\"\"}],"
        "\"policy_applies\":false,\"auth_policy_count\":2,\"auth_policies\":[{\"name\":\"first\","
        "\"policy\":"
        "[{\"command\":\"PolicyPCR\",\"code\":\"0x0000017f\",\"data\":\"dead\"}]},"
        "{\"policy\":[]}],\"secret\":true}");
    tpmc__buf_free(&text);
    tpmc_env_free(env);
}

static void assert_holds(const tpmc__buf *text, const char *part)
{
    if (!strstr((const char *)text->data, part))
        fail_msg("%s does not hold %s", (const char *)text->data, part);
}

static void assert_lacks(const tpmc__buf *text, const char *part)
{
    assert_null(strstr((const char *)text->data, part));
}

static void rsa_keys_show_modulus_and_exponent(void **state)
{
    tpmc_env *env = bare_env_new();
    tpmc__keyfile file;
    tpmc__buf text;

    (void)state;
    fill(&file, rsa_public_hex);
    describe(env, &file, &text);
    assert_holds(&text, "\"type\":\"loadable\"");
    assert_lacks(&text, "empty_auth");
    assert_lacks(&text, "description");
    assert_holds(&text, "\"parent\":\"0x40000001\",\"parent_kind\":\"owner\","
                        "\"parent_template\":\"the ECC storage primary (H-2)\"");
    assert_lacks(&text, "persistent_handle");
    assert_lacks(&text, "parent_id");
    assert_lacks(&text, "policy_applies");
    assert_holds(&text, "\"kind\":\"RSA 2048\"");
    assert_holds(&text, "\"symmetric\":\"null\",\"scheme\":\"rsassa\",\"scheme_hash\":\"sha256\","
                        "\"key_bits\":2048,\"exponent\":65537,\"modulus\":\"");
    assert_holds(&text, rsa_name_hex);
    assert_holds(&text, "\"policy\":[],\"auth_policy_count\":0,\"auth_policies\":[],"
                        "\"secret\":false}");
    tpmc__buf_free(&text);
    tpmc_env_free(env);
}

static void other_types_show_their_own(void **state)
{
    tpmc_env *env = bare_env_new();
    tpmc__keyfile file;
    tpmc__buf text;

    (void)state;
    fill(&file, ecc384_public_hex);
    describe(env, &file, &text);
    assert_holds(&text, "\"name_alg\":\"sha384\"");
    assert_holds(&text, "\"scheme\":\"null\",\"curve\":\"P-384\",\"x\":\"");
    assert_holds(&text, ecc384_name_hex);
    tpmc__buf_free(&text);
    fill(&file, aes_public_hex);
    describe(env, &file, &text);
    assert_holds(&text, "\"symmetric\":\"aes\",\"symmetric_bits\":128,\"symmetric_mode\":\"cfb\"");
    tpmc__buf_free(&text);
    fill(&file, xor_public_hex);
    describe(env, &file, &text);
    assert_holds(&text, "\"scheme\":\"xor\",\"scheme_hash\":\"sha256\","
                        "\"scheme_kdf\":\"kdf1_sp800_108\"");
    tpmc__buf_free(&text);
    fill(&file, restricted_public_hex);
    describe(env, &file, &text);
    assert_holds(&text, "\"restricted\",\"sign\"]");
    assert_holds(&text, "\"auth_policy\":\"8fcd2169");
    tpmc__buf_free(&text);
    tpmc_env_free(env);
}

static void schemes_show_all_their_parts(void **state)
{
    tpmc_env *env = bare_env_new();
    tpmc__keyfile file;
    tpmc__buf text;

    (void)state;
    fill(&file, ecdaa_public_hex);
    file.key.scheme.count = 3;
    file.key.kdf.algorithm = TPMC__ALG_KDF1_SP800_56A;
    file.key.kdf.hash = 0x000c;
    describe(env, &file, &text);
    assert_holds(&text, "\"scheme\":\"ecdaa\",\"scheme_hash\":\"sha256\",\"scheme_count\":3,");
    assert_holds(&text, "\"kdf\":\"kdf1_sp800_56a\",\"kdf_hash\":\"sha384\"");
    tpmc__buf_free(&text);
    fill(&file, pss_public_hex);
    describe(env, &file, &text);
    assert_holds(&text, "\"scheme\":\"rsapss\",\"scheme_hash\":\"sha384\"");
    tpmc__buf_free(&text);
    tpmc_env_free(env);
}

static void the_old_layout_and_its_primary_are_named(void **state)
{
    tpmc_env *env = bare_env_new();
    tpmc__keyfile file;
    tpmc__buf text;

    (void)state;
    fill(&file, ecc_public_hex);
    file.old_layout = 1;
    describe(env, &file, &text);
    assert_holds(&text, "\"format\":\"TSS2 KEY BLOB\",\"layout\":\"old\",\"type\":\"loadable\"");
    assert_holds(&text, "\"parent_template\":\"the ECC storage primary of the old layout\"");
    tpmc__buf_free(&text);
    file.old_layout = 0;
    file.rsa_parent = 1;
    describe(env, &file, &text);
    assert_holds(&text,
                 "\"parent_template\":\"the RSA storage primary (H-1)\",\"rsa_parent\":true");
    tpmc__buf_free(&text);
    tpmc_env_free(env);
}

static void persistent_keys_show_their_handle(void **state)
{
    tpmc_env *env = bare_env_new();
    tpmc__keyfile file;
    tpmc__buf text;

    (void)state;
    fill(&file, ecc_public_hex);
    file.parent = 0x81000001;
    file.handle = 0x81010005;
    describe(env, &file, &text);
    assert_holds(&text, "\"persistent_handle\":\"0x81010005\",\"parent\":\"0x81000001\"");
    assert_lacks(&text, "parent_template");
    tpmc__buf_free(&text);
    tpmc_env_free(env);
}

static void the_stated_parent_shows_its_name(void **state)
{
    static const char *const forms[] = { h2_name_hex, h2_public_hex };
    tpmc_env *env = bare_env_new();
    static blob id;
    tpmc__keyfile file;
    tpmc__buf text;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        fill(&file, ecc_public_hex);
        set_hex(&id, forms[i]);
        file.parent_id = id.data;
        file.parent_id_len = id.len;
        describe(env, &file, &text);
        assert_holds(&text, "\"parent_id\":\"");
        assert_holds(&text, forms[i]);
        assert_holds(&text, "\"parent_name\":\"");
        assert_holds(&text, h2_name_hex);
        tpmc__buf_free(&text);
    }
    tpmc_env_free(env);
}

static void steps_without_a_policy_are_shown_as_idle(void **state)
{
    static tpmc__keyfile_step steps[] = { { 0x16b, NULL, 0 } };
    tpmc_env *env = bare_env_new();
    tpmc__keyfile file;
    tpmc__buf text;

    (void)state;
    fill(&file, ecc_public_hex);
    file.policy.items = steps;
    file.policy.count = 1;
    describe(env, &file, &text);
    assert_holds(&text, "\"auth_policy\":\"\"");
    assert_holds(&text, "\"command\":\"PolicyAuthValue\"");
    assert_holds(&text, "\"policy_applies\":false");
    tpmc__buf_free(&text);
    fill(&file, restricted_public_hex);
    file.policy.items = steps;
    file.policy.count = 1;
    describe(env, &file, &text);
    assert_holds(&text, "\"policy_applies\":true");
    tpmc__buf_free(&text);
    tpmc_env_free(env);
}

static void parents_are_named(void **state)
{
    static const struct {
        uint32_t parent;
        const char *words;
    } parents[] = {
        { 0x40000001, "\"parent_kind\":\"owner\"" },
        { 0x40000007, "\"parent_kind\":\"null\"" },
        { 0x4000000b, "\"parent_kind\":\"endorsement\"" },
        { 0x4000000c, "\"parent_kind\":\"platform\"" },
        { 0x81000001, "\"parent_kind\":\"persistent\"" },
    };
    tpmc_env *env = bare_env_new();
    tpmc__keyfile file;
    tpmc__buf text;
    size_t i;

    (void)state;
    fill(&file, hmac_public_hex);
    for (i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        file.parent = parents[i].parent;
        describe(env, &file, &text);
        assert_holds(&text, parents[i].words);
        tpmc__buf_free(&text);
    }
    tpmc_env_free(env);
}

static void what_has_no_name_is_refused(void **state)
{
    tpmc_error *err = *state;
    tpmc_env *env = bare_env_new();
    tpmc__keyfile file;
    tpmc__json *json;

    fill(&file, hmac_public_hex);
    file.key.type = 0;
    expect_failure(tpmc__keyfile_describe(env, &file, &json, err), err, TPMC_ERR_ARGUMENT,
                   "no Name");
    assert_null(json);
    tpmc_env_free(env);
}

typedef struct attempt {
    tpmc_env *env;
    tpmc__keyfile file;
} attempt;

static int describe_once(void *context)
{
    attempt *one = context;
    tpmc__json *json = NULL;
    int status = tpmc__keyfile_describe(one->env, &one->file, &json, NULL);

    assert_int_equal(json == NULL, status != 0);
    tpmc__json_free(json);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    static blob id;
    attempt one;

    (void)state;
    one.env = bare_env_new();
    fill(&one.file, ecc_public_hex);
    set_hex(&id, h2_public_hex);
    one.file.parent_id = id.data;
    one.file.parent_id_len = id.len;
    assert_true(each_allocation(describe_once, &one, TPMC_ERR_NOMEM) > 0);
    tpmc_env_free(one.env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_described),
        cmocka_unit_test(rsa_keys_show_modulus_and_exponent),
        cmocka_unit_test(other_types_show_their_own),
        cmocka_unit_test(schemes_show_all_their_parts),
        cmocka_unit_test(the_old_layout_and_its_primary_are_named),
        cmocka_unit_test(persistent_keys_show_their_handle),
        cmocka_unit_test(the_stated_parent_shows_its_name),
        cmocka_unit_test(steps_without_a_policy_are_shown_as_idle),
        cmocka_unit_test(parents_are_named),
        WITH_ERROR(what_has_no_name_is_refused),
        cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
