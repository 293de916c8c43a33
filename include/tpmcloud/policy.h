/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_POLICY_H
#define TPMCLOUD_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/bytes.h"
#include "tpmcloud/env.h"
#include "tpmcloud/error.h"
#include "tpmcloud/export.h"
#include "tpmcloud/tpmkey.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * \file policy.h
 * \brief What must hold before a key is used: enhanced authorization (TPM 2.0 Part 1, 19.7).
 *
 * A policy is a list of steps, added one by one or read from JSON. It says what a new key is bound
 * to (tpmc_key_template_set_policy()), or how an existing key is to be used when its file does not
 * say so (tpmc_key_set_policy()). Its digest is computed in software and compared with the key's
 * before the TPM is asked.
 *
 * A policy without steps may be set on a key too: it brings only passwords and callbacks for the
 * steps that the key file holds.
 *
 * Adding is over at first use: then the calls that add or set return TPMC_ERR_STATE. A call that
 * fails changes nothing.
 */

/** Compare for equality (TPM 2.0 Part 2, 6.8, TPM_EO). */
#define TPMC_OPERATION_EQ 0
/** Compare for inequality. */
#define TPMC_OPERATION_NEQ 1
/** Greater, as signed numbers. */
#define TPMC_OPERATION_SIGNED_GT 2
/** Greater, as unsigned numbers. */
#define TPMC_OPERATION_UNSIGNED_GT 3
/** Less, as signed numbers. */
#define TPMC_OPERATION_SIGNED_LT 4
/** Less, as unsigned numbers. */
#define TPMC_OPERATION_UNSIGNED_LT 5
/** Greater or equal, as signed numbers. */
#define TPMC_OPERATION_SIGNED_GE 6
/** Greater or equal, as unsigned numbers. */
#define TPMC_OPERATION_UNSIGNED_GE 7
/** Less or equal, as signed numbers. */
#define TPMC_OPERATION_SIGNED_LE 8
/** Less or equal, as unsigned numbers. */
#define TPMC_OPERATION_UNSIGNED_LE 9
/** All bits that are set in the operand are set. */
#define TPMC_OPERATION_BITSET 10
/** All bits that are set in the operand are clear. */
#define TPMC_OPERATION_BITCLEAR 11

/**
 * \brief Signs for a PolicySigned step. Runs with no lock held; it may use another key of the same
 * connection.
 *
 * `hint` is the step's hint, or the Name of the key in hexadecimal digits. `data` is what the TPM
 * expects to be signed (TPM 2.0 Part 3, 23.3): the session's nonce, an expiration of 0, cpHashA and
 * policyRef; it is to be hashed as `algorithm` says, a name such as "RS256", "PS256", "ES256" or
 * "HS256". The signature goes to `out` as OpenSSL has it (ECDSA in DER), its length to `out_len`.
 */
typedef int (*tpmc_policy_sign_fn)(void *user, const char *hint, const char *algorithm,
                                   const uint8_t *data, size_t len, uint8_t *out, size_t capacity,
                                   size_t *out_len);

/**
 * \brief Chooses a branch of a PolicyOR step when the key is opened. Runs with no lock held.
 *
 * `names` holds the names of `count` branches; one without a name is called "branch 1" and so on.
 * Its place, from 0, goes to `chosen`.
 */
typedef int (*tpmc_policy_choose_fn)(void *user, const char *const *names, size_t count,
                                     size_t *chosen);

/**
 * \brief Does what a PolicyAction step asks for, each time before the key is used. Runs with no
 * lock held. What it does not return 0 for does not hold.
 */
typedef int (*tpmc_policy_action_fn)(void *user, const char *action);

