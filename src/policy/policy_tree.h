/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_TREE_H
#define TPMC_POLICY_POLICY_TREE_H

#include "base/pcr_text.h"
#include "codec/digest.h"
#include "keyfile/keyfile.h"

#define TPMC__POLICY_MAX_STEPS 256 /* of one policy, those of all branches included */
#define TPMC__POLICY_MAX_DEPTH 8   /* of branches and approved policies in one another */
#define TPMC__POLICY_MAX_BRANCHES 8
#define TPMC__POLICY_MAX_APPROVED 64
#define TPMC__POLICY_MAX_TEXT 255
#define TPMC__POLICY_BYTES_MAX 66 /* a Name of SHA-512; references and operands have at most 64 */
#define TPMC__POLICY_SIGNATURE_MAX 600
#define TPMC__POLICY_HASHES 4 /* that policies are of: SHA-1, SHA-256, SHA-384, SHA-512 */

/* Command codes (Part 2, 6.5.2). */
#define TPMC__CC_POLICY_NV 0x00000149u
#define TPMC__CC_POLICY_SECRET 0x00000151u
#define TPMC__CC_POLICY_SIGNED 0x00000160u
#define TPMC__CC_POLICY_CP_HASH 0x0000016eu
#define TPMC__CC_POLICY_AUTHORIZE 0x0000016au
#define TPMC__CC_POLICY_AUTH_VALUE 0x0000016bu
#define TPMC__CC_POLICY_COMMAND_CODE 0x0000016cu
#define TPMC__CC_POLICY_COUNTER_TIMER 0x0000016du
#define TPMC__CC_POLICY_LOCALITY 0x0000016fu
#define TPMC__CC_POLICY_NAME_HASH 0x00000170u
#define TPMC__CC_POLICY_OR 0x00000171u
#define TPMC__CC_POLICY_PCR 0x0000017fu
#define TPMC__CC_POLICY_PHYSICAL_PRESENCE 0x00000187u
#define TPMC__CC_POLICY_DUPLICATION_SELECT 0x00000188u
#define TPMC__CC_POLICY_PASSWORD 0x0000018cu
#define TPMC__CC_POLICY_NV_WRITTEN 0x0000018fu
#define TPMC__CC_POLICY_TEMPLATE 0x00000190u
#define TPMC__CC_POLICY_AUTHORIZE_NV 0x00000192u

typedef enum tpmc__policy_kind {
    TPMC__POLICY_OR,
    TPMC__POLICY_SIGNED,
    TPMC__POLICY_SECRET,
    TPMC__POLICY_PCR,
    TPMC__POLICY_LOCALITY,
    TPMC__POLICY_NV,
    TPMC__POLICY_COUNTER_TIMER,
    TPMC__POLICY_COMMAND_CODE,
    TPMC__POLICY_PHYSICAL_PRESENCE,
    TPMC__POLICY_CP_HASH,
    TPMC__POLICY_NAME_HASH,
    TPMC__POLICY_DUPLICATION_SELECT,
    TPMC__POLICY_AUTHORIZE,
    TPMC__POLICY_AUTH_VALUE,
    TPMC__POLICY_PASSWORD,
    TPMC__POLICY_NV_WRITTEN,
    TPMC__POLICY_TEMPLATE,
    TPMC__POLICY_AUTHORIZE_NV,
    TPMC__POLICY_ACTION,
    TPMC__POLICY_KIND_COUNT
} tpmc__policy_kind;

/* A digest, a Name, a reference or an operand. */
typedef struct tpmc__policy_bytes {
    uint8_t data[TPMC__POLICY_BYTES_MAX];
    size_t len;
} tpmc__policy_bytes;

/* One register's value. */
typedef struct tpmc__policy_pcr_value {
    uint16_t hash; /* of the bank */
    uint8_t pcr;
    uint8_t value[TPMC__DIGEST_MAX];
} tpmc__policy_pcr_value;

