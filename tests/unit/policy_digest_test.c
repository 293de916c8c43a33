/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "codec/text.h"
#include "policy/policy_tree.h"
#include "unit/codec_env.h"
#include "unit/policy_maker.h"

/* Digests of a TPM's trial sessions (tpm2-tools on swtpm), and those that tpm2-tss publishes for
 * its sample policies. */

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY_NAME "000b57dbca4f73197493ef56f6a137c6c52faa39e73d6204bd083cf6aaa33a492c05"
#define NV_NAME "000b2b57ec46129f4b6d9343722b5016dc93a9d3825ad3f8f441ef343cd449c4f749"
#define AUTH_VALUE "8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e"
#define COMMAND_SIGN "cc6918b226273b08f5bd406d7f10cf160f0a7d13dfd83b7770ccbcd1aa80d811"
#define PCR_16 "bff2d58e9813f97cefc14f72ad8133bc7092d652b7c877959254af140c841f36"

static void from_hex(const char *hex, tpmc__policy_bytes *out)
{
    tpmc__buf bytes;

    tpmc__buf_init(&bytes, TPMC__POLICY_BYTES_MAX);
    assert_int_equal(tpmc__hex_decode(hex, strlen(hex), &bytes), 0);
    assert_int_equal(tpmc__policy_bytes_set(out, bytes.data, bytes.len), 0);
    tpmc__buf_free(&bytes);
}

static void expect_hex(const tpmc__policy_bytes *bytes, const char *hex)
{
    tpmc__policy_bytes wanted;

    from_hex(hex, &wanted);
    assert_int_equal(bytes->len, wanted.len);
    assert_memory_equal(bytes->data, wanted.data, wanted.len);
}

static void expect_digest(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                          const char *hex)
{
    tpmc__policy_bytes digest;

    assert_int_equal(tpmc__policy_digest(env, steps, hash, NULL, &digest, NULL), 0);
    expect_hex(&digest, hex);
}

/* Of one step by SHA-256; frees what it holds. */
static void expect_step(tpmc_env *env, tpmc__policy_steps *steps, const char *hex)
{
    expect_digest(env, steps, TPMC__HASH_SHA256, hex);
    tpmc__policy_free_steps(steps);
}

/* Registers whose values are zeros. */
static tpmc__policy_step *append_pcr(tpmc__policy_steps *steps, const char *selection)
{
    tpmc__policy_step *step = make_step(steps, TPMC__POLICY_PCR);
    size_t count = 0;

    assert_null(tpmc__pcr_text_parse(selection, &step->u.pcr.selection));
    step->u.pcr.known = TPMC__PCR_VALUES;
    count = tpmc__pcr_selection_size(&step->u.pcr.selection);
    step->u.pcr.values = tpmc__mem_new(count, sizeof(*step->u.pcr.values));
    assert_non_null(step->u.pcr.values);
    for (size_t i = 0; i < step->u.pcr.selection.count; i++) {
        for (uint8_t pcr = 0; pcr < TPMC__PCR_COUNT; pcr++) {
            if (!tpmc__pcr_bank_has(&step->u.pcr.selection.banks[i], pcr))
                continue;
            step->u.pcr.values[step->u.pcr.value_count].hash = step->u.pcr.selection.banks[i].hash;
            step->u.pcr.values[step->u.pcr.value_count].pcr = pcr;
            step->u.pcr.value_count++;
        }
    }
    return step;
}

