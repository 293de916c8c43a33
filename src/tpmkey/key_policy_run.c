/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tpmkey/key_int.h"

static tpmc__policy_path *way_of(tpmc__key_policy *policy, int use)
{
    return &policy->ways[use].items[policy->current[use]];
}

static int is_out(const tpmc__key_policy *policy, size_t way)
{
    return ((policy->failed | policy->uncalled) >> way & 1) != 0;
}

/* A new operation tries everything again, beginning with what held the last time. */
static void begin_operation(tpmc__key_policy *policy, const tpmc_tpm *tpm)
{
    if (policy->operation == tpm->operation)
        return;
    policy->operation = tpm->operation;
    if (policy->is_resumed)
        return;
    policy->failed = 0;
    policy->was_restarted = 0;
    tpmc__buf_clear(&policy->reasons);
}

static int run_pcr_now(tpmc_key *key, const tpmc__policy_step *step, ESYS_TR session,
                       tpmc_error *err)
{
    static const TPM2B_DIGEST whatever_they_are = { 0 };
    TPML_PCR_SELECTION selection;
    TSS2_RC rc = 0;

    tpmc__policy_tss_selection(&step->u.pcr.selection, &selection);
    rc = Esys_PolicyPCR(key->tpm->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                        &whatever_they_are, &selection);
    return tpmc__tpm_result(key->tpm, rc, "TPM2_PolicyPCR", err);
}

/* Registers, and the password where one was given: what was stated is one step. */
static int run_guess(tpmc_key *key, ESYS_TR session, tpmc_error *err)
{
    TSS2_RC rc = 0;
    int status = run_pcr_now(key, &key->policy.stated.items[0], session, err);

    if (status != 0 || key->password.len == 0)
        return status;
    rc = Esys_PolicyAuthValue(key->tpm->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE);
    return tpmc__tpm_result(key->tpm, rc, "TPM2_PolicyAuthValue", err);
}

/* Signatures are for one nonce of one session. */
static int check_nonce(tpmc_key *key, ESYS_TR session, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    TPM2B_NONCE *nonce = NULL;
    TSS2_RC rc = Esys_TRSess_GetNonceTPM(key->tpm->esys, session, &nonce);
    int status = tpmc__tpm_result(key->tpm, rc, "Esys_TRSess_GetNonceTPM", err);

    if (status != 0)
        return status;
    policy->wants_call =
        nonce->size != policy->nonce_len || memcmp(nonce->buffer, policy->nonce, nonce->size) != 0;
    Esys_Free(nonce);
    if (!policy->wants_call)
        return 0;
    return tpmc__fail(err, TPMC_ERR_STATE,
                      "the session that a signature was made for is gone again and again");
}

/* Callbacks have run for one way of one command. That another one is needed shows only now. */
static int check_called(tpmc_key *key, const tpmc__policy_path *way, ESYS_TR session,
                        tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;

    if ((way->needs & (TPMC__PATH_SIGNER | TPMC__PATH_ACTION)) == 0)
        return 0;
    if (policy->called == way)
        return way->needs & TPMC__PATH_SIGNER ? check_nonce(key, session, err) : 0;
    policy->wants_call = 1;
    policy->planned = policy->use;
    return tpmc__fail(err, TPMC_ERR_STATE,
                      "the callbacks of the policy are wanted for another branch again and again");
}

/* Whether the way may be run: what is refused here is not the TPM's refusal. */
static int check_way(tpmc_key *key, ESYS_TR session, tpmc_error *err)
{
    const tpmc__key_policy *policy = &key->policy;
    const tpmc__policy_path *way = NULL;

    key->tpm->refusal = 0;
    if (policy->ways[policy->use].count == 0)
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the policy does not let the key be used by the command that is needed");
    way = way_of(&key->policy, policy->use);
    if ((way->needs & TPMC__PATH_AUTH_VALUE) && tpmc__key_password_is_unknown(key))
        return tpmc__key_refuse_unknown_password(key, err);
    return check_called(key, way, session, err);
}

