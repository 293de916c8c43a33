/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "keyfile/tpm_names.h"
#include "policy/policy_file_int.h"
#include "policy/policy_signer.h"

#define TIME_INFO_SIZE 25
#define REFERENCE_MAX 64

static const struct command {
    uint32_t code;
    tpmc__policy_kind kind;
} commands[] = {
    { TPMC__CC_POLICY_NV, TPMC__POLICY_NV },
    { TPMC__CC_POLICY_SECRET, TPMC__POLICY_SECRET },
    { TPMC__CC_POLICY_SIGNED, TPMC__POLICY_SIGNED },
    { TPMC__CC_POLICY_CP_HASH, TPMC__POLICY_CP_HASH },
    { TPMC__CC_POLICY_AUTHORIZE, TPMC__POLICY_AUTHORIZE },
    { TPMC__CC_POLICY_AUTH_VALUE, TPMC__POLICY_AUTH_VALUE },
    { TPMC__CC_POLICY_COMMAND_CODE, TPMC__POLICY_COMMAND_CODE },
    { TPMC__CC_POLICY_COUNTER_TIMER, TPMC__POLICY_COUNTER_TIMER },
    { TPMC__CC_POLICY_LOCALITY, TPMC__POLICY_LOCALITY },
    { TPMC__CC_POLICY_NAME_HASH, TPMC__POLICY_NAME_HASH },
    { TPMC__CC_POLICY_OR, TPMC__POLICY_OR },
    { TPMC__CC_POLICY_PCR, TPMC__POLICY_PCR },
    { TPMC__CC_POLICY_PHYSICAL_PRESENCE, TPMC__POLICY_PHYSICAL_PRESENCE },
    { TPMC__CC_POLICY_DUPLICATION_SELECT, TPMC__POLICY_DUPLICATION_SELECT },
    { TPMC__CC_POLICY_PASSWORD, TPMC__POLICY_PASSWORD },
    { TPMC__CC_POLICY_NV_WRITTEN, TPMC__POLICY_NV_WRITTEN },
    { TPMC__CC_POLICY_TEMPLATE, TPMC__POLICY_TEMPLATE },
    { TPMC__CC_POLICY_AUTHORIZE_NV, TPMC__POLICY_AUTHORIZE_NV },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* One step's parameters while they are read. */
struct input {
    const tpmc__policy_reader *reader;
    const uint8_t *at;
    size_t left;
    int variant;
    int is_ambiguous;
    uint32_t unknown_hash; /* of a PCR bank; 0: there is none */
    tpmc__span *signature;
};

typedef int (*read_fn)(struct input *in, tpmc__policy_step *out);

static int malformed(const struct input *in)
{
    return tpmc__fail(in->reader->err, TPMC_ERR_FORMAT,
                      "its parameters do not have the form of the command's");
}

static int take(struct input *in, size_t len, const uint8_t **out)
{
    if (len > in->left)
        return -1;
    *out = in->at;
    in->at += len;
    in->left -= len;
    return 0;
}

static int take_number(struct input *in, size_t len, uint32_t *out)
{
    const uint8_t *bytes = NULL;

    if (take(in, len, &bytes) != 0)
        return -1;
    *out = 0;
    for (size_t i = 0; i < len; i++)
        *out = *out << 8 | bytes[i];
    return 0;
}

static int take_tpm2b(struct input *in, tpmc__policy_bytes *out)
{
    const uint8_t *bytes = NULL;
    uint32_t size = 0;

    if (take_number(in, 2, &size) != 0 || take(in, size, &bytes) != 0)
        return -1;
    return tpmc__policy_bytes_set(out, bytes, size);
}

static int take_rest(struct input *in, tpmc__policy_bytes *out)
{
    int status = tpmc__policy_bytes_set(out, in->at, in->left);

    in->left = 0;
    return status;
}

/* 1 when what is left is a TPM2B and nothing else. */
static int rest_is_tpm2b(const struct input *in)
{
    return in->left >= 2 && (size_t)(in->at[0] << 8 | in->at[1]) == in->left - 2;
}

static int take_bank(struct input *in, tpmc__pcr_bank *bank)
{
    const uint8_t *select = NULL;
    uint32_t hash = 0;
    uint32_t len = 0;

    if (take_number(in, 2, &hash) != 0 || take_number(in, 1, &len) != 0 || len == 0 ||
        len > sizeof(bank->select) || take(in, len, &select) != 0)
        return -1;
    if (tpmc__hash_size((uint16_t)hash) == 0)
        in->unknown_hash = hash;
    bank->hash = (uint16_t)hash;
    bank->select_len = (uint8_t)len;
    memcpy(bank->select, select, len);
    return 0;
}

static int take_selection(struct input *in, tpmc__pcr_selection *out)
{
    uint32_t count = 0;

    if (take_number(in, 4, &count) != 0 || count == 0 || count > TPMC__PCR_BANKS)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        if (take_bank(in, &out->banks[i]) != 0)
            return -1;
    }
    out->count = count;
    return 0;
}

