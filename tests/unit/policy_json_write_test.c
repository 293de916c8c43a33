/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "policy/policy_json.h"
#include "tpmcloud/policy.h"

#define TEXT_MAX ((size_t)256 * 1024)

#define NAME_HEX "000b1111111111111111111111111111111111111111111111111111111111111111"
#define PARENT_HEX "000b3333333333333333333333333333333333333333333333333333333333333333"
#define DIGEST_HEX "2222222222222222222222222222222222222222222222222222222222222222"
#define UNKNOWN_HEX "4444444444444444444444444444444444444444444444444444444444444444"
#define REGISTERS_HEX "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
#define AUTH_VALUE_HEX "8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e"
#define PRESENCE_HEX "0d7c6747b1b9facbba03492097aa9d5af792e5efc07346e05f9daa8b3d9e13b5"
#define ZEROS_HEX "0000000000000000000000000000000000000000000000000000000000000000"

static int setup(void **state)
{
    *state = bare_env_new();
    return 0;
}

static int teardown(void **state)
{
    tpmc_env_free(*state);
    return 0;
}

static void set_bytes(tpmc__policy_bytes *out, const char *hex)
{
    static blob bytes;

    set_hex(&bytes, hex);
    assert_int_equal(tpmc__policy_bytes_set(out, bytes.data, bytes.len), 0);
}

static tpmc__policy_step step_of(tpmc__policy_kind kind)
{
    tpmc__policy_step step;

    memset(&step, 0, sizeof(step));
    step.kind = kind;
    return step;
}

/* Registers 0 and 7 of SHA-256. */
static tpmc__policy_step pcr_step(tpmc__policy_pcr_known known)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_PCR);

    assert_null(tpmc__pcr_text_parse("sha256:0,7", &step.u.pcr.selection));
    step.u.pcr.known = known;
    if (known == TPMC__PCR_DIGEST)
        set_bytes(&step.u.pcr.digest, REGISTERS_HEX);
    return step;
}

static void write_as(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash, tpmc__buf *out)
{
    tpmc__json *json = NULL;

    tpmc__buf_init(out, TEXT_MAX);
    assert_int_equal(tpmc__policy_json_write(env, steps, hash, &json, NULL), 0);
    assert_int_equal(tpmc__json_print(json, out), 0);
    tpmc__json_free(json);
}

static void assert_written(tpmc_env *env, const tpmc__policy_steps *steps, const char *expected)
{
    tpmc__buf text;

    write_as(env, steps, TPMC__HASH_SHA256, &text);
    assert_string_equal((const char *)text.data, expected);
    tpmc__buf_free(&text);
}

/* A policy of one step: what it says of itself, and the digest after it. */
static void assert_step(tpmc_env *env, tpmc__policy_step *step, const char *members,
                        const char *digest)
{
    const tpmc__policy_steps steps = { step, 1 };
    char expected[4096];

    (void)snprintf(expected, sizeof(expected),
                   "{\"hash\":\"sha256\",\"digest\":\"%s\",\"steps\":[{\"type\":\"%s\",%s%s"
                   "\"digest\":\"%s\"}]}",
                   digest, tpmc__policy_kind_name(step->kind), members,
                   members[0] == '\0' ? "" : ",", digest);
    assert_written(env, &steps, expected);
}

