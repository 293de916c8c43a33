/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_json_fixture.h"

#include "policy/policy_signer.h"
#include "unit/each_allocation.h"

/* Names are from hashing the public areas with another program. */
#define RSA_NAME "000be39bccdb23f149812078a49fa461226a4d4be1b78337573cd335fb53072b2f00"
#define RSASSA_NAME "000bb825e2c9fb4394bbc13ba15053b5ed693842b4424d56b2bb496d004ab72b460c"
#define SHA384_SCHEME_NAME "000b4f4272d56cb97012d34a2be07c4757bbe4bc5808a511dc90e72cc0f79018cf6b"
#define SHA384_NAME                                                                                \
    "000c4976f713f9fb5976b087cc67c08140d7e82486ee7477072a4c9caea283259782f5f125377a357ccf77c74a18" \
    "0b046fb3"
#define P384_NAME                                                                                  \
    "000c4814cffa437ad0df54ef22916182486d822d2c6d06ff34f8c6ce268b67fe967b5b39b6a6c7507ea04111dd0d" \
    "f5c11729"

/* tpm2-tss has published signatures of PCR 16 being zero, with the policyRef 0102030405. */
#define PCR16                                                                                      \
    "'policy':[{'type':'PCR','pcrs':[{'pcr':16,'hashAlg':'SHA256','digest':'" ZEROS32 "'}]}]"
#define EC_R "fc8535c93ec2499913df8b2cfe6b02d71a9ab6623beda23f4489381cf26cef4e"
#define EC_S "e9933f64608f7289def4d29de2e7cd32793c92a49749444aa2e0d358689ec596"
#define EC_SIGNATURE "3046022100" EC_R "022100" EC_S
#define EC_MARSHALLED "0018000b0020" EC_R "0020" EC_S
#define P384_SIGNATURE                                                                             \
    "306402304425034749d3eb9a89d1dbcfa4b1bb82be991c3eef7e97dd6ab42db676b1a866c0f1f1b75b3a0ac92151" \
    "8be251175d8f0230576a6919bffe62c27c8db9ea170ee83ffee1ffb634f7c63e2cc7393e0f80b45889c817149b07" \
    "16df8f34216848d5d222"
#define RSA_SIGNATURE                                                                              \
    "1cfa1dbcab6f6b009725a632f42a9de12da9b8d7b5af9699d807bbba4dbe4fe93117f8ead6f94e676b59157cced4" \
    "309b32388979523b820c88a116050ab9930bd979defe35b2a52166128607e80971a616643180e630e4a5bbe115a1" \
    "2abbebab4b0ed55e0769748d397ab58f311824230440ed9556be967181dbfccb275b0284f49ca960d9543787b7e6" \
    "969082e36a63bfab418adebdf97208512c8ba62f36e747616f065a3395d914aade02ab5cb8e40570e4592039583e" \
    "f080509bf9b2a3e1c679d8338e7164025cbf85d530c32c7d16354824484112f65b567bf2bf8b1e5ea5eb53f8566e" \
    "e9d7cbfdce49ca6c8e2c055ee2e6381d53c235cfecb3aab59336"
#define EC_KEY                                                                                     \
    "{'type':'ECC','nameAlg':'SHA256','objectAttributes':{'sign':1},'authPolicy':'','parameters':" \
    "{'symmetric':{'algorithm':'NULL'},'scheme':{'scheme':'ECDSA','details':{'hashAlg':'SHA256'}}" \
    ",'curveID':'NIST_P256','kdf':{'scheme':'NULL'}},'unique':{"                                   \
    "'x':'c25ef1909f27cb06980734f37ebfceaf43e18365d8b9f507708609bc2fb1f0d8',"                      \
    "'y':'cea0f4c5704f02286ba9ebe43b2ceab6d52f589a75ebb7cc4b887048c4ced839'}}"
#define REF "'policyRef':[1,2,3,4,5]"

#define SIGNED(members) STEP("'type':'Signed'," members)
#define WITH_AUTHORIZATION(members) "{" PCR16 ",'policyAuthorizations':[{" members "}]}"

static void expect_signer(void **state, const char *text, const char *name)
{
    expect_bytes(&read_step(state, text)->u.signed_by.key.name, name);
}

