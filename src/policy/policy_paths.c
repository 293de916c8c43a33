/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "policy/policy_run.h"
#include "policy/policy_signer.h"

#define LABEL_MAX 512
#define REASONS_MAX 720
#define REASON_MAX 512
/* Steps that are looked at in all: branches multiply. */
#define MAX_VISITS 4096

#define CC_CREATE_PRIMARY 0x00000131u
#define CC_DUPLICATE 0x0000014bu
#define CC_CREATE 0x00000153u
#define CC_CREATE_LOADED 0x00000191u

/* Steps that hold for a few commands only. */
static const struct purpose {
    tpmc__policy_kind kind;
    uint32_t commands[3]; /* 0: none */
    const char *flaw;
} purposes[] = {
    { TPMC__POLICY_DUPLICATION_SELECT,
      { CC_DUPLICATE, 0, 0 },
      "PolicyDuplicationSelect is for duplicating the key only" },
    { TPMC__POLICY_TEMPLATE,
      { CC_CREATE, CC_CREATE_PRIMARY, CC_CREATE_LOADED },
      "PolicyTemplate is for making objects only" },
    { TPMC__POLICY_NV_WRITTEN, { 0, 0, 0 }, "PolicyNvWritten is for NV indices only" },
    { TPMC__POLICY_CP_HASH,
      { 0, 0, 0 },
      "PolicyCpHash is for one command with certain parameters only" },
};

static const struct need {
    tpmc__policy_kind kind;
    unsigned needs;
} step_needs[] = {
    { TPMC__POLICY_AUTH_VALUE, TPMC__PATH_AUTH_VALUE },
    { TPMC__POLICY_PASSWORD, TPMC__PATH_AUTH_VALUE },
    { TPMC__POLICY_SECRET, TPMC__PATH_SECRET },
    { TPMC__POLICY_SIGNED, TPMC__PATH_SIGNER },
    { TPMC__POLICY_ACTION, TPMC__PATH_ACTION },
};

/* A step that was taken on the way to where the search is. */
struct mark {
    const tpmc__policy_step *step;
    size_t choice;
    tpmc__policy_bytes before;
};

/* A list of steps that the search is in, and the step that follows when it ends. */
struct frame {
    const tpmc__policy_steps *steps;
    size_t at;
    const struct frame *up;           /* NULL: the policy itself */
    const tpmc__policy_step *closing; /* the PolicyOR or PolicyAuthorize that the list belongs to */
    size_t choice;
    tpmc__policy_bytes before;
};

struct finder {
    tpmc_env *env;
    uint16_t hash;
    uint32_t command;
    tpmc_error *err;
    size_t visits;
    struct mark marks[TPMC__POLICY_MAX_PATH];
    size_t depth;
    tpmc__policy_bytes digest; /* after the marked steps */
    char label[LABEL_MAX];
    char reasons[REASONS_MAX];
    tpmc__policy_paths *found;
};

static int walk(struct finder *f, const struct frame *frame);

void tpmc__policy_paths_free(tpmc__policy_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        tpmc__mem_free(paths->items[i].steps);
    tpmc__mem_free(paths->items);
    memset(paths, 0, sizeof(*paths));
}

/* Why the way that the search is on cannot be gone. Said once, however many ways lead there. */
static void leave_out(struct finder *f, const char *reason)
{
    char text[LABEL_MAX + sizeof(": ") + REASON_MAX];
    size_t len = strlen(f->reasons);

    (void)snprintf(text, sizeof(text), "%s%s%s", f->label, f->label[0] == '\0' ? "" : ": ", reason);
    if (strstr(f->reasons, text) != NULL)
        return;
    (void)snprintf(f->reasons + len, sizeof(f->reasons) - len, "%s%s", len == 0 ? "" : "; ", text);
}

/* What `err` says of the way; for a reason that is the way's own. */
static int leave_out_by_error(struct finder *f, int status)
{
    if (status != TPMC_ERR_POLICY && status != TPMC_ERR_FORMAT && status != TPMC_ERR_UNSUPPORTED)
        return status;
    leave_out(f, f->err == NULL ? "" : tpmc_error_text(f->err));
    tpmc__error_clear(f->err);
    return 0;
}

