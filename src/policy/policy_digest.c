/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "policy/policy_label.h"
#include "policy/policy_tree.h"

#define MAX_PARTS 4
#define MAX_VALUES (TPMC__PCR_BANKS * TPMC__PCR_COUNT)
/* TPML_PCR_SELECTION of all banks, four bytes of registers each. */
#define SELECTION_MAX (4 + TPMC__PCR_BANKS * 7)

/* A digest on its way from step to step. */
typedef struct chain {
    tpmc_env *env;
    uint16_t hash;
    tpmc__policy_bytes *digest;
    tpmc_error *err;
} chain;

static tpmc__span span_of(const tpmc__policy_bytes *bytes)
{
    tpmc__span span = { bytes->data, bytes->len };

    return span;
}

static void put_be16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static void put_be32(uint8_t *out, uint32_t value)
{
    put_be16(out, (uint16_t)(value >> 16));
    put_be16(out + 2, (uint16_t)value);
}

static int hash_spans(const chain *c, const tpmc__span *spans, size_t count,
                      tpmc__policy_bytes *out)
{
    uint8_t digest[TPMC__DIGEST_MAX];
    int status = tpmc__digest(c->env, c->hash, spans, count, digest, c->err);

    if (status == 0)
        (void)tpmc__policy_bytes_set(out, digest, tpmc__hash_size(c->hash));
    return status;
}

/* H(old || command || parts): what most commands do (TPM 2.0 Part 3, 23.2). */
static int extend(const chain *c, uint32_t command, const tpmc__span *parts, size_t count)
{
    uint8_t code[4];
    tpmc__span spans[2 + MAX_PARTS];

    put_be32(code, command);
    spans[0] = span_of(c->digest);
    spans[1].data = code;
    spans[1].len = sizeof(code);
    if (count > 0)
        memcpy(spans + 2, parts, count * sizeof(*parts));
    return hash_spans(c, spans, 2 + count, c->digest);
}

static int extend_bytes(const chain *c, uint32_t command, const tpmc__policy_bytes *bytes)
{
    tpmc__span part = span_of(bytes);

    return extend(c, command, &part, 1);
}

/* H(H(old || command || name) || policyRef): PolicyUpdate() of 23.2, which hashes an empty
 * reference too. */
static int extend_named(const chain *c, uint32_t command, const tpmc__policy_bytes *name,
                        const tpmc__policy_bytes *policy_ref)
{
    tpmc__span spans[2];
    int status = extend_bytes(c, command, name);

    if (status != 0)
        return status;
    spans[0] = span_of(c->digest);
    spans[1] = span_of(policy_ref);
    return hash_spans(c, spans, 2, c->digest);
}

static int fail_now(const chain *c, const char *what)
{
    return tpmc__fail(c->err, TPMC_ERR_STATE,
                      "%s of now, which only a TPM can tell: the digest is not known without one",
                      what);
}

static int after_or(const chain *c, const tpmc__policy_step *step)
{
    tpmc__policy_bytes digests[TPMC__POLICY_MAX_BRANCHES];
    uint8_t code[4];
    tpmc__span spans[2 + TPMC__POLICY_MAX_BRANCHES];
    int status = tpmc__policy_or_digests(c->env, step, c->hash, c->digest, digests, c->err);

    if (status != 0)
        return status;
    tpmc__policy_digest_start(c->hash, c->digest);
    put_be32(code, TPMC__CC_POLICY_OR);
    spans[0] = span_of(c->digest);
    spans[1].data = code;
    spans[1].len = sizeof(code);
    for (size_t i = 0; i < step->u.or.count; i++)
        spans[2 + i] = span_of(&digests[i]);
    return hash_spans(c, spans, 2 + step->u.or.count, c->digest);
}

static int after_signed(const chain *c, const tpmc__policy_step *step)
{
    const tpmc__policy_signer *key = &step->u.signed_by.key;

    return extend_named(c, TPMC__CC_POLICY_SIGNED, &key->name, &key->policy_ref);
}

static int after_secret(const chain *c, const tpmc__policy_step *step)
{
    if (step->u.secret.name.len == 0)
        return fail_now(c, "it wants the password of the object that stands at a handle");
    return extend_named(c, TPMC__CC_POLICY_SECRET, &step->u.secret.name,
                        &step->u.secret.policy_ref);
}

