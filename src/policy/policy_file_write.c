/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "keyfile/keyfile_policy.h"
#include "policy/policy_file_int.h"

/* A TPMT_SIGNATURE that is none. */
static const uint8_t no_signature[] = { TPMC__ALG_NULL >> 8, TPMC__ALG_NULL & 0xff };

/* A field that is being written. */
struct output {
    tpmc_env *env;
    uint16_t hash;
    tpmc__keyfile_steps steps;
    tpmc_error *err;
};

static int write_list(struct output *out, const tpmc__policy_steps *steps, size_t depth);

static int append_step(struct output *out, uint32_t command, const tpmc__buf *data)
{
    tpmc__keyfile_step *items = NULL;
    size_t count = out->steps.count;

    if (count == TPMC__KEYFILE_MAX_POLICY_STEPS)
        return tpmc__fail(out->err, TPMC_ERR_ARGUMENT,
                          "the policy has more than the %d steps that a key file takes, those of "
                          "its branches one after the other",
                          TPMC__KEYFILE_MAX_POLICY_STEPS);
    items = tpmc__mem_resize(out->steps.items, count + 1, sizeof(*items));
    if (items == NULL)
        return tpmc__fail_nomem(out->err);
    out->steps.items = items;
    memset(&items[count], 0, sizeof(items[count]));
    items[count].command = command;
    if (data->len > 0) {
        items[count].data = tpmc__mem_copy(data->data, data->len);
        if (items[count].data == NULL)
            return tpmc__fail_nomem(out->err);
        items[count].len = data->len;
    }
    out->steps.count = count + 1;
    return 0;
}

static int write_step(struct output *out, const tpmc__policy_step *step,
                      const tpmc__policy_bytes *start, const tpmc__span *signature)
{
    tpmc__buf data;
    int status = 0;

    if (step->kind == TPMC__POLICY_ACTION)
        return 0;
    tpmc__buf_init(&data, TPMC__KEYFILE_STEP_MAX);
    status = tpmc__policy_file_put_step(out->env, step, out->hash, start, &data, out->err);
    if (status == 0 && signature != NULL) {
        tpmc__buf_append(&data, signature->data, signature->len);
        status = tpmc__buf_check(&data, "the policy of the key file", out->err);
    }
    if (status == 0)
        status = append_step(out, tpmc__policy_file_command(step->kind), &data);
    tpmc__buf_free(&data);
    return status;
}

static size_t last_or(const tpmc__policy_steps *steps)
{
    for (size_t i = steps->count; i-- > 0;) {
        if (steps->items[i].kind == TPMC__POLICY_OR)
            return i;
    }
    return steps->count;
}

/* Each branch begins with what stands before the PolicyOR. */
static int write_branch(struct output *out, const tpmc__policy_steps *before,
                        const tpmc__policy_branch *branch, size_t depth)
{
    tpmc__policy_steps whole = { 0 };
    int status = 0;

    if (branch->is_unknown)
        return 0;
    status = tpmc__policy_append_copy(&whole, before, out->err);
    if (status == 0)
        status = tpmc__policy_append_copy(&whole, &branch->steps, out->err);
    if (status == 0)
        status = write_list(out, &whole, depth + 1);
    tpmc__policy_free_steps(&whole);
    return status;
}

static int write_or(struct output *out, const tpmc__policy_steps *before,
                    const tpmc__policy_step *step, size_t depth)
{
    tpmc__policy_bytes start;
    int status = tpmc__policy_digest(out->env, before, out->hash, NULL, &start, out->err);

    for (size_t i = 0; i < step->u.or.count && status == 0; i++)
        status = write_branch(out, before, &step->u.or.branches[i], depth);
    return status == 0 ? write_step(out, step, &start, NULL) : status;
}

static int write_plain(struct output *out, const tpmc__policy_steps *steps, size_t from)
{
    static const tpmc__span unsigned_yet = { no_signature, sizeof(no_signature) };
    int status = 0;

    for (size_t i = from; i < steps->count && status == 0; i++) {
        const tpmc__policy_step *step = &steps->items[i];

        status = write_step(out, step, NULL,
                            step->kind == TPMC__POLICY_AUTHORIZE ? &unsigned_yet : NULL);
    }
    return status;
}