static unsigned needs_of(tpmc__policy_kind kind)
{
    for (size_t i = 0; i < sizeof(step_needs) / sizeof(step_needs[0]); i++) {
        if (step_needs[i].kind == kind)
            return step_needs[i].needs;
    }
    return 0;
}

static int cost_of(unsigned needs)
{
    if (needs & (TPMC__PATH_SIGNER | TPMC__PATH_ACTION))
        return 3;
    if (needs & TPMC__PATH_SECRET)
        return 2;
    return needs & TPMC__PATH_AUTH_VALUE ? 1 : 0;
}

static int fill_path(const struct finder *f, unsigned needs, tpmc__policy_path *out)
{
    memset(out, 0, sizeof(*out));
    /* A policy of no steps has a way of no steps. */
    out->steps = tpmc__mem_new(f->depth + 1, sizeof(*out->steps));
    if (out->steps == NULL)
        return -1;
    for (size_t i = 0; i < f->depth; i++) {
        out->steps[i].step = f->marks[i].step;
        out->steps[i].choice = f->marks[i].choice;
        out->steps[i].before = f->marks[i].before;
    }
    out->count = f->depth;
    out->needs = needs;
    tpmc__utf8_clean(out->label, sizeof(out->label), f->label);
    return 0;
}

/* A whole way: it comes after all that cost as much or less. The dearest go when there are too
 * many. */
static int add_path(struct finder *f)
{
    tpmc__policy_paths *found = f->found;
    tpmc__policy_path path;
    unsigned needs = 0;
    size_t at = found->count;

    for (size_t i = 0; i < f->depth; i++)
        needs |= needs_of(f->marks[i].step->kind);
    while (at > 0 && cost_of(found->items[at - 1].needs) > cost_of(needs))
        at--;
    if (at == TPMC__POLICY_MAX_PATHS)
        return 0;
    if (fill_path(f, needs, &path) != 0)
        return tpmc__fail_nomem(f->err);
    if (found->count == TPMC__POLICY_MAX_PATHS)
        tpmc__mem_free(found->items[--found->count].steps);
    memmove(found->items + at + 1, found->items + at,
            (found->count - at) * sizeof(found->items[0]));
    found->items[at] = path;
    found->count++;
    return 0;
}

/* Takes one step and goes on behind it. */
static int take(struct finder *f, const struct mark *mark, const struct frame *next)
{
    tpmc__policy_bytes former = f->digest;
    int status = 0;

    if (f->depth == TPMC__POLICY_MAX_PATH) {
        leave_out(f, "it has too many steps");
        return 0;
    }
    if (mark->step->kind == TPMC__POLICY_OR)
        f->digest = mark->before;
    status = tpmc__policy_digest_step(f->env, mark->step, f->hash, &f->digest, f->err);
    if (status != 0) {
        status = leave_out_by_error(f, status);
    } else {
        f->marks[f->depth++] = *mark;
        status = walk(f, next);
        f->depth--;
    }
    f->digest = former;
    return status;
}

static int is_hierarchy_name(const tpmc__policy_bytes *name)
{
    return name->len == 4;
}

static const char *purpose_flaw(const struct finder *f, tpmc__policy_kind kind)
{
    for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++) {
        const struct purpose *at = &purposes[i];

        if (at->kind != kind)
            continue;
        for (size_t k = 0; k < sizeof(at->commands) / sizeof(at->commands[0]); k++) {
            if (at->commands[k] != 0 && at->commands[k] == f->command)
                return NULL;
        }
        return at->flaw;
    }
    return NULL;
}

/* The name of a command, or its number; `out` has room for 16 bytes. */
static const char *command_text(uint32_t command, char *out)
{
    const char *name = tpmc__policy_command_code_name(command);

    if (name != NULL)
        return name;
    (void)snprintf(out, 16, "0x%x", (unsigned)command);
    return out;
}