/* Returns how many bytes it has. */
static size_t write_selection(const tpmc__pcr_selection *selection, uint8_t out[SELECTION_MAX])
{
    size_t len = 4;

    put_be32(out, (uint32_t)selection->count);
    for (size_t i = 0; i < selection->count; i++) {
        const tpmc__pcr_bank *bank = &selection->banks[i];

        put_be16(out + len, bank->hash);
        out[len + 2] = bank->select_len;
        memcpy(out + len + 3, bank->select, bank->select_len);
        len += 3u + bank->select_len;
    }
    return len;
}

static int after_pcr(const chain *c, const tpmc__policy_step *step)
{
    tpmc__policy_bytes digest;
    uint8_t selection[SELECTION_MAX];
    tpmc__span parts[2];
    int status = tpmc__policy_pcr_digest(c->env, step, c->hash, &digest, c->err);

    if (status != 0)
        return status;
    parts[0].data = selection;
    parts[0].len = write_selection(&step->u.pcr.selection, selection);
    parts[1] = span_of(&digest);
    return extend(c, TPMC__CC_POLICY_PCR, parts, 2);
}

static int after_locality(const chain *c, const tpmc__policy_step *step)
{
    tpmc__span part = { &step->u.locality, 1 };

    return extend(c, TPMC__CC_POLICY_LOCALITY, &part, 1);
}

/* args of PolicyNV and PolicyCounterTimer: H(operandB || offset || operation). */
static int hash_comparison(const chain *c, const tpmc__policy_bytes *operand, uint16_t offset,
                           uint16_t operation, tpmc__policy_bytes *out)
{
    uint8_t numbers[4];
    tpmc__span spans[2];

    put_be16(numbers, offset);
    put_be16(numbers + 2, operation);
    spans[0] = span_of(operand);
    spans[1].data = numbers;
    spans[1].len = sizeof(numbers);
    return hash_spans(c, spans, 2, out);
}

static int after_nv(const chain *c, const tpmc__policy_step *step)
{
    tpmc__policy_bytes args;
    tpmc__span parts[2];
    int status = 0;

    if (step->u.nv.name.len == 0)
        return fail_now(c, "it is about an NV index with the Name");
    status =
        hash_comparison(c, &step->u.nv.operand, step->u.nv.offset, step->u.nv.operation, &args);
    if (status != 0)
        return status;
    parts[0] = span_of(&args);
    parts[1] = span_of(&step->u.nv.name);
    return extend(c, TPMC__CC_POLICY_NV, parts, 2);
}

static int after_counter_timer(const chain *c, const tpmc__policy_step *step)
{
    tpmc__policy_bytes args;
    int status = hash_comparison(c, &step->u.counter_timer.operand, step->u.counter_timer.offset,
                                 step->u.counter_timer.operation, &args);

    return status == 0 ? extend_bytes(c, TPMC__CC_POLICY_COUNTER_TIMER, &args) : status;
}

static int after_command_code(const chain *c, const tpmc__policy_step *step)
{
    uint8_t code[4];
    tpmc__span part = { code, sizeof(code) };

    put_be32(code, step->u.command_code);
    return extend(c, TPMC__CC_POLICY_COMMAND_CODE, &part, 1);
}

static int after_physical_presence(const chain *c, const tpmc__policy_step *step)
{
    (void)step;
    return extend(c, TPMC__CC_POLICY_PHYSICAL_PRESENCE, NULL, 0);
}

/* The TPM would refuse it when the policy is run. */
static int check_length(const chain *c, const tpmc__policy_bytes *digest)
{
    if (digest->len == tpmc__hash_size(c->hash))
        return 0;
    return tpmc__fail(c->err, TPMC_ERR_POLICY,
                      "its digest has %zu bytes, and the policy is one of %s", digest->len,
                      tpmc__hash_name(c->hash));
}

/* tpm2-tss publishes digests of such steps for hashes of other lengths too. */
static int after_cp_hash(const chain *c, const tpmc__policy_step *step)
{
    return extend_bytes(c, TPMC__CC_POLICY_CP_HASH, &step->u.digest);
}

static int after_name_hash(const chain *c, const tpmc__policy_step *step)
{
    int status = check_length(c, &step->u.digest);

    if (status != 0)
        return status;
    return extend_bytes(c, TPMC__CC_POLICY_NAME_HASH, &step->u.digest);
}

const tpmc__policy_bytes *tpmc__policy_template_digest(const tpmc__policy_step *step, uint16_t hash)
{
    for (size_t i = 0; i < TPMC__POLICY_HASHES; i++) {
        if (step->u.template_of.by_hash[i].len == tpmc__hash_size(hash))
            return &step->u.template_of.by_hash[i];
    }
    return &step->u.template_of.digest;
}

