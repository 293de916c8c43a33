/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/json_relaxed.h"
#include "policy/policy_json_field.h"
#include "policy/policy_label.h"

/* Comments go, and what is escaped grows. */
#define RELAXED_MAX (2 * TPMC__POLICY_JSON_MAX)

static int read_steps(tpmc__json_reader *reader, const tpmc__json *list, const char *place,
                      size_t depth, tpmc__policy_steps *out);

static int read_branch(tpmc__json_reader *reader, const tpmc__json *object, size_t at, size_t depth,
                       tpmc__policy_branch *out)
{
    char place[TPMC__POLICY_LABEL_MAX];
    int status = tpmc__field_copy(reader, object, "name", &out->name);

    if (status == 0)
        status = tpmc__field_copy(reader, object, "description", &out->description);
    if (status != 0)
        return status;
    tpmc__policy_label("branch", out->name, at, place);
    return read_steps(reader, tpmc__field(object, "policy"), place, depth + 1, &out->steps);
}

static int fail_branches(tpmc__json_reader *reader, const tpmc__json *list, size_t count)
{
    if (!tpmc__json_is_array(list))
        return tpmc__field_fail(reader, "branches", "is missing, or no array of branches");
    return tpmc__fail(reader->err, TPMC_ERR_FORMAT,
                      "the field 'branches' has %zu branches, and PolicyOR takes 2 to %d", count,
                      TPMC__POLICY_MAX_BRANCHES);
}

static int read_or(tpmc__json_reader *reader, const tpmc__json *object, size_t depth,
                   tpmc__policy_step *step)
{
    const tpmc__json *list = tpmc__field(object, "branches");
    size_t count = tpmc__json_count(list);
    int status = 0;

    if (!tpmc__json_is_array(list) || count < 2 || count > TPMC__POLICY_MAX_BRANCHES)
        return fail_branches(reader, list, count);
    step->u.or.branches = tpmc__mem_new(count, sizeof(*step->u.or.branches));
    if (step->u.or.branches == NULL)
        return tpmc__fail_nomem(reader->err);
    step->u.or.count = count;
    for (size_t i = 0; i < count && status == 0; i++)
        status = read_branch(reader, tpmc__json_item(list, i), i, depth, &step->u.or.branches[i]);
    return status;
}

/* A number is one of the language too. */
static int read_kind(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_kind *out)
{
    const tpmc__json *value = tpmc__field(object, "type");
    const char *word = tpmc__json_text(value);
    char decimal[16];
    uint32_t number = 0;

    if (tpmc__field_value_number(value, UINT8_MAX, &number) == 0) {
        (void)snprintf(decimal, sizeof(decimal), "%u", (unsigned)number);
        word = decimal;
    }
    if (word == NULL)
        return tpmc__field_fail(reader, "type", "is missing, or no text");
    if (tpmc__policy_word_kind(word, out) == 0)
        return 0;
    return tpmc__fail(reader->err, TPMC_ERR_FORMAT,
                      "the field 'type' is '%.64s', which is no step that there is, such as "
                      "POLICYPCR or POLICYAUTHVALUE",
                      word);
}

static int read_step(tpmc__json_reader *reader, const tpmc__json *object, size_t depth,
                     tpmc__policy_steps *out, const char **kind_name)
{
    tpmc__policy_kind kind = TPMC__POLICY_AUTH_VALUE;
    tpmc__policy_step *step = NULL;
    int status = 0;

    if (!tpmc__json_is_object(object))
        return tpmc__fail(reader->err, TPMC_ERR_FORMAT, "it is no JSON object");
    status = read_kind(reader, object, &kind);
    if (status != 0)
        return status;
    *kind_name = tpmc__policy_kind_name(kind);
    step = tpmc__policy_append(out, kind);
    if (step == NULL)
        return tpmc__fail_nomem(reader->err);
    if (kind == TPMC__POLICY_OR)
        return read_or(reader, object, depth, step);
    return tpmc__json_step(reader, object, step);
}