static void registers_are_written_as_far_as_they_are_known(void **state)
{
    tpmc__policy_pcr_value values[] = { { .hash = TPMC__HASH_SHA256, .pcr = 0 },
                                        { .hash = TPMC__HASH_SHA256, .pcr = 7 } };
    tpmc__policy_step steps[2];
    const tpmc__policy_steps both = { steps, 2 };

    steps[0] = pcr_step(TPMC__PCR_DIGEST);
    assert_step(*state, steps,
                "\"pcrs\":[{\"pcr\":0,\"hashAlg\":\"sha256\"},{\"pcr\":7,\"hashAlg\":\"sha256\"}],"
                "\"pcrDigest\":\"" REGISTERS_HEX "\"",
                "1e021c3278b2a98271b7a549bbe9a4457753007ae47e29cbcc700e6d09a9a8f1");
    memset(values[0].value, 1, 32);
    memset(values[1].value, 7, 32);
    steps[0] = pcr_step(TPMC__PCR_VALUES);
    steps[0].u.pcr.values = values;
    steps[0].u.pcr.value_count = 2;
    assert_step(*state, steps,
                "\"pcrs\":[{\"pcr\":0,\"hashAlg\":\"sha256\",\"digest\":"
                "\"0101010101010101010101010101010101010101010101010101010101010101\"},"
                "{\"pcr\":7,\"hashAlg\":\"sha256\",\"digest\":"
                "\"0707070707070707070707070707070707070707070707070707070707070707\"}],"
                "\"pcrDigest\":\"ba47109d355c6ab7f19a1d0af188a42ce051ba66a3018c725dde5e3fc0159625"
                "\"",
                "602e9003e5ba08a09f344390481809ec8b6b69e5199590aa46057e554213a4ba");
    /* With values of now, no digest from there on is known. */
    steps[0] = pcr_step(TPMC__PCR_NOW);
    steps[1] = step_of(TPMC__POLICY_AUTH_VALUE);
    assert_written(*state, &both,
                   "{\"hash\":\"sha256\",\"steps\":[{\"type\":\"PolicyPCR\","
                   "\"currentPCRandBanks\":[{\"hash\":\"sha256\",\"pcrSelect\":[0,7]}]},"
                   "{\"type\":\"PolicyAuthValue\"}]}");
}

static void every_bank_is_written(void **state)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_PCR);
    const tpmc__policy_steps steps = { &step, 1 };

    assert_null(tpmc__pcr_text_parse("sha1:1,2+sha256:16", &step.u.pcr.selection));
    assert_written(*state, &steps,
                   "{\"hash\":\"sha256\",\"steps\":[{\"type\":\"PolicyPCR\","
                   "\"currentPCRandBanks\":[{\"hash\":\"sha1\",\"pcrSelect\":[1,2]},"
                   "{\"hash\":\"sha256\",\"pcrSelect\":[16]}]}]}");
    step.u.pcr.selection.banks[1].hash = 0x0012; /* SM3, of which this library knows no digest */
    assert_written(*state, &steps,
                   "{\"hash\":\"sha256\",\"steps\":[{\"type\":\"PolicyPCR\","
                   "\"currentPCRandBanks\":[{\"hash\":\"sha1\",\"pcrSelect\":[1,2]},"
                   "{\"hash\":\"0x00000012\",\"pcrSelect\":[16]}]}]}");
}

/* The digest of registers is by the hash of one policy; by another hash it leads nowhere. */
static void a_digest_of_another_hash_is_left_out(void **state)
{
    tpmc__policy_step step = pcr_step(TPMC__PCR_DIGEST);
    const tpmc__policy_steps steps = { &step, 1 };
    tpmc__buf text;

    write_as(*state, &steps, TPMC__HASH_SHA1, &text);
    assert_string_equal((const char *)text.data,
                        "{\"hash\":\"sha1\",\"steps\":[{\"type\":\"PolicyPCR\",\"pcrs\":["
                        "{\"pcr\":0,\"hashAlg\":\"sha256\"},{\"pcr\":7,\"hashAlg\":\"sha256\"}],"
                        "\"pcrDigest\":\"" REGISTERS_HEX "\"}]}");
    tpmc__buf_free(&text);
}

static void steps_without_members_are_written(void **state)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_AUTH_VALUE);

    assert_step(*state, &step, "", AUTH_VALUE_HEX);
    step.kind = TPMC__POLICY_PASSWORD;
    assert_step(*state, &step, "", AUTH_VALUE_HEX);
    step.kind = TPMC__POLICY_PHYSICAL_PRESENCE;
    assert_step(*state, &step, "", PRESENCE_HEX);
}