static void plain_steps(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = NULL;

    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    expect_step(*state, &steps, AUTH_VALUE);
    make_step(&steps, TPMC__POLICY_PASSWORD);
    expect_step(*state, &steps, AUTH_VALUE);
    make_step(&steps, TPMC__POLICY_PHYSICAL_PRESENCE);
    expect_step(*state, &steps, "0d7c6747b1b9facbba03492097aa9d5af792e5efc07346e05f9daa8b3d9e13b5");
    step = make_step(&steps, TPMC__POLICY_COMMAND_CODE);
    step->u.command_code = 0x15d;
    expect_step(*state, &steps, COMMAND_SIGN);
    step = make_step(&steps, TPMC__POLICY_LOCALITY);
    step->u.locality = 0x08;
    expect_step(*state, &steps, "7764491d5afe719035c0c09faa90c3490a7475d6df422b804e8f68aa65f8934f");
    step = make_step(&steps, TPMC__POLICY_LOCALITY);
    step->u.locality = 0x01;
    expect_step(*state, &steps, "ddee6af14bf3c4e8127ced87bcf9a57e1c0c8ddb5e67735c8505f96f07b8dbb8");
    step = make_step(&steps, TPMC__POLICY_NV_WRITTEN);
    step->u.nv_written = 1;
    expect_step(*state, &steps, "f7887d158ae8d38be0ac5319f37a9e07618bf54885453c7a54ddb0c6a6193beb");
    make_step(&steps, TPMC__POLICY_NV_WRITTEN);
    expect_step(*state, &steps, "3c326323670e28ad37bd57f63b4cc34d26ab205ef22f275c58d47fab2485466e");
}

static void digests(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };

    from_hex(ONES, &make_step(&steps, TPMC__POLICY_CP_HASH)->u.digest);
    expect_step(*state, &steps, "e859ef1747b5f82fb1971132845d543905445696db00462f49bc7181bac31070");
    from_hex(ONES, &make_step(&steps, TPMC__POLICY_NAME_HASH)->u.digest);
    expect_step(*state, &steps, "0947d85c4762c6cf8df3c287ba63252811fa744164489acb11b79b55345d59a7");
    from_hex(ONES, &make_step(&steps, TPMC__POLICY_TEMPLATE)->u.digest);
    expect_step(*state, &steps, "398552bfa009a6bb1a896d4462c171f553a710e3858ef637ec5e0a993dd69aa7");
    from_hex("d1b4d44f20fa696f638e4f8a9cfceae97f9dee388143929eeea8982259b8f402",
             &make_step(&steps, TPMC__POLICY_CP_HASH)->u.digest);
    expect_step(*state, &steps, "2d7038734b12258ae7108ab70d0e7ee36f4e64c64d53f8adb6c2bed602c95d09");
}

static void secrets(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_SECRET);

    from_hex("40000001", &step->u.secret.name);
    expect_digest(*state, &steps, TPMC__HASH_SHA256,
                  "0d84f55daf6e43ac97966e62c9bb989d3397777d25c5f749868055d65394f952");
    from_hex("726566", &step->u.secret.policy_ref);
    expect_step(*state, &steps, "9586343a9dc675ef35af0f7d375bf6554fd161bee76216eb67f1ebcc901c9265");
}

static void comparisons(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_NV);

    from_hex("31323334", &step->u.nv.operand);
    from_hex(NV_NAME, &step->u.nv.name);
    expect_step(*state, &steps, "556ff9f78071bd40b589c8702e174ac3eb3f7eabd76ecaa9276c775c1f3fd060");
    step = make_step(&steps, TPMC__POLICY_COUNTER_TIMER);
    from_hex("ff", &step->u.counter_timer.operand);
    step->u.counter_timer.operation = 5;
    expect_step(*state, &steps, "7c67802209683d17c1d94f3fc9df7afb2a0d7955c3c5d0fa3f602d58ffdaf984");
    step = make_step(&steps, TPMC__POLICY_COUNTER_TIMER);
    from_hex("0000000000100000", &step->u.counter_timer.operand);
    step->u.counter_timer.offset = 8;
    expect_step(*state, &steps, "ab10534c422cf36db4d7b0f6ac03d54c37ec3a8b37058fc02f01d3208022a297");
}