static int suits_command(struct finder *f, const tpmc__policy_step *step)
{
    char reason[REASON_MAX];
    char number[16];
    const char *flaw = NULL;

    if (f->command == 0)
        return 1;
    flaw = purpose_flaw(f, step->kind);
    if (flaw != NULL) {
        leave_out(f, flaw);
        return 0;
    }
    if (step->kind != TPMC__POLICY_COMMAND_CODE || step->u.command_code == f->command)
        return 1;
    (void)snprintf(reason, sizeof(reason), "PolicyCommandCode is for the command %s only",
                   command_text(step->u.command_code, number));
    leave_out(f, reason);
    return 0;
}

/* Whether the step says enough to be run. */
static int is_complete(struct finder *f, const tpmc__policy_step *step)
{
    if (step->kind == TPMC__POLICY_SECRET && step->u.secret.handle == 0 &&
        !is_hierarchy_name(&step->u.secret.name)) {
        leave_out(f, "the handle of the entity that PolicySecret asks for is not known");
        return 0;
    }
    if (step->kind == TPMC__POLICY_SIGNED && !step->u.signed_by.key.has_public) {
        leave_out(f, "the public key of PolicySigned is not known");
        return 0;
    }
    return 1;
}

static int take_plain(struct finder *f, const struct frame *frame)
{
    struct mark mark = { &frame->steps->items[frame->at], 0, { { 0 }, 0 } };
    struct frame next = *frame;

    if (!suits_command(f, mark.step) || !is_complete(f, mark.step))
        return 0;
    next.at++;
    return take(f, &mark, &next);
}

/* Adds a choice to the label; returns what to cut it back to. */
static size_t extend_label(struct finder *f, const char *what, const char *name, size_t choice)
{
    size_t former = strlen(f->label);
    char *end = f->label + former;
    size_t room = sizeof(f->label) - former;
    const char *comma = former == 0 ? "" : ", ";

    if (name != NULL && name[0] != '\0')
        (void)snprintf(end, room, "%s%s '%s'", comma, what, name);
    else
        (void)snprintf(end, room, "%s%s %zu", comma, what, choice + 1);
    return former;
}

static int enter_branch(struct finder *f, const struct frame *frame, size_t choice)
{
    const tpmc__policy_step *step = &frame->steps->items[frame->at];
    const tpmc__policy_branch *branch = &step->u.or.branches[choice];
    struct frame inner = { &branch->steps, 0, frame, step, choice, f->digest };
    size_t former = extend_label(f, "the branch", branch->name, choice);
    int status = 0;

    if (branch->is_unknown)
        leave_out(f, "only its digest is known, not its steps");
    else
        status = walk(f, &inner);
    f->label[former] = '\0';
    return status;
}

static int enter_or(struct finder *f, const struct frame *frame)
{
    const tpmc__policy_step *step = &frame->steps->items[frame->at];
    int status = 0;

    for (size_t i = 0; status == 0 && i < step->u.or.count; i++)
        status = enter_branch(f, frame, i);
    return status;
}

static int enter_approved(struct finder *f, const struct frame *frame, const char *what,
                          const tpmc__policy_approved *approved, size_t count)
{
    const tpmc__policy_step *step = &frame->steps->items[frame->at];
    int status = 0;

    for (size_t i = 0; status == 0 && i < count; i++) {
        struct frame inner = { &approved[i].steps, 0, frame, step, i, f->digest };
        size_t former = extend_label(f, what, approved[i].name, i);

        status = walk(f, &inner);
        f->label[former] = '\0';
    }
    return status;
}

static int enter_authorize(struct finder *f, const struct frame *frame)
{
    const tpmc__policy_step *step = &frame->steps->items[frame->at];

    if (!step->u.authorize.key.has_public) {
        leave_out(f, "the public key of PolicyAuthorize is not known");
        return 0;
    }
    if (step->u.authorize.count == 0) {
        leave_out(f, "no signed policy is available for PolicyAuthorize; whoever holds the signing "
                     "key can add one to the key file");
        return 0;
    }
    return enter_approved(f, frame, "the signed policy", step->u.authorize.approved,
                          step->u.authorize.count);
}