static void secrets_are_written(void **state)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_SECRET);
    const tpmc__policy_steps steps = { &step, 1 };

    step.u.secret.handle = 0x40000001;
    set_bytes(&step.u.secret.name, "40000001");
    set_bytes(&step.u.secret.policy_ref, "aabb");
    assert_step(*state, &step,
                "\"handle\":\"0x40000001\",\"objectName\":\"40000001\",\"policyRef\":\"aabb\"",
                "ef2b16047fa3786819dcc3146a411f5cc85a312f1af1f784f11fef4a50ab85ba");
    step = step_of(TPMC__POLICY_SECRET);
    set_bytes(&step.u.secret.name, NAME_HEX);
    assert_step(*state, &step, "\"objectName\":\"" NAME_HEX "\"",
                "f1bc87c1c5c6e5385926797b2ebff033c7e0093d3e9f38b68abb33fe93da3e85");
    /* What stands at the handle is asked at first use. */
    step = step_of(TPMC__POLICY_SECRET);
    step.u.secret.handle = 0x81000001;
    assert_written(*state, &steps,
                   "{\"hash\":\"sha256\",\"steps\":[{\"type\":\"PolicySecret\","
                   "\"handle\":\"0x81000001\"}]}");
}

static void localities_are_written_as_words_or_a_number(void **state)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_LOCALITY);

    step.u.locality = 0x09;
    assert_step(*state, &step, "\"locality\":[\"ZERO\",\"THREE\"]",
                "12609c6a0e1586700270079a09be09dfd376af86cc4c590233a55dc0275d874e");
    step.u.locality = 32;
    assert_step(*state, &step, "\"locality\":32",
                "a153946fc187cfef29c7abecc7f8636b95e160e09985949bef796c7afc191058");
}

static void comparisons_are_written(void **state)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_NV);
    const tpmc__policy_steps steps = { &step, 1 };

    step.u.nv.index = 0x01800001;
    set_bytes(&step.u.nv.name, NAME_HEX);
    set_bytes(&step.u.nv.operand, "cafe");
    step.u.nv.offset = 4;
    step.u.nv.operation = TPMC_OPERATION_UNSIGNED_LE;
    assert_step(*state, &step,
                "\"nvIndex\":\"0x01800001\",\"nvName\":\"" NAME_HEX "\",\"operandB\":\"cafe\","
                "\"offset\":4,\"operation\":\"UNSIGNED_LE\"",
                "e7de28fabb7ac0b0adcb3045f9190edcc15386651c53efc87cd4c703fe3b4cf5");
    step.u.nv.name.len = 0;
    assert_written(*state, &steps,
                   "{\"hash\":\"sha256\",\"steps\":[{\"type\":\"PolicyNV\","
                   "\"nvIndex\":\"0x01800001\",\"operandB\":\"cafe\",\"offset\":4,"
                   "\"operation\":\"UNSIGNED_LE\"}]}");
    step = step_of(TPMC__POLICY_COUNTER_TIMER);
    set_bytes(&step.u.counter_timer.operand, "cafe");
    step.u.counter_timer.offset = 4;
    step.u.counter_timer.operation = TPMC_OPERATION_UNSIGNED_LE;
    assert_step(*state, &step, "\"operandB\":\"cafe\",\"offset\":4,\"operation\":\"UNSIGNED_LE\"",
                "7118abf0dca8fbb23507ec5091308e8ab97be0191cd19022d08ae558024515db");
}

static void command_codes_are_written_by_name(void **state)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_COMMAND_CODE);
    char sign[64];

    step.u.command_code = 0x15d;
    (void)snprintf(sign, sizeof(sign), "\"code\":\"%s\"", tpmc__policy_command_code_name(0x15d));
    assert_step(*state, &step, sign,
                "cc6918b226273b08f5bd406d7f10cf160f0a7d13dfd83b7770ccbcd1aa80d811");
    step.u.command_code = 0x20001234;
    assert_step(*state, &step, "\"code\":\"0x20001234\"",
                "7bde3a5166960a5d664273681855755fd833daa3edb6ba7b84a1c521c0a4d4b4");
}

