/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "codec/text.h"
#include "policy/policy_run_int.h"
#include "tpm/frame.h"
#include "tpm/hierarchy.h"

/* What came of a step. */
enum result { HOLDS, FAILS, NOT_RUN, NOT_REACHED };

static const char *const result_names[] = {
    [HOLDS] = "holds",
    [FAILS] = "fails",
    [NOT_RUN] = "not run",
    [NOT_REACHED] = "not reached",
};

/* Steps of which nothing can be said before the key is used. */
static const struct unknown {
    tpmc__policy_kind kind;
    const char *reason;
} unknowns[] = {
    { TPMC__POLICY_AUTH_VALUE, "the password of the key is asked for when the key is used" },
    { TPMC__POLICY_PASSWORD, "the password of the key is asked for when the key is used" },
    { TPMC__POLICY_SIGNED, "a signature is asked for when the key is used" },
    { TPMC__POLICY_ACTION, "the action is done when the key is used" },
    { TPMC__POLICY_LOCALITY, "the TPM looks at the locality when the key is used" },
    { TPMC__POLICY_PHYSICAL_PRESENCE, "physical presence must be shown when the key is used" },
    { TPMC__POLICY_CP_HASH, "the TPM compares with the command when the key is used" },
    { TPMC__POLICY_NAME_HASH, "the TPM compares with the objects when the key is used" },
    { TPMC__POLICY_DUPLICATION_SELECT, "the TPM looks at it when the key is duplicated" },
    { TPMC__POLICY_TEMPLATE, "the TPM compares with the template when an object is made" },
    { TPMC__POLICY_NV_WRITTEN, "the TPM looks at it when an NV index is used" },
};

struct checker {
    tpmc__policy_run run;
    tpmc_error *err;  /* of the step under way */
    tpmc__json *json; /* of it */
};

static const char *unknown_reason(tpmc__policy_kind kind)
{
    for (size_t i = 0; i < sizeof(unknowns) / sizeof(unknowns[0]); i++) {
        if (unknowns[i].kind == kind)
            return unknowns[i].reason;
    }
    return NULL;
}

/* A hierarchy whose password is empty, as far as we were told. The lockout hierarchy is none: a
 * wrong guess there has consequences. */
static int is_open_hierarchy(const tpmc_tpm *tpm, const tpmc__policy_step *step)
{
    const tpmc__policy_bytes *name = &step->u.secret.name;
    uint32_t handle = step->u.secret.handle;
    int hierarchy = 0;

    if (handle == 0 && name->len == 4)
        handle = tpmc__be32(name->data);
    hierarchy = tpmc__hierarchy_by_handle(handle);
    return hierarchy >= 0 && tpm->hierarchy_auth[hierarchy].len == 0;
}

static void add_hex(tpmc__json *object, const char *name, const uint8_t *data, size_t len)
{
    tpmc__buf hex;

    tpmc__buf_init(&hex, 2 * TPMC__DIGEST_MAX);
    if (tpmc__hex_encode(data, len, &hex) == 0)
        (void)tpmc__json_add_text(object, name, (const char *)hex.data);
    else
        (void)tpmc__json_add(object, name, NULL);
    tpmc__buf_free(&hex);
}

/* Registers with what is wanted, where each is known, and what was found. */
static void add_registers(const struct checker *c, const tpmc__policy_step *step,
                          const tpmc__policy_pcr_value *found, size_t count)
{
    tpmc__json *list = tpmc__json_new_array();

    for (size_t i = 0; i < count; i++) {
        size_t size = tpmc__hash_size(found[i].hash);
        tpmc__json *item = tpmc__json_new_object();

        (void)tpmc__json_add_text(item, "bank", tpmc__hash_name(found[i].hash));
        (void)tpmc__json_add_integer(item, "pcr", found[i].pcr);
        if (step->u.pcr.known == TPMC__PCR_VALUES)
            add_hex(item, "wanted", step->u.pcr.values[i].value, size);
        add_hex(item, "found", found[i].value, size);
        (void)tpmc__json_append(list, item);
    }
    (void)tpmc__json_add(c->json, "registers", list);
}

static int check_pcr(const struct checker *c, const tpmc__policy_step *step)
{
    tpmc_tpm *tpm = c->run.tpm;
    tpmc__policy_pcr_value *found = NULL;
    tpmc__policy_bytes wanted;
    tpmc__policy_bytes now;
    size_t count = 0;
    int status = tpmc__policy_pcr_digest(tpm->env, step, c->run.hash, &wanted, c->err);

    if (status == 0)
        status = tpmc__policy_read_pcrs(tpm, &step->u.pcr.selection, &found, &count, c->err);
    if (status != 0)
        return status;
    status = tpmc__policy_pcr_found_digest(tpm->env, step, c->run.hash, found, &now, c->err);
    if (status == 0)
        add_registers(c, step, found, count);
    if (status == 0 && !tpmc__policy_bytes_equal(&wanted, &now))
        status = tpmc__policy_compare_pcrs(tpm->env, step, c->run.hash, found, c->err);
    tpmc__mem_free(found);
    return status;
}

