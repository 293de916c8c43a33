/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_FILE_INT_H
#define TPMC_POLICY_POLICY_FILE_INT_H

#include "policy/policy_file.h"

#define TPMC__POLICY_MAX_AMBIGUOUS 6 /* in a list: 64 readings at most */

/* What the reading of one file shares. */
typedef struct tpmc__policy_reader {
    tpmc_env *env;
    uint16_t hash; /* the key's nameAlg */
    tpmc_error *err;
} tpmc__policy_reader;

/* One list of steps while its readings are tried. */
typedef struct tpmc__policy_list {
    const tpmc__policy_reader *reader;
    const tpmc__keyfile_steps *source;
    const char *where;        /* "the field 'policy'" */
    tpmc__span signature;     /* of the last PolicyAuthorize that was read */
    tpmc__policy_steps steps; /* flat; to be freed, also on failure */
    size_t ambiguous;         /* how many of them can be read in two ways */
} tpmc__policy_list;

/*
 * Reads one step of a key file. Some encodings can be read in two ways: `variant` says which one to
 * take, and `*is_ambiguous` is set when there is another. A PolicyOR gets branches that are unknown
 * but for their digests. `signature` gets what a PolicyAuthorize brings, and may be NULL. The text
 * of a failure does not name the step. On failure too, `out` is to be freed.
 */
int tpmc__policy_file_step(const tpmc__policy_reader *reader, const tpmc__keyfile_step *step,
                           int variant, tpmc__policy_step *out, tpmc__span *signature,
                           int *is_ambiguous);
/* One reading of a list: bit n of `variants` is for the n-th step that can be read in two ways. If
 * the first reading succeeds, all do. The text of a failure names the step. */
int tpmc__policy_list_read(tpmc__policy_list *list, unsigned variants);
/* Appends the reading of one step of the list. */
int tpmc__policy_list_read_step(tpmc__policy_list *list, size_t i, unsigned variants);
/* 1 for the same key, by its Name, and policyRef. */
int tpmc__policy_same_signer(const tpmc__policy_signer *a, const tpmc__policy_signer *b);
/* Writes the parameters of one step as the draft has them. */
int tpmc__policy_file_put_step(tpmc_env *env, const tpmc__policy_step *step, uint16_t hash,
                               const tpmc__policy_bytes *start, tpmc__buf *out, tpmc_error *err);
/* The command code of a step in a key file. */
uint32_t tpmc__policy_file_command(tpmc__policy_kind kind);
/* Makes a tree of steps in which branches stand flattened before their PolicyOR. */
int tpmc__policy_file_unflatten(const tpmc__policy_reader *reader, const tpmc__policy_steps *flat,
                                tpmc__policy_steps *out);
/*
 * Gives the signed policies of a file to each PolicyAuthorize of `steps`, in its branches too, that
 * accepts them; those of other keys are passed over, as they may be of use elsewhere, and so are
 * those that cannot be run from a file, unless nothing else is left.
 */
int tpmc__policy_file_give_approved(const tpmc__policy_reader *reader, const tpmc__keyfile *file,
                                    tpmc__policy_steps *steps);
/*
 * The policy of a file that has signed policies alone, as some boot tools write it: the
 * PolicyAuthorize that one of them ends in. When none leads to the key's authPolicy, it is that of
 * the first. `steps` is zeroed before.
 */
int tpmc__policy_file_common_authorize(const tpmc__policy_reader *reader, const tpmc__keyfile *file,
                                       tpmc__policy_steps *steps);
/* 1 in `*out` when steps lead to the key's authPolicy; `digest` gets where they lead. */
int tpmc__policy_file_leads(const tpmc__policy_reader *reader, const tpmc__policy_steps *steps,
                            const tpmc__public *key, tpmc__policy_bytes *digest, int *out);

#endif