/* Selection, then the digest without a size: what the draft has. */
static int read_pcr_of_draft(struct input *in, tpmc__policy_step *out)
{
    if (take_selection(in, &out->u.pcr.selection) != 0 ||
        in->left != tpmc__hash_size(in->reader->hash) || take_rest(in, &out->u.pcr.digest) != 0)
        return -1;
    out->u.pcr.known = TPMC__PCR_DIGEST;
    return 0;
}

/* The parameters of the command, whose digest may be empty. */
static int read_pcr_of_command(struct input *in, tpmc__policy_step *out)
{
    tpmc__policy_bytes *digest = &out->u.pcr.digest;

    if (take_tpm2b(in, digest) != 0 ||
        (digest->len != 0 && digest->len != tpmc__hash_size(in->reader->hash)) ||
        take_selection(in, &out->u.pcr.selection) != 0 || in->left != 0)
        return -1;
    out->u.pcr.known = digest->len == 0 ? TPMC__PCR_NOW : TPMC__PCR_DIGEST;
    return 0;
}

/* Another signed policy of the file may do without that bank. */
static int check_banks(const struct input *in)
{
    if (in->unknown_hash == 0)
        return 0;
    return tpmc__fail(in->reader->err, TPMC_ERR_UNSUPPORTED,
                      "its PCR bank is of the hash 0x%04x, which is not known here",
                      (unsigned)in->unknown_hash);
}

static int read_pcr(struct input *in, tpmc__policy_step *out)
{
    struct input second = *in;

    if (read_pcr_of_draft(in, out) == 0)
        return check_banks(in);
    memset(&out->u, 0, sizeof(out->u));
    *in = second;
    return read_pcr_of_command(in, out) == 0 ? check_banks(in) : malformed(in);
}

static int read_nothing(struct input *in, tpmc__policy_step *out)
{
    (void)out;
    return in->left == 0 ? 0 : malformed(in);
}

/* Some writers leave out the size of the last part. */
static int take_last(struct input *in, tpmc__policy_bytes *out)
{
    if (!rest_is_tpm2b(in))
        return take_rest(in, out);
    in->is_ambiguous = in->left <= REFERENCE_MAX;
    return in->is_ambiguous && in->variant ? take_rest(in, out) : take_tpm2b(in, out);
}

static int read_secret(struct input *in, tpmc__policy_step *out)
{
    if (take_number(in, 4, &out->u.secret.handle) != 0 ||
        take_tpm2b(in, &out->u.secret.name) != 0 || take_last(in, &out->u.secret.policy_ref) != 0)
        return malformed(in);
    return 0;
}

static int fits_time(size_t operand, uint32_t offset)
{
    return operand > 0 && offset < TIME_INFO_SIZE && operand <= TIME_INFO_SIZE - offset;
}

