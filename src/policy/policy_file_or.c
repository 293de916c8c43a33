/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "policy/policy_file_int.h"

/*
 * Writers put the branches of a PolicyOR one after the other in front of it. Each branch is a run
 * of steps that begins with zeros and leads to one of the digests that PolicyOR lists; what a run
 * leads to after a PolicyOR in it depends on that list alone.
 */
struct flat {
    const tpmc__policy_reader *reader;
    const tpmc__policy_steps *steps;
    tpmc__policy_bytes *digests; /* of the run from i up to and without j, at i * (count + 1) + j */
    size_t nodes;                /* steps of the tree so far */
};

/* A run of steps, the last one excluded. */
struct run {
    size_t from;
    size_t to;
};

static int build(struct flat *flat, struct run run, size_t depth, tpmc__policy_steps *out);

static tpmc__policy_bytes *digest_at(const struct flat *flat, size_t from, size_t to)
{
    return &flat->digests[from * (flat->steps->count + 1) + to];
}

/* 1 when what a step leads to does not depend on what stood before it. */
static int begins_anew(const tpmc__policy_step *step)
{
    return step->kind == TPMC__POLICY_OR || step->kind == TPMC__POLICY_AUTHORIZE;
}

/* The runs that begin with a step, when those that begin later are known. */
static int digest_runs_from(struct flat *flat, size_t from)
{
    const tpmc__policy_reader *reader = flat->reader;
    size_t count = flat->steps->count;
    tpmc__policy_bytes digest;

    tpmc__policy_digest_start(reader->hash, &digest);
    for (size_t i = from; i < count; i++) {
        const tpmc__policy_step *step = &flat->steps->items[i];
        int status = 0;

        if (i > from && begins_anew(step)) {
            memcpy(digest_at(flat, from, i + 1), digest_at(flat, i, i + 1),
                   (count - i) * sizeof(digest));
            return 0;
        }
        status = tpmc__policy_digest_step(reader->env, step, reader->hash, &digest, reader->err);
        /* Values of now cannot be computed with: such a run leads nowhere that is known. */
        if (status == TPMC_ERR_STATE)
            break;
        if (status != 0)
            return status;
        *digest_at(flat, from, i + 1) = digest;
    }
    tpmc__error_clear(reader->err);
    return 0;
}

static int digest_runs(struct flat *flat)
{
    int status = 0;

    for (size_t i = flat->steps->count; i-- > 0 && status == 0;)
        status = digest_runs_from(flat, i);
    return status;
}

/* The place of the last PolicyOR of a run; its end when there is none. */
static size_t last_or(const struct flat *flat, struct run run)
{
    for (size_t i = run.to; i-- > run.from;) {
        if (flat->steps->items[i].kind == TPMC__POLICY_OR)
            return i;
    }
    return run.to;
}

/* The longest run that leads to a digest; an empty one when there is none. */
static struct run find_run(const struct flat *flat, struct run within,
                           const tpmc__policy_bytes *digest)
{
    struct run none = { 0, 0 };

    for (size_t i = within.from; i < within.to; i++) {
        for (size_t j = within.to; j > i; j--) {
            struct run found = { i, j };

            if (tpmc__policy_bytes_equal(digest_at(flat, i, j), digest))
                return found;
        }
    }
    return none;
}

/* Leaves out what does not count, since PolicyAuthorize undoes it: it is of another branch. */
static struct run trim_run(const struct flat *flat, struct run run)
{
    for (size_t i = run.to; i-- > run.from;) {
        if (flat->steps->items[i].kind == TPMC__POLICY_OR)
            break;
        if (flat->steps->items[i].kind == TPMC__POLICY_AUTHORIZE) {
            run.from = i;
            break;
        }
    }
    return run;
}

static int append_run(struct flat *flat, struct run run, tpmc__policy_steps *out)
{
    tpmc__policy_steps part = { flat->steps->items + run.from, run.to - run.from };

    flat->nodes += part.count;
    if (flat->nodes > TPMC__POLICY_MAX_STEPS)
        return tpmc__fail(flat->reader->err, TPMC_ERR_FORMAT,
                          "the policy of the key file has more than %d steps in all its branches",
                          TPMC__POLICY_MAX_STEPS);
    return tpmc__policy_append_copy(out, &part, flat->reader->err);
}

static int build_branches(struct flat *flat, struct run before, size_t depth,
                          tpmc__policy_step *step)
{
    tpmc__policy_bytes nothing;
    int status = 0;

    tpmc__policy_digest_start(flat->reader->hash, &nothing);
    for (size_t i = 0; i < step->u.or.count && status == 0; i++) {
        tpmc__policy_branch *branch = &step->u.or.branches[i];
        struct run run = trim_run(flat, find_run(flat, before, &branch->digest));

        branch->is_unknown =
            run.to == run.from && !tpmc__policy_bytes_equal(&branch->digest, &nothing);
        if (run.to > run.from)
            status = build(flat, run, depth + 1, &branch->steps);
    }
    return status;
}

static int build(struct flat *flat, struct run run, size_t depth, tpmc__policy_steps *out)
{
    size_t at = last_or(flat, run);
    struct run before = { run.from, at };
    struct run rest = { at, run.to };
    int status = 0;

    if (depth > TPMC__POLICY_MAX_DEPTH)
        return tpmc__fail(flat->reader->err, TPMC_ERR_FORMAT,
                          "the policy of the key file has more than %d levels of branches",
                          TPMC__POLICY_MAX_DEPTH);
    if (at == run.to)
        return append_run(flat, run, out);
    status = append_run(flat, rest, out);
    if (status == 0)
        status = build_branches(flat, before, depth, &out->items[0]);
    return status;
}

int tpmc__policy_file_unflatten(const tpmc__policy_reader *reader, const tpmc__policy_steps *flat,
                                tpmc__policy_steps *out)
{
    struct flat all = { .reader = reader, .steps = flat };
    struct run run = { 0, flat->count };
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (last_or(&all, run) == flat->count)
        return tpmc__policy_copy(flat, out, reader->err);
    all.digests = tpmc__mem_new(flat->count + 1, (flat->count + 1) * sizeof(*all.digests));
    if (all.digests == NULL)
        return tpmc__fail_nomem(reader->err);
    status = digest_runs(&all);
    if (status == 0)
        status = build(&all, run, 0, out);
    tpmc__mem_free(all.digests);
    if (status != 0)
        tpmc__policy_free_steps(out);
    return status;
}
