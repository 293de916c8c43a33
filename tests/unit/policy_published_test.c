/* SPDX-License-Identifier: Apache-2.0 */

/* Digests that tpm2-tss publishes for policies in its JSON language. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy_json.h"

#include "unit/codec_env.h"

#define TEXT_MAX 4096

static const struct published {
    const char *name;
    const char *steps;
    const char *sha256;
    const char *sha384;
} published[] = {
    { "auth value", "{\"type\": \"AuthValue\"}",
      "8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e",
      "0eb13321e885c9603d394e1c33976d4660517111f440d377585f66a94a0eee0a7f73d10b68ed"
      "c48f61bd3c8385dcddf5" },
    { "password", "{\"type\": \"TPM2_POLICYPASSWORD\"}",
      "8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e",
      "0eb13321e885c9603d394e1c33976d4660517111f440d377585f66a94a0eee0a7f73d10b68ed"
      "c48f61bd3c8385dcddf5" },
    { "physical presence", "{\"type\": 9}",
      "0d7c6747b1b9facbba03492097aa9d5af792e5efc07346e05f9daa8b3d9e13b5",
      "f743b33cdfcad64b6f85105907895732ca9d4002b5167d52ca82cb65879665e29ef753b5f548"
      "eb894b1b2d67a1376ff8" },
    { "action alone", "{\"type\": \"action\", \"action\": \"ring\"}",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000" },
    { "locality", "{\"type\": \"POLICYLOCALITY\", \"locality\": [\"TPM2_LOC_ZERO\"]}",
      "ddee6af14bf3c4e8127ced87bcf9a57e1c0c8ddb5e67735c8505f96f07b8dbb8",
      "3c6a526ff03d42da670f1cba535f9f1ea8a27e3c810fdb56f4470432b1da5f9ded3e5e330fc0"
      "94026082a7018a1005ae" },
    { "command", "{\"type\": \"CommandCode\", \"code\": \"TPM2_CC_SIGN\"}",
      "cc6918b226273b08f5bd406d7f10cf160f0a7d13dfd83b7770ccbcd1aa80d811",
      "5093ebce18eacac2fef5a1f4dcb9c8167ee1f45479b189ea362e20f9f86cc93deb6ca4270098"
      "915db6dec7d56c9f1979" },
    { "two steps", "{\"type\": \"AUTHVALUE\"}, {\"type\": \"COMMANDCODE\", \"code\": \"0x13b\"}",
      "363ac945b6457c47c31f3355dba0db27de8db213d6250c6bf79685003f9fe7ab",
      "ff675514b27969d171ad33e1ecca800819aca8af2636ce1dcf8a6f91193fb0fc55a19726ec85"
      "b795cf6ec14114bfda71" },
    { "cpHash",
      "{\"type\": \"CPHASH\", \"cpHash\": \"0xD1B4D44F20FA696F638E4F8A9CFCEAE97F9DE"
      "E388143929EEEA8982259B8F402\"}",
      "2d7038734b12258ae7108ab70d0e7ee36f4e64c64d53f8adb6c2bed602c95d09",
      "cc26ea5fef3eff5ebc2c1e1c143039bb4c4c20e80ac2480857182623ac29c18e3cb82792dc20"
      "ebacf9ca9e32b3eae9b7" },
    { "timer",
      "{\"type\": \"COUNTERTIMER\", \"operandB\": [255], \"operation\": \"TPM2_EO_U"
      "NSIGNED_LT\"}",
      "7c67802209683d17c1d94f3fc9df7afb2a0d7955c3c5d0fa3f602d58ffdaf984",
      "5735b3080af6597ba9249c692fbb9689da67937d167850a9bdd3e82f08e02bb85eb1f451899b"
      "fd5607702257cc68a0ce" },
    { "NV written", "{\"type\": \"NVWRITTEN\", \"writtenSet\": false}",
      "3c326323670e28ad37bd57f63b4cc34d26ab205ef22f275c58d47fab2485466e",
      "0e017d9a6f87b88af9d8497937e825f688a4bd6681da533191a5fa6d0825ef2e3de21ef2bd4e"
      "20578313c6ec5137e79c" },
    { "registers",
      "{\"type\": \"PCR\", \"pcrs\": [{\"pcr\": \"16\", \"hashAlg\": \"SHA256\", \""
      "digest\": \"0000000000000000000000000000000000000000000000000000000000000000"
      "0\"}]}",
      "bff2d58e9813f97cefc14f72ad8133bc7092d652b7c877959254af140c841f36",
      "c1923346b6d44a154b58b57b4327ee70c29ac536f9209d94880de6834f370587846a2834e3e8"
      "8af61efd8679fcccedd5" },
    { "another register",
      "{\"type\": 4, \"pcrs\": [{\"pcr\": 8, \"hashAlg\": 11, \"digest\": \"0000000"
      "000000000000000000000000000000000000000000000000000000000\"}]}",
      "2a90ac03196573f129e70a9e04485bff581d2890fe5882d3c2667290d84b497b",
      "895abaad2fc5af9828963a4f7d093e35f004ab4ab9819ff44745c4d8fcb9df1deca5a7d4503f"
      "93335a110042943aeb6c" },
    { "branches",
      "{\"type\": \"Or\", \"branches\": [{\"name\": \"b0\", \"policy\": [{\"type\":"
      " \"PCR\", \"pcrs\": [{\"pcr\": 16, \"hashAlg\": \"sha256\", \"digest\": \"00"
      "000000000000000000000000000000000000000000000000000000000000000\"}]}]},{\"na"
      "me\": \"b1\", \"policy\": [{\"type\": \"PCR\", \"pcrs\": [{\"pcr\": 16, \"ha"
      "shAlg\": \"sha256\", \"digest\": \"00000000000000000000000000000000000000000"
      "0000000000000000000000AA\"}]}]}]}",
      "04b01d728fc1ea060d943b3ca6e3e5ea9d3bbb61126542677ad7591c092eafba",
      "2ec9bcccab324ba5f50eedb045853993a37a9eab65bc00b742f85ac5ac809d234e4ac82ac70c"
      "10c3aff8196a6cf78515" },
    { "signed by RSA",
      "{\"type\": \"SIGNED\", \"keyPEM\": \"-----BEGIN PUBLIC KEY-----\\nMIIBIjANBg"
      "kqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoGL6IrCSAznmIIzBessI\\nmW7tPOUy78uWTIaub32"
      "KnYHn78KXprrZ3ykp6WDrOQeMjv4AA+14mJbg77apVYXy\\nEnkFdOMa1hszSJnp6cJvx7ILngLv"
      "FUxzbVki/ehvgS3nRk67Njal+nMTe8hpe3UK\\nQeV/Ij+F0r6Yz91W+4LPmncAiUesRZLetI2BZ"
      "sKwHYRMznmpIYpoua1NtS8QpEXR\\nMmsUue19eS/XRAPmmCfnb5BX2Tn06iCpk6wO+RfMo9etcX"
      "5cLSAuIYEQYCvV2/0X\\nTfEw607vttBN0Y54LrVOKno1vRXd5sxyRlfB0WL42F4VG5TfcJo5u1X"
      "q7k9m9K57\\n8wIDAQAB\\n-----END PUBLIC KEY-----\\n\", \"keyPEMhashAlg\": \"S"
      "HA256\"}",
      "b1969529af7796c5b4f5e4781713f4525049f36cb12ec63f996dad1c4401c068",
      "33645e642e0a9c249d8cba8690a87cea08069b96d1680061a2c754866af3d8928740f79681fb"
      "b8b051afe643cfc200ba" },
    { "signed by EC",
      "{\"type\": \"SIGNED\", \"keyPEM\": \"-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKo"
      "ZIzj0CAQYIKoZIzj0DAQcDQgAEoJTa3zftdAzHC96IjpqQ/dnLm+p7\\npEiLMi03Jd0oP0aYnnX"
      "FjolzIB/dBZ/t+BLh0PwLM5aAM/jugeLkHgpIyQ==\\n-----END PUBLIC KEY-----\\n\", \""
      "keyPEMhashAlg\": \"SHA256\"}",
      "07aefc36fb098f5f59f2f74d8854235a29d1f93b4ddd488f6ec667d9c1d716b6",
      "2ba2487836fdaf772ba152469aec86218a068ce9cbc1e8343be81b927cfa178533ab5d663d14"
      "98d0c20d6bb91fc5fc58" },
    { "authorized by EC",
      "{\"type\": \"AUTHORIZE\", \"keyPEM\": \"-----BEGIN PUBLIC KEY-----\\nMFkwEwY"
      "HKoZIzj0CAQYIKoZIzj0DAQcDQgAEwl7xkJ8nywaYBzTzfr/Or0Phg2XY\\nufUHcIYJvC+x8NjO"
      "oPTFcE8CKGup6+Q7LOq21S9YmnXrt8xLiHBIxM7YOQ==\\n-----END PUBLIC KEY-----\", \""
      "policyRef\": \"0102030405\"}",
      "b9b370c6b4f84887518634ab408ce23dfc092ae42281a1b8438b3f34d9ceb18e",
      "117b1812194dd8764a3a44c98126fc41ec4b07eead537c29bb3da3712a4aaec5393d4a26442f"
      "354b235060d99793fe40" },
    { "authorized by RSA",
      "{\"type\": \"AUTHORIZE\", \"keyPEM\": \"-----BEGIN PUBLIC KEY-----\\nMIIBIjA"
      "NBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoGL6IrCSAznmIIzBessI\\nmW7tPOUy78uWTIau"
      "b32KnYHn78KXprrZ3ykp6WDrOQeMjv4AA+14mJbg77apVYXy\\nEnkFdOMa1hszSJnp6cJvx7ILn"
      "gLvFUxzbVki/ehvgS3nRk67Njal+nMTe8hpe3UK\\nQeV/Ij+F0r6Yz91W+4LPmncAiUesRZLetI"
      "2BZsKwHYRMznmpIYpoua1NtS8QpEXR\\nMmsUue19eS/XRAPmmCfnb5BX2Tn06iCpk6wO+RfMo9e"
      "tcX5cLSAuIYEQYCvV2/0X\\nTfEw607vttBN0Y54LrVOKno1vRXd5sxyRlfB0WL42F4VG5TfcJo5"
      "u1Xq7k9m9K57\\n8wIDAQAB\\n-----END PUBLIC KEY-----\", \"policyRef\": \"01020"
      "30405\"}",
      "5164b89fcfdc398806c0fde7a3eb52371595fcbec1b1fcea57524c56fff67f46",
      "e424b7ebd622258a40af3a89e541a84fcccff93a54cd9605fda545c650462c4d2d4c7f385b58"
      "975bc9b63355b0ca78f9" },
    { "endorsement keys sha256",
      "{\"type\": \"OR\", \"branches\": [{\"policy\": [{\"type\": \"SECRET\", \"obj"
      "ectName\": \"4000000b\"}]}, {\"policy\": [{\"type\": \"AUTHORIZENV\", \"nvPu"
      "blic\": {\"nvIndex\": \"0x01c07f01\", \"nameAlg\": \"SHA256\", \"attributes\""
      ": {\"POLICYWRITE\": \"SET\", \"WRITEALL\": \"SET\", \"PPREAD\": \"SET\", \"O"
      "WNERREAD\": \"SET\", \"AUTHREAD\": \"SET\", \"POLICYREAD\": \"SET\", \"NO_DA"
      "\": \"SET\", \"WRITTEN\": \"SET\"}, \"authPolicy\": \"837197674484b3f81a90cc"
      "8d46a5d724fd52d76e06520b64f2a1da1b331469aa\", \"dataSize\": 34}}]}]}",
      "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0",
      "ad6634775155ce801c6d8371f24e570a5b4f3955c07146d7f3c476c8ac48ab30b922e1d7854b"
      "79e21c6e7287385e841e" },
    { "endorsement keys sha384",
      "{\"type\": \"OR\", \"branches\": [{\"policy\": [{\"type\": \"SECRET\", \"obj"
      "ectName\": \"4000000b\"}]}, {\"policy\": [{\"type\": \"AUTHORIZENV\", \"nvPu"
      "blic\": {\"nvIndex\": \"0x01c07f01\", \"nameAlg\": \"SHA384\", \"attributes\""
      ": {\"POLICYWRITE\": \"SET\", \"WRITEALL\": \"SET\", \"PPREAD\": \"SET\", \"O"
      "WNERREAD\": \"SET\", \"AUTHREAD\": \"SET\", \"POLICYREAD\": \"SET\", \"NO_DA"
      "\": \"SET\", \"WRITTEN\": \"SET\"}, \"authPolicy\": \"837197674484b3f81a90cc"
      "8d46a5d724fd52d76e06520b64f2a1da1b331469aa\", \"dataSize\": 34}}]}]}",
      "c1c7fbac75abb45675550fcf2e2128eb2f4f2bb57b291de05a87f380ecfb1261",
      "02feb9362e0c8a1b2074daf9fc51d82a142732365887b985c118874988004ed22cfe7bb48467"
      "1b38286b8ccc9cec824e" },
    { "template",
      "{\"type\": \"TEMPLATE\", \"templatePublic\": {\"type\": \"TPM2_ALG_ECC\", \""
      "nameAlg\": \"TPM2_ALG_SHA256\", \"objectAttributes\": {\"fixedTPM\": \"YES\""
      ", \"fixedParent\": 1, \"sensitiveDataOrigin\": true, \"userWithAuth\": \"ON\""
      ", \"restricted\": 1, \"decrypt\": 1}, \"parameters\": {\"symmetric\": {\"alg"
      "orithm\": \"AES\", \"keyBits\": 128, \"mode\": \"CFB\"}, \"scheme\": {\"sche"
      "me\": \"NULL\"}, \"curveID\": \"TPM2_ECC_NIST_P256\", \"kdf\": {\"scheme\": "
      "\"NULL\"}}, \"unique\": {\"x\": \"\", \"y\": \"\"}}}",
      "8beacb2d1cb3318856f9a51bbdede1499892b5bbe7fc491f37cf5c6ed56c7d73",
      "48e4538b32d25890d49e8f695c2eae3b1a523bc162d1e82a4842fb7da260e51e8f615e38b3ae"
      "18f41899b339bc590f70" },
};

static void expect_digest(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                          const char *wanted)
{
    char text[2 * TPMC__DIGEST_MAX + 1] = "";
    tpmc__policy_bytes digest;

    assert_int_equal(tpmc__policy_digest(env, steps, hash, NULL, &digest, NULL), 0);
    for (size_t i = 0; i < digest.len; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", digest.data[i]);
    assert_string_equal(text, wanted);
}

static void digests(void **state)
{
    tpmc_env *env = *state;
    char text[TEXT_MAX];

    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        tpmc__policy_document document;
        int len = snprintf(text, sizeof(text), "/* %s */ {\"policy\": [%s,],}", published[i].name,
                           published[i].steps);

        assert_true(len > 0 && (size_t)len < sizeof(text));
        assert_int_equal(tpmc__policy_json_read(env, text, (size_t)len, &document, NULL), 0);
        expect_digest(env, &document.steps, TPMC__HASH_SHA256, published[i].sha256);
        expect_digest(env, &document.steps, TPMC__HASH_SHA384, published[i].sha384);
        tpmc__policy_document_free(&document);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
