/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "policy/policy_file_int.h"
#include "policy/policy_signer.h"

#define WHERE_MAX 40
/* Signatures that are verified to find out how steps are to be read, in a whole file. */
#define MAX_TRIALS 64
/* Steps and signed policies that are handed out, in all places together. */
#define MAX_GIVEN (4 * TPMC__POLICY_MAX_STEPS)

/* The field 'authPolicy' while it is read. */
struct entries {
    const tpmc__policy_reader *reader;
    tpmc__policy_steps *root; /* where signed policies are given to */
    size_t trials;
    size_t given;
};

/* One signed policy; the list points into it. */
struct entry {
    tpmc__policy_list list;
    char where[WHERE_MAX];
};

static void begin_entry(const tpmc__policy_reader *reader, const tpmc__keyfile *file, size_t i,
                        struct entry *out)
{
    memset(out, 0, sizeof(*out));
    (void)snprintf(out->where, sizeof(out->where), "signed policy %zu", i + 1);
    out->list.reader = reader;
    out->list.source = &file->auth_policies[i].policy;
    out->list.where = out->where;
}

static int ends_in_authorize(const tpmc__keyfile_steps *source)
{
    return source->count > 0 &&
           source->items[source->count - 1].command == TPMC__CC_POLICY_AUTHORIZE;
}

/* The key and reference that an entry is signed for, when it ends in a PolicyAuthorize. */
static int read_signer(struct entry *entry, tpmc__policy_signer *out)
{
    tpmc__policy_list *list = &entry->list;
    int status = tpmc__policy_list_read_step(list, list->source->count - 1, 0);

    if (status == 0)
        *out = list->steps.items[0].u.authorize.key;
    return status;
}

static size_t count_takers(const tpmc__policy_steps *steps, const tpmc__policy_signer *signer)
{
    size_t count = 0;

    for (size_t i = 0; i < steps->count; i++) {
        const tpmc__policy_step *step = &steps->items[i];

        if (step->kind == TPMC__POLICY_AUTHORIZE)
            count += (size_t)tpmc__policy_same_signer(&step->u.authorize.key, signer);
        for (size_t j = 0; step->kind == TPMC__POLICY_OR && j < step->u.or.count; j++)
            count += count_takers(&step->u.or.branches[j].steps, signer);
    }
    return count;
}

static tpmc__policy_steps before_last(const tpmc__policy_list *list)
{
    tpmc__policy_steps before = { list->steps.items, list->steps.count - 1 };

    return before;
}

/* 1 in `*out` when the signature is one of what the steps lead to. */
static int is_signed(const tpmc__policy_list *list, const tpmc__policy_signer *signer, int *out)
{
    const tpmc__policy_reader *reader = list->reader;
    tpmc__policy_steps before = before_last(list);
    tpmc__policy_bytes digest;
    tpmc__policy_bytes hash;
    int status = tpmc__policy_digest(reader->env, &before, reader->hash, NULL, &digest, NULL);

    if (status == 0)
        status = tpmc__policy_authorize_hash(reader->env, signer, &digest, &hash, NULL);
    if (status == 0)
        status = tpmc__signer_verify(reader->env, signer, &hash, list->signature.data,
                                     list->signature.len, NULL);
    *out = status == 0;
    return status == TPMC_ERR_NOMEM ? tpmc__fail_nomem(reader->err) : 0;
}

/* The reading that the signature is for; when there is none, the first. */
static int read_signed(struct entries *entries, tpmc__policy_list *list,
                       const tpmc__policy_signer *signer)
{
    tpmc__policy_steps before = { 0 };
    int status = tpmc__policy_list_read(list, 0);

    if (status != 0 || list->ambiguous == 0)
        return status;
    before = before_last(list);
    if (!tpmc__policy_is_fixed(&before))
        return 0;
    for (unsigned variants = 0; variants < 1u << list->ambiguous; variants++) {
        int found = 0;

        if (entries->trials == MAX_TRIALS)
            break;
        entries->trials++;
        status = tpmc__policy_list_read(list, variants);
        if (status == 0)
            status = is_signed(list, signer, &found);
        if (status != 0 || found)
            return status;
    }
    return tpmc__policy_list_read(list, 0);
}

static int fill(const tpmc__policy_list *list, const char *name, tpmc__policy_approved *out)
{
    tpmc_error *err = list->reader->err;
    tpmc__policy_steps before = before_last(list);

    if (list->signature.len > sizeof(out->signature))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "%s of the key file has a signature of %zu bytes, more than any has",
                          list->where, list->signature.len);
    if (list->signature.len > 0)
        memcpy(out->signature, list->signature.data, list->signature.len);
    out->signature_len = list->signature.len;
    if (name != NULL) {
        out->name = tpmc__mem_copy_text(name);
        if (out->name == NULL)
            return tpmc__fail_nomem(err);
    }
    return tpmc__policy_file_unflatten(list->reader, &before, &out->steps);
}

static int copy_approved(const tpmc__policy_approved *from, tpmc__policy_approved *out,
                         tpmc_error *err)
{
    memcpy(out->signature, from->signature, from->signature_len);
    out->signature_len = from->signature_len;
    if (from->name != NULL) {
        out->name = tpmc__mem_copy_text(from->name);
        if (out->name == NULL)
            return tpmc__fail_nomem(err);
    }
    return tpmc__policy_copy(&from->steps, &out->steps, err);
}

