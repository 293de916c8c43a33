/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_json_fixture.h"

#include "unit/each_allocation.h"

/* Names and digests are from hashing the structures with another program. */

#define NULL_SCHEME "{'scheme':'NULL'}"
#define TEMPLATE(members) STEP("'type':'Template','templatePublic':{" members "}")
#define RSA(attributes, parameters)                                                                \
    TEMPLATE("'type':'RSA','nameAlg':'SHA256','objectAttributes':" attributes                      \
             ",'authPolicy':'','parameters':{" parameters "},'unique':''")
#define EC_X "c25ef1909f27cb06980734f37ebfceaf43e18365d8b9f507708609bc2fb1f0d8"
#define EC_Y "cea0f4c5704f02286ba9ebe43b2ceab6d52f589a75ebb7cc4b887048c4ced839"
#define EC_AREA(curve, x, y)                                                                       \
    "{'type':'TPM2_ALG_ECC','nameAlg':'TPM2_ALG_SHA256','objectAttributes':{'sign':'SET'},"        \
    "'authPolicy':'','parameters':{'symmetric':{'algorithm':'NULL'},'scheme':{'scheme':'ECDSA',"   \
    "'details':{'hashAlg':'SHA256'}},'curveID':" curve ",'kdf':" NULL_SCHEME "},'unique':{'x':'" x \
    "','y':'" y "'}}"
#define EC_NAME "000bb893994c3445d76d629e758cc3de46ca0e1d61f785e104e515bdfa07e287d502"
#define EC_MARSHALLED "00580023000b00040000000000100018000b000300100020" EC_X "0020" EC_Y
#define HMAC_AREA                                                                                  \
    "{'type':'KEYEDHASH','nameAlg':'SHA256','objectAttributes':['sign','userWithAuth'],"           \
    "'authPolicy':'','parameters':{'scheme':{'scheme':'HMAC','details':{'hashAlg':'SHA256'}}},"    \
    "'unique':'1111111111111111111111111111111111111111111111111111111111111111'}"
#define HMAC_NAME "000b0fb37b52fb77d56d3b9ee9a592e0bbfb0720c78d123e8f63040937790ab718d1"

static void expect_signer(void **state, const char *text, const char *name)
{
    const tpmc__policy_step *step = read_step(state, text);

    assert_int_equal(step->u.signed_by.key.has_public, 1);
    expect_bytes(&step->u.signed_by.key.name, name);
}

static void keys(void **state)
{
    expect_signer(state, STEP("'type':'Signed','keyPublic':" EC_AREA("'NIST_P256'", EC_X, EC_Y)),
                  EC_NAME);
    expect_signer(state,
                  STEP("'type':'Signed','keyPublic':" EC_AREA("'TPM2_ECC_NIST_P256'", EC_X, EC_Y)),
                  EC_NAME);
    expect_signer(state, STEP("'type':'Signed','keyPublic':" EC_AREA("3", EC_X, EC_Y)), EC_NAME);
    expect_signer(state,
                  STEP("'type':'Signed','keyPublic':{'size':0,'publicArea':" EC_AREA(
                      "'CURVE_NIST_P256'", EC_X, EC_Y) "}"),
                  EC_NAME);
    expect_signer(state, STEP("'type':'Signed','keyPublic':'" EC_MARSHALLED "'"), EC_NAME);
    expect_signer(state, STEP("'type':'Signed','keypublic':'0x" EC_MARSHALLED "'"), EC_NAME);
    expect_signer(state, STEP("'type':'Signed','keyPublic':" HMAC_AREA), HMAC_NAME);
    /* The same key as PEM. */
    expect_signer(state, STEP("'type':'Signed','keyPEM':'" EC_PEM "'"), EC_NAME);
    expect_bytes(&read_step(state, STEP("'type':'DuplicationSelect','newParentPublic':" EC_AREA(
                                       "'NIST_P256'", EC_X, EC_Y)))
                      ->u.duplication.new_parent_name,
                 EC_NAME);
}