/**
 * \brief Makes a policy that is still without a step.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[out] out the policy, to be freed with tpmc_policy_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_policy_new(tpmc_env *env, tpmc_policy **out, tpmc_error *err);

/**
 * \brief Reads a policy in the TCG's JSON policy language (TCG TSS 2.0 JSON Data Types and Policy
 * Language, 0.7), with the spellings, comments and trailing commas that tpm2-tss takes.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[in] json the text.
 * \param[in] len 1 to 65536 bytes.
 * \param[out] out the policy, to which steps may be added, to be freed with tpmc_policy_free();
 * NULL on failure.
 * \param[out] err detail of a failure, which names the step; may be NULL.
 * \return 0, TPMC_ERR_FORMAT, TPMC_ERR_UNSUPPORTED (a step that needs the key store of the FAPI),
 * TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_policy_new_json(tpmc_env *env, const void *json, size_t len, tpmc_policy **out,
                                  tpmc_error *err);

/**
 * \brief Makes one of the policies that keys are commonly bound to: PCRs, a password, both, and
 * each of them with a second branch that lets the key be duplicated to one parent only, as tools
 * that transfer keys between machines make them.
 * \param[in] env the environment; a reference is kept and it freezes.
 * \param[in] pcr the registers, as in the option `pcr`, with the values of now; NULL for none.
 * \param[in] with_password 1 when the key's password is needed too.
 * \param[in] new_parent the Name of the parent for PolicyDuplicationSelect; NULL for no such
 * branch.
 * \param[in] new_parent_len 22, 34, 50 or 66 bytes, or 0.
 * \param[out] out the policy, to be freed with tpmc_policy_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT (neither registers nor a password), TPMC_ERR_NOMEM, TPMC_ERR_STATE
 * or TPMC_ERR_FORKED.
 * \par Threads any.
 * \since 0.1
 */
TPMC_API int tpmc_policy_new_ready(tpmc_env *env, const char *pcr, int with_password,
                                   const void *new_parent, size_t new_parent_len, tpmc_policy **out,
                                   tpmc_error *err);

/**
 * \brief Drops the caller's reference.
 * \param[in] policy may be NULL.
 * \par Threads any; inside callbacks too.
 * \since 0.1
 */
TPMC_API void tpmc_policy_free(tpmc_policy *policy);