static int after_template(const chain *c, const tpmc__policy_step *step)
{
    const tpmc__policy_bytes *digest = tpmc__policy_template_digest(step, c->hash);
    int status = check_length(c, digest);

    return status == 0 ? extend_bytes(c, TPMC__CC_POLICY_TEMPLATE, digest) : status;
}

static int after_duplication_select(const chain *c, const tpmc__policy_step *step)
{
    uint8_t include = step->u.duplication.include_object != 0 ? 1 : 0;
    tpmc__span parts[3] = { { NULL, 0 },
                            span_of(&step->u.duplication.new_parent_name),
                            { &include, 1 } };

    if (include == 0)
        return extend(c, TPMC__CC_POLICY_DUPLICATION_SELECT, parts + 1, 2);
    parts[0] = span_of(&step->u.duplication.object_name);
    return extend(c, TPMC__CC_POLICY_DUPLICATION_SELECT, parts, 3);
}

/* It approves of whatever came before, so that nothing of that counts. */
static int after_authorize(const chain *c, const tpmc__policy_step *step)
{
    const tpmc__policy_signer *key = &step->u.authorize.key;

    tpmc__policy_digest_start(c->hash, c->digest);
    return extend_named(c, TPMC__CC_POLICY_AUTHORIZE, &key->name, &key->policy_ref);
}

static int after_authorize_nv(const chain *c, const tpmc__policy_step *step)
{
    if (step->u.authorize_nv.name.len == 0)
        return fail_now(c, "it is about an NV index with the Name");
    tpmc__policy_digest_start(c->hash, c->digest);
    return extend_bytes(c, TPMC__CC_POLICY_AUTHORIZE_NV, &step->u.authorize_nv.name);
}

/* PolicyPassword too: it is hashed as PolicyAuthValue (23.18). */
static int after_auth_value(const chain *c, const tpmc__policy_step *step)
{
    (void)step;
    return extend(c, TPMC__CC_POLICY_AUTH_VALUE, NULL, 0);
}

static int after_nv_written(const chain *c, const tpmc__policy_step *step)
{
    uint8_t written = step->u.nv_written != 0 ? 1 : 0;
    tpmc__span part = { &written, 1 };

    return extend(c, TPMC__CC_POLICY_NV_WRITTEN, &part, 1);
}

/* The TPM knows nothing of it. */
static int after_action(const chain *c, const tpmc__policy_step *step)
{
    (void)c;
    (void)step;
    return 0;
}

typedef int (*after_fn)(const chain *c, const tpmc__policy_step *step);

static const after_fn after[TPMC__POLICY_KIND_COUNT] = {
    [TPMC__POLICY_OR] = after_or,
    [TPMC__POLICY_SIGNED] = after_signed,
    [TPMC__POLICY_SECRET] = after_secret,
    [TPMC__POLICY_PCR] = after_pcr,
    [TPMC__POLICY_LOCALITY] = after_locality,
    [TPMC__POLICY_NV] = after_nv,
    [TPMC__POLICY_COUNTER_TIMER] = after_counter_timer,
    [TPMC__POLICY_COMMAND_CODE] = after_command_code,
    [TPMC__POLICY_PHYSICAL_PRESENCE] = after_physical_presence,
    [TPMC__POLICY_CP_HASH] = after_cp_hash,
    [TPMC__POLICY_NAME_HASH] = after_name_hash,
    [TPMC__POLICY_DUPLICATION_SELECT] = after_duplication_select,
    [TPMC__POLICY_AUTHORIZE] = after_authorize,
    [TPMC__POLICY_AUTH_VALUE] = after_auth_value,
    [TPMC__POLICY_PASSWORD] = after_auth_value,
    [TPMC__POLICY_NV_WRITTEN] = after_nv_written,
    [TPMC__POLICY_TEMPLATE] = after_template,
    [TPMC__POLICY_AUTHORIZE_NV] = after_authorize_nv,
    [TPMC__POLICY_ACTION] = after_action,
};

int tpmc__policy_digest_step(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                             tpmc__policy_bytes *digest, tpmc_error *err)
{
    tpmc__policy_bytes next = *digest;
    const chain c = { env, hash, &next, err };
    int status = after[step->kind](&c, step);

    if (status == 0)
        *digest = next;
    return status;
}

void tpmc__policy_digest_start(uint16_t hash, tpmc__policy_bytes *out)
{
    memset(out, 0, sizeof(*out));
    out->len = tpmc__hash_size(hash);
}