static int satisfy(tpmc_tpm *tpm, void *context, ESYS_TR session, tpmc_error *err)
{
    tpmc_key *key = context;
    tpmc__key_policy *policy = &key->policy;
    int status = 0;

    if (atomic_load(&policy->is_guess))
        return run_guess(key, session, err);
    status = check_way(key, session, err);
    if (status != 0)
        return status;
    return tpmc__policy_path_run(tpm, way_of(policy, policy->use), key->file->key.name_alg,
                                 policy->given, session, err);
}

static int call_status(tpmc_tpm *tpm, int returned, const char *which, tpmc_error *err)
{
    int status = tpmc__callback_status(returned);

    (void)tpmc__guard_take_outcome(&tpm->guard);
    if (status == 0)
        return 0;
    return tpmc__fail(err, status, "the policy callback '%s' failed with %s", which,
                      tpmc_error_name(status));
}

static int satisfy_by_caller(tpmc_tpm *tpm, void *context, ESYS_TR session, tpmc_error *err)
{
    const tpmc_policy *given = ((const tpmc_key *)context)->policy.given;

    return call_status(tpm, given->satisfy(given->satisfy_hook.user, tpm->esys, session), "satisfy",
                       err);
}

static int provide_by_caller(tpmc_tpm *tpm, void *context, ESYS_TR salt_key, ESYS_TR *session,
                             tpmc_error *err)
{
    const tpmc_policy *given = ((const tpmc_key *)context)->policy.given;

    return call_status(tpm, given->provide(given->provide_hook.user, tpm->esys, salt_key, session),
                       "provide", err);
}

/* What the caller does in a session is not known, so that it may be PolicyAuthValue. */
static void fill_callback(const tpmc_key *key, tpmc__use *out)
{
    out->with_auth_value = 1;
    if (key->policy.given->provide != NULL)
        out->provide = provide_by_caller;
    else
        out->satisfy = satisfy_by_caller;
}

static unsigned needs_of(tpmc_key *key)
{
    tpmc__key_policy *policy = &key->policy;

    if (atomic_load(&policy->is_guess))
        return key->password.len > 0 ? TPMC__PATH_AUTH_VALUE : 0;
    if (policy->ways[policy->use].count == 0)
        return 0;
    return way_of(policy, policy->use)->needs;
}

static void fill_way(tpmc_key *key, tpmc__use *out)
{
    tpmc__key_policy *policy = &key->policy;
    unsigned needs = needs_of(key);

    out->satisfy = satisfy;
    out->keeps_session = 1;
    out->with_auth_value = (needs & TPMC__PATH_AUTH_VALUE) != 0;
    out->owner = needs & TPMC__PATH_SIGNER ? key : NULL;
    if (!atomic_load(&policy->is_guess) && policy->ways[policy->use].count > 0)
        out->way = way_of(policy, policy->use);
    else
        out->way = key;
    if (out->with_auth_value)
        return;
    out->password = NULL;
    out->refused = NULL;
}

void tpmc__key_policy_fill(tpmc_key *key, int use, tpmc__use *out)
{
    tpmc__key_policy *policy = &key->policy;

    if (!policy->is_used)
        return;
    begin_operation(policy, key->tpm);
    policy->use = use;
    out->policy_context = key;
    out->policy_hash = key->file->key.name_alg;
    if (policy->source == TPMC__POLICY_FROM_CALLBACK)
        fill_callback(key, out);
    else
        fill_way(key, out);
}

static unsigned carries_of(const tpmc_key *key)
{
    return key->kind.type == TPMC__ALG_KEYEDHASH ? TPMC__CARRIES_SECRET_OUT | TPMC__CARRIES_UNPROVEN
                                                 : 0;
}

static int planned_use(const tpmc_key *key)
{
    return tpmc__key_policy_only_second(key) ? TPMC__USE_SECOND : key->policy.planned;
}

