/* SPDX-License-Identifier: Apache-2.0 */

/* An interposer on the bus that puts its own key in the place of the one sessions are salted to. */

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "support/check.h"
#include "tpm/bench.h"
#include "tpmcloud/tpmkey_esys.h"

#define KEY_PASSWORD "Ip6!password of a key"
#define SRK 0x81000001u
#define HEX_MAX 133

static void name_of(ESYS_TR hierarchy, other_template which, char *hex)
{
    TPM2B_PUBLIC in;
    TPM2B_NAME name;

    other_template_fill(which, &in);
    other_primary_name(hierarchy, &in, &name);
    other_name_hex(&name, hex);
}

static void persist(ESYS_TR hierarchy, other_template which, uint32_t handle, const char *password)
{
    const other_persistent place = { .hierarchy = hierarchy,
                                     .password = password,
                                     .handle = handle };
    TPM2B_PUBLIC in;

    other_template_fill(which, &in);
    other_persist(&place, &in, NULL);
}

static void make_key(bench *b, other_template parent, other_template kind, const char *password)
{
    TPM2B_PUBLIC in;
    other_key key = {
        .parent = &in, .hierarchy = ESYS_TR_RH_OWNER, .kind = kind, .password = password
    };

    other_template_fill(parent, &in);
    other_make_key(&key, b->pem);
}

static void expect_level(bench *b, int level)
{
    assert_int_equal(tpmc_tpm_bus_level(b->f.tpm), level);
}

/* An interposer that answers TPM2_CreatePrimary and TPM2_ReadPublic with a key of its own. */
typedef struct interposer {
    TSS2_TCTI_CONTEXT_COMMON_V2 common;
    TSS2_TCTI_CONTEXT *inner;
    uint32_t code;
    uint8_t point[64]; /* of the interposer's key */
    size_t replaced;
} interposer;

static TSS2_RC pass_on(TSS2_TCTI_CONTEXT *tcti, size_t size, const uint8_t *command)
{
    interposer *self = (interposer *)tcti;

    self->code = (uint32_t)command[6] << 24 | (uint32_t)command[7] << 16 |
                 (uint32_t)command[8] << 8 | command[9];
    return Tss2_Tcti_Transmit(self->inner, size, command);
}

/* The TPMT_PUBLIC of `size` bytes at `area` ends in the point; its Name stands somewhere behind. */
static void substitute(interposer *self, uint8_t *response, size_t len, size_t area, size_t size)
{
    uint8_t old_name[34] = { 0, 0x0b };
    uint8_t new_name[34] = { 0, 0x0b };
    size_t i;

    SHA256(response + area, size, old_name + 2);
    memcpy(response + area + size - 66, self->point, 32);
    memcpy(response + area + size - 32, self->point + 32, 32);
    SHA256(response + area, size, new_name + 2);
    for (i = area + size; i + sizeof(old_name) <= len; i++) {
        if (memcmp(response + i, old_name, sizeof(old_name)) == 0)
            memcpy(response + i, new_name, sizeof(new_name));
    }
    self->replaced++;
}

static TSS2_RC bring_back(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *response, int32_t timeout)
{
    interposer *self = (interposer *)tcti;
    TSS2_RC rc = Tss2_Tcti_Receive(self->inner, size, response, timeout);
    size_t at = self->code == TAP_CC_READ_PUBLIC ? 10 : 18;

    if (rc != TSS2_RC_SUCCESS || response == NULL || *size < 100 ||
        (self->code != TAP_CC_READ_PUBLIC && self->code != TAP_CC_CREATE_PRIMARY))
        return rc;
    substitute(self, response, *size, at + 2, (size_t)response[at] << 8 | response[at + 1]);
    return rc;
}

static TSS2_RC no_handles(TSS2_TCTI_CONTEXT *tcti, TSS2_TCTI_POLL_HANDLE *handles, size_t *count)
{
    (void)tcti;
    (void)handles;
    (void)count;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static void interpose(bench *b, interposer *self)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    uint8_t point[65];
    size_t len = 0;

    memset(self, 0, sizeof(*self));
    check(key != NULL);
    check(EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof(point), &len) == 1);
    check(len == sizeof(point));
    memcpy(self->point, point + 1, sizeof(self->point));
    EVP_PKEY_free(key);
    self->common.v1.magic = 1;
    self->common.v1.version = 2;
    self->common.v1.transmit = pass_on;
    self->common.v1.receive = bring_back;
    self->common.v1.getPollHandles = no_handles;
    self->inner = tap_tcti(b->f.tap);
    assert_int_equal(tpmc_tpm_set_tcti(b->f.tpm, (TSS2_TCTI_CONTEXT *)self, b->f.err), 0);
}

static void substituted_keys(void **state)
{
    static const struct {
        const char *option;
        ESYS_TR hierarchy;
        other_template which;
        uint32_t handle;
    } cases[] = {
        { "parent", ESYS_TR_RH_OWNER, OTHER_H2, 0 },
        { "ek-ecc", ESYS_TR_RH_ENDORSEMENT, OTHER_EK_ECC, 0 },
        { "ek-ecc", ESYS_TR_RH_ENDORSEMENT, OTHER_EK_ECC, 0x81010002u },
        { "handle:0x81000001", ESYS_TR_RH_OWNER, OTHER_H2, SRK },
    };
    char pin[HEX_MAX];
    interposer between;
    bench b;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_open(&b);
        name_of(cases[i].hierarchy, cases[i].which, pin);
        if (cases[i].handle != 0)
            persist(cases[i].hierarchy, cases[i].which, cases[i].handle, NULL);
        make_key(&b, OTHER_H2, OTHER_SIGNER, KEY_PASSWORD);
        interpose(&b, &between);
        bench_tpm_set(&b, "salt_key", cases[i].option);
        bench_tpm_set(&b, "salt_key_name", pin);
        bench_key(&b, KEY_PASSWORD, NULL);
        assert_int_equal(fixture_sign(&b.f, b.key, "ES256"), TPMC_ERR_INTEGRITY);
        assert_true(fixture_error_says(&b.f, "pinned Name|sits between"));
        assert_true(between.replaced > 0);
        assert_int_equal(tap_count_of(b.f.tap, TAP_CC_START_AUTH_SESSION), 0);
        expect_level(&b, TPMC_BUS_NOTHING_SECRET);
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(substituted_keys),
    };

    return cmocka_run_group_tests(tests, NULL, bench_cleanup);
}