static void keys_that_are_none(void **state)
{
    static const struct row {
        const char *text;
        const char *words;
    } rows[] = {
        { STEP("'type':'Signed','keyPublic':{}"),
          "step 1 (PolicySigned): the field 'keyPublic': the field 'nameAlg' is missing" },
        { STEP("'type':'Signed','keyPublic':7"), "the field 'keyPublic' is neither a text" },
        { STEP("'type':'Signed','keyPublic':''"), "the field 'keyPublic'" },
        { STEP("'type':'Signed','keyPublic':'" EC_MARSHALLED "00'"), "the field 'keyPublic'" },
        { STEP("'type':'Signed','keyPublic':" EC_AREA("'NIST_P256'", "", "")),
          "the field 'keyPublic' is not that of a key" },
        { STEP("'type':'Signed','keyPublic':" EC_AREA("'NIST_P256'", EC_X, "")),
          "the field 'keyPublic': bad TPM2B_PUBLIC: the point has only one coordinate" },
        { STEP("'type':'Signed','keyPublic':" EC_AREA("'NIST_P255'", EC_X, EC_Y)),
          "the field 'curveID' names a curve that is not known" },
        { STEP("'type':'Signed','keyPublic':" EC_AREA("3", "x", EC_Y)),
          "the field 'x' is neither a text of hexadecimal digits" },
        { STEP("'type':'DuplicationSelect','newParentPublic':" EC_AREA("'NIST_P256'", "", "")),
          "the field 'newParentPublic' is not that of a key" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse_policy(state, rows[i].text, TPMC_ERR_FORMAT, rows[i].words);
    refuse_policy(state, STEP("'type':'Signed','keyPublic':" EC_AREA("99", EC_X, EC_Y)),
                  TPMC_ERR_UNSUPPORTED, "the field 'keyPublic'");
}

/* By the hash of the policy; `digest` is by nameAlg. */
static void expect_template(void **state, const char *text, const char *hex)
{
    const tpmc__policy_step *step = read_step(state, text);

    expect_bytes(&step->u.template_of.digest, hex);
    expect_bytes(tpmc__policy_template_digest(step, TPMC__HASH_SHA256), hex);
    assert_int_equal(tpmc__policy_template_digest(step, TPMC__HASH_SHA512)->len, 64);
}

static void templates(void **state)
{
    expect_template(state,
                    RSA("'0x30072'", "'symmetric':{'algorithm':'AES','keyBits':128,'mode':'CFB'},"
                                     "'scheme':" NULL_SCHEME ",'keyBits':2048,'exponent':0"),
                    "726dfd8203d5ecdeb156cbd324328258a14d2e15caf37f62084eb80a4705ee92");
    expect_template(state,
                    RSA("{'decrypt':'YES','userWithAuth':1}",
                        "'symmetric':{'algorithm':'NULL'},'scheme':{'scheme':'OAEP',"
                        "'details':{'hashAlg':'SHA1'}},'keyBits':'2048','exponent':65537"),
                    "efe12d4be8544ac4a036207625b8ef67eb2d5672bef14043d80fbc9887dcc3d1");
    expect_template(state,
                    RSA("['TPMA_OBJECT_DECRYPT','userwithauth']",
                        "'scheme':{'scheme':'RSAES','details':{}},'keyBits':2048,'exponent':65537"),
                    "575f5103b3ac16d630ee20a49914323241f4f7e7e3c6791e6868f85e37e9d4a0");
    expect_template(state,
                    TEMPLATE("'type':8,'nameAlg':11,'objectAttributes':131136,'parameters':{"
                             "'scheme':{'scheme':'XOR','details':{'hashAlg':'SHA256',"
                             "'kdf':'KDF1_SP800_108'}}}"),
                    "95bec9be5e2d66f0773107ae517746ed1909ce656620f1a8c6755ab939c609d7");
    expect_template(state,
                    TEMPLATE("'type':'ECC','nameAlg':'SHA256','objectAttributes':262208,"
                             "'parameters':{'scheme':{'scheme':'ECDAA','details':{"
                             "'hashAlg':'SHA256','count':7}},'curveID':'NIST_P256','kdf':{"
                             "'scheme':'KDF1_SP800_56A','details':{'hashAlg':'SHA256'}}}"),
                    "b5b0249e7a97f3f5dbe76188e85c0e550068bbd95afb69b5bdb4acc261884bf7");
}

#define SOUND "'scheme':" NULL_SCHEME ",'keyBits':2048,'exponent':0"

static void templates_that_are_none(void **state)
{
    static const struct row {
        const char *text;
        const char *words;
    } rows[] = {
        { TEMPLATE("'type':'DSA','nameAlg':'SHA256','objectAttributes':0"),
          "the field 'type' names an algorithm that is not known" },
        { TEMPLATE("'type':'AES','nameAlg':'SHA256','objectAttributes':0"),
          "the field 'type' is none of RSA, ECC and KEYEDHASH" },
        { TEMPLATE("'type':'RSA','nameAlg':'SHA256'"), "the field 'objectAttributes' is missing" },
        { RSA("'many'", SOUND), "is neither an object of flags nor a number" },
        { RSA("{'UserWithAut':1}", SOUND), "'objectAttributes' has a flag that is not known" },
        { RSA("{'sign':3}", SOUND), "has a flag that is neither set nor clear" },
        { RSA("'0x1'", SOUND), "the field 'templatePublic': " },
        { RSA("0", "'scheme':" NULL_SCHEME ",'exponent':0"), "the field 'keyBits' is missing" },
        { RSA("0", "'scheme':" NULL_SCHEME ",'keyBits':2048"), "the field 'exponent' is missing" },
        { RSA("0", "'scheme':{'scheme':'OAEP'},'keyBits':2048,'exponent':0"),
          "the field 'hashAlg' is missing" },
        { RSA("0", "'symmetric':{'algorithm':'AES'}," SOUND), "the field 'keyBits' is missing" },
        { RSA("0", "'symmetric':{'algorithm':'AES','keyBits':128,'mode':'XTS'}," SOUND),
          "the field 'mode' names an algorithm that is not known" },
        { TEMPLATE("'type':'ECC','nameAlg':'SHA256','objectAttributes':0,'parameters':{}"),
          "the field 'curveID' is missing" },
        { TEMPLATE("'type':'ECC','nameAlg':'SHA256','objectAttributes':0,'parameters':{"
                   "'scheme':{'scheme':'ECDAA','details':{'hashAlg':'SHA256'}},'curveID':3}"),
          "the field 'count' is missing" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse_policy(state, rows[i].text, TPMC_ERR_FORMAT, rows[i].words);
}

#define INDEX(members) STEP("'type':'AuthorizeNv','nvPublic':{" members "}")

static void expect_index(void **state, const char *text, uint32_t index, const char *name)
{
    const tpmc__policy_step *step = read_step(state, text);

    assert_int_equal(step->u.authorize_nv.index, index);
    expect_bytes(&step->u.authorize_nv.name, name);
}

static void indices(void **state)
{
    static const char flags[] = "000b8238f444c5275b00428e307017df681ab1b92bde49060c5798c3c5d5033071"
                                "14";
    static const char counter[] = "000c1d9e5be9caffade002d83355ae16aebb5579df76b804237cd4416bd67a5d"
                                  "14d6cc043f45d37e42c7dd9032d32a22d99a";

    /* Whether it has been written already makes no difference. */
    expect_index(state,
                 INDEX("'nvIndex':25165824,'nameAlg':'SHA256','attributes':{'AUTHWRITE':1,"
                       "'WRITE_STCLEAR':1,'AUTHREAD':1,'NO_DA':1,'READ_STCLEAR':1,'PPREAD':0},"
                       "'authPolicy':'','dataSize':34"),
                 0x01800000, flags);
    expect_index(state,
                 INDEX("'size':0,'nvPublic':{'nvIndex':'0x01800000','nameAlg':'SHA256',"
                       "'attributes':{'AUTHWRITE':1,'WRITE_STCLEAR':1,'AUTHREAD':1,'NO_DA':1,"
                       "'READ_STCLEAR':1,'WRITTEN':1,'TPM2_NT':'ORDINARY'},'dataSize':34}"),
                 0x01800000, flags);
    expect_index(state,
                 INDEX("'nvIndex':25165824,'nameAlg':'SHA256','attributes':'0x82044004',"
                       "'dataSize':34"),
                 0x01800000, flags);
    expect_index(state,
                 INDEX("'nvIndex':29360129,'nameAlg':'SHA384','attributes':{'OWNERWRITE':1,"
                       "'OWNERREAD':1,'TPM2_NT':'TPM2_NT_COUNTER'},'authPolicy':'" ZEROS32
                       "','dataSize':8"),
                 0x01c00001, counter);
    expect_index(state,
                 INDEX("'nvIndex':29360129,'nameAlg':'SHA384','attributes':{'OWNERWRITE':1,"
                       "'OWNERREAD':1,'TPM2_NT':1},'authPolicy':'" ZEROS32 "','dataSize':8"),
                 0x01c00001, counter);
    expect_index(state,
                 INDEX("'nvIndex':29360129,'nameAlg':'SHA384','attributes':['TPMA_NV_OWNERWRITE',"
                       "'OWNERREAD','COUNTER'],'authPolicy':'" ZEROS32 "','dataSize':8"),
                 0x01c00001, counter);
}

static void indices_that_are_none(void **state)
{
    static const struct row {
        const char *text;
        const char *words;
    } rows[] = {
        { STEP("'type':'AuthorizeNv','nvPublic':7"), "the field 'nvPublic': the field 'nvIndex'" },
        { INDEX(""), "the field 'nvPublic': the field 'nvIndex' is missing" },
        { INDEX("'nvIndex':25165824"), "the field 'nameAlg' is missing" },
        { INDEX("'nvIndex':25165824,'nameAlg':'SHA256'"), "the field 'attributes' is missing" },
        { INDEX("'nvIndex':25165824,'nameAlg':'SHA256','attributes':0"),
          "the field 'dataSize' is missing" },
        { INDEX("'nvIndex':25165824,'nameAlg':'SHA256','attributes':0,'dataSize':65536"),
          "the field 'dataSize' is no number from 0 to 65535" },
        { INDEX("'nvIndex':25165824,'nameAlg':'SHA256','attributes':{'AuthWrit':1},'dataSize':1"),
          "the field 'attributes' has a flag that is not known" },
        { INDEX(
              "'nvIndex':25165824,'nameAlg':'SHA256','attributes':{'TPM2_NT':'PIN'},'dataSize':1"),
          "the field 'TPM2_NT' names no type of NV index" },
        { INDEX("'nvIndex':25165824,'nameAlg':'SHA256','attributes':{'TPM2_NT':16},'dataSize':1"),
          "the field 'TPM2_NT' names no type of NV index" },
        { INDEX("'nvIndex':1,'nameAlg':'SHA256','attributes':0,'dataSize':1"),
          "its NV index is none" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse_policy(state, rows[i].text, TPMC_ERR_FORMAT, rows[i].words);
}

static int read_once(void *context)
{
    return try_policy(context, POLICY("{'type':'Signed','keyPublic':" HMAC_AREA "},"
                                      "{'type':'Signed','keyPublic':'" EC_MARSHALLED "'},"
                                      "{'type':'DuplicationSelect','newParentPublic':" EC_AREA(
                                          "'NIST_P256'", EC_X, EC_Y) "}"));
}

static void without_memory(void **state)
{
    assert_true(each_allocation(read_once, *state, TPMC_ERR_NOMEM) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DOCUMENT(keys),           WITH_DOCUMENT(keys_that_are_none),
        WITH_DOCUMENT(templates),      WITH_DOCUMENT(templates_that_are_none),
        WITH_DOCUMENT(indices),        WITH_DOCUMENT(indices_that_are_none),
        WITH_DOCUMENT(without_memory),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