/* 1 when the password of another entity is sure to cross, or everything is to be protected. */
static int wants_hmac_session(tpmc_key *key)
{
    const tpmc_policy *given = key->policy.given;
    size_t known = given == NULL ? 0 : given->password_count;

    if ((needs_of(key) & TPMC__PATH_SECRET) == 0)
        return 0;
    for (size_t i = 0; i < TPMC__HIERARCHY_COUNT; i++)
        known += key->tpm->hierarchy_auth[i].len;
    return known > 0 || tpmc__use_protects_all(key->tpm);
}

/* The policy session that the planned command will take; 0 when the key takes none of ours. */
static int find_want(tpmc_key *key, const tpmc__loaded *at_hand, tpmc__policy_want *out)
{
    tpmc__use use;

    tpmc__key_use(key, planned_use(key), &use);
    use.salt = at_hand;
    tpmc__use_policy_want(key->tpm, &use, carries_of(key), out);
    return use.keeps_session;
}

int tpmc__key_policy_wants_salt(tpmc_key *key)
{
    tpmc__policy_want want;

    return find_want(key, NULL, &want) && (want.is_salted || wants_hmac_session(key));
}

int tpmc__key_policy_has_session(tpmc_key *key)
{
    tpmc__policy_want want;

    if (!find_want(key, NULL, &want))
        return 1;
    if (want.is_salted && tpmc__session_policy_kept(key->tpm, &want) == ESYS_TR_NONE)
        return 0;
    return !wants_hmac_session(key) || tpmc__session_is_ready(key->tpm);
}

int tpmc__key_policy_start_sessions(tpmc_key *key, const tpmc__loaded *at_hand, tpmc_error *err)
{
    ESYS_TR session = ESYS_TR_NONE;
    tpmc__policy_want want;
    int status = 0;

    if (!find_want(key, at_hand, &want))
        return 0;
    if (want.is_salted)
        status = tpmc__session_policy_prepare(key->tpm, &want, err);
    if (status == 0 && wants_hmac_session(key))
        status = tpmc__session_get(key->tpm, at_hand, &session, err);
    return status;
}

/* Of many branches the first ones are told. */
static void note_reason(tpmc__key_policy *policy, const char *label, tpmc_error *err)
{
    const char *reason = err == NULL ? "" : tpmc_error_text(err);

    if (policy->reasons.len + strlen(label) + strlen(reason) + sizeof("; : ") >
        TPMC__POLICY_REASONS_MAX)
        return;
    if (policy->reasons.len > 0)
        tpmc__buf_append_text(&policy->reasons, "; ");
    tpmc__buf_append_text(&policy->reasons, label);
    tpmc__buf_append_text(&policy->reasons, ": ");
    tpmc__buf_append_text(&policy->reasons, reason);
}

/* The next way that has not failed in this operation; 0 when there is none. */
static int go_on(tpmc__key_policy *policy)
{
    size_t count = policy->ways[policy->use].count;

    for (size_t i = 0; i < count; i++) {
        if (is_out(policy, i))
            continue;
        policy->current[policy->use] = i;
        return 1;
    }
    return 0;
}

static int give_reasons(tpmc__key_policy *policy, int status, tpmc_error *err)
{
    uint32_t rc = err == NULL ? 0 : tpmc_error_tpm_code(err);

    policy->current[policy->use] = 0;
    if (policy->ways[policy->use].count <= 1 || tpmc__buf_status(&policy->reasons) != 0 ||
        policy->reasons.len == 0)
        return status;
    status = tpmc__fail(err, status, "no branch of the policy holds: %s",
                        (const char *)policy->reasons.data);
    tpmc__error_set_tpm_code(err, rc);
    return status;
}

/* Registers alone did not lead to the key's authPolicy: perhaps they do with what is usual beside
 * them. */
static int judge_guess(tpmc_key *key, int status, tpmc_error *err)
{
    tpmc__policy_steps steps = { 0 };
    int found = 0;

    if (tpmc__rc_base(key->tpm->refusal) != TPMC__RC_POLICY_FAIL)
        return status;
    found = tpmc__key_policy_resolve(key, 1, &steps, err);
    if (found == 0)
        found = tpmc__key_policy_adopt(key, &steps, err);
    tpmc__policy_free_steps(&steps);
    if (found != 0)
        return found;
    key->tpm->remedy = TPMC__REMEDY_ROOM;
    return status;
}

