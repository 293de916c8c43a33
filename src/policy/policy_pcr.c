/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "policy/policy_run_int.h"

#define REGISTERS_MAX (TPMC__PCR_BANKS * 32)
/* Registers may be extended while they are read. */
#define MAX_READINGS 5
/* Leaves room for what is put before it. */
#define LIST_MAX 700
#define HEX_MAX (2 * TPMC__DIGEST_MAX + 1)
#define ITEM_MAX (2 * HEX_MAX + 80)

/* Registers that are being read. */
struct reading {
    const tpmc__pcr_selection *selection;
    tpmc__policy_pcr_value *values;
    size_t count;
    unsigned char is_read[REGISTERS_MAX];
    size_t read_count;
    UINT32 update_counter;
};

static void list_registers(struct reading *r)
{
    for (size_t i = 0; i < r->selection->count; i++) {
        const tpmc__pcr_bank *bank = &r->selection->banks[i];

        for (unsigned pcr = 0; pcr < 8u * bank->select_len; pcr++) {
            if (!tpmc__pcr_bank_has(bank, pcr))
                continue;
            r->values[r->count].hash = bank->hash;
            r->values[r->count].pcr = (uint8_t)pcr;
            r->count++;
        }
    }
}

static void select_pcr(const tpmc__pcr_selection *selection, const tpmc__policy_pcr_value *value,
                       TPML_PCR_SELECTION *out)
{
    for (size_t i = 0; i < selection->count; i++) {
        if (selection->banks[i].hash != value->hash)
            continue;
        out->pcrSelections[i].pcrSelect[value->pcr / 8] |= (BYTE)(1u << (value->pcr % 8));
    }
}

/* What is still to be read. */
static void select_unread(const struct reading *r, TPML_PCR_SELECTION *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < r->selection->count; i++) {
        out->pcrSelections[i].hash = r->selection->banks[i].hash;
        out->pcrSelections[i].sizeofSelect = r->selection->banks[i].select_len;
    }
    out->count = (UINT32)r->selection->count;
    for (size_t i = 0; i < r->count; i++) {
        if (!r->is_read[i])
            select_pcr(r->selection, &r->values[i], out);
    }
}

static int has_pcr(const TPMS_PCR_SELECTION *bank, unsigned pcr)
{
    return pcr / 8 < bank->sizeofSelect && (bank->pcrSelect[pcr / 8] >> (pcr % 8) & 1) != 0;
}

static int take_value(struct reading *r, uint16_t hash, unsigned pcr, const TPM2B_DIGEST *value)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->values[i].hash != hash || r->values[i].pcr != pcr || r->is_read[i])
            continue;
        if (value->size != tpmc__hash_size(hash))
            return -1;
        memcpy(r->values[i].value, value->buffer, value->size);
        r->is_read[i] = 1;
        r->read_count++;
        return 0;
    }
    return -1;
}

/* The TPM says which registers it returns, in the order in which it does. */
static int take_values(struct reading *r, const TPML_PCR_SELECTION *returned,
                       const TPML_DIGEST *digests)
{
    size_t next = 0;

    for (size_t i = 0; i < returned->count; i++) {
        const TPMS_PCR_SELECTION *bank = &returned->pcrSelections[i];

        for (unsigned pcr = 0; pcr < 8u * bank->sizeofSelect; pcr++) {
            if (!has_pcr(bank, pcr))
                continue;
            if (next == digests->count ||
                take_value(r, bank->hash, pcr, &digests->digests[next]) != 0)
                return -1;
            next++;
        }
    }
    return next == digests->count ? 0 : -1;
}

static int fail_unread(const struct reading *r, tpmc_error *err)
{
    const tpmc__policy_pcr_value *missing = NULL;
    int has_bank = 0;

    for (size_t i = 0; i < r->count && missing == NULL; i++) {
        if (!r->is_read[i])
            missing = &r->values[i];
    }
    for (size_t i = 0; i < r->count; i++)
        has_bank |= r->is_read[i] && r->values[i].hash == missing->hash;
    if (has_bank)
        return tpmc__fail(err, TPMC_ERR_POLICY, "this TPM has no PCR %s:%u",
                          tpmc__hash_name(missing->hash), (unsigned)missing->pcr);
    return tpmc__fail(err, TPMC_ERR_POLICY,
                      "this TPM has no bank of %s registers (PCRs); use one that it has, such as "
                      "sha256, or have the firmware set the bank up",
                      tpmc__hash_name(missing->hash));
}

