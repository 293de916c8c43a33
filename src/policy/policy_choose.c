/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "policy/policy_run.h"

#define NAME_ROOM 32

/* Which of the ways are left, and who chooses. */
struct chooser {
    tpmc_policy *answers;
    const tpmc__policy_paths *paths;
    unsigned char gone[TPMC__POLICY_MAX_PATHS];
    tpmc_error *err;
};

static int choose_in(struct chooser *c, const tpmc__policy_steps *steps);

/* The place of a step in a way; the way's count when it is not on it. */
static size_t find_step(const tpmc__policy_path *path, const tpmc__policy_step *step)
{
    size_t at = 0;

    while (at < path->count && path->steps[at].step != step)
        at++;
    return at;
}

/* How many ways that are left take this choice of a step. */
static size_t count_ways(const struct chooser *c, const tpmc__policy_step *step, size_t choice)
{
    size_t count = 0;

    for (size_t i = 0; i < c->paths->count; i++) {
        const tpmc__policy_path *path = &c->paths->items[i];
        size_t at = find_step(path, step);

        if (!c->gone[i] && at < path->count && path->steps[at].choice == choice)
            count++;
    }
    return count;
}

static size_t count_choices(const struct chooser *c, const tpmc__policy_step *step)
{
    size_t count = 0;

    for (size_t i = 0; i < step->u.or.count; i++)
        count += count_ways(c, step, i) > 0;
    return count;
}

static void keep_only(struct chooser *c, const tpmc__policy_step *step, size_t choice)
{
    for (size_t i = 0; i < c->paths->count; i++) {
        const tpmc__policy_path *path = &c->paths->items[i];
        size_t at = find_step(path, step);

        if (at < path->count && path->steps[at].choice != choice)
            c->gone[i] = 1;
    }
}

static int ask(struct chooser *c, const tpmc__policy_step *step, size_t *chosen)
{
    const char *names[TPMC__POLICY_MAX_BRANCHES] = { NULL };
    char numbered[TPMC__POLICY_MAX_BRANCHES][NAME_ROOM];
    size_t count = step->u.or.count;
    tpmc_policy *answers = c->answers;
    int status = 0;

    for (size_t i = 0; i < count; i++) {
        (void)snprintf(numbered[i], sizeof(numbered[i]), "branch %zu", i + 1);
        names[i] = step->u.or.branches[i].name;
        if (names[i] == NULL || names[i][0] == '\0')
            names[i] = numbered[i];
    }
    *chosen = count;
    status =
        tpmc__callback_status(answers->choose(answers->choose_hook.user, names, count, chosen));
    if (status != 0)
        return tpmc__fail(c->err, status,
                          "the callback that chooses a branch of the policy failed with %s",
                          tpmc_error_name(status));
    if (*chosen >= count)
        return tpmc__fail(c->err, TPMC_ERR_ARGUMENT,
                          "the callback that chooses a branch of the policy chose number %zu of "
                          "%zu, counted from 0",
                          *chosen, count);
    if (count_ways(c, step, *chosen) == 0)
        return tpmc__fail(c->err, TPMC_ERR_POLICY,
                          "the branch '%s' of the policy, which was chosen, cannot be used for "
                          "this",
                          names[*chosen]);
    return 0;
}

static int choose_branch(struct chooser *c, const tpmc__policy_step *step)
{
    size_t chosen = 0;
    int status = 0;

    /* Nobody is asked where there is only one answer. */
    if (count_choices(c, step) > 1) {
        status = ask(c, step, &chosen);
        if (status != 0)
            return status;
        keep_only(c, step, chosen);
    }
    for (size_t i = 0; status == 0 && i < step->u.or.count; i++) {
        if (count_ways(c, step, i) > 0)
            status = choose_in(c, &step->u.or.branches[i].steps);
    }
    return status;
}

static int choose_in_approved(struct chooser *c, const tpmc__policy_step *step,
                              const tpmc__policy_approved *approved, size_t count)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < count; i++) {
        if (count_ways(c, step, i) > 0)
            status = choose_in(c, &approved[i].steps);
    }
    return status;
}

static int choose_in(struct chooser *c, const tpmc__policy_steps *steps)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < steps->count; i++) {
        const tpmc__policy_step *step = &steps->items[i];

        if (step->kind == TPMC__POLICY_OR)
            status = choose_branch(c, step);
        else if (step->kind == TPMC__POLICY_AUTHORIZE)
            status =
                choose_in_approved(c, step, step->u.authorize.approved, step->u.authorize.count);
        else if (step->kind == TPMC__POLICY_AUTHORIZE_NV)
            status = choose_in_approved(c, step, step->u.authorize_nv.approved,
                                        step->u.authorize_nv.count);
    }
    return status;
}

int tpmc__policy_paths_choose(tpmc_policy *answers, const tpmc__policy_steps *steps,
                              tpmc__policy_paths *paths, tpmc_error *err)
{
    struct chooser c = { answers, paths, { 0 }, err };
    size_t kept = 0;
    int status = 0;

    if (answers == NULL || answers->choose == NULL)
        return 0;
    status = choose_in(&c, steps);
    if (status != 0)
        return status;
    for (size_t i = 0; i < paths->count; i++) {
        if (c.gone[i])
            tpmc__mem_free(paths->items[i].steps);
        else
            paths->items[kept++] = paths->items[i];
    }
    paths->count = kept;
    return 0;
}
