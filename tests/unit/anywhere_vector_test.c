/* SPDX-License-Identifier: Apache-2.0 */
/* A signature that another program made with a key that is public, in a folder that need not be
 * there. */
#include <openssl/pem.h>

#include "unit/anywhere_bench.h"

#define FOLDER TPMCLOUD_VECTORS "/rolesanywhere"
#define TIME_MS (INT64_C(1720265939) * 1000) /* 2024-07-06T11:38:59Z */
#define BEGIN                                                                                      \
    "AWS4-X509-RSA-SHA256 Credential=21/20240706/us-east-2/rolesanywhere/aws4_request, "           \
    "SignedHeaders=content-type;host;x-amz-date;x-amz-x509, Signature=500d79d98f504089"
#define END "367dffff45d"

static void another_program_signs_the_same(void **state)
{
    static const aws_answer denied = { 0, 403, 0, "{}" };
    FILE *in = fopen(FOLDER "/alice-cert.key", "rb");
    anywhere_bench *b;
    EVP_PKEY *key;
    size_t len;

    (void)state;
    if (in == NULL) {
        print_message("no vectors in " FOLDER "\n");
        skip();
    }
    key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
    assert_int_equal(fclose(in), 0);
    assert_non_null(key);
    b = anywhere_bench_bare(key);
    atomic_store(&b->aws.fake.wall_ms, TIME_MS);
    aws_answer_with(&b->aws, &denied, 1);
    anywhere_set(b, "public_certificate_file", FOLDER "/alice-cert.crt");
    anywhere_set(b, "role_arn", "arn:aws:iam::291738886548:role/rolesanywhere1");
    anywhere_set(b, "profile_arn",
                 "arn:aws:rolesanywhere:us-east-2:291738886548:profile/"
                 "6f4943fb-13d4-4242-89c4-be367595c380");
    anywhere_set(b, "trust_anchor_arn",
                 "arn:aws:rolesanywhere:us-east-2:291738886548:trust-anchor/"
                 "a545a1fc-5d86-4032-8f4c-61cdd6ff92da");
    anywhere_set(b, "endpoint", "https://127.0.0.1:8080");
    anywhere_refuse(b, TPMC_ERR_DENIED, "403");
    len = strlen(b->aws.authorization);
    assert_int_equal(strncmp(b->aws.authorization, BEGIN, strlen(BEGIN)), 0);
    assert_string_equal(b->aws.authorization + len - strlen(END), END);
    anywhere_bench_free(b);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_program_signs_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
