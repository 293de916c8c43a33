/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "codec/der.h"
#include "codec/pem.h"
#include "keyfile/keyfile_read.h"

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

static void write_private(tpmc__buf *out, const tpmc__keyfile *file)
{
    tpmc__buf handle;

    if (!file->handle) {
        tpmc__der_write(out, TPMC__DER_OCTET_STRING, file->private_bytes, file->private_len);
        return;
    }
    tpmc__buf_init(&handle, sizeof(file->handle));
    tpmc__buf_append_be32(&handle, file->handle);
    tpmc__der_wrap(out, TPMC__DER_OCTET_STRING, &handle);
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
    if (file->parent_id)
        write_tagged(out, 6, TPMC__DER_OCTET_STRING, file->parent_id, file->parent_id_len);
    tpmc__der_write_uint32(out, file->parent);
    tpmc__der_write(out, TPMC__DER_OCTET_STRING, file->public_bytes, file->public_len);
    write_private(out, file);
}

/* What can be written at all. The old layout is not: its primary has a template that the current
 * one cannot name. */
static int is_writable(const tpmc__keyfile *file)
{
    if ((size_t)file->type >= sizeof(type_oids) / sizeof(type_oids[0]) || file->old_layout)
        return 0;
    if (file->handle && (file->handle >> 24 != 0x81 || file->private_len))
        return 0;
    return file->public_len <= sizeof(file->public_bytes) &&
           file->private_len <= sizeof(file->private_bytes);
}

/* 0 when the reader takes what was written, for what it is. */
static int read_back(const tpmc__buf *der, const tpmc__keyfile *file)
{
    tpmc__keyfile again;
    int status = tpmc__keyfile_read_der(der->data, der->len, &again, NULL);
    int same;

    if (status)
        return status == TPMC_ERR_NOMEM ? status : TPMC_ERR_ARGUMENT;
    same = again.type == file->type && again.parent == file->parent &&
           again.parent_id_len == file->parent_id_len;
    tpmc__keyfile_free(&again);
    return same ? 0 : TPMC_ERR_ARGUMENT;
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
        status = read_back(&der, file);
    if (status == 0)
        status = tpmc__pem_write("TSS2 PRIVATE KEY", der.data, der.len, out);
    tpmc__buf_free(&der);
    return status == 0 ? 0 : tpmc__buf_fail(out, status);
}
