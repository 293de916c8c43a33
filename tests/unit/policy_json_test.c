/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_json_fixture.h"

#include "unit/each_allocation.h"

#define PCR_STEP(pcr, value)                                                                       \
    "{'type':'POLICYPCR','pcrs':[{'pcr':" pcr ",'hashAlg':'TPM2_ALG_SHA256','digest':'" value "'}" \
    "]}"
#define BRANCH(name, steps) "{'name':'" name "','description':'','policy':[" steps "]}"

static void what_is_not_of_the_language_is_passed_over(void **state)
{
    read_policy(state,
                "// a policy\n{'$schema':'http://x','name':1,'nonceTPM':null,'type':[],"
                "'policyDigests':[{'hashAlg':'sha256','digest':'00'}],'policy':["
                "{'type':'POLICYPASSWORD','comment':'mine','policyDigests':[],},/* so */],}");
    assert_int_equal(document.steps.count, 1);
    assert_int_equal(document.steps.items[0].kind, TPMC__POLICY_PASSWORD);
    read_policy(state, "{'POLICY':0,'policy':[{'type':15}]}");
    assert_int_equal(document.steps.items[0].kind, TPMC__POLICY_PASSWORD);
    read_policy(state, "{'policy':[{'type':'0xf'}],'policyAuthorizations':[]}");
    assert_int_equal(document.steps.items[0].kind, TPMC__POLICY_PASSWORD);
}

static void texts_that_are_no_policies(void **state)
{
    tpmc__policy_document out;

    expect_failure(tpmc__policy_json_read(*state, "", 0, &out, err), err, TPMC_ERR_FORMAT, "empty");
    refuse_policy(state, "{'policy':[{'type':'PCR'}", TPMC_ERR_FORMAT, "the policy");
    refuse_policy(state, "{} /*", TPMC_ERR_FORMAT, "a comment that does not end");
    refuse_policy(state, "[]", TPMC_ERR_FORMAT, "the policy is no JSON object");
    refuse_policy(state, "{'policy':[{'type':'Password'}],'policy':[]}", TPMC_ERR_FORMAT,
                  "the policy");
    refuse_policy(state, "{'description':''}", TPMC_ERR_FORMAT,
                  "the field 'policy' is missing, or no array of steps");
    refuse_policy(state, "{'policy':{'type':'Password'}}", TPMC_ERR_FORMAT, "no array of steps");
    refuse_policy(state, POLICY(""), TPMC_ERR_FORMAT, "the field 'policy' has no steps");
    refuse_policy(state, "{'description':1,'policy':[{'type':'Password'}]}", TPMC_ERR_FORMAT,
                  "the field 'description' is no text");
}

static void the_length_of_a_text_is_bounded(void **state)
{
    static char text[TPMC__POLICY_JSON_MAX + 2];
    static const char policy[] = "{\"policy\":[{\"type\":\"Password\"}]}";
    tpmc__policy_document out;

    memset(text, ' ', sizeof(text));
    memcpy(text, policy, sizeof(policy) - 1);
    expect_success(tpmc__policy_json_read(*state, text, TPMC__POLICY_JSON_MAX, &out, err), err);
    tpmc__policy_document_free(&out);
    expect_failure(tpmc__policy_json_read(*state, text, TPMC__POLICY_JSON_MAX + 1, &out, err), err,
                   TPMC_ERR_FORMAT, "longer than 65536 bytes");
    assert_null(out.steps.items);
    tpmc__error_clear(err);
    /* A string of line ends doubles, and is still taken. */
    memset(text, '\n', TPMC__POLICY_JSON_MAX);
    memcpy(text, "{\"description\":\"", 16);
    memcpy(text + TPMC__POLICY_JSON_MAX - sizeof(policy), "\",", 2);
    memcpy(text + TPMC__POLICY_JSON_MAX - sizeof(policy) + 2, policy + 1, sizeof(policy) - 2);
    expect_success(tpmc__policy_json_read(*state, text, TPMC__POLICY_JSON_MAX, &out, err), err);
    tpmc__policy_document_free(&out);
}