static int read_counter_timer(struct input *in, tpmc__policy_step *out)
{
    tpmc__policy_bytes *operand = &out->u.counter_timer.operand;
    size_t len = in->left >= 4 ? in->left - 4 : 0;
    int has_size = len >= 2 && (size_t)(in->at[0] << 8 | in->at[1]) == len - 2;
    const uint8_t *bytes = NULL;
    uint32_t offset = 0;
    uint32_t operation = 0;

    if (len == 0)
        return malformed(in);
    in->is_ambiguous = has_size && fits_time(len, (uint32_t)(in->at[len] << 8 | in->at[len + 1]));
    if (has_size && !(in->is_ambiguous && in->variant)) {
        (void)take(in, 2, &bytes);
        len -= 2;
    }
    if (take(in, len, &bytes) != 0 || tpmc__policy_bytes_set(operand, bytes, len) != 0 ||
        take_number(in, 2, &offset) != 0 || take_number(in, 2, &operation) != 0)
        return malformed(in);
    out->u.counter_timer.offset = (uint16_t)offset;
    out->u.counter_timer.operation = (uint16_t)operation;
    return 0;
}

static int read_locality(struct input *in, tpmc__policy_step *out)
{
    uint32_t locality = 0;

    if (take_number(in, 1, &locality) != 0 || in->left != 0)
        return malformed(in);
    out->u.locality = (uint8_t)locality;
    return 0;
}

static int read_command_code(struct input *in, tpmc__policy_step *out)
{
    if (take_number(in, 4, &out->u.command_code) != 0 || in->left != 0)
        return malformed(in);
    return 0;
}

static int wrong_length(const struct input *in, const tpmc__policy_bytes *digest)
{
    return tpmc__fail(in->reader->err, TPMC_ERR_FORMAT,
                      "it has a digest of %zu bytes, and the key's policy is one of %s",
                      digest->len, tpmc__hash_name(in->reader->hash));
}

static int read_digest(struct input *in, tpmc__policy_step *out)
{
    size_t size = tpmc__hash_size(in->reader->hash);
    int status = 0;

    if (in->left == size)
        status = take_rest(in, &out->u.digest);
    else
        status = take_tpm2b(in, &out->u.digest);
    if (status != 0 || in->left != 0)
        return malformed(in);
    return out->u.digest.len == size ? 0 : wrong_length(in, &out->u.digest);
}

static int read_nv_written(struct input *in, tpmc__policy_step *out)
{
    uint32_t written = 0;

    if (take_number(in, 1, &written) != 0 || in->left != 0 || written > 1)
        return malformed(in);
    out->u.nv_written = (int)written;
    return 0;
}

static int read_duplication(struct input *in, tpmc__policy_step *out)
{
    uint32_t include = 0;

    if (take_tpm2b(in, &out->u.duplication.object_name) != 0 ||
        take_tpm2b(in, &out->u.duplication.new_parent_name) != 0 ||
        take_number(in, 1, &include) != 0 || in->left != 0 || include > 1)
        return malformed(in);
    out->u.duplication.include_object = (int)include;
    return 0;
}

static int read_or(struct input *in, tpmc__policy_step *out)
{
    uint32_t count = 0;

    if (take_number(in, 4, &count) != 0)
        return malformed(in);
    if (count < 2 || count > TPMC__POLICY_MAX_BRANCHES)
        return tpmc__fail(in->reader->err, TPMC_ERR_FORMAT,
                          "it has %u branches, and a PolicyOR has 2 to %d", (unsigned)count,
                          TPMC__POLICY_MAX_BRANCHES);
    out->u.or.branches = tpmc__mem_new(count, sizeof(*out->u.or.branches));
    if (out->u.or.branches == NULL)
        return tpmc__fail_nomem(in->reader->err);
    out->u.or.count = count;
    for (uint32_t i = 0; i < count; i++) {
        tpmc__policy_branch *branch = &out->u.or.branches[i];

        branch->is_unknown = 1;
        if (take_tpm2b(in, &branch->digest) != 0)
            return malformed(in);
        if (branch->digest.len != tpmc__hash_size(in->reader->hash))
            return wrong_length(in, &branch->digest);
    }
    return in->left == 0 ? 0 : malformed(in);
}