static int write_list(struct output *out, const tpmc__policy_steps *steps, size_t depth)
{
    size_t at = last_or(steps);
    tpmc__policy_steps before = { steps->items, at };
    int status = 0;

    /* Several PolicyOR in a row double what is written with each. */
    if (depth > 2 * TPMC__POLICY_MAX_DEPTH)
        return tpmc__fail(out->err, TPMC_ERR_ARGUMENT,
                          "the branches of the policy are nested too deeply for a key file");
    if (at == steps->count)
        return write_plain(out, steps, 0);
    status = write_or(out, &before, &steps->items[at], depth);
    return status == 0 ? write_plain(out, steps, at + 1) : status;
}

/* Each entry of a file belongs to a PolicyAuthorize of the key's own policy. */
static int check_approved(const tpmc__policy_steps *steps, tpmc_error *err)
{
    int status = 0;

    for (size_t i = 0; i < steps->count && status == 0; i++) {
        const tpmc__policy_step *step = &steps->items[i];

        if (step->kind == TPMC__POLICY_AUTHORIZE && step->u.authorize.count > 0)
            return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                              "key files have no words for signed policies of a signed policy");
        for (size_t j = 0; step->kind == TPMC__POLICY_OR && j < step->u.or.count && status == 0;
             j++)
            status = check_approved(&step->u.or.branches[j].steps, err);
    }
    return status;
}

static int write_approved(tpmc_env *env, const tpmc__policy_signer *signer,
                          const tpmc__policy_approved *approved, uint16_t hash,
                          tpmc__keyfile_auth_policy *entry, tpmc_error *err)
{
    struct output out = { .env = env, .hash = hash, .err = err };
    tpmc__policy_step last = { .kind = TPMC__POLICY_AUTHORIZE };
    tpmc__span signature = { approved->signature, approved->signature_len };
    int status = check_approved(&approved->steps, err);

    if (status == 0)
        status = write_list(&out, &approved->steps, 0);
    last.u.authorize.key = *signer;
    if (status == 0)
        status = write_step(&out, &last, NULL, &signature);
    if (status == 0 && approved->name != NULL) {
        entry->name = tpmc__mem_copy_text(approved->name);
        if (entry->name == NULL)
            status = tpmc__fail_nomem(err);
    }
    if (status != 0) {
        tpmc__keyfile_free_steps(&out.steps);
        return status;
    }
    entry->policy = out.steps;
    return 0;
}

static void clear_fields(tpmc__keyfile *file)
{
    static const tpmc__keyfile_steps none;

    tpmc__keyfile_free_steps(&file->policy);
    tpmc__keyfile_free_auth_policies(file);
    file->policy = none;
    file->auth_policies = NULL;
    file->auth_policy_count = 0;
}

