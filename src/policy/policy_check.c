/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "policy/policy_label.h"
#include "policy/policy_tree.h"

#define MAX_OPERAND 64
#define MAX_REFERENCE 64
#define MAX_OPERATION 11
/* TPMS_TIME_INFO (TPM 2.0 Part 2, 10.11.1). */
#define TIME_INFO_LEN 25
/* TPM_CC: the number of the command, and the bit of a vendor's (TPM 2.0 Part 2, 6.5.1). */
#define COMMAND_BITS 0x2000ffffu
#define COMMAND_INDEX 0x0000ffffu

/* What a whole policy adds up to. */
typedef struct tally {
    const char *what;
    size_t steps;
    int is_begun; /* steps stand before the list that is looked at */
    tpmc_error *err;
} tally;

static int check_steps(tally *t, const tpmc__policy_steps *steps, const char *label, int depth);

static int is_digest(const tpmc__policy_bytes *bytes)
{
    return bytes->len == 20 || bytes->len == 32 || bytes->len == 48 || bytes->len == 64;
}

/* The Name of an object or index: nameAlg and a digest of that algorithm. */
static int is_name(const tpmc__policy_bytes *bytes)
{
    uint16_t hash = (uint16_t)(bytes->data[0] << 8 | bytes->data[1]);

    return bytes->len > 2 && tpmc__hash_size(hash) == bytes->len - 2;
}

static int is_text(const char *text)
{
    return text == NULL || strlen(text) <= TPMC__POLICY_MAX_TEXT;
}

static const char *index_flaw(uint32_t index, const tpmc__policy_bytes *name)
{
    if (index >> 24 != 0x01)
        return "its NV index is none: those are 0x01000000 to 0x01ffffff";
    if (name->len != 0 && !is_name(name))
        return "the Name of its NV index is no hash algorithm with a digest of it";
    return NULL;
}

static const char *key_flaw(const tpmc__policy_signer *key)
{
    if (!is_name(&key->name))
        return "the Name of its key is no hash algorithm with a digest of it";
    if (key->policy_ref.len > MAX_REFERENCE)
        return "its policyRef is longer than 64 bytes";
    return NULL;
}

static const char *or_flaw(const tpmc__policy_step *step)
{
    if (step->u.or.count < 2)
        return "it needs at least 2 branches";
    if (step->u.or.count > TPMC__POLICY_MAX_BRANCHES)
        return "it has more than 8 branches";
    return NULL;
}

static const char *signed_flaw(const tpmc__policy_step *step)
{
    if (!is_text(step->u.signed_by.hint))
        return "its hint is longer than 255 bytes";
    return key_flaw(&step->u.signed_by.key);
}

static const char *secret_flaw(const tpmc__policy_step *step)
{
    const tpmc__policy_bytes *name = &step->u.secret.name;

    if (name->len == 0 && step->u.secret.handle == 0)
        return "it names no object, neither by its handle nor by its Name";
    /* The Name of what has no public area is its handle (TPM 2.0 Part 1, 16). */
    if (name->len != 0 && name->len != 4 && !is_name(name))
        return "the Name of its object is neither a handle nor a hash algorithm with a digest of "
               "it";
    if (step->u.secret.policy_ref.len > MAX_REFERENCE)
        return "its policyRef is longer than 64 bytes";
    return NULL;
}

static const char *bank_flaw(const tpmc__pcr_bank *bank)
{
    if (tpmc__hash_size(bank->hash) == 0)
        return "it has a bank of an unknown hash algorithm";
    if (bank->select_len == 0 || bank->select_len > sizeof(bank->select))
        return "it has a bank with a selection of a length that does not exist";
    for (unsigned pcr = TPMC__PCR_COUNT; pcr < 8u * sizeof(bank->select); pcr++) {
        if (tpmc__pcr_bank_has(bank, pcr))
            return "it has a register that does not exist: there are only 0 to 23";
    }
    return NULL;
}

/* Walks through the selection beside the values. */
static int values_fit(const tpmc__policy_step *step)
{
    const tpmc__pcr_selection *selection = &step->u.pcr.selection;
    const tpmc__policy_pcr_value *value = step->u.pcr.values;
    size_t left = step->u.pcr.value_count;

    if (left != tpmc__pcr_selection_size(selection))
        return 0;
    for (size_t i = 0; i < selection->count; i++) {
        for (unsigned pcr = 0; pcr < TPMC__PCR_COUNT; pcr++) {
            if (!tpmc__pcr_bank_has(&selection->banks[i], pcr))
                continue;
            if (value->hash != selection->banks[i].hash || value->pcr != pcr)
                return 0;
            value++;
        }
    }
    return 1;
}