static void registers(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = NULL;

    append_pcr(&steps, "sha256:16");
    expect_step(*state, &steps, PCR_16);
    append_pcr(&steps, "8");
    expect_step(*state, &steps, "2a90ac03196573f129e70a9e04485bff581d2890fe5882d3c2667290d84b497b");
    append_pcr(&steps, "sha1:1,2+sha256:16,23");
    expect_digest(*state, &steps, TPMC__HASH_SHA384,
                  "886577451544d1cb0df390ad2cbb04064f8a38218c2e99cda0be10ef7acc717d388e247726533924"
                  "b4cc38c3863e5002");
    expect_step(*state, &steps, "99a69736b040d3e59fffb11ef461328d565a5a082bedc3ea31418f0c26bd6877");
    step = make_step(&steps, TPMC__POLICY_PCR);
    assert_null(tpmc__pcr_text_parse("sha256:16", &step->u.pcr.selection));
    step->u.pcr.known = TPMC__PCR_DIGEST;
    from_hex("66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925",
             &step->u.pcr.digest);
    expect_step(*state, &steps, PCR_16);
}

static void names(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_DUPLICATION_SELECT);

    from_hex(KEY_NAME, &step->u.duplication.new_parent_name);
    from_hex(KEY_NAME, &step->u.duplication.object_name);
    expect_digest(*state, &steps, TPMC__HASH_SHA256,
                  "b5e700a3360477f80d0091fcc5f7bfad0a8c8450e3c82c2a5b8e8d3550100078");
    step->u.duplication.include_object = 1;
    expect_step(*state, &steps, "343c04b8d285d6d32df57ab1133844ba4db288f6d85b8160b663bbb5ca01a91a");
    step = make_step(&steps, TPMC__POLICY_SIGNED);
    from_hex(KEY_NAME, &step->u.signed_by.key.name);
    /* Not what PolicyAuthorize makes of the same key. */
    expect_step(*state, &steps, "c0c8ed0b7aec44fecdbe342e0e3e3cf1cf46fa278e67c9447d33ada36f620ca3");
    /* What stood before is undone. */
    make_step(&steps, TPMC__POLICY_PHYSICAL_PRESENCE);
    step = make_step(&steps, TPMC__POLICY_AUTHORIZE);
    from_hex(KEY_NAME, &step->u.authorize.key.name);
    expect_digest(*state, &steps, TPMC__HASH_SHA256,
                  "ea89c165c260f0a4c06d434fb9714e13dac06c7ddd1599c38a92e1951b96be2a");
    from_hex("726566", &step->u.authorize.key.policy_ref);
    expect_step(*state, &steps, "c216f1cc30022e1ec2c1fd76b36d22ca5d8f00c075bd54f42657492bca6d71c0");
    make_step(&steps, TPMC__POLICY_PHYSICAL_PRESENCE);
    from_hex(NV_NAME, &make_step(&steps, TPMC__POLICY_AUTHORIZE_NV)->u.authorize_nv.name);
    expect_step(*state, &steps, "f385529662a42bc34ddd3b7c69436ab59dfce444c1fca2ec7566352e222a859b");
}