static void keys_in_pem(void **state)
{
    expect_signer(state, SIGNED("'keyPEM':'" RSA_PEM "'"), RSA_NAME);
    expect_signer(state, SIGNED("'keypem':'" RSA_PEM "','keypemhashalg':'SHA384'"), SHA384_NAME);
    expect_signer(state,
                  SIGNED("'keyPEM':'" RSA_PEM "','rsaScheme':{'scheme':'RSAPSS',"
                         "'details':{'hashAlg':'SHA256'}}"),
                  RSA_NAME);
    expect_signer(state,
                  SIGNED("'keyPEM':'" RSA_PEM "','rsaScheme':{'scheme':'TPM2_ALG_RSASSA',"
                         "'details':{'hashAlg':'SHA256'}}"),
                  RSASSA_NAME);
    expect_signer(state, SIGNED("'keyPEM':'" RSA_PEM "','rsascheme':{'scheme':'RSASSA'}"),
                  RSASSA_NAME);
    /* The scheme may have another hash than the Name. */
    expect_signer(state,
                  SIGNED("'keyPEM':'" RSA_PEM "','rsaScheme':{'scheme':'RSAPSS',"
                         "'details':{'hashAlg':'SHA384'}}"),
                  SHA384_SCHEME_NAME);
    /* That of an EC key is always SHA-256. */
    expect_signer(state,
                  SIGNED("'keyPEM':'" P384_PEM "','keyPEMhashAlg':'SHA384','rsaScheme':"
                         "{'scheme':'RSASSA','details':{'hashAlg':'SHA512'}}"),
                  P384_NAME);
}