static int give_to(tpmc__policy_step *step, const tpmc__policy_approved *approved, tpmc_error *err)
{
    size_t count = step->u.authorize.count;
    tpmc__policy_approved *items =
        tpmc__mem_resize(step->u.authorize.approved, count + 1, sizeof(*items));

    if (items == NULL)
        return tpmc__fail_nomem(err);
    memset(&items[count], 0, sizeof(items[count]));
    step->u.authorize.approved = items;
    step->u.authorize.count = count + 1;
    return copy_approved(approved, &items[count], err);
}

static int give(tpmc__policy_steps *steps, const tpmc__policy_signer *signer,
                const tpmc__policy_approved *approved, tpmc_error *err)
{
    int status = 0;

    for (size_t i = 0; i < steps->count && status == 0; i++) {
        tpmc__policy_step *step = &steps->items[i];

        if (step->kind == TPMC__POLICY_AUTHORIZE &&
            tpmc__policy_same_signer(&step->u.authorize.key, signer))
            status = give_to(step, approved, err);
        for (size_t j = 0; step->kind == TPMC__POLICY_OR && j < step->u.or.count && status == 0;
             j++)
            status = give(&step->u.or.branches[j].steps, signer, approved, err);
    }
    return status;
}

static int give_entry(struct entries *entries, struct entry *entry, const char *name,
                      const tpmc__policy_signer *signer)
{
    size_t takers = count_takers(entries->root, signer);
    tpmc_error *err = entries->reader->err;
    tpmc__policy_approved made = { 0 };
    int status = 0;

    if (takers == 0)
        return 0;
    status = read_signed(entries, &entry->list, signer);
    if (status != 0)
        return status;
    entries->given += takers * entry->list.steps.count;
    if (entries->given > MAX_GIVEN)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the signed policies of the key file have too many steps");
    status = fill(&entry->list, name, &made);
    if (status == 0)
        status = give(entries->root, signer, &made, err);
    tpmc__mem_free(made.name);
    tpmc__policy_free_steps(&made.steps);
    return status;
}

static int read_entry(struct entries *entries, const tpmc__keyfile *file, size_t i)
{
    struct entry entry;
    tpmc__policy_signer signer;
    int status = 0;

    if (!ends_in_authorize(&file->auth_policies[i].policy))
        return 0;
    begin_entry(entries->reader, file, i, &entry);
    status = read_signer(&entry, &signer);
    if (status == 0)
        status = give_entry(entries, &entry, file->auth_policies[i].name, &signer);
    tpmc__policy_free_steps(&entry.list.steps);
    return status;
}

int tpmc__policy_file_give_approved(const tpmc__policy_reader *reader, const tpmc__keyfile *file,
                                    tpmc__policy_steps *steps)
{
    struct entries entries = { .reader = reader, .root = steps };
    size_t unsupported = file->auth_policy_count;
    int status = 0;

    for (size_t i = 0; i < file->auth_policy_count && status == 0; i++) {
        status = read_entry(&entries, file, i);
        if (status != TPMC_ERR_UNSUPPORTED)
            continue;
        if (unsupported == file->auth_policy_count)
            unsupported = i;
        tpmc__error_clear(reader->err);
        status = 0;
    }
    if (status == 0 && entries.given == 0 && unsupported < file->auth_policy_count &&
        steps->count > 0 && steps->items[0].kind == TPMC__POLICY_AUTHORIZE)
        status = read_entry(&entries, file, unsupported);
    return status;
}

/* The PolicyAuthorize that an entry ends in, alone; nothing when it ends in something else. */
static int read_last(const tpmc__policy_reader *reader, const tpmc__keyfile *file, size_t i,
                     tpmc__policy_steps *out)
{
    struct entry entry;
    tpmc__policy_signer signer;
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (!ends_in_authorize(&file->auth_policies[i].policy))
        return 0;
    begin_entry(reader, file, i, &entry);
    status = read_signer(&entry, &signer);
    if (status == 0)
        *out = entry.list.steps;
    else
        tpmc__policy_free_steps(&entry.list.steps);
    return status;
}

int tpmc__policy_file_common_authorize(const tpmc__policy_reader *reader, const tpmc__keyfile *file,
                                       tpmc__policy_steps *steps)
{
    int leads = 0;
    int status = 0;

    for (size_t i = 0; i < file->auth_policy_count && !leads && status == 0; i++) {
        tpmc__policy_bytes digest;
        tpmc__policy_steps last;

        status = read_last(reader, file, i, &last);
        if (status == 0 && last.count > 0)
            status = tpmc__policy_file_leads(reader, &last, &file->key, &digest, &leads);
        if (status == 0 && last.count > 0 && (leads || steps->count == 0)) {
            tpmc__policy_free_steps(steps);
            *steps = last;
        } else {
            tpmc__policy_free_steps(&last);
        }
    }
    if (status == 0 && steps->count == 0)
        status = tpmc__fail(reader->err, TPMC_ERR_FORMAT,
                            "the key file has signed policies, and neither the field 'policy' nor "
                            "a step PolicyAuthorize at the end of any of them");
    return status;
}