/* Steps that do not depend on those before them are run on a session that leads nowhere. */
static int run_alone(struct checker *c, const tpmc__path_step *step)
{
    int status = 0;

    if (c->run.tpm->policy.handle == 0)
        status = tpmc__session_policy(c->run.tpm, NULL, c->run.hash, 0, c->err);
    if (status != 0)
        return status;
    c->run.session = c->run.tpm->policy.tr;
    return tpmc__policy_step_run(&c->run, step, c->err);
}

/* 0, or why the step does not hold. */
static int check_known(struct checker *c, const tpmc__path_step *step)
{
    switch (step->step->kind) {
    case TPMC__POLICY_PCR:
        return check_pcr(c, step->step);
    case TPMC__POLICY_AUTHORIZE_NV:
        return tpmc__policy_check_authorize_nv(&c->run, step, c->err);
    case TPMC__POLICY_NV:
    case TPMC__POLICY_COUNTER_TIMER:
    case TPMC__POLICY_SECRET:
        return run_alone(c, step);
    default:
        /* A branch holds when its steps do; signatures were verified when the way was found. */
        return 0;
    }
}

/* 1 when the TPM said no, and not the way to it. */
static int is_verdict(const tpmc_tpm *tpm, int status)
{
    if (status == TPMC_ERR_POLICY || status == TPMC_ERR_WRONG_PASSWORD)
        return tpm->remedy == TPMC__REMEDY_NONE;
    return (status == TPMC_ERR_TPM || status == TPMC_ERR_LOCKOUT ||
            status == TPMC_ERR_UNSUPPORTED) &&
           tpm->in_step && tpm->remedy == TPMC__REMEDY_NONE;
}

static const char *reason_not_to_run(const struct checker *c, const tpmc__policy_step *step)
{
    if (step->kind == TPMC__POLICY_SECRET && !is_open_hierarchy(c->run.tpm, step))
        return "the password of another entity is asked for when the key is used";
    return unknown_reason(step->kind);
}

static int check_step(struct checker *c, const tpmc__path_step *step, int is_reached,
                      enum result *out)
{
    const char *reason = NULL;
    int status = 0;

    *out = NOT_REACHED;
    if (is_reached)
        reason = reason_not_to_run(c, step->step);
    if (is_reached && reason != NULL)
        *out = NOT_RUN;
    (void)tpmc__json_add_text(c->json, "type", tpmc__policy_kind_name(step->step->kind));
    if (is_reached && reason == NULL) {
        c->run.tpm->in_step = 0;
        c->run.tpm->remedy = TPMC__REMEDY_NONE;
        status = check_known(c, step);
        if (status != 0 && !is_verdict(c->run.tpm, status))
            return status;
        *out = status == 0 ? HOLDS : FAILS;
        if (status != 0)
            reason = tpmc_error_text(c->err);
    }
    (void)tpmc__json_add_text(c->json, "result", result_names[*out]);
    if (reason != NULL)
        (void)tpmc__json_add_text(c->json, "reason", reason);
    tpmc__error_clear(c->err);
    return 0;
}

static int check_way(struct checker *c, const tpmc__policy_path *path, tpmc__json *way, int *holds)
{
    tpmc__json *steps = tpmc__json_new_array();
    int status = 0;

    *holds = 1;
    for (size_t i = 0; status == 0 && i < path->count; i++) {
        enum result result = HOLDS;

        c->json = tpmc__json_new_object();
        status = check_step(c, &path->steps[i], *holds, &result);
        if (result == FAILS)
            *holds = 0;
        (void)tpmc__json_append(steps, c->json);
    }
    if (path->label[0] != '\0')
        (void)tpmc__json_add_text(way, "label", path->label);
    (void)tpmc__json_add_boolean(way, "holds", *holds);
    (void)tpmc__json_add(way, "steps", steps);
    return status;
}

static int check_ways(struct checker *c, const tpmc__policy_paths *paths, tpmc__json *out)
{
    tpmc__json *ways = tpmc__json_new_array();
    int any = 0;
    int status = 0;

    for (size_t i = 0; status == 0 && i < paths->count; i++) {
        tpmc__json *way = tpmc__json_new_object();
        int holds = 0;

        status = check_way(c, &paths->items[i], way, &holds);
        any |= holds;
        (void)tpmc__json_append(ways, way);
    }
    (void)tpmc__json_add_boolean(out, "holds", any);
    if (tpmc__json_add(out, "ways", ways) != 0 && status == 0)
        status = tpmc__fail_nomem(c->err);
    return status;
}

int tpmc__policy_check_now(tpmc_tpm *tpm, const tpmc__policy_paths *paths, uint16_t hash,
                           tpmc_policy *answers, tpmc__json **out, tpmc_error *err)
{
    struct checker c = { { tpm, hash, answers, ESYS_TR_NONE }, NULL, NULL };
    tpmc__json *json = NULL;
    int status = 0;

    *out = NULL;
    if (tpmc_error_new(&c.err) != 0)
        return tpmc__fail_nomem(err);
    json = tpmc__json_new_object();
    status = check_ways(&c, paths, json);
    tpmc__session_policy_end(tpm);
    if (status != 0) {
        tpmc__error_copy(err, c.err);
        tpmc__json_free(json);
    } else {
        *out = json;
    }
    tpmc_error_free(c.err);
    return status;
}