/* Branches go on where the steps before PolicyOR ended. */
static void branches(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_bytes before;
    tpmc__policy_bytes each[TPMC__POLICY_MAX_BRANCHES];
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_COMMAND_CODE);

    step->u.command_code = 0x15d;
    assert_int_equal(tpmc__policy_digest(*state, &steps, TPMC__HASH_SHA256, NULL, &before, NULL),
                     0);
    expect_hex(&before, COMMAND_SIGN);
    step = make_or(&steps, 2);
    make_step(&step->u.or.branches[0].steps, TPMC__POLICY_AUTH_VALUE);
    append_pcr(&step->u.or.branches[1].steps, "16");
    assert_int_equal(tpmc__policy_or_digests(*state, step, TPMC__HASH_SHA256, &before, each, NULL),
                     0);
    expect_hex(&each[0], "7ea10de005fcb21d44f24bc8f74c28a8b9edf14b1c53ea4ccf3c5a4ce38c756e");
    expect_hex(&each[1], "05f849b42f930507454402acbe41532a29cc6000f15967a35f7477ea1448271c");
    make_step(&steps, TPMC__POLICY_LOCALITY)->u.locality = 0x08;
    expect_step(*state, &steps, "6ee11f83ca2c0965f17290bccc2ff5ad5ee280919dc0d1b33f1a83e905d549e8");
    step = make_or(&steps, 2);
    make_step(&step->u.or.branches[0].steps, TPMC__POLICY_AUTH_VALUE);
    step->u.or.branches[1].is_unknown = 1;
    from_hex("99a69736b040d3e59fffb11ef461328d565a5a082bedc3ea31418f0c26bd6877",
             &step->u.or.branches[1].digest);
    expect_step(*state, &steps, "236967a9bda90b34bb78c55f45582c4143dc206eee8d67ba1f3131cb8c1906e8");
}

static void several_steps_and_hashes(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_bytes digest;
    tpmc__policy_bytes start;

    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    expect_digest(*state, &steps, TPMC__HASH_SHA1, "af6038c78c5c962d37127e319124e3a8dc582e9b");
    expect_digest(*state, &steps, TPMC__HASH_SHA384,
                  "0eb13321e885c9603d394e1c33976d4660517111f440d377585f66a94a0eee0a7f73d10b68edc48f"
                  "61bd3c8385dcddf5");
    expect_digest(*state, &steps, TPMC__HASH_SHA512,
                  "7e449b52cb9d5360379cbb1d874b8be572eaca3d387d6376edcbc50699903608711483dd07796b43"
                  "6a26a558aae221bfce15e8ae353c08962ae6c6b19ef16932");
    from_hex(PCR_16, &start);
    assert_int_equal(tpmc__policy_digest(*state, &steps, TPMC__HASH_SHA256, &start, &digest, NULL),
                     0);
    expect_hex(&digest, "195146253886976ba9784dcbb42c70095c3af977b902eee23254f5ccc5ba3a56");
    make_step(&steps, TPMC__POLICY_ACTION);
    expect_step(*state, &steps, AUTH_VALUE);
    tpmc__policy_digest_start(TPMC__HASH_SHA1, &digest);
    expect_hex(&digest, "0000000000000000000000000000000000000000");
    expect_step(*state, &steps, "0000000000000000000000000000000000000000000000000000000000000000");
}

static void what_is_signed(void **state)
{
    tpmc__policy_signer signer = { 0 };
    tpmc__policy_bytes approved;
    tpmc__policy_bytes hash;
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    from_hex(KEY_NAME, &signer.name);
    from_hex(PCR_16, &approved);
    assert_int_equal(tpmc__policy_authorize_hash(*state, &signer, &approved, &hash, err), 0);
    expect_hex(&hash, "e06a0018384d0680ac788aaa2736d841a8dfde234617d9eabc16a92dccdd0aa7");
    from_hex("726566", &signer.policy_ref);
    assert_int_equal(tpmc__policy_authorize_hash(*state, &signer, &approved, &hash, err), 0);
    expect_hex(&hash, "2c71a2fa22ec2c4b25a97d05ad40fd737b37bc41bd5faaa259e5276ced2ce876");
    /* By the key's own algorithm, whatever that of the policy is. */
    signer.name.data[1] = TPMC__HASH_SHA1;
    assert_int_equal(tpmc__policy_authorize_hash(*state, &signer, &approved, &hash, err), 0);
    expect_hex(&hash, "8e802635b41ea1eeae5c6051278e0147966a25d9");
    signer.name.len = 0;
    expect_failure(tpmc__policy_authorize_hash(*state, &signer, &approved, &hash, err), err,
                   TPMC_ERR_UNSUPPORTED, "hash algorithm");
    tpmc_error_free(err);
}