/* A TPM that does not know the hash at all says so. */
static int refuse_bank(const tpmc_tpm *tpm, const struct reading *r, int status, tpmc_error *err)
{
    if (!tpm->in_step || tpmc__rc_base(tpm->refusal) != TPMC__RC_HASH)
        return status;
    if (r->selection->count == 1)
        return fail_unread(r, err);
    return tpmc__fail(err, TPMC_ERR_POLICY,
                      "this TPM does not have all of the banks of registers (PCRs) that the policy "
                      "names");
}

/* One TPM2_PCR_Read, which returns at most eight registers. `*changed` is set when a register has
 * changed since the first. */
static int read_some(tpmc_tpm *tpm, struct reading *r, int *changed, tpmc_error *err)
{
    TPML_PCR_SELECTION wanted;
    TPML_PCR_SELECTION *returned = NULL;
    TPML_DIGEST *digests = NULL;
    size_t former = r->read_count;
    UINT32 counter = 0;
    TSS2_RC rc = 0;
    int status = 0;

    select_unread(r, &wanted);
    rc = Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted, &counter,
                       &returned, &digests);
    status = tpmc__tpm_result(tpm, rc, "TPM2_PCR_Read", err);
    if (status != 0)
        return refuse_bank(tpm, r, status, err);
    if (former == 0)
        r->update_counter = counter;
    *changed = counter != r->update_counter;
    if (take_values(r, returned, digests) != 0)
        status = tpmc__fail(err, TPMC_ERR_TPM,
                            "TPM2_PCR_Read: the TPM returned other registers than were asked for");
    else if (r->read_count == former)
        status = fail_unread(r, err);
    Esys_Free(returned);
    Esys_Free(digests);
    return status;
}

static int read_all(tpmc_tpm *tpm, struct reading *r, tpmc_error *err)
{
    for (int tries = 0; tries < MAX_READINGS; tries++) {
        int changed = 0;
        int status = 0;

        memset(r->is_read, 0, sizeof(r->is_read));
        r->read_count = 0;
        while (status == 0 && !changed && r->read_count < r->count)
            status = read_some(tpm, r, &changed, err);
        if (status != 0 || !changed)
            return status;
    }
    return tpmc__fail(err, TPMC_ERR_POLICY,
                      "the registers (PCRs) of the TPM kept changing while they were read; try "
                      "again when the system is at rest");
}

int tpmc__policy_read_pcrs(tpmc_tpm *tpm, const tpmc__pcr_selection *selection,
                           tpmc__policy_pcr_value **values, size_t *count, tpmc_error *err)
{
    struct reading r = { 0 };
    int status = 0;

    *values = NULL;
    *count = 0;
    r.selection = selection;
    r.values = tpmc__mem_new(REGISTERS_MAX, sizeof(*r.values));
    if (r.values == NULL)
        return tpmc__fail_nomem(err);
    list_registers(&r);
    status = read_all(tpm, &r, err);
    if (status != 0) {
        tpmc__mem_free(r.values);
        return status;
    }
    *values = r.values;
    *count = r.count;
    return 0;
}

/* A list that ends in "and 3 more" where it would grow too long. */
struct list {
    char text[LIST_MAX];
    size_t shown;
    size_t left;
};

static void list_add(struct list *list, const char *item)
{
    size_t len = strlen(list->text);

    if (list->left > 0 || len + strlen(item) + sizeof(", ") + 24 > sizeof(list->text)) {
        list->left++;
        return;
    }
    (void)snprintf(list->text + len, sizeof(list->text) - len, "%s%s", list->shown == 0 ? "" : ", ",
                   item);
    list->shown++;
}

static void list_end(struct list *list)
{
    size_t len = strlen(list->text);

    if (list->left > 0)
        (void)snprintf(list->text + len, sizeof(list->text) - len, " and %zu more", list->left);
}

/* Each register that differs. */
static void compare_values(const tpmc__policy_step *step, const tpmc__policy_pcr_value *found,
                           size_t count, struct list *list)
{
    for (size_t i = 0; i < count && i < step->u.pcr.value_count; i++) {
        const tpmc__policy_pcr_value *wanted = &step->u.pcr.values[i];
        size_t size = tpmc__hash_size(found[i].hash);
        char found_hex[HEX_MAX];
        char wanted_hex[HEX_MAX];
        char item[ITEM_MAX];

        if (memcmp(wanted->value, found[i].value, size) == 0)
            continue;
        tpmc__policy_hex(found[i].value, size, found_hex);
        tpmc__policy_hex(wanted->value, size, wanted_hex);
        (void)snprintf(item, sizeof(item), "the PCR %s:%u has %s, the policy wants %s",
                       tpmc__hash_name(found[i].hash), (unsigned)found[i].pcr, found_hex,
                       wanted_hex);
        list_add(list, item);
    }
}

