/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "codec/text.h"
#include "policy/policy_run.h"

/* What an error text has room for beside its beginning. */
#define LIST_MAX 600

void tpmc__policy_tss_selection(const tpmc__pcr_selection *selection, TPML_PCR_SELECTION *out)
{
    memset(out, 0, sizeof(*out));
    out->count = (UINT32)selection->count;
    for (size_t i = 0; i < selection->count; i++) {
        const tpmc__pcr_bank *bank = &selection->banks[i];

        out->pcrSelections[i].hash = bank->hash;
        out->pcrSelections[i].sizeofSelect = bank->select_len;
        memcpy(out->pcrSelections[i].pcrSelect, bank->select, bank->select_len);
    }
}

static void list_value(const tpmc__policy_pcr_value *value, tpmc__buf *out)
{
    const char *bank = tpmc__hash_name(value->hash);

    tpmc__buf_append_text(out, out->len > 0 ? ", " : "");
    tpmc__buf_append_text(out, bank == NULL ? "?" : bank);
    tpmc__buf_append_byte(out, ':');
    tpmc__decimal_append(out, value->pcr);
    tpmc__buf_append_text(out, " is ");
    tpmc__hex_encode(value->value, tpmc__hash_size(value->hash), out);
}

/* Stops while there is room for "...". */
static void list_values(const tpmc__policy_steps *steps, tpmc__buf *out)
{
    for (size_t i = 0; i < steps->count; i++) {
        const tpmc__policy_step *step = &steps->items[i];

        if (step->kind != TPMC__POLICY_PCR || step->u.pcr.known != TPMC__PCR_VALUES)
            continue;
        for (size_t j = 0; j < step->u.pcr.value_count; j++) {
            if (out->len + 2 * TPMC__DIGEST_MAX + 32 > LIST_MAX) {
                tpmc__buf_append_text(out, ", ...");
                return;
            }
            list_value(&step->u.pcr.values[j], out);
        }
    }
}

void tpmc__policy_say_registers(const tpmc__policy_steps *steps, tpmc_error *err)
{
    tpmc__buf list;

    if (err == NULL || tpmc_error_code(err) == 0)
        return;
    tpmc__buf_init(&list, LIST_MAX + 8);
    list_values(steps, &list);
    if (tpmc__buf_status(&list) == 0 && list.len > 0)
        tpmc__fail(err, tpmc_error_code(err), "%s; %s", tpmc_error_text(err),
                   (const char *)list.data);
    tpmc__buf_free(&list);
}
