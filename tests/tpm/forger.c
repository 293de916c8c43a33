/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/forger.h"

#include <string.h>

#include "support/check.h"
#include "tpmcloud/tpmkey_esys.h"

#define TCTI_MAGIC 0x7470636c666f7267ULL
#define HEADER_LEN 10
#define RC_SIZE_OF_FIRST 0x1d5u
#define PT_INPUT_BUFFER 0x10du

static void write_u32(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

static TSS2_RC forger_transmit(TSS2_TCTI_CONTEXT *tcti, size_t size, const uint8_t *command)
{
    forger *self = (forger *)tcti;

    check(size >= HEADER_LEN);
    self->code = (uint32_t)command[6] << 24 | (uint32_t)command[7] << 16 |
                 (uint32_t)command[8] << 8 | command[9];
    return Tss2_Tcti_Transmit(self->inner, size, command);
}

static TSS2_RC forger_receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *response,
                              int32_t timeout)
{
    forger *self = (forger *)tcti;
    TSS2_RC rc = Tss2_Tcti_Receive(self->inner, size, response, timeout);
    size_t i;

    if (rc != TSS2_RC_SUCCESS || response == NULL)
        return rc;
    for (i = 0; i < FORGERIES_MAX; i++) {
        struct forgery *forgery = &self->forgeries[i];

        if (forgery->count == 0 || forgery->code != self->code)
            continue;
        forgery->count--;
        memcpy(response, forgery->bytes, forgery->len);
        *size = forgery->len;
        break;
    }
    return rc;
}

static void forger_finalize(TSS2_TCTI_CONTEXT *tcti)
{
    (void)tcti;
}

void forger_open(forger *self, fixture *f)
{
    memset(self, 0, sizeof(*self));
    self->common.magic = TCTI_MAGIC;
    self->common.version = 1;
    self->common.transmit = forger_transmit;
    self->common.receive = forger_receive;
    self->common.finalize = forger_finalize;
    self->inner = tap_tcti(f->tap);
    tpmc_tpm_free(f->tpm);
    f->tpm = NULL;
    check(tpmc_tpm_new(f->env, &f->tpm, f->err) == 0);
    check(tpmc_tpm_set_tcti(f->tpm, (TSS2_TCTI_CONTEXT *)self, f->err) == 0);
}

void forger_set(forger *self, size_t slot, uint32_t code, size_t count, int sessions,
                const void *parameters, size_t len)
{
    static const uint8_t by_password[] = { 0, 0, 1, 0, 0 };
    struct forgery *forgery = &self->forgeries[slot];

    check(slot < FORGERIES_MAX && len + 32 < sizeof(forgery->bytes));
    memset(forgery, 0, sizeof(*forgery));
    forgery->code = code;
    forgery->count = count;
    forgery->bytes[0] = 0x80;
    forgery->bytes[1] = sessions ? 0x02 : 0x01;
    forgery->len = HEADER_LEN;
    if (sessions) {
        write_u32(forgery->bytes + forgery->len, (uint32_t)len);
        forgery->len += 4;
    }
    memcpy(forgery->bytes + forgery->len, parameters, len);
    forgery->len += len;
    if (sessions) {
        memcpy(forgery->bytes + forgery->len, by_password, sizeof(by_password));
        forgery->len += sizeof(by_password);
    }
    write_u32(forgery->bytes + 2, (uint32_t)forgery->len);
}

void forger_shrink_input(forger *self, fixture *f, uint32_t input_buffer)
{
    tap_fault refusal = { .kind = TAP_ANSWER, .value = RC_SIZE_OF_FIRST, .at = 0, .count = 1 };
    uint8_t capability[17] = { 0, 0, 0, 0, 6, 0, 0, 0, 1 };

    write_u32(capability + 9, PT_INPUT_BUFFER);
    write_u32(capability + 13, input_buffer);
    forger_set(self, 1, TAP_CC_GET_CAPABILITY, SIZE_MAX, 0, capability, sizeof(capability));
    tap_clear(f->tap);
    tap_set_fault(f->tap, &refusal);
}