static void expect_refusal(tpmc_env *env, tpmc__policy_steps *steps, int code, const char *words)
{
    tpmc__policy_bytes digest = { { 0 }, 7 };
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_failure(tpmc__policy_digest(env, steps, TPMC__HASH_SHA256, NULL, &digest, err), err,
                   code, words);
    assert_int_equal(tpmc__policy_digest(env, steps, TPMC__HASH_SHA256, NULL, &digest, NULL), code);
    assert_int_equal(digest.len, 7);
    tpmc_error_free(err);
    tpmc__policy_free_steps(steps);
}

static void what_is_not_known_yet(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = NULL;

    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    make_step(&steps, TPMC__POLICY_PCR);
    expect_refusal(*state, &steps, TPMC_ERR_STATE, "step 2 (PolicyPCR): its registers");
    make_step(&steps, TPMC__POLICY_SECRET);
    expect_refusal(*state, &steps, TPMC_ERR_STATE, "step 1 (PolicySecret)");
    make_step(&steps, TPMC__POLICY_NV);
    expect_refusal(*state, &steps, TPMC_ERR_STATE, "step 1 (PolicyNV)");
    make_step(&steps, TPMC__POLICY_AUTHORIZE_NV);
    expect_refusal(*state, &steps, TPMC_ERR_STATE, "step 1 (PolicyAuthorizeNV)");
    step = make_or(&steps, 2);
    make_step(&step->u.or.branches[0].steps, TPMC__POLICY_AUTH_VALUE);
    make_step(&step->u.or.branches[1].steps, TPMC__POLICY_PCR);
    expect_refusal(*state, &steps, TPMC_ERR_STATE, "step 1 (PolicyPCR) of branch 2: its registers");
}

static void what_is_of_another_hash(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_PCR);

    step->u.pcr.known = TPMC__PCR_DIGEST;
    step->u.pcr.digest.len = 20;
    expect_refusal(*state, &steps, TPMC_ERR_POLICY,
                   "step 1 (PolicyPCR): the digest of its registers has 20 bytes");
    step = make_or(&steps, 2);
    step->u.or.branches[0].is_unknown = 1;
    step->u.or.branches[0].digest.len = 48;
    expect_refusal(*state, &steps, TPMC_ERR_POLICY, "the digest of branch 1");
    (void)make_or(&steps, TPMC__POLICY_MAX_BRANCHES + 1);
    expect_refusal(*state, &steps, TPMC_ERR_FORMAT, "more than 8 branches");
    step = make_step(&steps, TPMC__POLICY_PCR);
    step->u.pcr.known = TPMC__PCR_VALUES;
    step->u.pcr.value_count = TPMC__PCR_BANKS * TPMC__PCR_COUNT + 1;
    expect_refusal(*state, &steps, TPMC_ERR_FORMAT, "more than 96 registers");
}

/* A hash that is not known fails, and leaves the digest as it was. */
static void an_unknown_hash(void **state)
{
    tpmc__policy_step step = { .kind = TPMC__POLICY_AUTH_VALUE };
    tpmc__policy_bytes digest = { { 1 }, 1 };

    assert_int_equal(tpmc__policy_digest_step(*state, &step, 0x0012, &digest, NULL),
                     TPMC_ERR_UNSUPPORTED);
    assert_int_equal(digest.len, 1);
    assert_int_equal(digest.data[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_steps),
        cmocka_unit_test(digests),
        cmocka_unit_test(secrets),
        cmocka_unit_test(comparisons),
        cmocka_unit_test(registers),
        cmocka_unit_test(names),
        cmocka_unit_test(branches),
        cmocka_unit_test(several_steps_and_hashes),
        cmocka_unit_test(what_is_signed),
        cmocka_unit_test(what_is_not_known_yet),
        cmocka_unit_test(what_is_of_another_hash),
        cmocka_unit_test(an_unknown_hash),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
