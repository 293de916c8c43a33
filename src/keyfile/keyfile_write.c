/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "codec/der.h"
#include "codec/pem.h"
#include "keyfile/keyfile.h"
#include "keyfile/keyfile_cursor.h"

static const char *const type_oids[] = {
    [TPMC__KEYFILE_LOADABLE] = "2.23.133.10.1.3",
    [TPMC__KEYFILE_IMPORTABLE] = "2.23.133.10.1.4",
    [TPMC__KEYFILE_SEALED] = "2.23.133.10.1.5",
};

static void write_boolean(tpmc__buf *out, int number, int value)
{
    tpmc__buf tagged;

    tpmc__buf_init(&tagged, TPMC__KEYFILE_MAX);
    tpmc__der_write_boolean(&tagged, value);
    tpmc__der_wrap(out, TPMC__DER_CONTEXT(number), &tagged);
}

static void write_tagged(tpmc__buf *out, int number, int tag, const void *content, size_t len)
{
    tpmc__buf tagged;

    tpmc__buf_init(&tagged, TPMC__KEYFILE_MAX);
    tpmc__der_write(&tagged, tag, content, len);
    tpmc__der_wrap(out, TPMC__DER_CONTEXT(number), &tagged);
}

static void write_text(tpmc__buf *out, int number, const char *text)
{
    if (text)
        write_tagged(out, number, TPMC__DER_UTF8_STRING, text, strlen(text));
}

static void write_step(tpmc__buf *out, const tpmc__keyfile_step *step)
{
    tpmc__buf fields;
    tpmc__buf command;

    tpmc__buf_init(&fields, TPMC__KEYFILE_MAX);
    tpmc__buf_init(&command, TPMC__KEYFILE_MAX);
    tpmc__der_write_uint32(&command, step->command);
    tpmc__der_wrap(&fields, TPMC__DER_CONTEXT(0), &command);
    write_tagged(&fields, 1, TPMC__DER_OCTET_STRING, step->data, step->len);
    tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &fields);
}

/* [1] EXPLICIT SEQUENCE OF TPMPolicy, of a file and of a signed policy alike. */
static void write_steps(tpmc__buf *out, const tpmc__keyfile_steps *steps)
{
    tpmc__buf list;
    tpmc__buf tagged;
    size_t i;

    tpmc__buf_init(&list, TPMC__KEYFILE_MAX);
    tpmc__buf_init(&tagged, TPMC__KEYFILE_MAX);
    for (i = 0; i < steps->count; i++)
        write_step(&list, &steps->items[i]);
    tpmc__der_wrap(&tagged, TPMC__DER_SEQUENCE, &list);
    tpmc__der_wrap(out, TPMC__DER_CONTEXT(1), &tagged);
}

static void write_auth_policies(tpmc__buf *out, const tpmc__keyfile *file)
{
    tpmc__buf list;
    tpmc__buf tagged;
    size_t i;

    tpmc__buf_init(&list, TPMC__KEYFILE_MAX);
    tpmc__buf_init(&tagged, TPMC__KEYFILE_MAX);
    for (i = 0; i < file->auth_policy_count; i++) {
        tpmc__buf fields;

        tpmc__buf_init(&fields, TPMC__KEYFILE_MAX);
        write_text(&fields, 0, file->auth_policies[i].name);
        write_steps(&fields, &file->auth_policies[i].policy);
        tpmc__der_wrap(&list, TPMC__DER_SEQUENCE, &fields);
    }
    tpmc__der_wrap(&tagged, TPMC__DER_SEQUENCE, &list);
    tpmc__der_wrap(out, TPMC__DER_CONTEXT(3), &tagged);
}

static void write_fields(tpmc__buf *out, const tpmc__keyfile *file)
{
    tpmc__der_write_oid(out, type_oids[file->type]);
    /* FALSE is written too: where the field is absent, several readers take it for TRUE. */
    if (file->has_empty_auth)
        write_boolean(out, 0, file->empty_auth);
    if (file->policy.count)
        write_steps(out, &file->policy);
    if (file->secret)
        write_tagged(out, 2, TPMC__DER_OCTET_STRING, file->secret, file->secret_len);
    if (file->auth_policy_count)
        write_auth_policies(out, file);
    write_text(out, 4, file->description);
    if (file->rsa_parent)
        write_boolean(out, 5, 1);
    tpmc__der_write_uint32(out, file->parent);
    tpmc__der_write(out, TPMC__DER_OCTET_STRING, file->public_bytes, file->public_len);
    tpmc__der_write(out, TPMC__DER_OCTET_STRING, file->private_bytes, file->private_len);
}

static int steps_fit(const tpmc__keyfile_steps *steps)
{
    size_t i;

    for (i = 0; i < steps->count; i++) {
        if (steps->items[i].len > TPMC__KEYFILE_STEP_MAX)
            return 0;
    }
    return steps->count <= TPMC__KEYFILE_MAX_POLICY_STEPS;
}

static int auth_policies_fit(const tpmc__keyfile *file)
{
    size_t i;

    for (i = 0; i < file->auth_policy_count; i++) {
        const tpmc__keyfile_auth_policy *policy = &file->auth_policies[i];

        if (!steps_fit(&policy->policy))
            return 0;
        if (policy->name && !tpmc__cursor_text_clean(policy->name, strlen(policy->name)))
            return 0;
    }
    return file->auth_policy_count <= TPMC__KEYFILE_MAX_AUTH_POLICIES;
}

/* What the reader would refuse is not written. */
static int is_writable(const tpmc__keyfile *file)
{
    if ((size_t)file->type >= sizeof(type_oids) / sizeof(type_oids[0]))
        return 0;
    if (file->type == TPMC__KEYFILE_IMPORTABLE && !file->secret)
        return 0;
    if (file->type == TPMC__KEYFILE_LOADABLE && file->secret)
        return 0;
    if (file->description && !tpmc__cursor_text_clean(file->description, strlen(file->description)))
        return 0;
    if (!steps_fit(&file->policy) || !auth_policies_fit(file))
        return 0;
    return file->public_len && file->public_len <= sizeof(file->public_bytes) &&
           file->private_len && file->private_len <= sizeof(file->private_bytes);
}

int tpmc__keyfile_write(const tpmc__keyfile *file, tpmc__buf *out)
{
    tpmc__buf fields;
    tpmc__buf der;
    int status;

    if (!is_writable(file))
        return tpmc__buf_fail(out, TPMC_ERR_ARGUMENT);
    tpmc__buf_init(&fields, TPMC__KEYFILE_MAX);
    tpmc__buf_init(&der, TPMC__KEYFILE_MAX);
    write_fields(&fields, file);
    tpmc__der_wrap(&der, TPMC__DER_SEQUENCE, &fields);
    status = tpmc__buf_status(&der);
    if (status == 0)
        status = tpmc__pem_write("TSS2 PRIVATE KEY", der.data, der.len, out);
    tpmc__buf_free(&der);
    return status == 0 ? 0 : tpmc__buf_fail(out, status);
}