static const char *pcr_flaw(const tpmc__policy_step *step)
{
    const tpmc__pcr_selection *selection = &step->u.pcr.selection;
    const char *flaw = NULL;

    if (selection->count > TPMC__PCR_BANKS)
        return "it has more banks than there are hash algorithms";
    for (size_t i = 0; i < selection->count && flaw == NULL; i++)
        flaw = bank_flaw(&selection->banks[i]);
    if (flaw != NULL)
        return flaw;
    if (tpmc__pcr_selection_size(selection) == 0)
        return "it has no register";
    if (step->u.pcr.known == TPMC__PCR_DIGEST && !is_digest(&step->u.pcr.digest))
        return "the digest of its registers has a length that no hash algorithm has";
    if (step->u.pcr.known == TPMC__PCR_VALUES && !values_fit(step))
        return "its values are not those of its registers";
    return NULL;
}

static const char *locality_flaw(const tpmc__policy_step *step)
{
    return step->u.locality == 0 ? "it allows no locality" : NULL;
}

static const char *nv_flaw(const tpmc__policy_step *step)
{
    const size_t len = step->u.nv.operand.len;

    if (len == 0 || len > MAX_OPERAND)
        return "its operand does not have 1 to 64 bytes";
    if (step->u.nv.operation > MAX_OPERATION)
        return "its operation does not exist";
    return index_flaw(step->u.nv.index, &step->u.nv.name);
}

static const char *counter_timer_flaw(const tpmc__policy_step *step)
{
    const size_t len = step->u.counter_timer.operand.len;

    if (len == 0 || len > TIME_INFO_LEN)
        return "its operand does not have 1 to 25 bytes";
    if (step->u.counter_timer.offset + len > TIME_INFO_LEN)
        return "its operand reaches beyond the 25 bytes of the time information";
    if (step->u.counter_timer.operation > MAX_OPERATION)
        return "its operation does not exist";
    return NULL;
}

static const char *command_code_flaw(const tpmc__policy_step *step)
{
    const uint32_t code = step->u.command_code;

    return (code & ~COMMAND_BITS) != 0 || (code & COMMAND_INDEX) == 0 ? "its code is no command's"
                                                                      : NULL;
}

static const char *digest_flaw(const tpmc__policy_step *step)
{
    return is_digest(&step->u.digest) ? NULL : "its digest does not have 20, 32, 48 or 64 bytes";
}

static const char *duplication_flaw(const tpmc__policy_step *step)
{
    const tpmc__policy_bytes *object = &step->u.duplication.object_name;

    if (!is_name(&step->u.duplication.new_parent_name))
        return "the Name of its new parent is no hash algorithm with a digest of it";
    if (object->len != 0 && !is_name(object))
        return "the Name of its object is no hash algorithm with a digest of it";
    if (step->u.duplication.include_object && object->len == 0)
        return "it includes the object, whose Name is missing";
    return NULL;
}

static const char *authorize_flaw(const tpmc__policy_step *step)
{
    if (step->u.authorize.count > TPMC__POLICY_MAX_APPROVED)
        return "it has more than 64 signed policies";
    return key_flaw(&step->u.authorize.key);
}

static const char *authorize_nv_flaw(const tpmc__policy_step *step)
{
    if (step->u.authorize_nv.count > TPMC__POLICY_MAX_APPROVED)
        return "it has more than 64 policies";
    return index_flaw(step->u.authorize_nv.index, &step->u.authorize_nv.name);
}

static const char *action_flaw(const tpmc__policy_step *step)
{
    if (step->u.action == NULL || step->u.action[0] == '\0')
        return "it has no text";
    return is_text(step->u.action) ? NULL : "its text is longer than 255 bytes";
}

typedef const char *(*flaw_fn)(const tpmc__policy_step *step);

/* NULL: nothing can be wrong with it. */
static const flaw_fn flaws[TPMC__POLICY_KIND_COUNT] = {
    [TPMC__POLICY_OR] = or_flaw,
    [TPMC__POLICY_SIGNED] = signed_flaw,
    [TPMC__POLICY_SECRET] = secret_flaw,
    [TPMC__POLICY_PCR] = pcr_flaw,
    [TPMC__POLICY_LOCALITY] = locality_flaw,
    [TPMC__POLICY_NV] = nv_flaw,
    [TPMC__POLICY_COUNTER_TIMER] = counter_timer_flaw,
    [TPMC__POLICY_COMMAND_CODE] = command_code_flaw,
    [TPMC__POLICY_CP_HASH] = digest_flaw,
    [TPMC__POLICY_NAME_HASH] = digest_flaw,
    [TPMC__POLICY_TEMPLATE] = digest_flaw,
    [TPMC__POLICY_DUPLICATION_SELECT] = duplication_flaw,
    [TPMC__POLICY_AUTHORIZE] = authorize_flaw,
    [TPMC__POLICY_AUTHORIZE_NV] = authorize_nv_flaw,
    [TPMC__POLICY_ACTION] = action_flaw,
};