static void steps_that_are_none(void **state)
{
    refuse_policy(state, POLICY("1"), TPMC_ERR_FORMAT, "step 1: it is no JSON object");
    refuse_policy(state, POLICY("{'type':'Password'},{}"), TPMC_ERR_FORMAT,
                  "step 2: the field 'type' is missing");
    refuse_policy(state, STEP("'type':['PCR']"), TPMC_ERR_FORMAT,
                  "the field 'type' is missing, or no");
    refuse_policy(state, STEP("'type':'Auth'"), TPMC_ERR_FORMAT,
                  "step 1: the field 'type' is 'Auth', which is no step that there is");
    refuse_policy(state, STEP("'type':20"), TPMC_ERR_FORMAT, "'20', which is no step");
    refuse_policy(state, STEP("'type':0"), TPMC_ERR_FORMAT, "'0', which is no step");
}

static void steps_without_end(void **state)
{
    static char text[TPMC__POLICY_MAX_STEPS * 30 + 100];
    size_t len = 0;

    len = (size_t)snprintf(text, sizeof(text), "{'policy':[");
    for (size_t i = 0; i < TPMC__POLICY_MAX_STEPS; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "{'type':15},");
    (void)snprintf(text + len, sizeof(text) - len, "]}");
    read_policy(state, text);
    assert_int_equal(document.steps.count, TPMC__POLICY_MAX_STEPS);
    (void)snprintf(text + len, sizeof(text) - len, "{'type':15}]}");
    refuse_policy(state, text, TPMC_ERR_FORMAT, "more than 256 steps");
}

/* So many levels of branches. */
static void nest(char *out, size_t capacity, int levels, const char *innermost)
{
    size_t len = (size_t)snprintf(out, capacity, "{'policy':[");

    for (int i = 0; i < levels; i++)
        len += (size_t)snprintf(out + len, capacity - len,
                                "{'type':'Or','branches':[{'policy':[{'type':14}]},{'policy':[");
    len += (size_t)snprintf(out + len, capacity - len, "%s", innermost);
    for (int i = 0; i < levels; i++)
        len += (size_t)snprintf(out + len, capacity - len, "]}]}");
    (void)snprintf(out + len, capacity - len, "]}");
}

static void levels_of_branches_are_bounded(void **state)
{
    static char text[JSON_TEXT_MAX];

    nest(text, sizeof(text), TPMC__POLICY_MAX_DEPTH, PCR_STEP("1", ZEROS32));
    read_policy(state, text);
    nest(text, sizeof(text), TPMC__POLICY_MAX_DEPTH + 1, "{'type':14}");
    refuse_policy(state, text, TPMC_ERR_FORMAT, "more than 8 levels of branches");
    nest(text, sizeof(text), 100, "{'type':14}");
    refuse_policy(state, text, TPMC_ERR_FORMAT, "the policy");
}

#define PASSWORD "{'type':'Password'}"
#define TWO "{'policy':[" PASSWORD "]},{'policy':[" PASSWORD "]}"

static void branches(void **state)
{
    const tpmc__policy_step *step =
        read_step(state, STEP("'type':'Or','branches':[" TWO "," TWO "," TWO "," TWO "]"));

    assert_int_equal(step->u.or.count, 8);
    assert_null(step->u.or.branches[0].name);
    assert_null(step->u.or.branches[0].description);
    assert_int_equal(step->u.or.branches[7].steps.count, 1);
    refuse_policy(state, STEP("'type':'Or'"), TPMC_ERR_FORMAT,
                  "step 1 (PolicyOR): the field 'branches' is missing");
    refuse_policy(state, STEP("'type':'Or','branches':{}"), TPMC_ERR_FORMAT,
                  "no array of branches");
    refuse_policy(state, STEP("'type':'Or','branches':[]"), TPMC_ERR_FORMAT,
                  "has 0 branches, and PolicyOR takes 2 to 8");
    refuse_policy(state, STEP("'type':'Or','branches':[{'policy':[" PASSWORD "]}]"),
                  TPMC_ERR_FORMAT, "has 1 branches");
    refuse_policy(state, STEP("'type':'Or','branches':[" TWO "," TWO "," TWO "," TWO ",{}]"),
                  TPMC_ERR_FORMAT, "has 9 branches");
}

