/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/keyfile_policy.h"

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/digest.h"

#define POLICY_OR 0x00000171u
#define OR_MIN 2
#define OR_MAX 8

static int read_command(tpmc__cursor *in, uint32_t *out)
{
    tpmc__der number = { NULL, 0 };
    tpmc__cursor tagged;
    int status = tpmc__cursor_enter(in, TPMC__DER_CONTEXT(0), "commandCode", &tagged);
    size_t i;

    if (status)
        return status;
    status = tpmc__der_expect_unsigned(&tagged.in, &number);
    if (status || number.len > 4)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "a policy step of the key file has a command code that is not a number "
                          "of 32 bits");
    *out = 0;
    for (i = 0; i < number.len; i++)
        *out = *out << 8 | number.data[i];
    return tpmc__cursor_leave(&tagged, "commandCode");
}

/* 1 for a TPML_DIGEST with the two to eight digests that PolicyOR chooses among. */
static int is_or_list(const tpmc__der *list)
{
    const uint8_t *at = list->data;
    size_t left = list->len;
    size_t count = 0;

    if (left < 4 || at[0] || at[1] || at[2] || at[3] < OR_MIN || at[3] > OR_MAX)
        return 0;
    count = at[3];
    at += 4;
    left -= 4;
    for (; count != 0; count--) {
        size_t size = left >= 2 ? 2 + (size_t)(at[0] << 8 | at[1]) : 0;

        if (size <= 2 || size > 2 + TPMC__DIGEST_MAX || size > left)
            return 0;
        at += size;
        left -= size;
    }
    return left == 0;
}

static int check_step(uint32_t command, const tpmc__der *content, tpmc_error *err)
{
    if (content->len > TPMC__KEYFILE_STEP_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "a policy step of the key file has %zu bytes, more than the %d that are "
                          "taken",
                          content->len, TPMC__KEYFILE_STEP_MAX);
    if (command == POLICY_OR && !is_or_list(content))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the step PolicyOR of a policy of the key file is no list of %d to %d "
                          "digests",
                          OR_MIN, OR_MAX);
    return 0;
}

static int read_step(tpmc__cursor *in, tpmc__keyfile_step *step)
{
    tpmc__der content = { NULL, 0 };
    tpmc__cursor fields;
    tpmc__cursor tagged;
    int status = tpmc__cursor_enter(in, TPMC__DER_SEQUENCE, "policy", &fields);

    if (status == 0)
        status = read_command(&fields, &step->command);
    if (status == 0)
        status = tpmc__cursor_enter(&fields, TPMC__DER_CONTEXT(1), "commandPolicy", &tagged);
    if (status == 0)
        status = tpmc__cursor_take(&tagged, TPMC__DER_OCTET_STRING, "commandPolicy", &content);
    if (status == 0)
        status = tpmc__cursor_leave(&tagged, "commandPolicy");
    if (status == 0)
        status = tpmc__cursor_leave(&fields, "policy");
    if (status)
        return status;
    status = check_step(step->command, &content, in->err);
    if (status)
        return status;
    if (content.len == 0)
        return 0;
    step->data = tpmc__mem_copy(content.data, content.len);
    if (!step->data)
        return tpmc__fail_nomem(in->err);
    step->len = content.len;
    return 0;
}

/* How many elements follow; more than `max` are refused before memory is taken for them. */
static int count_elements(const tpmc__cursor *in, const char *field, size_t max, size_t *count)
{
    tpmc__der rest = in->in;
    tpmc__der content = { NULL, 0 };
    int tag = 0;

    *count = 0;
    while (rest.len != 0) {
        if (tpmc__der_next(&rest, &tag, &content) != 0)
            return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                              "the field '%s' of the key file is not valid DER", field);
        if (*count == max)
            return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                              "the field '%s' of the key file has more than %zu entries", field,
                              max);
        (*count)++;
    }
    return 0;
}

int tpmc__keyfile_read_steps(tpmc__cursor *in, tpmc__keyfile_steps *out)
{
    tpmc__cursor list;
    size_t count = 0;
    size_t i;
    int status = tpmc__cursor_enter(in, TPMC__DER_SEQUENCE, "policy", &list);

    if (status == 0)
        status = count_elements(&list, "policy", TPMC__KEYFILE_MAX_POLICY_STEPS, &count);
    if (status || count == 0)
        return status;
    out->items = tpmc__mem_new(count, sizeof(*out->items));
    if (!out->items)
        return tpmc__fail_nomem(in->err);
    out->count = count;
    for (i = 0; i < count && status == 0; i++)
        status = read_step(&list, &out->items[i]);
    return status;
}

static int read_auth_policy_name(tpmc__cursor *in, char **out)
{
    tpmc__cursor tagged;
    int status;

    if (tpmc__der_peek(&in->in) != TPMC__DER_CONTEXT(0))
        return 0;
    status = tpmc__cursor_enter(in, TPMC__DER_CONTEXT(0), "authPolicy name", &tagged);
    if (status == 0)
        status = tpmc__cursor_text(&tagged, "authPolicy name", out);
    if (status == 0)
        status = tpmc__cursor_leave(&tagged, "authPolicy name");
    return status;
}

static int read_auth_policy(tpmc__cursor *in, tpmc__keyfile_auth_policy *out)
{
    tpmc__cursor fields;
    tpmc__cursor tagged;
    int status = tpmc__cursor_enter(in, TPMC__DER_SEQUENCE, "authPolicy", &fields);

    if (status == 0)
        status = read_auth_policy_name(&fields, &out->name);
    if (status == 0)
        status = tpmc__cursor_enter(&fields, TPMC__DER_CONTEXT(1), "authPolicy", &tagged);
    if (status == 0)
        status = tpmc__keyfile_read_steps(&tagged, &out->policy);
    if (status == 0)
        status = tpmc__cursor_leave(&tagged, "authPolicy");
    if (status == 0)
        status = tpmc__cursor_leave(&fields, "authPolicy");
    return status;
}

int tpmc__keyfile_read_auth_policies(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__cursor list;
    size_t count = 0;
    size_t i;
    int status = tpmc__cursor_enter(in, TPMC__DER_SEQUENCE, "authPolicy", &list);

    if (status == 0)
        status = count_elements(&list, "authPolicy", TPMC__KEYFILE_MAX_AUTH_POLICIES, &count);
    if (status || count == 0)
        return status;
    out->auth_policies = tpmc__mem_new(count, sizeof(*out->auth_policies));
    if (!out->auth_policies)
        return tpmc__fail_nomem(in->err);
    out->auth_policy_count = count;
    for (i = 0; i < count && status == 0; i++)
        status = read_auth_policy(&list, &out->auth_policies[i]);
    return status;
}

void tpmc__keyfile_free_steps(tpmc__keyfile_steps *steps)
{
    size_t i;

    for (i = 0; i < steps->count; i++)
        tpmc__mem_free(steps->items[i].data);
    tpmc__mem_free(steps->items);
}

void tpmc__keyfile_free_auth_policies(tpmc__keyfile *file)
{
    size_t i;

    for (i = 0; i < file->auth_policy_count; i++) {
        tpmc__mem_free(file->auth_policies[i].name);
        tpmc__keyfile_free_steps(&file->auth_policies[i].policy);
    }
    tpmc__mem_free(file->auth_policies);
}