static void digests_have_the_name_of_their_kind(void **state)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_CP_HASH);

    set_bytes(&step.u.digest, DIGEST_HEX);
    assert_step(*state, &step, "\"cpHash\":\"" DIGEST_HEX "\"",
                "5f524f270e3bfcf8e868c0c79ee7051c13355ff1151f78ae9d949df29328d2b2");
    step.kind = TPMC__POLICY_NAME_HASH;
    assert_step(*state, &step, "\"nameHash\":\"" DIGEST_HEX "\"",
                "59fd3b8a9992546ca517891c678a19973a05d544936fcd68db2262f4b20f6fd3");
    step.kind = TPMC__POLICY_TEMPLATE;
    assert_step(*state, &step, "\"templateHash\":\"" DIGEST_HEX "\"",
                "f88b369e6dd78d073c6e62670095191a45dec89d901ab30d6b1246d5f18bdde3");
}

static void duplication_is_written(void **state)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_DUPLICATION_SELECT);

    set_bytes(&step.u.duplication.new_parent_name, PARENT_HEX);
    assert_step(*state, &step, "\"newParentName\":\"" PARENT_HEX "\",\"includeObject\":false",
                "ace027d02c46c6a9228f0ff3cee4781f780c3385aeb60e823e05528b0c492512");
    set_bytes(&step.u.duplication.object_name, NAME_HEX);
    step.u.duplication.include_object = 1;
    assert_step(*state, &step,
                "\"objectName\":\"" NAME_HEX "\",\"newParentName\":\"" PARENT_HEX "\","
                "\"includeObject\":true",
                "6558ad44f9e5d15ced49c4e0c7c194c84bee9f55cc282f7321d9a1dbf5438fac");
}

static void what_is_no_part_of_a_signature_is_written_too(void **state)
{
    static char action[] = "light the \"lamp\"";
    tpmc__policy_step step = step_of(TPMC__POLICY_NV_WRITTEN);

    step.u.nv_written = 1;
    assert_step(*state, &step, "\"writtenSet\":true",
                "f7887d158ae8d38be0ac5319f37a9e07618bf54885453c7a54ddb0c6a6193beb");
    /* An action is no part of the digest. */
    step = step_of(TPMC__POLICY_ACTION);
    step.u.action = action;
    assert_step(*state, &step, "\"action\":\"light the \\\"lamp\\\"\"", ZEROS_HEX);
}

static void signers_are_written(void **state)
{
    static char hint[] = "the boss";
    tpmc__policy_step step = step_of(TPMC__POLICY_SIGNED);
    char members[2048];

    set_bytes(&step.u.signed_by.key.name, NAME_HEX);
    set_bytes(&step.u.signed_by.key.policy_ref, "77");
    assert_step(*state, &step, "\"keyName\":\"" NAME_HEX "\",\"policyRef\":\"77\"",
                "0f584859aae4675db25c9f53007f2d7296799dfd7a079bc49f2361ee9cb7dc7e");
    step.u.signed_by.key.has_public = 1;
    parse_hex(rsa_public_hex, &step.u.signed_by.key.public_area);
    step.u.signed_by.hint = hint;
    (void)snprintf(members, sizeof(members),
                   "\"keyName\":\"" NAME_HEX "\",\"keyPublic\":\"%s\",\"policyRef\":\"77\","
                   "\"publicKeyHint\":\"the boss\"",
                   rsa_public_hex);
    assert_step(*state, &step, members,
                "0f584859aae4675db25c9f53007f2d7296799dfd7a079bc49f2361ee9cb7dc7e");
}