static void keys_that_are_none(void **state)
{
    static const struct row {
        const char *text;
        int code;
        const char *words;
    } rows[] = {
        { SIGNED("'policyRef':''"), TPMC_ERR_FORMAT,
          "step 1 (PolicySigned): none of the fields 'keyPath', 'keyPublic' and 'keyPEM' is" },
        { SIGNED("'keyPEM':'" EC_PEM "','keyPath':'/HS/SRK/key'"), TPMC_ERR_FORMAT,
          "more than one of the fields 'keyPath', 'keyPublic' and 'keyPEM'" },
        { SIGNED("'keyPath':'/HS/SRK/key'"), TPMC_ERR_UNSUPPORTED,
          "'keyPath' names an entry of the key store of the FAPI, which this library does not "
          "have; give 'keyPEM' instead" },
        { SIGNED("'keyPEM':7"), TPMC_ERR_FORMAT, "the field 'keyPEM' is no text" },
        { SIGNED("'keyPEM':''"), TPMC_ERR_FORMAT, "the field 'keyPEM'" },
        { SIGNED("'keyPEM':'-----BEGIN PUBLIC KEY-----'"), TPMC_ERR_FORMAT, "the field 'keyPEM'" },
        { SIGNED("'keyPEM':'" EC_PEM "','keyPEMhashAlg':'MD5'"), TPMC_ERR_FORMAT,
          "the field 'keyPEMhashAlg' names a hash" },
        { SIGNED("'keyPEM':'" RSA_PEM "','rsaScheme':{'scheme':'OAEP'}"), TPMC_ERR_FORMAT,
          "the field 'rsaScheme' is neither RSAPSS nor RSASSA" },
        { SIGNED("'keyPEM':'" RSA_PEM "','rsaScheme':{}"), TPMC_ERR_FORMAT,
          "the field 'rsaScheme' is neither" },
        { SIGNED("'keyPEM':'" RSA_PEM "','rsaScheme':{'scheme':'ROT13'}"), TPMC_ERR_FORMAT,
          "the field 'scheme' names an algorithm that is not known" },
        { SIGNED("'keyPEM':'" RSA_PEM "','rsaScheme':{'scheme':'RSAPSS',"
                 "'details':{'hashAlg':'MD5'}}"),
          TPMC_ERR_FORMAT, "the field 'hashAlg' names a hash" },
        { SIGNED("'keyPEM':'" EC_PEM "','policyRef':'x'"), TPMC_ERR_FORMAT,
          "the field 'policyRef' is neither" },
        { SIGNED("'keyPEM':'" EC_PEM "','policyRef':'" ZEROS32 ZEROS32 "00'"), TPMC_ERR_FORMAT,
          "the field 'policyRef' is too long" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse_policy(state, rows[i].text, rows[i].code, rows[i].words);
}

/* The signature of what the policy leads to. */
static int verify(void **state, uint16_t hash)
{
    const tpmc__policy_authorization *one = &document.authorizations[0];
    tpmc__policy_bytes digest;
    tpmc__policy_bytes to_be_signed;

    assert_int_equal(document.authorization_count, 1);
    assert_int_equal(tpmc__policy_digest(*state, &document.steps, hash, NULL, &digest, NULL), 0);
    assert_int_equal(tpmc__policy_authorize_hash(*state, &one->key, &digest, &to_be_signed, NULL),
                     0);
    return tpmc__signer_verify(*state, &one->key, &to_be_signed, one->signature, one->signature_len,
                               NULL);
}

static void published_signatures(void **state)
{
    read_policy(state, WITH_AUTHORIZATION("'type':'pem'," REF ",'key':'" EC_PEM
                                          "','signature':'" EC_SIGNATURE "'"));
    expect_bytes(&document.authorizations[0].key.policy_ref, "0102030405");
    expect_hex(document.authorizations[0].signature, document.authorizations[0].signature_len,
               EC_MARSHALLED);
    assert_int_equal(verify(state, TPMC__HASH_SHA256), 0);
    assert_int_equal(verify(state, TPMC__HASH_SHA384), TPMC_ERR_POLICY);
    read_policy(state, WITH_AUTHORIZATION("'type':'PEM'," REF ",'keyPEM':'" RSA_PEM
                                          "','signature':'" RSA_SIGNATURE "'"));
    assert_int_equal(verify(state, TPMC__HASH_SHA256), 0);
    /* The scheme of the key says SHA-256. */
    read_policy(state, WITH_AUTHORIZATION("'type':'pem'," REF ",'keyPEMhashAlg':'sha384',"
                                          "'key':'" P384_PEM "','signature':'" P384_SIGNATURE "'"));
    assert_int_equal(verify(state, TPMC__HASH_SHA384), 0);
    read_policy(state, WITH_AUTHORIZATION("'type':'pem'," REF ",'hashAlg':12,'key':'" P384_PEM
                                          "','signature':'" P384_SIGNATURE "'"));
    expect_bytes(&document.authorizations[0].key.name, P384_NAME);
    assert_int_equal(verify(state, TPMC__HASH_SHA384), 0);
}

static void signatures_of_a_tpm(void **state)
{
    static const char *const texts[] = {
        WITH_AUTHORIZATION("'type':'tpm'," REF ",'key':" EC_KEY ",'signature':{'sigAlg':'ECDSA',"
                           "'signature':{'hash':'SHA256','signatureR':'" EC_R
                           "','signatureS':'" EC_S "'}}"),
        WITH_AUTHORIZATION("'type':'TPM'," REF ",'key':" EC_KEY ",'signature':{'sigalg':24,"
                           "'signature':{'hash':11,'signaturer':'0x" EC_R "','signatures':'" EC_S
                           "'}}"),
        WITH_AUTHORIZATION("'type':'tpm'," REF ",'key':" EC_KEY ",'signature':'" EC_MARSHALLED "'"),
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        read_policy(state, texts[i]);
        expect_hex(document.authorizations[0].signature, document.authorizations[0].signature_len,
                   EC_MARSHALLED);
        assert_int_equal(verify(state, TPMC__HASH_SHA256), 0);
    }
    read_policy(state,
                WITH_AUTHORIZATION("'type':'tpm','key':" EC_KEY ",'signature':{'sigAlg':'RSAPSS',"
                                   "'signature':{'hash':'SHA384','sig':'" RSA_SIGNATURE "'}}"));
    expect_hex(document.authorizations[0].signature, document.authorizations[0].signature_len,
               "0016000c0100" RSA_SIGNATURE);
    assert_int_equal(document.authorizations[0].key.policy_ref.len, 0);
}

static void authorizations_that_are_none(void **state)
{
#define PEM_KEY "'type':'pem','key':'" EC_PEM "'"
#define TPM_KEY "'type':'tpm','key':" EC_KEY
    static const struct row {
        const char *text;
        int code;
        const char *words;
    } rows[] = {
        { WITH_AUTHORIZATION(""), TPMC_ERR_FORMAT,
          "policyAuthorizations: entry 1: the field 'type' is neither 'pem' nor 'tpm'" },
        { WITH_AUTHORIZATION("'type':1"), TPMC_ERR_FORMAT, "the field 'type' is no text" },
        { WITH_AUTHORIZATION("'type':'x509'"), TPMC_ERR_FORMAT, "neither 'pem' nor 'tpm'" },
        { WITH_AUTHORIZATION("'type':'pem','signature':'00'"), TPMC_ERR_FORMAT,
          "the field 'key' is missing" },
        { WITH_AUTHORIZATION("'type':'tpm','signature':'00'"), TPMC_ERR_FORMAT,
          "the field 'key' is missing" },
        { WITH_AUTHORIZATION("'type':'pem','key':{},'signature':'00'"), TPMC_ERR_FORMAT,
          "the field 'key' is no text" },
        { WITH_AUTHORIZATION(PEM_KEY), TPMC_ERR_FORMAT, "the field 'signature' is missing" },
        { WITH_AUTHORIZATION(PEM_KEY ",'signature':''"), TPMC_ERR_FORMAT,
          "the field 'signature' is missing or empty" },
        { WITH_AUTHORIZATION(PEM_KEY ",'signature':'3000'"), TPMC_ERR_FORMAT,
          "policyAuthorizations: entry 1" },
        { WITH_AUTHORIZATION("'type':'pem','key':'" RSA_PEM "','signature':'00'"), TPMC_ERR_FORMAT,
          "the signature has 1 bytes, and its RSA key makes ones of 256" },
        { WITH_AUTHORIZATION(TPM_KEY), TPMC_ERR_FORMAT, "the field 'signature' is missing" },
        { WITH_AUTHORIZATION(TPM_KEY ",'signature':[]"), TPMC_ERR_FORMAT,
          "the field 'signature' is missing or empty" },
        { WITH_AUTHORIZATION(TPM_KEY ",'signature':{}"), TPMC_ERR_UNSUPPORTED,
          "the field 'sigAlg' is none of RSASSA, RSAPSS and ECDSA" },
        { WITH_AUTHORIZATION(TPM_KEY ",'signature':{'sigAlg':'HMAC'}"), TPMC_ERR_UNSUPPORTED,
          "the field 'sigAlg' is none of" },
        { WITH_AUTHORIZATION(TPM_KEY ",'signature':{'sigAlg':'ECDSA'}"), TPMC_ERR_FORMAT,
          "the field 'hash' is missing" },
        { WITH_AUTHORIZATION(TPM_KEY ",'signature':{'sigAlg':'ECDSA','signature':{'hash':11,"
                                     "'signatureR':'01'}}"),
          TPMC_ERR_FORMAT, "the field 'signatureS' is missing or empty" },
        { WITH_AUTHORIZATION(TPM_KEY ",'signature':{'sigAlg':'RSASSA','signature':{'hash':11}}"),
          TPMC_ERR_FORMAT, "the field 'sig' is missing or empty" },
        { WITH_AUTHORIZATION(PEM_KEY ",'policyRef':1,'signature':'" EC_SIGNATURE "'"),
          TPMC_ERR_FORMAT, "the field 'policyRef' is neither" },
        { "{" PCR16 ",'policyAuthorizations':{}}", TPMC_ERR_FORMAT,
          "the field 'policyAuthorizations' is no array of up to 8 objects" },
        { "{" PCR16 ",'policyAuthorizations':[1]}", TPMC_ERR_FORMAT,
          "policyAuthorizations: entry 1" },
        { "{" PCR16 ",'policyAuthorizations':[1,2,3,4,5,6,7,8,9]}", TPMC_ERR_FORMAT,
          "no array of up to 8 objects" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse_policy(state, rows[i].text, rows[i].code, rows[i].words);
}

static void several_authorizations(void **state)
{
#define ONE "{'type':'pem','key':'" EC_PEM "','signature':'" EC_SIGNATURE "'},"
    read_policy(state, "{" PCR16 ",'policyauthorizations':[" ONE ONE ONE ONE ONE ONE ONE ONE "]}");
    assert_int_equal(document.authorization_count, 8);
    refuse_policy(state, "{" PCR16 ",'policyAuthorizations':[" ONE "{}]}", TPMC_ERR_FORMAT,
                  "policyAuthorizations: entry 2");
}

static int read_once(void *context)
{
    return try_policy(context, "{" PCR16 ",'policyAuthorizations':[" ONE
                               "{'type':'tpm','key':" EC_KEY ",'signature':{'sigAlg':'ECDSA',"
                               "'signature':{'hash':'SHA256','signatureR':'" EC_R
                               "','signatureS':'" EC_S "'}}}]}");
}

static void without_memory(void **state)
{
    assert_true(each_allocation(read_once, *state, TPMC_ERR_NOMEM) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DOCUMENT(keys_in_pem),
        WITH_DOCUMENT(keys_that_are_none),
        WITH_DOCUMENT(published_signatures),
        WITH_DOCUMENT(signatures_of_a_tpm),
        WITH_DOCUMENT(several_authorizations),
        WITH_DOCUMENT(authorizations_that_are_none),
        WITH_DOCUMENT(without_memory),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