/* The innermost step has said where it stands already. */
static void say_where(tpmc__json_reader *reader, size_t at, const char *kind_name,
                      const char *place)
{
    const char *text = reader->err == NULL ? "" : tpmc_error_text(reader->err);

    if (strncmp(text, "step ", 5) == 0)
        return;
    if (kind_name == NULL)
        tpmc__error_prefix(reader->err, "step %zu%s", at + 1, place);
    else
        tpmc__error_prefix(reader->err, "step %zu (%s)%s", at + 1, kind_name, place);
}

static int read_steps(tpmc__json_reader *reader, const tpmc__json *list, const char *place,
                      size_t depth, tpmc__policy_steps *out)
{
    size_t count = tpmc__json_count(list);
    int status = 0;

    if (!tpmc__json_is_array(list))
        return tpmc__fail(reader->err, TPMC_ERR_FORMAT,
                          "the field 'policy'%s is missing, or no array of steps", place);
    if (count == 0)
        return tpmc__fail(reader->err, TPMC_ERR_FORMAT, "the field 'policy'%s has no steps", place);
    if (depth > TPMC__POLICY_MAX_DEPTH)
        return tpmc__fail(reader->err, TPMC_ERR_FORMAT,
                          "the policy has more than %d levels of branches", TPMC__POLICY_MAX_DEPTH);
    reader->steps += count;
    if (reader->steps > TPMC__POLICY_MAX_STEPS)
        return tpmc__fail(reader->err, TPMC_ERR_FORMAT, "the policy has more than %d steps",
                          TPMC__POLICY_MAX_STEPS);
    for (size_t i = 0; i < count && status == 0; i++) {
        const char *kind_name = NULL;

        status = read_step(reader, tpmc__json_item(list, i), depth, out, &kind_name);
        if (status != 0)
            say_where(reader, i, kind_name, place);
    }
    return status;
}

static int read_document(tpmc__json_reader *reader, const tpmc__json *json,
                         tpmc__policy_document *out)
{
    const char *ignored = NULL;
    int status = 0;

    if (!tpmc__json_is_object(json))
        return tpmc__fail(reader->err, TPMC_ERR_FORMAT, "the policy is no JSON object");
    status = tpmc__field_text(reader, json, "description", &ignored);
    if (status == 0)
        status = read_steps(reader, tpmc__field(json, "policy"), "", 0, &out->steps);
    if (status == 0)
        status = tpmc__policy_check(&out->steps, "the policy", reader->err);
    if (status == 0)
        status = tpmc__json_authorizations(reader, json, out);
    return status;
}

void tpmc__policy_document_free(tpmc__policy_document *document)
{
    tpmc__policy_free_steps(&document->steps);
    tpmc__mem_free(document->authorizations);
    memset(document, 0, sizeof(*document));
}

static int parse(const void *text, size_t len, tpmc__json **out, tpmc_error *err)
{
    tpmc__buf relaxed;
    int status = 0;

    tpmc__buf_init(&relaxed, RELAXED_MAX);
    status = tpmc__json_relax(text, len, &relaxed);
    if (status == TPMC_ERR_FORMAT)
        status = tpmc__fail(err, status, "the policy has a comment that does not end");
    else if (status != 0)
        status = tpmc__buf_check(&relaxed, "the policy", err);
    if (status == 0)
        status = tpmc__json_parse(relaxed.data, relaxed.len, RELAXED_MAX, "the policy", out, err);
    tpmc__buf_free(&relaxed);
    return status;
}

int tpmc__policy_json_read(tpmc_env *env, const void *text, size_t len, tpmc__policy_document *out,
                           tpmc_error *err)
{
    tpmc__json_reader reader = { env, err, 0 };
    tpmc__json *json = NULL;
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (len == 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the policy is empty: there is no text");
    if (len > TPMC__POLICY_JSON_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the policy is longer than %d bytes",
                          TPMC__POLICY_JSON_MAX);
    status = parse(text, len, &json, err);
    if (status != 0)
        return status;
    status = read_document(&reader, json, out);
    tpmc__json_free(json);
    if (status != 0)
        tpmc__policy_document_free(out);
    return status;
}