static int is_same_step(const tpmc__keyfile_step *a, const tpmc__keyfile_step *b)
{
    return a->command == b->command && a->len == b->len &&
           (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static int is_same_entry(const tpmc__keyfile_auth_policy *a, const tpmc__keyfile_auth_policy *b)
{
    if ((a->name == NULL) != (b->name == NULL) || a->policy.count != b->policy.count ||
        (a->name != NULL && strcmp(a->name, b->name) != 0))
        return 0;
    for (size_t i = 0; i < a->policy.count; i++) {
        if (!is_same_step(&a->policy.items[i], &b->policy.items[i]))
            return 0;
    }
    return 1;
}

static void free_entry(tpmc__keyfile_auth_policy *entry)
{
    tpmc__mem_free(entry->name);
    tpmc__keyfile_free_steps(&entry->policy);
}

static int append_entry(tpmc__keyfile *file, const tpmc__keyfile_auth_policy *entry,
                        tpmc_error *err)
{
    size_t count = file->auth_policy_count;
    tpmc__keyfile_auth_policy *items = NULL;

    if (count == TPMC__KEYFILE_MAX_AUTH_POLICIES)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the policy has more than the %d signed policies that a key file takes",
                          TPMC__KEYFILE_MAX_AUTH_POLICIES);
    items = tpmc__mem_resize(file->auth_policies, count + 1, sizeof(*items));
    if (items == NULL)
        return tpmc__fail_nomem(err);
    items[count] = *entry;
    file->auth_policies = items;
    file->auth_policy_count = count + 1;
    return 0;
}

/* What several branches accept stands in the file once. */
static int write_entry(const struct output *out, const tpmc__policy_signer *signer,
                       const tpmc__policy_approved *approved, tpmc__keyfile *file)
{
    tpmc__keyfile_auth_policy entry = { 0 };
    int status = write_approved(out->env, signer, approved, out->hash, &entry, out->err);

    if (status != 0)
        return status;
    for (size_t i = 0; i < file->auth_policy_count; i++) {
        if (is_same_entry(&file->auth_policies[i], &entry)) {
            free_entry(&entry);
            return 0;
        }
    }
    status = append_entry(file, &entry, out->err);
    if (status != 0)
        free_entry(&entry);
    return status;
}

static int write_entries(const struct output *out, const tpmc__policy_steps *steps,
                         tpmc__keyfile *file)
{
    int status = 0;

    for (size_t i = 0; i < steps->count && status == 0; i++) {
        const tpmc__policy_step *step = &steps->items[i];

        for (size_t j = 0;
             step->kind == TPMC__POLICY_AUTHORIZE && j < step->u.authorize.count && status == 0;
             j++)
            status = write_entry(out, &step->u.authorize.key, &step->u.authorize.approved[j], file);
        for (size_t j = 0; step->kind == TPMC__POLICY_OR && j < step->u.or.count && status == 0;
             j++)
            status = write_entries(out, &step->u.or.branches[j].steps, file);
    }
    return status;
}

int tpmc__policy_file_write(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                            tpmc__keyfile *file, tpmc_error *err)
{
    struct output out = { .env = env, .hash = hash, .err = err };
    int status = write_list(&out, steps, 0);

    file->policy = out.steps;
    if (status == 0)
        status = write_entries(&out, steps, file);
    if (status != 0)
        clear_fields(file);
    return status;
}

static tpmc__keyfile_auth_policy *find_entry(tpmc__keyfile *file, const char *name)
{
    for (size_t i = 0; name != NULL && i < file->auth_policy_count; i++) {
        if (file->auth_policies[i].name != NULL && strcmp(file->auth_policies[i].name, name) == 0)
            return &file->auth_policies[i];
    }
    return NULL;
}

/* A free place in front of the others. */
static tpmc__keyfile_auth_policy *make_place(tpmc__keyfile *file, tpmc_error *err)
{
    size_t count = file->auth_policy_count;
    tpmc__keyfile_auth_policy *items = NULL;

    if (count == TPMC__KEYFILE_MAX_AUTH_POLICIES) {
        tpmc__fail(err, TPMC_ERR_ARGUMENT,
                   "the key file has %d signed policies already, and takes no more: replace one, "
                   "by giving its name",
                   TPMC__KEYFILE_MAX_AUTH_POLICIES);
        return NULL;
    }
    items = tpmc__mem_resize(file->auth_policies, count + 1, sizeof(*items));
    if (items == NULL) {
        tpmc__fail_nomem(err);
        return NULL;
    }
    memmove(items + 1, items, count * sizeof(*items));
    memset(items, 0, sizeof(*items));
    file->auth_policies = items;
    file->auth_policy_count = count + 1;
    return items;
}

int tpmc__policy_file_add_approved(tpmc_env *env, const tpmc__policy_signer *signer,
                                   const tpmc__policy_approved *approved, uint16_t hash,
                                   tpmc__keyfile *file, tpmc_error *err)
{
    tpmc__keyfile_auth_policy made = { 0 };
    tpmc__keyfile_auth_policy *place = NULL;
    int status = write_approved(env, signer, approved, hash, &made, err);

    if (status != 0)
        return status;
    place = find_entry(file, approved->name);
    if (place == NULL)
        place = make_place(file, err);
    if (place == NULL) {
        status = file->auth_policy_count == TPMC__KEYFILE_MAX_AUTH_POLICIES ? TPMC_ERR_ARGUMENT
                                                                            : TPMC_ERR_NOMEM;
        free_entry(&made);
        return status;
    }
    free_entry(place);
    *place = made;
    return 0;
}
