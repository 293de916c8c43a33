/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error_int.h"
#include "policy/policy_file_int.h"

typedef int (*put_fn)(const tpmc__policy_step *step, tpmc__buf *out);

static int put_tpm2b(const tpmc__policy_bytes *bytes, tpmc__buf *out)
{
    tpmc__buf_append_be16(out, (uint16_t)bytes->len);
    return tpmc__buf_append(out, bytes->data, bytes->len);
}

static int put_nothing(const tpmc__policy_step *step, tpmc__buf *out)
{
    (void)step;
    return tpmc__buf_status(out);
}

static int put_secret(const tpmc__policy_step *step, tpmc__buf *out)
{
    tpmc__buf_append_be32(out, step->u.secret.handle);
    put_tpm2b(&step->u.secret.name, out);
    return put_tpm2b(&step->u.secret.policy_ref, out);
}

static int put_counter_timer(const tpmc__policy_step *step, tpmc__buf *out)
{
    tpmc__buf_append(out, step->u.counter_timer.operand.data, step->u.counter_timer.operand.len);
    tpmc__buf_append_be16(out, step->u.counter_timer.offset);
    return tpmc__buf_append_be16(out, step->u.counter_timer.operation);
}

static int put_locality(const tpmc__policy_step *step, tpmc__buf *out)
{
    return tpmc__buf_append_byte(out, step->u.locality);
}

static int put_command_code(const tpmc__policy_step *step, tpmc__buf *out)
{
    return tpmc__buf_append_be32(out, step->u.command_code);
}

static int put_digest(const tpmc__policy_step *step, tpmc__buf *out)
{
    return put_tpm2b(&step->u.digest, out);
}

static int put_nv_written(const tpmc__policy_step *step, tpmc__buf *out)
{
    return tpmc__buf_append_byte(out, (uint8_t)(step->u.nv_written != 0));
}

static int put_duplication(const tpmc__policy_step *step, tpmc__buf *out)
{
    put_tpm2b(&step->u.duplication.object_name, out);
    put_tpm2b(&step->u.duplication.new_parent_name, out);
    return tpmc__buf_append_byte(out, (uint8_t)(step->u.duplication.include_object != 0));
}

/* The caller puts the signature behind it. */
static int put_authorize(const tpmc__policy_step *step, tpmc__buf *out)
{
    tpmc__public_write(&step->u.authorize.key.public_area, out);
    return put_tpm2b(&step->u.authorize.key.policy_ref, out);
}

static const put_fn writers[TPMC__POLICY_KIND_COUNT] = {
    [TPMC__POLICY_SECRET] = put_secret,
    [TPMC__POLICY_LOCALITY] = put_locality,
    [TPMC__POLICY_COUNTER_TIMER] = put_counter_timer,
    [TPMC__POLICY_COMMAND_CODE] = put_command_code,
    [TPMC__POLICY_PHYSICAL_PRESENCE] = put_nothing,
    [TPMC__POLICY_CP_HASH] = put_digest,
    [TPMC__POLICY_NAME_HASH] = put_digest,
    [TPMC__POLICY_DUPLICATION_SELECT] = put_duplication,
    [TPMC__POLICY_AUTHORIZE] = put_authorize,
    [TPMC__POLICY_AUTH_VALUE] = put_nothing,
    [TPMC__POLICY_PASSWORD] = put_nothing,
    [TPMC__POLICY_NV_WRITTEN] = put_nv_written,
};

/* Selection first, then the digest without a size. */
static int put_pcr(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash, tpmc__buf *out,
                   tpmc_error *err)
{
    const tpmc__pcr_selection *selection = &step->u.pcr.selection;
    tpmc__policy_bytes digest;
    int status = tpmc__policy_pcr_digest(env, step, hash, &digest, err);

    if (status != 0)
        return status;
    tpmc__buf_append_be32(out, (uint32_t)selection->count);
    for (size_t i = 0; i < selection->count; i++) {
        tpmc__buf_append_be16(out, selection->banks[i].hash);
        tpmc__buf_append_byte(out, selection->banks[i].select_len);
        tpmc__buf_append(out, selection->banks[i].select, selection->banks[i].select_len);
    }
    return tpmc__buf_append(out, digest.data, digest.len);
}

static int put_or(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                  const tpmc__policy_bytes *start, tpmc__buf *out, tpmc_error *err)
{
    tpmc__policy_bytes digests[TPMC__POLICY_MAX_BRANCHES];
    int status = tpmc__policy_or_digests(env, step, hash, start, digests, err);

    if (status != 0)
        return status;
    tpmc__buf_append_be32(out, (uint32_t)step->u.or.count);
    for (size_t i = 0; i < step->u.or.count; i++)
        put_tpm2b(&digests[i], out);
    return tpmc__buf_status(out);
}

int tpmc__policy_file_put_step(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                               const tpmc__policy_bytes *start, tpmc__buf *out, tpmc_error *err)
{
    put_fn writer = writers[step->kind];

    if (step->kind == TPMC__POLICY_PCR)
        return put_pcr(env, step, hash, out, err);
    if (step->kind == TPMC__POLICY_OR)
        return put_or(env, step, hash, start, out, err);
    if (step->kind == TPMC__POLICY_CP_HASH && step->u.digest.len != tpmc__hash_size(hash))
        return tpmc__fail(err, TPMC_ERR_POLICY,
                          "the digest of the step PolicyCpHash has %zu bytes, and the key's policy "
                          "is one of %s",
                          step->u.digest.len, tpmc__hash_name(hash));
    if (step->kind == TPMC__POLICY_TEMPLATE)
        return put_tpm2b(tpmc__policy_template_digest(step, hash), out);
    if (writer == NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "key files have no words for the step %s",
                          tpmc__policy_kind_name(step->kind));
    if (step->kind == TPMC__POLICY_SECRET && step->u.secret.name.len == 0)
        return tpmc__fail(err, TPMC_ERR_STATE,
                          "the Name of the object of the step PolicySecret is not known yet");
    if (step->kind == TPMC__POLICY_AUTHORIZE && !step->u.authorize.key.has_public)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the public key of the step PolicyAuthorize is not known, only its Name");
    writer(step, out);
    return tpmc__buf_check(out, "the policy of the key file", err);
}
