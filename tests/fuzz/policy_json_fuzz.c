/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/env_int.h"
#include "codec/json_relaxed.h"
#include "policy/policy_json.h"

#define ROOM (8 * TPMC__POLICY_JSON_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static tpmc_env *make_env(void)
{
    static const tpmc__env_defaults none;
    tpmc_env *env = NULL;

    if (tpmc__env_create(&none, &env, NULL) != 0)
        abort();
    return env;
}

/* What has been made strict stays as it is. */
static void relax(const uint8_t *data, size_t size)
{
    tpmc__buf once;
    tpmc__buf twice;

    tpmc__buf_init(&once, ROOM);
    tpmc__buf_init(&twice, ROOM);
    if (tpmc__json_relax(data, size, &once) == 0) {
        tpmc__json *json = NULL;

        if (tpmc__json_parse(once.data, once.len, ROOM, "the text", &json, NULL) == 0 &&
            (tpmc__json_relax(once.data, once.len, &twice) != 0 || once.len != twice.len ||
             memcmp(once.data, twice.data, once.len) != 0))
            abort();
        tpmc__json_free(json);
    }
    tpmc__buf_free(&once);
    tpmc__buf_free(&twice);
}

static void describe(tpmc_env *env, const tpmc__policy_steps *steps)
{
    tpmc__json *json = NULL;
    tpmc__buf text;

    tpmc__buf_init(&text, ROOM);
    if (tpmc__policy_json_write(env, steps, TPMC__HASH_SHA256, &json, NULL) != 0 ||
        tpmc__json_print(json, &text) != 0)
        abort();
    tpmc__buf_free(&text);
    tpmc__json_free(json);
}

/* What was read is sound, and a copy of it leads to the same digest. */
static void check(tpmc_env *env, const tpmc__policy_document *document)
{
    tpmc__policy_bytes digest = { { 0 }, 0 };
    tpmc__policy_bytes again = { { 0 }, 0 };
    tpmc__policy_steps copy;
    int status = 0;

    if (document->steps.count == 0 || tpmc__policy_check(&document->steps, "it", NULL) != 0)
        abort();
    status = tpmc__policy_digest(env, &document->steps, TPMC__HASH_SHA256, NULL, &digest, NULL);
    /* A digest in it may be by another hash. */
    if (status != TPMC_ERR_POLICY &&
        status != (tpmc__policy_is_fixed(&document->steps) ? 0 : TPMC_ERR_STATE))
        abort();
    if (tpmc__policy_copy(&document->steps, &copy, NULL) != 0 ||
        tpmc__policy_digest(env, &copy, TPMC__HASH_SHA256, NULL, &again, NULL) != status ||
        !tpmc__policy_bytes_equal(&digest, &again))
        abort();
    tpmc__policy_free_steps(&copy);
    describe(env, &document->steps);
    for (size_t i = 0; i < document->authorization_count; i++) {
        const tpmc__policy_authorization *one = &document->authorizations[i];

        if (one->signature_len == 0 || one->key.name.len == 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const tpmc__policy_document nothing;
    static tpmc_env *env;
    tpmc__policy_document document;
    int status = 0;

    if (env == NULL)
        env = make_env();
    relax(data, size);
    status = tpmc__policy_json_read(env, data, size, &document, NULL);
    if (status == 0)
        check(env, &document);
    else if ((status != TPMC_ERR_FORMAT && status != TPMC_ERR_UNSUPPORTED) ||
             memcmp(&document, &nothing, sizeof(nothing)) != 0)
        abort();
    tpmc__policy_document_free(&document);
    return 0;
}