/* What another way, or another time, may be better at. A lockout is about passwords alone. */
static int is_about_policy(int status)
{
    return status == TPMC_ERR_POLICY || status == TPMC_ERR_WRONG_PASSWORD ||
           status == TPMC_ERR_LOCKOUT;
}

static int judge_way(tpmc_key *key, int status, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    tpmc__policy_path *way = NULL;

    if (policy->ways[policy->use].count == 0)
        return status;
    way = way_of(policy, policy->use);
    if (tpmc__rc_base(key->tpm->refusal) == TPMC__RC_PCR_CHANGED && !policy->was_restarted) {
        policy->was_restarted = 1;
        key->tpm->remedy = TPMC__REMEDY_RELOAD;
        return status;
    }
    policy->failed |= UINT64_C(1) << policy->current[policy->use];
    note_reason(policy, way->label, err);
    if (!go_on(policy))
        return give_reasons(policy, status, err);
    key->tpm->remedy = TPMC__REMEDY_ROOM;
    return status;
}

int tpmc__key_policy_judge(tpmc_key *key, int status, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;

    if (status == 0 || !policy->is_used || policy->source == TPMC__POLICY_FROM_CALLBACK ||
        key->tpm->remedy != TPMC__REMEDY_NONE || !is_about_policy(status))
        return status;
    begin_operation(policy, key->tpm);
    if (atomic_load(&policy->is_guess))
        return judge_guess(key, status, err);
    return judge_way(key, status, err);
}

/* The nonce of the session that the way will be run on, which is kept for this key. */
static int fetch_nonce_once(tpmc_key *key, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    TPM2B_NONCE *nonce = NULL;
    tpmc__policy_want want;
    TSS2_RC rc = 0;
    int status = 0;

    (void)find_want(key, NULL, &want);
    status = tpmc__session_policy_prepare(key->tpm, &want, err);
    if (status != 0)
        return status;
    rc =
        Esys_TRSess_GetNonceTPM(key->tpm->esys, tpmc__session_policy_kept(key->tpm, &want), &nonce);
    status = tpmc__tpm_result(key->tpm, rc, "Esys_TRSess_GetNonceTPM", err);
    if (status != 0)
        return status;
    policy->nonce_len = nonce->size;
    memcpy(policy->nonce, nonce->buffer, nonce->size);
    Esys_Free(nonce);
    return 0;
}

static int fetch_nonce(tpmc_key *key, tpmc_error *err)
{
    unsigned tries = 0;
    int status = tpmc__tpm_begin(key->tpm, err);

    if (status != 0)
        return status;
    do {
        status = fetch_nonce_once(key, err);
    } while (tpmc__tpm_try_again(key->tpm, status, &tries));
    tpmc__tpm_end(key->tpm);
    return status;
}

static int call_way(tpmc_key *key, tpmc__policy_path *way, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    int status = 0;

    policy->called = way;
    if (way->needs & TPMC__PATH_ACTION)
        status = tpmc__policy_path_act(way, policy->given, err);
    if (status != 0 || (way->needs & TPMC__PATH_SIGNER) == 0)
        return status;
    status = fetch_nonce(key, err);
    if (status == 0)
        status = tpmc__policy_path_sign(way, policy->given, policy->nonce, policy->nonce_len, err);
    return status;
}

/* A callback that fails makes its way one that does not hold. */
int tpmc__key_policy_call(tpmc_key *key, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    int use = planned_use(key);
    int status = 0;

    policy->use = use;
    policy->called = NULL;
    policy->wants_call = 0;
    if (policy->ways[use].count == 0)
        return 0;
    if (is_out(policy, policy->current[use]) && !go_on(policy))
        policy->current[use] = 0;
    do {
        size_t at = policy->current[use];

        status = call_way(key, way_of(policy, use), err);
        if (status != 0)
            policy->uncalled |= UINT64_C(1) << at;
    } while (status != 0 && go_on(policy));
    return status;
}
