/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_json_fixture.h"

#include "unit/each_allocation.h"

#define NAME32 "000b" ZEROS32
#define OTHER_NAME32 "000b1111111111111111111111111111111111111111111111111111111111111111"
#define NV_PUBLIC                                                                                  \
    "'nvPublic':{'nvIndex':25165824,'nameAlg':'SHA256','attributes':{'AUTHWRITE':1,"               \
    "'WRITE_STCLEAR':1,'AUTHREAD':1,'NO_DA':1,'READ_STCLEAR':1},'authPolicy':'','dataSize':34}"

static void secrets(void **state)
{
    const tpmc__policy_step *step =
        read_step(state, STEP("'type':'Secret','objectName':'4000000b','policyRef':'0102'"));

    assert_int_equal(step->u.secret.handle, 0x4000000b);
    expect_bytes(&step->u.secret.name, "4000000b");
    expect_bytes(&step->u.secret.policy_ref, "0102");
    step = read_step(state, STEP("'type':'Secret','handle':'0x40000001','cpHashA':''"));
    assert_int_equal(step->u.secret.handle, 0x40000001);
    expect_bytes(&step->u.secret.name, "40000001");
    step = read_step(state, STEP("'type':'Secret','handle':2164260865"));
    assert_int_equal(step->u.secret.handle, 0x81000001);
    assert_int_equal(step->u.secret.name.len, 0);
    step = read_step(state, STEP("'type':'Secret','objectName':'" NAME32 "'"));
    assert_int_equal(step->u.secret.handle, 0);
    expect_bytes(&step->u.secret.name, NAME32);
    step = read_step(state, STEP("'type':'Secret','objectname':'" NAME32 "','handle':'0x1000001'"));
    assert_int_equal(step->u.secret.handle, 0x01000001);
    expect_bytes(&step->u.secret.name, NAME32);
    step = read_step(state, STEP("'type':'Secret','objectName':[64,0,0,1],'handle':1073741825"));
    assert_int_equal(step->u.secret.handle, 0x40000001);
}

static void secrets_that_are_none(void **state)
{
    refuse_policy(state, STEP("'type':'Secret'"), TPMC_ERR_FORMAT,
                  "step 1 (PolicySecret): the field 'objectName' is missing, and so is 'handle'");
    refuse_policy(state, STEP("'type':'Secret','objectPath':'/HS/SRK'"), TPMC_ERR_UNSUPPORTED,
                  "'objectPath' names an entry of the key store of the FAPI");
    refuse_policy(state, STEP("'type':'Secret','objectName':'40000001','cpHashA':'00'"),
                  TPMC_ERR_UNSUPPORTED, "the field 'cpHashA' is not supported");
    refuse_policy(state, STEP("'type':'Secret','objectName':'40000001','handle':'0x4000000b'"),
                  TPMC_ERR_FORMAT, "the field 'objectName' is another hierarchy than 'handle'");
    refuse_policy(state, STEP("'type':'Secret','objectName':'81000001'"), TPMC_ERR_FORMAT,
                  "other handles go into 'handle'");
    refuse_policy(state, STEP("'type':'Secret','objectName':'40'"), TPMC_ERR_FORMAT,
                  "step 1 (PolicySecret): the Name of its object");
    refuse_policy(state, STEP("'type':'Secret','objectName':''"), TPMC_ERR_FORMAT,
                  "it names no object");
    refuse_policy(state, STEP("'type':'Secret','handle':'0x100000000'"), TPMC_ERR_FORMAT,
                  "the field 'handle' is no number from 0 to 4294967295");
    refuse_policy(state, STEP("'type':'Secret','objectName':'" ZEROS32 ZEROS32 ZEROS32 "'"),
                  TPMC_ERR_FORMAT, "the field 'objectName' is too long");
    refuse_policy(state,
                  STEP("'type':'Secret','handle':'0x40000001','policyRef':'" ZEROS32 ZEROS32 "00'"),
                  TPMC_ERR_FORMAT, "the field 'policyRef' is too long");
}