static void approved_policies_begin_anew(void **state)
{
    static char name[] = "first";
    tpmc__policy_step inner = step_of(TPMC__POLICY_AUTH_VALUE);
    tpmc__policy_approved approved[] = { { .name = name, .steps = { &inner, 1 } },
                                         { .steps = { &inner, 1 } } };
    tpmc__policy_step step = step_of(TPMC__POLICY_AUTHORIZE);

    set_bytes(&step.u.authorize.key.name, NAME_HEX);
    assert_step(*state, &step, "\"keyName\":\"" NAME_HEX "\",\"approved\":[]",
                "4a1abcfbbd695141639ae9da442c5b6121baadc246ba3aaa129076f5f508af1b");
    step.u.authorize.approved = approved;
    step.u.authorize.count = 1;
    assert_step(*state, &step,
                "\"keyName\":\"" NAME_HEX "\",\"approved\":[{\"name\":\"first\",\"policy\":["
                "{\"type\":\"PolicyAuthValue\",\"digest\":\"" AUTH_VALUE_HEX "\"}],"
                "\"digest\":\"" AUTH_VALUE_HEX "\"}]",
                "4a1abcfbbd695141639ae9da442c5b6121baadc246ba3aaa129076f5f508af1b");
    step = step_of(TPMC__POLICY_AUTHORIZE_NV);
    step.u.authorize_nv.index = 0x01800001;
    set_bytes(&step.u.authorize_nv.name, NAME_HEX);
    step.u.authorize_nv.approved = approved + 1;
    step.u.authorize_nv.count = 1;
    assert_step(*state, &step,
                "\"nvIndex\":\"0x01800001\",\"nvName\":\"" NAME_HEX "\",\"approved\":["
                "{\"policy\":[{\"type\":\"PolicyAuthValue\",\"digest\":\"" AUTH_VALUE_HEX "\"}],"
                "\"digest\":\"" AUTH_VALUE_HEX "\"}]",
                "85f3fecdb0dc09007d2858dee851a1ba80a2662967a55f4b69535e2031cbc84e");
}

/* One branch whose steps are known, and one of which there is only the digest. */
typedef struct two_branches {
    tpmc__policy_step inner;
    tpmc__policy_branch branches[2];
    tpmc__policy_step steps[2];
} two_branches;

static void fill_branches(two_branches *out)
{
    static char name[] = "a";
    static char description[] = "with the password";

    memset(out, 0, sizeof(*out));
    out->inner = step_of(TPMC__POLICY_AUTH_VALUE);
    out->branches[0].name = name;
    out->branches[0].description = description;
    out->branches[0].steps.items = &out->inner;
    out->branches[0].steps.count = 1;
    out->branches[1].is_unknown = 1;
    set_bytes(&out->branches[1].digest, UNKNOWN_HEX);
    out->steps[0] = step_of(TPMC__POLICY_PHYSICAL_PRESENCE);
    out->steps[1] = step_of(TPMC__POLICY_OR);
    out->steps[1].u.or.branches = out->branches;
    out->steps[1].u.or.count = 2;
}

static void branches_continue_what_stands_before_them(void **state)
{
    two_branches policy;
    const tpmc__policy_steps steps = { policy.steps, 2 };

    fill_branches(&policy);
    assert_written(
        *state, &steps,
        "{\"hash\":\"sha256\","
        "\"digest\":\"ac91e28693be5f0ea3fc7993ffc6d2cb34909218b5750d3c68388849e195073c\",\"steps\":"
        "["
        "{\"type\":\"PolicyPhysicalPresence\",\"digest\":\"" PRESENCE_HEX "\"},"
        "{\"type\":\"PolicyOR\",\"branches\":[{\"name\":\"a\","
        "\"description\":\"with the password\",\"policy\":[{\"type\":\"PolicyAuthValue\","
        "\"digest\":\"6a5b9b585e41e4e312c51e5ec8abde008514414b1126887fa027e4cefddfceec\"}],"
        "\"digest\":\"6a5b9b585e41e4e312c51e5ec8abde008514414b1126887fa027e4cefddfceec\"},"
        "{\"digest\":\"" UNKNOWN_HEX "\"}],"
        "\"digest\":\"ac91e28693be5f0ea3fc7993ffc6d2cb34909218b5750d3c68388849e195073c\"}]}");
}