/* How a policy wants its registers. */
typedef enum tpmc__policy_pcr_known {
    TPMC__PCR_NOW, /* whatever they are when the policy is used; see tpmc__policy_instantiate() */
    TPMC__PCR_DIGEST, /* the digest over all values is known, as key files have it */
    TPMC__PCR_VALUES  /* each value is known */
} tpmc__policy_pcr_known;

typedef struct tpmc__policy_step tpmc__policy_step;

typedef struct tpmc__policy_steps {
    tpmc__policy_step *items; /* NULL when there are none */
    size_t count;
} tpmc__policy_steps;

/* A branch of PolicyOR. */
typedef struct tpmc__policy_branch {
    char *name;                /* NULL: none */
    char *description;         /* NULL: none */
    int is_unknown;            /* a key file gives only its digest: it cannot be run */
    tpmc__policy_bytes digest; /* of an unknown one */
    tpmc__policy_steps steps;
} tpmc__policy_branch;

/* A policy that a PolicyAuthorize accepts, with its signature; or one that a PolicyAuthorizeNV may
 * find in its index, without. */
typedef struct tpmc__policy_approved {
    char *name; /* NULL: none */
    tpmc__policy_steps steps;
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX]; /* a marshalled TPMT_SIGNATURE */
    size_t signature_len;
} tpmc__policy_approved;

/* The key of PolicySigned and PolicyAuthorize. */
typedef struct tpmc__policy_signer {
    int has_public;           /* else only its Name is known, and it cannot be run */
    tpmc__public public_area; /* as TPM2_LoadExternal takes it */
    tpmc__policy_bytes name;
    tpmc__policy_bytes policy_ref;
} tpmc__policy_signer;

/* One step. Sub-structs that are not of its kind are zero. */
struct tpmc__policy_step {
    tpmc__policy_kind kind;
    union {
        struct {
            tpmc__pcr_selection selection;
            tpmc__policy_pcr_known known;
            tpmc__policy_bytes digest; /* DIGEST: by the hash of the policy that it was read for */
            tpmc__policy_pcr_value *values; /* VALUES: banks in order, registers ascending */
            size_t value_count;
        } pcr;
        struct {
            tpmc__policy_branch *branches;
            size_t count;
        } or ;
        struct {
            uint32_t handle;         /* 0: unknown */
            tpmc__policy_bytes name; /* empty: what stands at the handle now */
            tpmc__policy_bytes policy_ref;
        } secret;
        struct {
            tpmc__policy_signer key;
            char *hint; /* NULL: none */
        } signed_by;
        struct {
            tpmc__policy_signer key;
            tpmc__policy_approved *approved;
            size_t count;
        } authorize;
        struct {
            uint32_t index;
            tpmc__policy_bytes name; /* with WRITTEN set; empty: the one that it has now */
            tpmc__policy_approved *approved;
            size_t count;
        } authorize_nv;
        struct {
            uint32_t index;
            tpmc__policy_bytes name; /* with WRITTEN set; empty: the one that it has now */
            tpmc__policy_bytes operand;
            uint16_t offset;
            uint16_t operation;
        } nv;
        struct {
            tpmc__policy_bytes operand;
            uint16_t offset;
            uint16_t operation;
        } counter_timer;
        struct {
            tpmc__policy_bytes object_name; /* empty unless `include_object` */
            tpmc__policy_bytes new_parent_name;
            int include_object;
        } duplication;
        tpmc__policy_bytes digest; /* CP_HASH, NAME_HASH, TEMPLATE */
        struct {
            tpmc__policy_bytes digest; /* the same, for what looks at no more */
            /* Of a template that is known whole: by each hash that a policy may be of. */
            tpmc__policy_bytes by_hash[TPMC__POLICY_HASHES];
        } template_of;
        uint32_t command_code;
        uint8_t locality;
        int nv_written;
        char *action;
    } u;
};