static void what_is_wrong_in_a_branch_is_named(void **state)
{
    char text[2 * TPMC__POLICY_MAX_TEXT];

    refuse_policy(state,
                  POLICY(PASSWORD ",{'type':'Or','branches':[{'name':'a','policy':[" PASSWORD "]},"
                                  "{'name':'b','policy':[" PASSWORD ",{'type':'PCR'}]}]}"),
                  TPMC_ERR_FORMAT, "step 2 (PolicyPCR) of the branch 'b': none of the fields");
    refuse_policy(state, STEP("'type':'Or','branches':[{'policy':[" PASSWORD "]},{'policy':[{}]}]"),
                  TPMC_ERR_FORMAT, "step 1 of branch 2: the field 'type'");
    refuse_policy(state, STEP("'type':'Or','branches':[{'policy':[" PASSWORD "]},{'name':'b'}]"),
                  TPMC_ERR_FORMAT, "the field 'policy' of the branch 'b' is missing");
    refuse_policy(state, STEP("'type':'Or','branches':[{'policy':[" PASSWORD "]},7]"),
                  TPMC_ERR_FORMAT, "the field 'policy' of branch 2 is missing");
    refuse_policy(state, STEP("'type':'Or','branches':[{'name':'b','policy':[]}," TWO "]"),
                  TPMC_ERR_FORMAT, "the field 'policy' of the branch 'b' has no steps");
    refuse_policy(state,
                  STEP("'type':'Or','branches':[{'name':1,'policy':[" PASSWORD "]}," TWO "]"),
                  TPMC_ERR_FORMAT, "the field 'name' is no text");
    (void)snprintf(
        text, sizeof(text),
        STEP("'type':'Or','branches':[{'name':'%0256d','policy':[" PASSWORD "]}," TWO "]"), 0);
    refuse_policy(state, text, TPMC_ERR_FORMAT, "the field 'name' is longer than 255 bytes");
    (void)snprintf(
        text, sizeof(text),
        STEP("'type':'Or','branches':[{'name':'%0255d','policy':[" PASSWORD "]}," TWO "]"), 0);
    read_policy(state, text);
}

static void what_holds_for_all_policies(void **state)
{
    refuse_policy(state, POLICY(PASSWORD ",{'type':'Authorize','keyPEM':'" EC_PEM "'}"),
                  TPMC_ERR_FORMAT, "step 2 (PolicyAuthorize): it undoes the steps before it");
    refuse_policy(state, STEP("'type':'CpHash','cpHash':'00'"), TPMC_ERR_FORMAT,
                  "step 1 (PolicyCpHash): its digest");
}

static int read_once(void *context)
{
    static const char text[] =
        POLICY("{'type':'Authorize','keyPEM':'" EC_PEM "'},"
               "{'type':'Or','branches':[" BRANCH("a", PCR_STEP("16", ZEROS32)) "," BRANCH(
                   "b", "{'type':'Action','action':'beep'},{'type':'Secret','objectName':'40000001'"
                        "}") "]},{'type':'Signed','keyPEM':'" RSA_PEM "','publicKeyHint':'mine'}");
    int status = try_policy(context, text);

    if (status != 0)
        assert_int_equal(tpmc_error_code(err), status);
    return status;
}

static void without_memory(void **state)
{
    assert_true(each_allocation(read_once, *state, TPMC_ERR_NOMEM) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {

        WITH_DOCUMENT(what_is_not_of_the_language_is_passed_over),
        WITH_DOCUMENT(texts_that_are_no_policies),
        WITH_DOCUMENT(the_length_of_a_text_is_bounded),
        WITH_DOCUMENT(steps_that_are_none),
        WITH_DOCUMENT(steps_without_end),
        WITH_DOCUMENT(levels_of_branches_are_bounded),
        WITH_DOCUMENT(branches),
        WITH_DOCUMENT(what_is_wrong_in_a_branch_is_named),
        WITH_DOCUMENT(what_holds_for_all_policies),
        WITH_DOCUMENT(without_memory),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
