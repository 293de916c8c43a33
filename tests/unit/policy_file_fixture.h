/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_POLICY_FILE_FIXTURE_H
#define TESTS_UNIT_POLICY_FILE_FIXTURE_H

/* Policies in key files for tests. */

#include "unit/keyfile_fixture.h"
#include "unit/policy_maker.h"

#include "keyfile/keyfile_policy.h"
#include "policy/policy_file_int.h"

#define SHA256_OF_11 "1111111111111111111111111111111111111111111111111111111111111111"
#define SHA256_OF_22 "2222222222222222222222222222222222222222222222222222222222222222"

/* A file without anything but the nameAlg of its key; freed with tpmc__keyfile_free(). */
static inline void file_begin(tpmc__keyfile *file, uint16_t hash)
{
    memset(file, 0, sizeof(*file));
    file->key.name_alg = hash;
}

static inline void steps_add(tpmc__keyfile_steps *steps, uint32_t command, const void *data,
                             size_t len)
{
    tpmc__keyfile_step *items =
        tpmc__mem_resize(steps->items, steps->count + 1, sizeof(*steps->items));

    assert_non_null(items);
    steps->items = items;
    memset(&items[steps->count], 0, sizeof(*items));
    items[steps->count].command = command;
    if (len > 0) {
        items[steps->count].data = tpmc__mem_copy(data, len);
        assert_non_null(items[steps->count].data);
    }
    items[steps->count].len = len;
    steps->count++;
}

static inline void steps_add_hex(tpmc__keyfile_steps *steps, uint32_t command, const char *hex)
{
    static blob bytes;

    set_hex(&bytes, hex);
    steps_add(steps, command, bytes.data, bytes.len);
}

/* A PolicyOR that lists digests. */
static inline void steps_add_or(tpmc__keyfile_steps *steps, const tpmc__policy_bytes *digests,
                                size_t count)
{
    static blob bytes;

    set_hex(&bytes, "000000");
    bytes.data[bytes.len++] = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        uint8_t size[2] = { 0, (uint8_t)digests[i].len };

        add_bytes(&bytes, size, sizeof(size));
        add_bytes(&bytes, digests[i].data, digests[i].len);
    }
    steps_add(steps, TPMC__CC_POLICY_OR, bytes.data, bytes.len);
}

/* A PolicyAuthorize with a marshalled TPMT_SIGNATURE. */
static inline void steps_add_authorize(tpmc__keyfile_steps *steps,
                                       const tpmc__policy_signer *signer, const void *signature,
                                       size_t signature_len)
{
    tpmc__buf bytes;

    tpmc__buf_init(&bytes, TPMC__KEYFILE_STEP_MAX);
    tpmc__public_write(&signer->public_area, &bytes);
    tpmc__buf_append_be16(&bytes, (uint16_t)signer->policy_ref.len);
    tpmc__buf_append(&bytes, signer->policy_ref.data, signer->policy_ref.len);
    tpmc__buf_append(&bytes, signature, signature_len);
    assert_int_equal(tpmc__buf_status(&bytes), 0);
    steps_add(steps, TPMC__CC_POLICY_AUTHORIZE, bytes.data, bytes.len);
    tpmc__buf_free(&bytes);
}

/* An empty signed policy in `authPolicy`. */
static inline tpmc__keyfile_steps *file_add_entry(tpmc__keyfile *file, const char *name)
{
    size_t count = file->auth_policy_count;
    tpmc__keyfile_auth_policy *items =
        tpmc__mem_resize(file->auth_policies, count + 1, sizeof(*items));

    assert_non_null(items);
    memset(&items[count], 0, sizeof(*items));
    if (name != NULL)
        items[count].name = tpmc__mem_copy_text(name);
    file->auth_policies = items;
    file->auth_policy_count = count + 1;
    return &items[count].policy;
}

static inline void digest_of(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                             tpmc__policy_bytes *out)
{
    assert_int_equal(tpmc__policy_digest(env, steps, hash, NULL, out, NULL), 0);
}

/* Binds the key to steps, by its nameAlg. */
static inline void file_bind(tpmc_env *env, tpmc__keyfile *file, const tpmc__policy_steps *steps)
{
    tpmc__policy_bytes digest;

    digest_of(env, steps, file->key.name_alg, &digest);
    memcpy(file->key.auth_policy, digest.data, digest.len);
    file->key.auth_policy_len = digest.len;
}

/* The P-256 key that a fixed public area is of, for steps that nothing is verified with. */
static inline void plain_signer(tpmc_env *env, const char *public_hex, const char *policy_ref,
                                tpmc__policy_signer *out)
{
    tpmc__public public_area;

    parse_hex(public_hex, &public_area);
    memset(out, 0, sizeof(*out));
    assert_int_equal(tpmc__signer_set(env, &public_area, out, NULL), 0);
    assert_int_equal(tpmc__policy_bytes_set(&out->policy_ref, policy_ref, strlen(policy_ref)), 0);
}

#endif