/* "PolicyPCR"; for messages. */
const char *tpmc__policy_kind_name(tpmc__policy_kind kind);

/* Adds a zeroed step of a kind at the end, of which the caller fills in the rest; NULL when there
 * is no memory. */
tpmc__policy_step *tpmc__policy_append(tpmc__policy_steps *steps, tpmc__policy_kind kind);
/* Frees the last of at least one step; nothing else changes. */
void tpmc__policy_drop_last(tpmc__policy_steps *steps);
/* Frees what steps hold, and zeroes them. Zeroed ones are fine. */
void tpmc__policy_free_steps(tpmc__policy_steps *steps);
void tpmc__policy_free_approved(tpmc__policy_approved *approved, size_t count);
/* A deep copy; 0 or TPMC_ERR_NOMEM. `out` is zeroed first. */
int tpmc__policy_copy(const tpmc__policy_steps *from, tpmc__policy_steps *out, tpmc_error *err);
/* Appends a deep copy of all steps of another policy; nothing changes on failure. */
int tpmc__policy_append_copy(tpmc__policy_steps *to, const tpmc__policy_steps *from,
                             tpmc_error *err);
/*
 * The rules that hold for every policy wherever it comes from: no more steps or levels than the
 * ceilings; 2 to 8 branches; PolicyAuthorize and PolicyAuthorizeNV only as first of their list; at
 * least one register; operands, references, digests and Names of lengths that exist. `what` begins
 * the text: "the policy". TPMC_ERR_FORMAT, whose text names the step: "step 2 (PolicyPCR) of branch
 * 1". A policy without steps passes.
 */
int tpmc__policy_check(const tpmc__policy_steps *steps, const char *what, tpmc_error *err);
/* 1 when every digest can be computed without a TPM: no registers, indices or objects of now. */
int tpmc__policy_is_fixed(const tpmc__policy_steps *steps);
/* 0, or -1 when they are longer than TPMC__POLICY_BYTES_MAX. */
int tpmc__policy_bytes_set(tpmc__policy_bytes *out, const void *data, size_t len);
int tpmc__policy_bytes_equal(const tpmc__policy_bytes *a, const tpmc__policy_bytes *b);

/*
 * The policyDigest after the steps, starting from `start` (NULL: zeros), by a hash. All functions
 * are pure. TPMC_ERR_STATE when something of now is not known yet, TPMC_ERR_POLICY for a digest of
 * a PCR step that is of another hash; the text names the step.
 */
int tpmc__policy_digest(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                        const tpmc__policy_bytes *start, tpmc__policy_bytes *out, tpmc_error *err);
/* The same of one step: `digest` becomes what it is after it. */
int tpmc__policy_digest_step(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                             tpmc__policy_bytes *digest, tpmc_error *err);
/* Zeros of the hash's size: where every policy begins. */
void tpmc__policy_digest_start(uint16_t hash, tpmc__policy_bytes *out);
/* The digest over the values of a PCR step whose values are known (VALUES), or the one that is
 * (DIGEST). */
int tpmc__policy_pcr_digest(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                            tpmc__policy_bytes *out, tpmc_error *err);
/* The digests that TPM2_PolicyOR is given: of each branch, when `start` was the digest before. */
int tpmc__policy_or_digests(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                            const tpmc__policy_bytes *start,
                            tpmc__policy_bytes out[TPMC__POLICY_MAX_BRANCHES], tpmc_error *err);
/* The digest of a PolicyTemplate step for a policy of this hash. */
const tpmc__policy_bytes *tpmc__policy_template_digest(const tpmc__policy_step *step,
                                                       uint16_t hash);
/* aHash of PolicyAuthorize: what is signed for an approved digest. By the signer's nameAlg. */
int tpmc__policy_authorize_hash(tpmc_env *env, const tpmc__policy_signer *signer,
                                const tpmc__policy_bytes *approved, tpmc__policy_bytes *out,
                                tpmc_error *err);

#endif