static void localities(void **state)
{
    static const struct row {
        const char *text;
        uint8_t locality;
    } rows[] = {
        { STEP("'type':'Locality','locality':1"), 1 },
        { STEP("'type':'Locality','locality':255"), 255 },
        { STEP("'type':'Locality','locality':'0x20'"), 0x20 },
        { STEP("'type':'Locality','locality':'17'"), 17 },
        { STEP("'type':'Locality','locality':'FOUR'"), 16 },
        { STEP("'type':'Locality','locality':'TPMA_LOCALITY_TPM2_LOC_three'"), 8 },
        { STEP("'type':'Locality','locality':['ZERO','TPM2_LOC_TWO']"), 5 },
        { STEP("'type':'Locality','locality':{'ZERO':1,'ONE':'NO','TWO':true,'four':'SET'}"), 21 },
        { STEP("'type':'Locality','locality':{'TPM2_LOC_ZERO':1,'tpma_locality_two':'TPM2_YES'}"),
          5 },
        { STEP("'type':'Locality','locality':{'extended':7}"), 0xe0 },
        { STEP("'type':'Locality','locality':{'ONE':1,'extended':'0x1'}"), 0x22 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(read_step(state, rows[i].text)->u.locality, rows[i].locality);
}

static void localities_that_are_none(void **state)
{
    static const struct row {
        const char *text;
        const char *words;
    } rows[] = {
        { STEP("'type':'Locality'"), "step 1 (PolicyLocality): the field 'locality' is missing" },
        { STEP("'type':'Locality','locality':0"), "it allows no locality" },
        { STEP("'type':'Locality','locality':[]"), "it allows no locality" },
        { STEP("'type':'Locality','locality':{}"), "it allows no locality" },
        { STEP("'type':'Locality','locality':256"), "the field 'locality' names no locality" },
        { STEP("'type':'Locality','locality':-1"), "names no locality" },
        { STEP("'type':'Locality','locality':'FIVE'"), "names no locality" },
        { STEP("'type':'Locality','locality':true"), "names no locality" },
        { STEP("'type':'Locality','locality':['ZERO','FIVE']"), "has a flag that is not known" },
        { STEP("'type':'Locality','locality':[1]"), "has a flag that is not known" },
        { STEP("'type':'Locality','locality':{'ZERO':1,'FIVE':1}"),
          "has a flag that is not known" },
        { STEP("'type':'Locality','locality':{'ZERO':2}"), "a flag that is neither set nor clear" },
        { STEP("'type':'Locality','locality':{'extended':8}"), "an extended part that is not 0" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse_policy(state, rows[i].text, TPMC_ERR_FORMAT, rows[i].words);
}

static void indices(void **state)
{
    const tpmc__policy_step *step =
        read_step(state, STEP("'type':'NV','nvIndex':25165824,'operandB':'01020304'"));

    assert_int_equal(step->u.nv.index, 0x01800000);
    assert_int_equal(step->u.nv.name.len, 0);
    assert_int_equal(step->u.nv.offset, 0);
    assert_int_equal(step->u.nv.operation, 0);
    expect_bytes(&step->u.nv.operand, "01020304");
    step = read_step(state, STEP("'type':'NV'," NV_PUBLIC ",'operandB':[255],'offset':'2',"
                                 "'operation':'BITSET'"));
    assert_int_equal(step->u.nv.index, 0x01800000);
    assert_int_equal(step->u.nv.name.len, 34);
    assert_int_equal(step->u.nv.offset, 2);
    assert_int_equal(step->u.nv.operation, 10);
    step = read_step(state, STEP("'type':'NV','nvIndex':'0x01800000'," NV_PUBLIC
                                 ",'operandB':'00','operation':11"));
    assert_int_equal(step->u.nv.operation, 11);
    step = read_step(state, STEP("'type':'AuthorizeNv','nvIndex':'0x01c00001'"));
    assert_int_equal(step->u.authorize_nv.index, 0x01c00001);
    assert_int_equal(step->u.authorize_nv.name.len, 0);
    step = read_step(state, STEP("'type':'AuthorizeNv'," NV_PUBLIC));
    assert_int_equal(step->u.authorize_nv.index, 0x01800000);
    assert_int_equal(step->u.authorize_nv.name.len, 34);
}

static void indices_that_are_none(void **state)
{
    refuse_policy(state, STEP("'type':'NV','operandB':'00'"), TPMC_ERR_FORMAT,
                  "step 1 (PolicyNV): the field 'nvIndex' is missing");
    refuse_policy(state, STEP("'type':'NV','nvPath':'/nv/Owner/x','operandB':'00'"),
                  TPMC_ERR_UNSUPPORTED, "give 'nvPublic' instead");
    refuse_policy(state, STEP("'type':'AuthorizeNv','nvPath':'/nv/Owner/x'"), TPMC_ERR_UNSUPPORTED,
                  "'nvPath' names an entry of the key store of the FAPI");
    refuse_policy(state, STEP("'type':'NV','nvIndex':25165825," NV_PUBLIC ",'operandB':'00'"),
                  TPMC_ERR_FORMAT, "the field 'nvIndex' is another index than that of 'nvPublic'");
    refuse_policy(state, STEP("'type':'NV','nvIndex':1,'operandB':'00'"), TPMC_ERR_FORMAT,
                  "its NV index is none");
    refuse_policy(state, STEP("'type':'NV','nvIndex':25165824"), TPMC_ERR_FORMAT,
                  "the field 'operandB' is missing");
    refuse_policy(state, STEP("'type':'NV','nvIndex':25165824,'operandB':''"), TPMC_ERR_FORMAT,
                  "its operand does not have 1 to 64 bytes");
    refuse_policy(state, STEP("'type':'NV','nvIndex':25165824,'operandB':7"), TPMC_ERR_FORMAT,
                  "the field 'operandB' is neither a text of hexadecimal digits nor an array");
    refuse_policy(state, STEP("'type':'NV','nvIndex':25165824,'operandB':'" ZEROS32 ZEROS32 "00'"),
                  TPMC_ERR_FORMAT, "the field 'operandB' is too long");
    refuse_policy(state, STEP("'type':'NV','nvIndex':25165824,'operandB':'00','offset':65536"),
                  TPMC_ERR_FORMAT, "the field 'offset' is no number from 0 to 65535");
    refuse_policy(state, STEP("'type':'NV','nvIndex':25165824,'operandB':'00','operation':12"),
                  TPMC_ERR_FORMAT, "the field 'operation' is no comparison");
    refuse_policy(state, STEP("'type':'NV','nvIndex':25165824,'operandB':'00','operation':'LT'"),
                  TPMC_ERR_FORMAT, "the field 'operation' is no comparison");
}

static void counters(void **state)
{
    const tpmc__policy_step *step =
        read_step(state, STEP("'type':'CounterTimer','operandB':'0x0102','offset':8,"
                              "'operation':'TPM2_EO_UNSIGNED_GE'"));

    expect_bytes(&step->u.counter_timer.operand, "0102");
    assert_int_equal(step->u.counter_timer.offset, 8);
    assert_int_equal(step->u.counter_timer.operation, 7);
    refuse_policy(state, STEP("'type':'CounterTimer','operandB':'01'"), TPMC_ERR_FORMAT,
                  "step 1 (PolicyCounterTimer): the field 'operation' is missing");
    refuse_policy(state, STEP("'type':'CounterTimer','operation':0"), TPMC_ERR_FORMAT,
                  "the field 'operandB' is missing");
    refuse_policy(state, STEP("'type':'CounterTimer','operandB':'0102','offset':24,'operation':0"),
                  TPMC_ERR_FORMAT, "reaches beyond the 25 bytes");
}

static void commands(void **state)
{
    static const char *const texts[] = {
        STEP("'type':'CommandCode','code':'Sign'"),
        STEP("'type':'CommandCode','code':'TPM2_CC_SIGN'"),
        STEP("'type':'CommandCode','code':349"),
        STEP("'type':'CommandCode','code':'349'"),
        STEP("'type':'CommandCode','code':'0x15D'"),
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(read_step(state, texts[i])->u.command_code, 0x15d);
    refuse_policy(state, STEP("'type':'CommandCode'"), TPMC_ERR_FORMAT,
                  "step 1 (PolicyCommandCode): the field 'code' is missing");
    refuse_policy(state, STEP("'type':'CommandCode','code':'Sing'"), TPMC_ERR_FORMAT,
                  "the field 'code' is no command, such as Sign");
    refuse_policy(state, STEP("'type':'CommandCode','code':4294967296"), TPMC_ERR_FORMAT,
                  "the field 'code' is no command");
    refuse_policy(state, STEP("'type':'CommandCode','code':1.5"), TPMC_ERR_FORMAT,
                  "the field 'code' is no command");
    refuse_policy(state, STEP("'type':'CommandCode','code':0"), TPMC_ERR_FORMAT,
                  "its code is no command's");
}

static void digests(void **state)
{
    expect_bytes(&read_step(state, STEP("'type':'CpHash','cpHash':'" ZEROS32 "'"))->u.digest,
                 ZEROS32);
    expect_bytes(&read_step(state, STEP("'type':'NameHash','nameHash':'" ZEROS32 "'"))->u.digest,
                 ZEROS32);
    expect_bytes(
        &read_step(state, STEP("'type':'Template','templateHash':'" ZEROS32 "'"))->u.digest,
        ZEROS32);
    /* A policy that was instantiated has its hash beside what that was made from. */
    read_policy(state, STEP("'type':'NameHash','nameHash':'" ZEROS32 "','namePaths':['/a']"));
    refuse_policy(state, STEP("'type':'CpHash'"), TPMC_ERR_FORMAT,
                  "step 1 (PolicyCpHash): the field 'cpHash' is missing");
    refuse_policy(state, STEP("'type':'CpHash','cpHash':'00'"), TPMC_ERR_FORMAT,
                  "its digest does not have 20, 32, 48 or 64 bytes");
    refuse_policy(state, STEP("'type':'NameHash'"), TPMC_ERR_FORMAT,
                  "the field 'nameHash' is missing");
    refuse_policy(state, STEP("'type':'NameHash','namePaths':['/HS/SRK']"), TPMC_ERR_UNSUPPORTED,
                  "'namePaths' names an entry of the key store of the FAPI");
    refuse_policy(state, STEP("'type':'NameHash','objectNames':['" NAME32 "']"),
                  TPMC_ERR_UNSUPPORTED, "give 'nameHash' instead");
    refuse_policy(state, STEP("'type':'Template'"), TPMC_ERR_FORMAT,
                  "none of the fields 'templateHash' and 'templatePublic' is there");
    refuse_policy(state, STEP("'type':'Template','templateHash':'','templatePublic':{}"),
                  TPMC_ERR_FORMAT, "more than one of the fields 'templateHash'");
    refuse_policy(state, STEP("'type':'Template','templatePublic':{}"), TPMC_ERR_FORMAT,
                  "the field 'templatePublic'");
}

static void duplication(void **state)
{
    const tpmc__policy_step *step =
        read_step(state, STEP("'type':'DuplicationSelect','newParentName':'" NAME32 "'"));

    expect_bytes(&step->u.duplication.new_parent_name, NAME32);
    assert_int_equal(step->u.duplication.object_name.len, 0);
    assert_int_equal(step->u.duplication.include_object, 0);
    /* The object counts where it is named, unless that is denied. */
    step = read_step(state, STEP("'type':'DuplicationSelect','newParentName':'" NAME32 "',"
                                 "'objectName':'" OTHER_NAME32 "'"));
    expect_bytes(&step->u.duplication.object_name, OTHER_NAME32);
    assert_int_equal(step->u.duplication.include_object, 1);
    step = read_step(state, STEP("'type':'DuplicationSelect','newParentName':'" NAME32 "',"
                                 "'objectName':'" OTHER_NAME32 "','includeObject':'NO'"));
    assert_int_equal(step->u.duplication.include_object, 0);
    refuse_policy(state, STEP("'type':'DuplicationSelect'"), TPMC_ERR_FORMAT,
                  "none of the fields 'newParentName', 'newParentPublic' and 'newParentPath'");
    refuse_policy(state, STEP("'type':'DuplicationSelect','newParentPath':'/HS/SRK'"),
                  TPMC_ERR_UNSUPPORTED, "give 'newParentName' instead");
    refuse_policy(state,
                  STEP("'type':'DuplicationSelect','newParentName':'" NAME32 "',"
                       "'newParentPublic':{}"),
                  TPMC_ERR_FORMAT, "more than one of the fields");
    refuse_policy(state, STEP("'type':'DuplicationSelect','newParentName':''"), TPMC_ERR_FORMAT,
                  "the Name of its new parent");
    refuse_policy(state,
                  STEP("'type':'DuplicationSelect','newParentName':'" NAME32 "',"
                       "'includeObject':1"),
                  TPMC_ERR_FORMAT, "it includes the object, whose Name is missing");
    refuse_policy(state,
                  STEP("'type':'DuplicationSelect','newParentName':'" NAME32 "',"
                       "'includeObject':'MAYBE'"),
                  TPMC_ERR_FORMAT, "the field 'includeObject' is neither YES nor NO");
}

static void written(void **state)
{
    assert_int_equal(read_step(state, STEP("'type':'NvWritten'"))->u.nv_written, 1);
    assert_int_equal(read_step(state, STEP("'type':'NvWritten','writtenSet':0"))->u.nv_written, 0);
    assert_int_equal(
        read_step(state, STEP("'type':'NvWritten','writtenSet':'TPM2_NO'"))->u.nv_written, 0);
    assert_int_equal(read_step(state, STEP("'type':'NvWritten','writtenSet':'0x1'"))->u.nv_written,
                     1);
    assert_int_equal(read_step(state, STEP("'type':'NvWritten','writtenSet':'off'"))->u.nv_written,
                     0);
    refuse_policy(state, STEP("'type':'NvWritten','writtenSet':2"), TPMC_ERR_FORMAT,
                  "step 1 (PolicyNvWritten): the field 'writtenSet' is neither YES nor NO");
}

static void actions(void **state)
{
    char text[2 * TPMC__POLICY_MAX_TEXT];

    assert_string_equal(read_step(state, STEP("'type':'Action','action':'beep'"))->u.action,
                        "beep");
    (void)snprintf(text, sizeof(text), STEP("'type':'Action','action':'%0255d'"), 0);
    assert_int_equal(strlen(read_step(state, text)->u.action), 255);
    (void)snprintf(text, sizeof(text), STEP("'type':'Action','action':'%0256d'"), 0);
    refuse_policy(state, text, TPMC_ERR_FORMAT, "the field 'action' is longer than 255 bytes");
    refuse_policy(state, STEP("'type':'Action'"), TPMC_ERR_FORMAT,
                  "step 1 (PolicyAction): the field 'action' is missing");
    refuse_policy(state, STEP("'type':'Action','action':''"), TPMC_ERR_FORMAT, "it has no text");
    refuse_policy(state, STEP("'type':'Action','action':1"), TPMC_ERR_FORMAT,
                  "the field 'action' is no text");
}

static void steps_of_a_signer(void **state)
{
    const tpmc__policy_step *step =
        read_step(state, STEP("'type':'Signed','keyPEM':'" EC_PEM "','publicKeyHint':'mine',"
                              "'policyRef':'aa','cpHashA':[]"));

    assert_string_equal(step->u.signed_by.hint, "mine");
    expect_bytes(&step->u.signed_by.key.policy_ref, "aa");
    step = read_step(state, STEP("'type':'Signed','keyPEM':'" EC_PEM "'"));
    assert_null(step->u.signed_by.hint);
    step = read_step(state, STEP("'type':'Authorize','keyPEM':'" EC_PEM "'"));
    assert_int_equal(step->u.authorize.count, 0);
    refuse_policy(state, STEP("'type':'Signed','keyPEM':'" EC_PEM "','cpHashA':'00'"),
                  TPMC_ERR_UNSUPPORTED, "step 1 (PolicySigned): the field 'cpHashA'");
    refuse_policy(state, STEP("'type':'Signed','keyPEM':'" EC_PEM "','publicKeyHint':1"),
                  TPMC_ERR_FORMAT, "the field 'publicKeyHint' is no text");
}

static void steps_without_members(void **state)
{
    static const struct row {
        const char *text;
        tpmc__policy_kind kind;
    } rows[] = {
        { STEP("'type':'PhysicalPresence'"), TPMC__POLICY_PHYSICAL_PRESENCE },
        { STEP("'type':'AuthValue'"), TPMC__POLICY_AUTH_VALUE },
        { STEP("'type':'Password'"), TPMC__POLICY_PASSWORD },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(read_step(state, rows[i].text)->kind, rows[i].kind);
}

static int read_once(void *context)
{
    return try_policy(context,
                      POLICY("{'type':'Action','action':'beep'},"
                             "{'type':'NV'," NV_PUBLIC ",'operandB':'01'},"
                             "{'type':'Signed','keyPEM':'" EC_PEM "','publicKeyHint':'mine'},"
                             "{'type':'Secret','objectName':'" NAME32 "'}"));
}

static void without_memory(void **state)
{
    assert_true(each_allocation(read_once, *state, TPMC_ERR_NOMEM) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DOCUMENT(secrets),           WITH_DOCUMENT(secrets_that_are_none),
        WITH_DOCUMENT(localities),        WITH_DOCUMENT(localities_that_are_none),
        WITH_DOCUMENT(indices),           WITH_DOCUMENT(indices_that_are_none),
        WITH_DOCUMENT(counters),          WITH_DOCUMENT(commands),
        WITH_DOCUMENT(digests),           WITH_DOCUMENT(duplication),
        WITH_DOCUMENT(written),           WITH_DOCUMENT(actions),
        WITH_DOCUMENT(steps_of_a_signer), WITH_DOCUMENT(steps_without_members),
        WITH_DOCUMENT(without_memory),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