static int enter_authorize_nv(struct finder *f, const struct frame *frame)
{
    const tpmc__policy_step *step = &frame->steps->items[frame->at];

    if (step->u.authorize_nv.count == 0) {
        leave_out(f, "no policy is given that the NV index of PolicyAuthorizeNV may hold");
        return 0;
    }
    return enter_approved(f, frame, "the approved policy", step->u.authorize_nv.approved,
                          step->u.authorize_nv.count);
}

/* Whether what was run so far is what the signature approves: the TPM would say so only after the
 * key was loaded and a hash was signed for. */
static int verify_approved(struct finder *f, const tpmc__policy_step *step, size_t choice)
{
    const tpmc__policy_approved *approved = &step->u.authorize.approved[choice];
    const tpmc__policy_signer *signer = &step->u.authorize.key;
    tpmc__policy_bytes digest;
    int status = tpmc__policy_authorize_hash(f->env, signer, &f->digest, &digest, f->err);

    if (status != 0)
        return status;
    return tpmc__signer_verify(f->env, signer, &digest, approved->signature,
                               approved->signature_len, f->err);
}

/* The list has ended: the step that it belongs to comes now. */
static int leave(struct finder *f, const struct frame *frame)
{
    struct mark mark = { frame->closing, frame->choice, frame->before };
    struct frame next = *frame->up;
    int status = 0;

    next.at++;
    if (frame->closing->kind != TPMC__POLICY_OR)
        mark.before = f->digest;
    if (frame->closing->kind == TPMC__POLICY_AUTHORIZE)
        status = verify_approved(f, frame->closing, frame->choice);
    if (status != 0)
        return leave_out_by_error(f, status);
    return take(f, &mark, &next);
}

static int walk(struct finder *f, const struct frame *frame)
{
    if (f->visits == MAX_VISITS)
        return 0;
    f->visits++;
    if (frame->at == frame->steps->count)
        return frame->up == NULL ? add_path(f) : leave(f, frame);
    switch (frame->steps->items[frame->at].kind) {
    case TPMC__POLICY_OR:
        return enter_or(f, frame);
    case TPMC__POLICY_AUTHORIZE:
        return enter_authorize(f, frame);
    case TPMC__POLICY_AUTHORIZE_NV:
        return enter_authorize_nv(f, frame);
    default:
        return take_plain(f, frame);
    }
}

static int fail_without_path(const struct finder *f)
{
    char number[16];

    if (f->visits == MAX_VISITS)
        return tpmc__fail(f->err, TPMC_ERR_POLICY,
                          "the policy has too many branches in one another to be searched");
    if (f->command == 0)
        return tpmc__fail(f->err, TPMC_ERR_POLICY, "there is no way through the policy: %s",
                          f->reasons);
    return tpmc__fail(f->err, TPMC_ERR_POLICY,
                      "there is no way through the policy for the command %s: %s",
                      command_text(f->command, number), f->reasons);
}

int tpmc__policy_paths_find(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                            uint32_t command, tpmc__policy_paths *out, tpmc_error *err)
{
    struct frame top = { steps, 0, NULL, NULL, 0, { { 0 }, 0 } };
    struct finder *f = tpmc__mem_new(1, sizeof(*f));
    int status = 0;

    memset(out, 0, sizeof(*out));
    out->items = tpmc__mem_new(TPMC__POLICY_MAX_PATHS, sizeof(*out->items));
    if (f == NULL || out->items == NULL) {
        status = tpmc__fail_nomem(err);
        goto out;
    }
    f->env = env;
    f->hash = hash;
    f->command = command;
    f->err = err;
    f->found = out;
    tpmc__policy_digest_start(hash, &f->digest);
    status = walk(f, &top);
    if (status == 0 && out->count == 0)
        status = fail_without_path(f);
    if (status == 0 && out->count == 1)
        out->items[0].label[0] = '\0';
out:
    tpmc__mem_free(f);
    if (status != 0)
        tpmc__policy_paths_free(out);
    return status;
}