/**
 * \brief Adds a PolicyPCR step: registers must have certain values (TPM 2.0 Part 3, 23.7).
 * \param[in] policy the policy.
 * \param[in] selection the registers, as in the option `pcr`: "sha256:0,7,23", or banks joined
 * by `+`: "sha1:1,2+sha256:16"; a list without a bank is of SHA-256.
 * \param[in] values the wanted values, one after the other, banks in their order and registers
 * ascending within each; copied. NULL: the values at the time of first use.
 * \param[in] len exactly the sum of the registers' sizes, or 0.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_pcr(tpmc_policy *policy, const char *selection, const void *values,
                                 size_t len, tpmc_error *err);

/**
 * \brief Adds a PolicyAuthValue step: the key's password is needed, which then does not cross
 * the bus (TPM 2.0 Part 3, 23.17).
 * \param[in] policy the policy.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_auth_value(tpmc_policy *policy, tpmc_error *err);

/**
 * \brief Adds a PolicyPassword step (TPM 2.0 Part 3, 23.18). Its digest is that of
 * PolicyAuthValue, and it is run as that, so that the password does not cross the bus.
 * \param[in] policy the policy.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_password(tpmc_policy *policy, tpmc_error *err);

/**
 * \brief Adds a PolicySecret step: the password of another entity is needed (TPM 2.0 Part 3, 23.4).
 * \param[in] policy the policy.
 * \param[in] handle where it is found: a hierarchy 0x40000001, 0x4000000b, 0x4000000c or
 * 0x4000000a, an NV index 0x01xxxxxx or a persistent object 0x81xxxxxx; 0 when only the Name is
 * known, which does for a hierarchy.
 * \param[in] name its Name, copied; for a hierarchy the four bytes of its handle. NULL: what
 * stands at the handle at first use.
 * \param[in] name_len 4, 22, 34, 50 or 66 bytes, or 0.
 * \param[in] policy_ref bytes that qualify the step, copied; may be NULL.
 * \param[in] policy_ref_len 0 to 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_secret(tpmc_policy *policy, uint32_t handle, const void *name,
                                    size_t name_len, const void *policy_ref, size_t policy_ref_len,
                                    tpmc_error *err);

/**
 * \brief Adds a PolicyNV step: the content of an NV index must compare in a certain way with an
 * operand (TPM 2.0 Part 3, 23.9). The index is known by the Name that it has at first use.
 * \param[in] policy the policy.
 * \param[in] index 0x01000000 to 0x01ffffff.
 * \param[in] operand what its content is compared with, copied.
 * \param[in] operand_len 1 to 64 bytes.
 * \param[in] offset where in the index, 0 to 2047.
 * \param[in] operation one of `TPMC_OPERATION_*`: index content, operation, operand.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_nv(tpmc_policy *policy, uint32_t index, const void *operand,
                                size_t operand_len, int offset, int operation, tpmc_error *err);

/**
 * \brief Adds a PolicyCounterTimer step: the TPM's clock and counters must compare in a certain
 * way with an operand (TPM 2.0 Part 3, 23.10).
 * \param[in] policy the policy.
 * \param[in] operand compared with part of TPMS_TIME_INFO (TPM 2.0 Part 2, 10.11.1), copied.
 * \param[in] operand_len 1 to 25 bytes.
 * \param[in] offset where in TPMS_TIME_INFO, 0 to 24: 0 for the time since the last start, 8
 * for the clock, 16 for the reset count, 20 for the restart count, 24 for the safe flag.
 * \param[in] operation one of `TPMC_OPERATION_*`.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_counter_timer(tpmc_policy *policy, const void *operand,
                                           size_t operand_len, int offset, int operation,
                                           tpmc_error *err);

/**
 * \brief Adds a PolicySigned step: a signature by a certain key is needed each time, made by
 * the callback of tpmc_policy_set_signer() (TPM 2.0 Part 3, 23.3).
 * \param[in] policy the policy.
 * \param[in] public_key a marshalled TPM2B_PUBLIC, or a SubjectPublicKeyInfo as PEM or DER (an
 * RSA key then signs with RSASSA-PSS, and the Name is that of tpm2-tss for such a key); copied.
 * \param[in] len 1 to 4096 bytes.
 * \param[in] policy_ref bytes that qualify the step, copied; may be NULL.
 * \param[in] policy_ref_len 0 to 64 bytes.
 * \param[in] hint tells the callback which key is meant, up to 255 bytes of UTF-8; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_FORMAT, TPMC_ERR_UNSUPPORTED, TPMC_ERR_STATE,
 * TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_signed(tpmc_policy *policy, const void *public_key, size_t len,
                                    const void *policy_ref, size_t policy_ref_len, const char *hint,
                                    tpmc_error *err);

/**
 * \brief Adds a PolicyAuthorize step: any policy will do that a certain key has signed (TPM 2.0
 * Part 3, 23.16). It must be the first step. Signed policies are added to the key's file by
 * tpmc_key_sign_policy().
 * \param[in] policy the policy.
 * \param[in] public_key as for tpmc_policy_add_signed().
 * \param[in] len 1 to 4096 bytes.
 * \param[in] policy_ref bytes that qualify the signatures, copied; may be NULL.
 * \param[in] policy_ref_len 0 to 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_FORMAT, TPMC_ERR_UNSUPPORTED, TPMC_ERR_STATE,
 * TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_authorize(tpmc_policy *policy, const void *public_key, size_t len,
                                       const void *policy_ref, size_t policy_ref_len,
                                       tpmc_error *err);

/**
 * \brief Adds a policy that the PolicyAuthorize step of `policy`, its first, accepts. Several may be
 * added; they are tried in that order.
 * \param[in] policy the policy.
 * \param[in] approved what was signed; its steps are copied and it freezes.
 * \param[in] name what it is called, up to 255 bytes of UTF-8; may be NULL.
 * \param[in] signature a marshalled TPMT_SIGNATURE (TPM 2.0 Part 2, 11.3.4), copied; NULL: the one
 * that the JSON of `approved` brings for this key in its `policyAuthorizations`.
 * \param[in] len 1 to 600 bytes, or 0.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_FORMAT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED;
 * nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_approved(tpmc_policy *policy, tpmc_policy *approved, const char *name,
                                      const void *signature, size_t len, tpmc_error *err);

/**
 * \brief Adds a PolicyAuthorizeNV step: the policy whose digest stands in an NV index (TPM 2.0
 * Part 3, 23.22). It must be the first step.
 * \param[in] policy the policy.
 * \param[in] index 0x01000000 to 0x01ffffff.
 * \param[in] name the index's Name with its WRITTEN bit set, copied. NULL: the Name that it has
 * at first use.
 * \param[in] name_len 22, 34, 50 or 66 bytes, or 0.
 * \param[in] approved policies whose steps are copied; the one whose digest the index holds is
 * run. They freeze.
 * \param[in] count 1 to 8.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_authorize_nv(tpmc_policy *policy, uint32_t index, const void *name,
                                          size_t name_len, tpmc_policy *const *approved,
                                          size_t count, tpmc_error *err);

/**
 * \brief Adds a PolicyOR step: one of several policies must hold (TPM 2.0 Part 3, 23.6). Each
 * of them continues the steps that stand before it.
 * \param[in] policy the policy.
 * \param[in] branches policies whose steps are copied; they freeze.
 * \param[in] names what each branch is called, up to 255 bytes of UTF-8, copied; NULL, or NULL
 * in some places.
 * \param[in] count 2 to 8.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_or(tpmc_policy *policy, tpmc_policy *const *branches,
                                const char *const *names, size_t count, tpmc_error *err);

/**
 * \brief Adds a PolicyCommandCode step: the key is only for one command (TPM 2.0 Part 3, 23.11).
 * \param[in] policy the policy.
 * \param[in] command_code a TPM_CC, such as 0x15d for TPM2_Sign or 0x155 for TPM2_HMAC.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_command_code(tpmc_policy *policy, uint32_t command_code,
                                          tpmc_error *err);

/**
 * \brief Adds a PolicyLocality step (TPM 2.0 Part 3, 23.8).
 * \param[in] policy the policy.
 * \param[in] locality TPMA_LOCALITY: bits 0 to 4 for localities that are allowed, or 32 to 255
 * for one extended locality.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_locality(tpmc_policy *policy, int locality, tpmc_error *err);

/**
 * \brief Adds a PolicyNameHash step: only certain objects may be used together (TPM 2.0 Part 3,
 * 23.13).
 * \param[in] policy the policy.
 * \param[in] digest the digest of their Names, copied.
 * \param[in] len 20, 32, 48 or 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_name_hash(tpmc_policy *policy, const void *digest, size_t len,
                                       tpmc_error *err);

/**
 * \brief Adds a PolicyCpHash step: one command with certain parameters only (TPM 2.0 Part 3,
 * 23.12). A key bound so makes one signature only; the step is of use as a branch for other
 * purposes.
 * \param[in] policy the policy.
 * \param[in] digest cpHashA, copied.
 * \param[in] len 20, 32, 48 or 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_cp_hash(tpmc_policy *policy, const void *digest, size_t len,
                                     tpmc_error *err);

/**
 * \brief Adds a PolicyTemplate step: only for making an object of a certain template (TPM 2.0
 * Part 3, 23.21). For signing it never holds, so it is of use as a branch for other purposes.
 * \param[in] policy the policy.
 * \param[in] digest the digest of the template, copied.
 * \param[in] len 20, 32, 48 or 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_template(tpmc_policy *policy, const void *digest, size_t len,
                                      tpmc_error *err);

/**
 * \brief Adds a PolicyPhysicalPresence step (TPM 2.0 Part 3, 23.14).
 * \param[in] policy the policy.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_physical_presence(tpmc_policy *policy, tpmc_error *err);

/**
 * \brief Adds a PolicyNvWritten step (TPM 2.0 Part 3, 23.20). Only for NV indices, so that for
 * signing it never holds.
 * \param[in] policy the policy.
 * \param[in] written 1: the index has been written; 0: it has not.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_nv_written(tpmc_policy *policy, int written, tpmc_error *err);

/**
 * \brief Adds a PolicyDuplicationSelect step: the object may only be duplicated to a certain
 * parent (TPM 2.0 Part 3, 23.15). For signing it never holds, so it is of use as a branch
 * beside others.
 * \param[in] policy the policy.
 * \param[in] object_name the object's Name, copied; may be NULL unless `include_object` is 1.
 * \param[in] object_name_len 22, 34, 50 or 66 bytes, or 0.
 * \param[in] new_parent_name the new parent's Name, copied.
 * \param[in] new_parent_name_len 22, 34, 50 or 66 bytes.
 * \param[in] include_object 1: the object's Name is part of the digest.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_duplication_select(tpmc_policy *policy, const void *object_name,
                                                size_t object_name_len, const void *new_parent_name,
                                                size_t new_parent_name_len, int include_object,
                                                tpmc_error *err);

/**
 * \brief Adds an action, which the callback of tpmc_policy_set_action() runs each time before
 * the key is used. It is no part of the digest.
 * \param[in] policy the policy.
 * \param[in] action 1 to 255 bytes of UTF-8, copied.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_add_action(tpmc_policy *policy, const char *action, tpmc_error *err);

/**
 * \brief Sets the password (authValue) of an entity that a PolicySecret, PolicyNV or
 * PolicyAuthorizeNV step needs. Those of the hierarchies are the connection's:
 * tpmc_tpm_set_hierarchy_password().
 * \param[in] policy the policy.
 * \param[in] handle an NV index 0x01xxxxxx, a persistent object 0x81xxxxxx, or 0x4000000a, the
 * lockout hierarchy.
 * \param[in] password `len` bytes, copied and wiped when freed; NULL with `len` 0 unsets it.
 * \param[in] len 0 to 64 bytes.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_set_password(tpmc_policy *policy, uint32_t handle, const void *password,
                                      size_t len, tpmc_error *err);

/**
 * \brief Sets the callback that signs for PolicySigned steps.
 * \param[in] policy the policy.
 * \param[in] fn the callback; NULL unsets it.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_set_signer(tpmc_policy *policy, tpmc_policy_sign_fn fn, void *user,
                                    tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Sets the callback that chooses among the branches of PolicyOR steps. Without one,
 * branches are tried in turn, those without secrets first.
 * \param[in] policy the policy.
 * \param[in] fn the callback; NULL unsets it.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_set_chooser(tpmc_policy *policy, tpmc_policy_choose_fn fn, void *user,
                                     tpmc_release_fn release, tpmc_error *err);

/**
 * \brief Sets the callback that runs actions.
 * \param[in] policy the policy.
 * \param[in] fn the callback; NULL unsets it.
 * \param[in] user handed to every call.
 * \param[in] release called once when the callback is no longer needed; may be NULL.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE, TPMC_ERR_NOMEM or TPMC_ERR_FORKED; nothing
 * changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_policy_set_action(tpmc_policy *policy, tpmc_policy_action_fn fn, void *user,
                                    tpmc_release_fn release, tpmc_error *err);

/**
 * \brief The policy's digest: the authPolicy of a key that is bound to it (TPM 2.0 Part 1, 19.7.2).
 * \param[in] policy the policy; it freezes.
 * \param[in] tpm where values of now are read, such as those of PCRs; NULL when the policy has
 * none.
 * \param[in] hash "sha1", "sha256", "sha384" or "sha512": the nameAlg of the key; NULL for
 * "sha256".
 * \param[out] out the digest, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure, which names the step; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_POLICY (a policy without steps, or a bank or index
 * that the
 * TPM does not have), TPMC_ERR_NOMEM, TPMC_ERR_STATE, TPMC_ERR_FORKED or, with `tpm`, the codes of
 * tpmc_tpm_open().
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_policy_digest(tpmc_policy *policy, tpmc_tpm *tpm, const char *hash,
                                tpmc_bytes **out, tpmc_error *err);

/**
 * \brief Everything that the policy says, as a JSON object: its steps as a tree, with the
 * digest after
 * each where that is known without a TPM.
 * \param[in] policy the policy; it freezes.
 * \param[in] hash as for tpmc_policy_digest().
 * \param[out] out UTF-8 JSON text, freed with tpmc_bytes_free(); NULL on failure. Members may be
 * added in later releases.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_NOMEM, TPMC_ERR_STATE or TPMC_ERR_FORKED.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_policy_describe(tpmc_policy *policy, const char *hash, tpmc_bytes **out,
                                  tpmc_error *err);

/**
 * \brief Sets the policy of a key whose file does not say how it is to be used, or, with a policy
 * that has no steps, passwords and callbacks for the steps that the file holds.
 * \param[in] key the key.
 * \param[in] policy a reference is kept and it freezes; NULL unsets it.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_set_policy(tpmc_key *key, tpmc_policy *policy, tpmc_error *err);

/**
 * \brief Sets the policy that a new key shall be bound to, instead of the options `bind_pcr` and
 * `bind_policy_file`.
 *
 * Its steps are written into the key's file. Key files have no words for PolicyNV, PolicySigned and
 * PolicyAuthorizeNV: with them the file says nothing of the policy, which is then given again when
 * the key is used (tpmc_key_set_policy()).
 * \param[in] key_template the template.
 * \param[in] policy a reference is kept and it freezes; NULL unsets it.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, TPMC_ERR_ARGUMENT, TPMC_ERR_STATE or TPMC_ERR_FORKED; nothing changes on failure.
 * \par Threads one at a time.
 * \since 0.1
 */