static int read_authorize(struct input *in, tpmc__policy_step *out)
{
    tpmc__policy_signer *signer = &out->u.authorize.key;
    tpmc__public public_area;
    size_t len = in->left >= 2 ? 2u + (size_t)(in->at[0] << 8 | in->at[1]) : 0;
    const uint8_t *bytes = NULL;
    int status = 0;

    if (len == 0 || take(in, len, &bytes) != 0)
        return malformed(in);
    status = tpmc__public_parse(bytes, len, &public_area, in->reader->err);
    if (status == 0)
        status = tpmc__signer_set(in->reader->env, &public_area, signer, in->reader->err);
    if (status != 0)
        return status;
    if (take_tpm2b(in, &signer->policy_ref) != 0)
        return malformed(in);
    if (in->signature != NULL) {
        in->signature->data = in->at;
        in->signature->len = in->left;
    }
    return 0;
}

/* A key file has no room for all that these are about. */
static int refuse_incomplete(struct input *in, tpmc__policy_step *out)
{
    return tpmc__fail(in->reader->err, TPMC_ERR_UNSUPPORTED,
                      "a key file does not say enough to run %s; give the policy by the option "
                      "'policy_file' or as a policy object",
                      tpmc__policy_kind_name(out->kind));
}

static const read_fn readers[TPMC__POLICY_KIND_COUNT] = {
    [TPMC__POLICY_OR] = read_or,
    [TPMC__POLICY_SIGNED] = refuse_incomplete,
    [TPMC__POLICY_SECRET] = read_secret,
    [TPMC__POLICY_PCR] = read_pcr,
    [TPMC__POLICY_LOCALITY] = read_locality,
    [TPMC__POLICY_NV] = refuse_incomplete,
    [TPMC__POLICY_COUNTER_TIMER] = read_counter_timer,
    [TPMC__POLICY_COMMAND_CODE] = read_command_code,
    [TPMC__POLICY_PHYSICAL_PRESENCE] = read_nothing,
    [TPMC__POLICY_CP_HASH] = read_digest,
    [TPMC__POLICY_NAME_HASH] = read_digest,
    [TPMC__POLICY_DUPLICATION_SELECT] = read_duplication,
    [TPMC__POLICY_AUTHORIZE] = read_authorize,
    [TPMC__POLICY_AUTH_VALUE] = read_nothing,
    [TPMC__POLICY_PASSWORD] = read_nothing,
    [TPMC__POLICY_NV_WRITTEN] = read_nv_written,
    [TPMC__POLICY_TEMPLATE] = read_digest,
    [TPMC__POLICY_AUTHORIZE_NV] = refuse_incomplete,
};

uint32_t tpmc__policy_file_command(tpmc__policy_kind kind)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].kind == kind)
            return commands[i].code;
    }
    return 0;
}

int tpmc__policy_file_step(const tpmc__policy_reader *reader, const tpmc__keyfile_step *step,
                           int variant, tpmc__policy_step *out, tpmc__span *signature,
                           int *is_ambiguous)
{
    struct input in = { reader, step->data, step->len, variant, 0, 0, signature };
    int status = 0;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].code != step->command)
            continue;
        out->kind = commands[i].kind;
        status = readers[out->kind](&in, out);
        *is_ambiguous = in.is_ambiguous;
        return status;
    }
    out->kind = TPMC__POLICY_AUTH_VALUE;
    return tpmc__fail(reader->err, TPMC_ERR_UNSUPPORTED, "unsupported policy command 0x%03x",
                      (unsigned)step->command);
}