static int check_branch(tally *t, const tpmc__policy_branch *branch, size_t at, int depth)
{
    char label[TPMC__POLICY_LABEL_MAX];

    tpmc__policy_label("branch", branch->name, at, label);
    if (!is_text(branch->name))
        return tpmc__fail(t->err, TPMC_ERR_FORMAT, "%s: the name%s is longer than %d bytes",
                          t->what, label, TPMC__POLICY_MAX_TEXT);
    if (!branch->is_unknown)
        return check_steps(t, &branch->steps, label, depth);
    if (is_digest(&branch->digest))
        return 0;
    return tpmc__fail(t->err, TPMC_ERR_FORMAT,
                      "%s: the digest%s has a length that no hash algorithm has", t->what, label);
}

static int check_approved(tally *t, const tpmc__policy_approved *approved, size_t count, int depth)
{
    char label[TPMC__POLICY_LABEL_MAX];
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++) {
        tpmc__policy_label("signed policy", approved[i].name, i, label);
        if (!is_text(approved[i].name) || approved[i].signature_len > TPMC__POLICY_SIGNATURE_MAX)
            return tpmc__fail(t->err, TPMC_ERR_FORMAT, "%s: the name or signature%s is too long",
                              t->what, label);
        status = check_steps(t, &approved[i].steps, label, depth);
    }
    return status;
}

/* A branch goes on from the steps before it, an approved policy begins anew. */
static int check_inner(tally *t, const tpmc__policy_step *step, int is_first, int depth)
{
    int was_begun = t->is_begun;
    int status = 0;

    t->is_begun = step->kind == TPMC__POLICY_OR && !is_first;
    switch (step->kind) {
    case TPMC__POLICY_OR:
        for (size_t i = 0; i < step->u.or.count && status == 0; i++)
            status = check_branch(t, &step->u.or.branches[i], i, depth + 1);
        break;
    case TPMC__POLICY_AUTHORIZE:
        status = check_approved(t, step->u.authorize.approved, step->u.authorize.count, depth + 1);
        break;
    case TPMC__POLICY_AUTHORIZE_NV:
        status =
            check_approved(t, step->u.authorize_nv.approved, step->u.authorize_nv.count, depth + 1);
        break;
    default:
        break;
    }
    t->is_begun = was_begun;
    return status;
}

static const char *step_flaw(const tpmc__policy_step *step, int is_first)
{
    if ((unsigned)step->kind >= TPMC__POLICY_KIND_COUNT)
        return "it is of a kind that does not exist";
    if (!is_first &&
        (step->kind == TPMC__POLICY_AUTHORIZE || step->kind == TPMC__POLICY_AUTHORIZE_NV))
        return "it undoes the steps before it: it must be the first step";
    return flaws[step->kind] == NULL ? NULL : flaws[step->kind](step);
}

static int check_steps(tally *t, const tpmc__policy_steps *steps, const char *label, int depth)
{
    int status = 0;

    if (depth > TPMC__POLICY_MAX_DEPTH)
        return tpmc__fail(t->err, TPMC_ERR_FORMAT,
                          "%s: branches and approved policies stand more than %d deep in one "
                          "another",
                          t->what, TPMC__POLICY_MAX_DEPTH);
    for (size_t i = 0; i < steps->count && status == 0; i++) {
        const tpmc__policy_step *step = &steps->items[i];
        int is_first = i == 0 && !t->is_begun;
        const char *flaw = step_flaw(step, is_first);

        t->steps++;
        if (t->steps > TPMC__POLICY_MAX_STEPS)
            return tpmc__fail(t->err, TPMC_ERR_FORMAT, "%s: there are more than %d steps", t->what,
                              TPMC__POLICY_MAX_STEPS);
        if (flaw != NULL)
            return tpmc__fail(t->err, TPMC_ERR_FORMAT, "%s: step %zu (%s)%s: %s", t->what, i + 1,
                              tpmc__policy_kind_name(step->kind), label, flaw);
        status = check_inner(t, step, is_first, depth);
    }
    return status;
}

int tpmc__policy_check(const tpmc__policy_steps *steps, const char *what, tpmc_error *err)
{
    tally t = { what, 0, 0, err };

    return check_steps(&t, steps, "", 0);
}