static void a_policy_without_steps_has_no_digest(void **state)
{
    const tpmc__policy_steps none = { NULL, 0 };

    assert_written(*state, &none, "{\"hash\":\"sha256\",\"steps\":[]}");
}

static void digests_are_by_the_hash_that_is_asked_for(void **state)
{
    tpmc__policy_step step = step_of(TPMC__POLICY_AUTH_VALUE);
    const tpmc__policy_steps steps = { &step, 1 };
    tpmc__buf text;

    write_as(*state, &steps, TPMC__HASH_SHA1, &text);
    assert_string_equal(
        (const char *)text.data,
        "{\"hash\":\"sha1\",\"digest\":\"af6038c78c5c962d37127e319124e3a8dc582e9b\","
        "\"steps\":[{\"type\":\"PolicyAuthValue\","
        "\"digest\":\"af6038c78c5c962d37127e319124e3a8dc582e9b\"}]}");
    tpmc__buf_free(&text);
}

static void the_deepest_policy_can_be_written_and_read(void **state)
{
    tpmc__policy_branch branches[TPMC__POLICY_MAX_DEPTH + 1][2];
    tpmc__policy_step steps[TPMC__POLICY_MAX_DEPTH + 1];
    const tpmc__policy_steps all = { steps, 1 };
    tpmc__json *json = NULL;
    tpmc__buf text;

    memset(branches, 0, sizeof(branches));
    for (size_t i = 0; i < TPMC__POLICY_MAX_DEPTH; i++) {
        steps[i] = step_of(TPMC__POLICY_OR);
        steps[i].u.or.branches = branches[i];
        steps[i].u.or.count = 2;
        for (size_t k = 0; k < 2; k++) {
            branches[i][k].steps.items = &steps[i + 1];
            branches[i][k].steps.count = 1;
        }
        branches[i][1].is_unknown = i + 1 < TPMC__POLICY_MAX_DEPTH;
        set_bytes(&branches[i][1].digest, UNKNOWN_HEX);
    }
    steps[TPMC__POLICY_MAX_DEPTH] = pcr_step(TPMC__PCR_NOW);
    write_as(*state, &all, TPMC__HASH_SHA256, &text);
    assert_int_equal(
        tpmc__json_parse(text.data, text.len, TEXT_MAX, "the description", &json, NULL), 0);
    tpmc__json_free(json);
    tpmc__buf_free(&text);
}

static int write_once(void *context)
{
    two_branches policy;
    const tpmc__policy_steps steps = { policy.steps, 2 };
    tpmc__json *json = NULL;
    int status;

    fill_branches(&policy);
    policy.inner = step_of(TPMC__POLICY_SIGNED);
    set_bytes(&policy.inner.u.signed_by.key.name, NAME_HEX);
    status = tpmc__policy_json_write(context, &steps, TPMC__HASH_SHA256, &json, NULL);
    assert_true((json == NULL) == (status != 0));
    tpmc__json_free(json);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    assert_true(each_allocation(write_once, *state, TPMC_ERR_NOMEM) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_are_written_as_far_as_they_are_known),
        cmocka_unit_test(every_bank_is_written),
        cmocka_unit_test(a_digest_of_another_hash_is_left_out),
        cmocka_unit_test(steps_without_members_are_written),
        cmocka_unit_test(secrets_are_written),
        cmocka_unit_test(localities_are_written_as_words_or_a_number),
        cmocka_unit_test(comparisons_are_written),
        cmocka_unit_test(command_codes_are_written_by_name),
        cmocka_unit_test(digests_have_the_name_of_their_kind),
        cmocka_unit_test(duplication_is_written),
        cmocka_unit_test(what_is_no_part_of_a_signature_is_written_too),
        cmocka_unit_test(signers_are_written),
        cmocka_unit_test(approved_policies_begin_anew),
        cmocka_unit_test(branches_continue_what_stands_before_them),
        cmocka_unit_test(a_policy_without_steps_has_no_digest),
        cmocka_unit_test(digests_are_by_the_hash_that_is_asked_for),
        cmocka_unit_test(the_deepest_policy_can_be_written_and_read),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