int tpmc__policy_pcr_found_digest(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                                  const tpmc__policy_pcr_value *found, tpmc__policy_bytes *out,
                                  tpmc_error *err)
{
    tpmc__policy_step now = *step;
    size_t count = tpmc__pcr_selection_size(&step->u.pcr.selection);
    int status = 0;

    now.u.pcr.known = TPMC__PCR_VALUES;
    now.u.pcr.value_count = count;
    now.u.pcr.values = tpmc__mem_copy(found, count * sizeof(*found));
    if (now.u.pcr.values == NULL)
        return tpmc__fail_nomem(err);
    status = tpmc__policy_pcr_digest(env, &now, hash, out, err);
    tpmc__mem_free(now.u.pcr.values);
    return status;
}

/* Only the digest over all of them is known: which one differs cannot be told. */
static void compare_digest(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                           const tpmc__policy_pcr_value *found, size_t count, struct list *list)
{
    tpmc__policy_bytes digest;
    char found_hex[HEX_MAX];
    char wanted_hex[HEX_MAX];
    char item[ITEM_MAX];

    if (tpmc__policy_pcr_found_digest(env, step, hash, found, &digest, NULL) != 0 ||
        tpmc__policy_bytes_equal(&digest, &step->u.pcr.digest))
        return;
    tpmc__policy_hex(digest.data, digest.len, found_hex);
    tpmc__policy_hex(step->u.pcr.digest.data, step->u.pcr.digest.len, wanted_hex);
    (void)snprintf(item, sizeof(item),
                   "the digest of the registers is %s, the policy wants %s; they have", found_hex,
                   wanted_hex);
    list_add(list, item);
    list->shown = 0;
    for (size_t i = 0; i < count; i++) {
        tpmc__policy_hex(found[i].value, tpmc__hash_size(found[i].hash), found_hex);
        (void)snprintf(item, sizeof(item), "%s%s:%u=%s", i == 0 ? " " : "",
                       tpmc__hash_name(found[i].hash), (unsigned)found[i].pcr, found_hex);
        list_add(list, item);
    }
}

int tpmc__policy_compare_pcrs(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                              const tpmc__policy_pcr_value *found, tpmc_error *err)
{
    size_t count = tpmc__pcr_selection_size(&step->u.pcr.selection);
    struct list list = { { 0 }, 0, 0 };

    if (step->u.pcr.known == TPMC__PCR_VALUES)
        compare_values(step, found, count, &list);
    else
        compare_digest(env, step, hash, found, count, &list);
    list_end(&list);
    if (list.text[0] == '\0')
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "a register (PCR) of the TPM was extended meanwhile; those of the policy "
                          "have the values that it wants");
    return tpmc__fail(err, TPMC_ERR_POLICY, "%s", list.text);
}

static int describe_difference(tpmc_tpm *tpm, const tpmc__policy_step *step, uint16_t hash,
                               tpmc_error *err)
{
    tpmc__policy_pcr_value *found = NULL;
    size_t count = 0;
    int status = tpmc__policy_read_pcrs(tpm, &step->u.pcr.selection, &found, &count, err);

    if (status != 0)
        return status;
    status = tpmc__policy_compare_pcrs(tpm->env, step, hash, found, err);
    tpmc__mem_free(found);
    return status;
}

void tpmc__policy_explain_pcr(tpmc_tpm *tpm, const tpmc__policy_step *step, uint16_t hash,
                              tpmc_error *err)
{
    tpmc__policy_failure kept;
    uint32_t rc = tpmc_error_tpm_code(err);
    tpmc_error *former = NULL;
    int status = 0;

    if (err == NULL || step->kind != TPMC__POLICY_PCR || step->u.pcr.known == TPMC__PCR_NOW ||
        tpmc_error_new(&former) != 0)
        return;
    tpmc__policy_keep_failure(tpm, &kept);
    tpmc__error_copy(former, err);
    status = describe_difference(tpm, step, hash, err);
    /* That a bank is missing explains it too. */
    if (status != 0 && status != TPMC_ERR_POLICY)
        tpmc__error_copy(err, former);
    else
        tpmc__error_set_tpm_code(err, rc);
    tpmc_error_free(former);
    tpmc__policy_restore_failure(tpm, &kept);
}