/* `label` is where the steps stand, as in " of branch 1". */
static int digest_steps(const chain *c, const tpmc__policy_steps *steps, const char *label)
{
    for (size_t i = 0; i < steps->count; i++) {
        const tpmc__policy_step *step = &steps->items[i];
        int status = tpmc__policy_digest_step(c->env, step, c->hash, c->digest, c->err);

        if (status == 0)
            continue;
        /* A branch has named its step already. */
        if (step->kind != TPMC__POLICY_OR)
            tpmc__error_prefix(c->err, "step %zu (%s)%s", i + 1, tpmc__policy_kind_name(step->kind),
                               label);
        return status;
    }
    return 0;
}

int tpmc__policy_digest(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                        const tpmc__policy_bytes *start, tpmc__policy_bytes *out, tpmc_error *err)
{
    tpmc__policy_bytes digest;
    const chain c = { env, hash, &digest, err };
    int status = 0;

    if (start == NULL)
        tpmc__policy_digest_start(hash, &digest);
    else
        digest = *start;
    status = digest_steps(&c, steps, "");
    if (status == 0)
        *out = digest;
    return status;
}

static int digest_branch(const chain *c, const tpmc__policy_branch *branch, size_t at)
{
    char label[TPMC__POLICY_LABEL_MAX];

    tpmc__policy_label("branch", branch->name, at, label);
    if (!branch->is_unknown)
        return digest_steps(c, &branch->steps, label);
    if (branch->digest.len != tpmc__hash_size(c->hash))
        return tpmc__fail(c->err, TPMC_ERR_POLICY,
                          "the digest%s is of another hash algorithm than the key's", label);
    *c->digest = branch->digest;
    return 0;
}

int tpmc__policy_or_digests(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                            const tpmc__policy_bytes *start,
                            tpmc__policy_bytes out[TPMC__POLICY_MAX_BRANCHES], tpmc_error *err)
{
    if (step->u.or.count > TPMC__POLICY_MAX_BRANCHES)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "a PolicyOR step has more than %d branches",
                          TPMC__POLICY_MAX_BRANCHES);
    for (size_t i = 0; i < step->u.or.count; i++) {
        const chain c = { env, hash, &out[i], err };
        int status = 0;

        out[i] = *start;
        status = digest_branch(&c, &step->u.or.branches[i], i);
        if (status != 0)
            return status;
    }
    return 0;
}

static int digest_values(const chain *c, const tpmc__policy_step *step)
{
    tpmc__span spans[MAX_VALUES];

    if (step->u.pcr.value_count > MAX_VALUES)
        return tpmc__fail(c->err, TPMC_ERR_FORMAT, "it has values of more than %d registers",
                          MAX_VALUES);
    for (size_t i = 0; i < step->u.pcr.value_count; i++) {
        spans[i].data = step->u.pcr.values[i].value;
        spans[i].len = tpmc__hash_size(step->u.pcr.values[i].hash);
    }
    return hash_spans(c, spans, step->u.pcr.value_count, c->digest);
}

int tpmc__policy_pcr_digest(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                            tpmc__policy_bytes *out, tpmc_error *err)
{
    const chain c = { env, hash, out, err };

    if (step->u.pcr.known == TPMC__PCR_NOW)
        return fail_now(&c, "its registers are to have the values");
    if (step->u.pcr.known == TPMC__PCR_VALUES)
        return digest_values(&c, step);
    if (step->u.pcr.digest.len != tpmc__hash_size(hash))
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the digest of its registers has %zu bytes, so it is not of %s, the hash "
                          "algorithm of the key",
                          step->u.pcr.digest.len,
                          tpmc__hash_name(hash) == NULL ? "?" : tpmc__hash_name(hash));
    *out = step->u.pcr.digest;
    return 0;
}

int tpmc__policy_authorize_hash(tpmc_env *env, const tpmc__policy_signer *signer,
                                const tpmc__policy_bytes *approved, tpmc__policy_bytes *out,
                                tpmc_error *err)
{
    const uint8_t *name = signer->name.data;
    tpmc__span spans[2] = { span_of(approved), span_of(&signer->policy_ref) };
    chain c = { env, 0, out, err };

    /* A Name begins with nameAlg; without one the hash is unknown, and refused as such. */
    if (signer->name.len > 2)
        c.hash = (uint16_t)(name[0] << 8 | name[1]);
    return hash_spans(&c, spans, 2, out);
}