TPMC_API int tpmc_key_template_set_policy(tpmc_key_template *key_template, tpmc_policy *policy,
                                          tpmc_error *err);

/**
 * \brief The policy of a key, from its file or the options, as a JSON object like that of
 * tpmc_policy_describe(). Needs no password, and a TPM only for a key that is given by its handle.
 * \param[in] key the key; it freezes.
 * \param[out] out UTF-8 JSON text, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_key_describe(), TPMC_ERR_POLICY (no steps, or steps that do not lead
 * to the key's authPolicy).
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_describe_policy(tpmc_key *key, tpmc_bytes **out, tpmc_error *err);

/**
 * \brief Whether the key's policy would hold now, step by step, without using the key. Steps that
 * need a secret, a signature or an action are not run.
 * \param[in] key the key; it freezes.
 * \param[out] out a JSON object: `holds` is true when a branch holds as far as that can be told,
 * and each step says whether it does, and what was wanted and found where it does not. Freed with
 * tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, also when the policy does not hold; the codes of tpmc_key_describe_policy() and
 * tpmc_tpm_open().
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_check_policy(tpmc_key *key, tpmc_bytes **out, tpmc_error *err);

/**
 * \brief Adds a signed policy to the file of a key that is bound to a PolicyAuthorize step, so that
 * the key can be used when that policy holds: for example after an update of the firmware.
 * \param[in] key the key; it freezes. Its file is only read.
 * \param[in] policy what is approved; it freezes. Values of now are those of the key's TPM.
 * \param[in] name what the signed policy is called, up to 255 bytes of UTF-8; NULL for no name. One
 * of the same name is replaced.
 * \param[in] signing_key the private key that the step names: as tpmc_key_import() takes it.
 * \param[in] signing_key_len 1 to 65536 bytes.
 * \param[out] pem the new key file, freed with tpmc_bytes_free(); NULL on failure.
 * \param[out] err detail of a failure; may be NULL.
 * \return 0, the codes of tpmc_key_describe_policy() and tpmc_policy_digest(), TPMC_ERR_FORMAT,
 * TPMC_ERR_UNSUPPORTED (a policy that key files have no words for), TPMC_ERR_MISMATCH (another
 * signing key), TPMC_ERR_INTEGRITY (the signature that was made does not verify) or
 * TPMC_ERR_ARGUMENT.
 * \par Threads any number at once.
 * \since 0.1
 */
TPMC_API int tpmc_key_sign_policy(tpmc_key *key, tpmc_policy *policy, const char *name,
                                  const void *signing_key, size_t signing_key_len, tpmc_bytes **pem,
                                  tpmc_error *err);

#ifdef __cplusplus
}
#endif

#endif
