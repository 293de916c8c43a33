/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_ENTITY_H
#define TPMC_POLICY_POLICY_ENTITY_H

#include "policy/policy_int.h"
#include "tpm/use.h"

#define TPMC__ENTITY_TEXT_MAX 240

/* What a policy asks about: a hierarchy, a persistent object or an NV index, with its password. */
typedef struct tpmc__entity {
    uint32_t handle;
    tpmc__policy_bytes name; /* as it is now */
    ESYS_TR tr;              /* of an NV index or the lockout hierarchy; else ESYS_TR_NONE */
    uint32_t nv_attributes;  /* of an NV index: TPMA_NV_* */
    uint16_t nv_name_alg;
    uint16_t nv_size;
    uint8_t nv_policy[TPMC__DIGEST_MAX];
    size_t nv_policy_len;
    int by_itself;                   /* authorized here; else by `use` */
    const char *risky;               /* what it is, when a wrong guess counts for the lockout */
    tpmc__policy_password *password; /* NULL: none was given */
    char wrong_text[TPMC__ENTITY_TEXT_MAX];
    char missing_text[TPMC__ENTITY_TEXT_MAX];
    tpmc__use use; /* `tr` and `session` authorize a command once it is begun */
} tpmc__entity;

/* Finds what stands at a handle, within an operation; to be closed, also in between failures of
 * other functions. TPMC_ERR_POLICY when there is nothing. `answers` may be NULL. */
int tpmc__entity_open(tpmc_tpm *tpm, uint32_t handle, tpmc_policy *answers, tpmc__entity *out,
                      tpmc_error *err);
void tpmc__entity_close(tpmc_tpm *tpm, tpmc__entity *entity);
/* TPMC_ERR_POLICY when it has another Name than the policy was made for; an empty one is any. */
int tpmc__entity_expect(const tpmc__entity *entity, const tpmc__policy_bytes *name,
                        tpmc_error *err);
/* Of an NV index: the Name that it has once it has been written. */
int tpmc__entity_written_name(tpmc_env *env, const tpmc__entity *entity, tpmc__policy_bytes *out,
                              tpmc_error *err);
/* Of an NV index: by whom it is read, itself or the owner. TPMC_ERR_POLICY when by neither. */
int tpmc__entity_prepare_reading(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err);
/*
 * Before each command that the entity authorizes, and after it with ESAPI's return code, as
 * tpmc__use_begin() and tpmc__use_end(). A password does not cross the bus in clear, and one that
 * was refused is not tried again.
 */
int tpmc__entity_begin(tpmc_tpm *tpm, tpmc__entity *entity, tpmc_error *err);
int tpmc__entity_end(tpmc_tpm *tpm, tpmc__entity *entity, TSS2_RC rc, const char *command,
                     tpmc_error *err);
/* Of an NV index: TPMC_ERR_POLICY when it does not hold that much; at most 512 bytes pass. */
int tpmc__entity_check_range(const tpmc__entity *entity, size_t offset, size_t len,
                             tpmc_error *err);
/* TPM2_NV_Read of a part of an NV index that was prepared for reading. */
int tpmc__entity_read(tpmc_tpm *tpm, tpmc__entity *entity, size_t offset, size_t len, uint8_t *out,
                      tpmc_error *err);

#endif
