/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/keyfile_read.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "keyfile/keyfile_field.h"
#include "keyfile/keyfile_input.h"
#include "keyfile/keyfile_policy.h"

typedef struct type_oid {
    const char *oid;
    tpmc__keyfile_type type;
} type_oid;

/* The last one belongs to the old layout; some tools write it with the current one. */
#define OLD_OID "2.23.133.10.2"

static const type_oid type_oids[] = {
    { "2.23.133.10.1.3", TPMC__KEYFILE_LOADABLE },
    { "2.23.133.10.1.4", TPMC__KEYFILE_IMPORTABLE },
    { "2.23.133.10.1.5", TPMC__KEYFILE_SEALED },
    { OLD_OID, TPMC__KEYFILE_LOADABLE },
};

static int field_empty_auth(tpmc__cursor *in, tpmc__keyfile *out)
{
    out->has_empty_auth = 1;
    return tpmc__cursor_boolean(in, "emptyAuth", &out->empty_auth);
}

static int field_description(tpmc__cursor *in, tpmc__keyfile *out)
{
    return tpmc__cursor_text(in, "description", &out->description);
}

static int field_rsa_parent(tpmc__cursor *in, tpmc__keyfile *out)
{
    return tpmc__cursor_boolean(in, "rsaParent", &out->rsa_parent);
}

static int field_policy(tpmc__cursor *in, tpmc__keyfile *out)
{
    return tpmc__keyfile_read_steps(in, &out->policy);
}

/* The optional fields of a layout; the place in the table is the tag. */
typedef struct optional_field {
    const char *name;
    int (*read)(tpmc__cursor *in, tpmc__keyfile *out);
} optional_field;

typedef struct layout {
    const optional_field *fields;
    int count;
} layout;

static const optional_field current_fields[] = {
    { "emptyAuth", field_empty_auth },
    { "policy", field_policy },
    { "secret", tpmc__keyfile_read_secret },
    { "authPolicy", tpmc__keyfile_read_auth_policies },
    { "description", field_description },
    { "rsaParent", field_rsa_parent },
    { "parent identity", tpmc__keyfile_read_parent_id },
};

static const optional_field old_fields[] = {
    { "emptyAuth", field_empty_auth },
    { "parent", tpmc__keyfile_read_parent },
    { "pubkey", tpmc__keyfile_read_public },
    { "policy", field_policy },
};

static const layout current_layout = { current_fields,
                                       (int)(sizeof(current_fields) / sizeof(current_fields[0])) };

static const layout old_layout = { old_fields, (int)(sizeof(old_fields) / sizeof(old_fields[0])) };

static int read_optional_field(tpmc__cursor *in, const layout *known, int number,
                               tpmc__keyfile *out)
{
    const char *name = number < known->count ? known->fields[number].name : "unknown";
    tpmc__cursor tagged;
    int status = tpmc__cursor_enter(in, TPMC__DER_CONTEXT(number), name, &tagged);

    if (status)
        return status;
    /* The format grows by new tags; a reader that knows less passes over them. */
    if (number >= known->count)
        return 0;
    status = known->fields[number].read(&tagged, out);
    return status ? status : tpmc__cursor_leave(&tagged, name);
}

static int read_optional_fields(tpmc__cursor *in, const layout *known, tpmc__keyfile *out)
{
    int last = -1;
    int tag;

    for (tag = tpmc__der_peek(&in->in); tag >= 0xa0 && tag <= 0xbf; tag = tpmc__der_peek(&in->in)) {
        int number = tag & 0x1f;
        int status;

        if (number == last)
            return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                              "the key file has the optional field [%d] twice", number);
        if (number < last)
            return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                              "the optional fields of the key file are out of order: [%d] stands "
                              "after [%d]",
                              number, last);
        status = read_optional_field(in, known, number, out);
        if (status)
            return status;
        last = number;
    }
    return 0;
}

/* The layouts differ in the parent, whose INTEGER has a tag around it in the old one. */
static int has_old_layout(const tpmc__cursor *in)
{
    tpmc__der rest = in->in;
    tpmc__der content = { NULL, 0 };
    int tag = 0;

    while (tpmc__der_next(&rest, &tag, &content) == 0) {
        if (tag == TPMC__DER_INTEGER)
            return 0;
    }
    return 1;
}

static int read_type(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der oid = { NULL, 0 };
    char text[128];
    size_t i;
    int status = tpmc__cursor_take(in, TPMC__DER_OID, "type", &oid);

    if (status)
        return status;
    for (i = 0; i < sizeof(type_oids) / sizeof(type_oids[0]); i++) {
        if (tpmc__der_oid_is(&oid, type_oids[i].oid)) {
            out->type = type_oids[i].type;
            out->old_layout = tpmc__der_oid_is(&oid, OLD_OID) && has_old_layout(in);
            return 0;
        }
    }
    tpmc__der_oid_text(&oid, text, sizeof(text));
    return tpmc__fail(in->err, TPMC_ERR_UNSUPPORTED,
                      "the key file is of the type %s; the types of TPM keys are 2.23.133.10.1.3 "
                      "to 2.23.133.10.1.5",
                      text);
}

static int read_current(tpmc__cursor *in, tpmc__keyfile *out)
{
    int status = read_optional_fields(in, &current_layout, out);

    if (status == 0)
        status = tpmc__keyfile_read_parent(in, out);
    if (status == 0)
        status = tpmc__keyfile_read_public(in, out);
    if (status == 0)
        status = tpmc__keyfile_read_private(in, out);
    return status;
}

static int read_old(tpmc__cursor *in, tpmc__keyfile *out)
{
    int status;

    out->parent = TPMC__KEYFILE_OWNER;
    status = read_optional_fields(in, &old_layout, out);
    if (status == 0)
        status = tpmc__keyfile_read_private(in, out);
    if (status)
        return status;
    if (out->public_len == 0)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the key file, which has the old layout 'TSS2 KEY BLOB', lacks the field "
                          "'pubkey', without which nothing can be verified; have the tool that "
                          "made it write one with its public key");
    return 0;
}

/* 1 for data that is only kept in the TPM: a key signs, decrypts, or has a public half. */
static int is_sealed_data(const tpmc__public *key)
{
    return key->type == TPMC__ALG_KEYEDHASH &&
           !(key->attributes & (TPMC__OBJECT_SIGN | TPMC__OBJECT_DECRYPT));
}

/* Keys exist whose file says "sealed"; the public area tells what they are. */
static void settle_type(tpmc__keyfile *file)
{
    if (file->type == TPMC__KEYFILE_SEALED && !is_sealed_data(&file->key))
        file->type = file->secret ? TPMC__KEYFILE_IMPORTABLE : TPMC__KEYFILE_LOADABLE;
}

static int check_handle(const tpmc__keyfile *file, tpmc_error *err)
{
    const unsigned long handle = file->handle;

    if (file->secret)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the key file contradicts itself: it names the persistent key 0x%08lx "
                          "and has a field 'secret', which importable keys have",
                          handle);
    if (file->type != TPMC__KEYFILE_LOADABLE)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the key file contradicts itself: it names the persistent key 0x%08lx "
                          "and says that the key is %s",
                          handle, tpmc__keyfile_type_name(file->type));
    return 0;
}

static int check_secret(const tpmc__keyfile *file, tpmc_error *err)
{
    if (file->type == TPMC__KEYFILE_IMPORTABLE && !file->secret)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the key file is importable and lacks the field 'secret'");
    if (file->type == TPMC__KEYFILE_LOADABLE && file->secret)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the key file contradicts itself: it is loadable and has a field "
                          "'secret', which importable keys have");
    return 0;
}

static int read_fields(tpmc__cursor *in, tpmc__keyfile *out)
{
    int status = read_type(in, out);

    if (status == 0)
        status = out->old_layout ? read_old(in, out) : read_current(in, out);
    if (status)
        return status;
    if (in->in.len)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the key file has an unknown element after the field 'privkey'");
    if (in->cut)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the key file is truncated after the field 'privkey'");
    settle_type(out);
    return out->handle ? check_handle(out, in->err) : check_secret(out, in->err);
}

/* Where a file is cut off, the fields are read as far as they go, so that the error can name one.
 */
static void enter_cut(tpmc__der *file, tpmc__cursor *body)
{
    size_t header = 2;

    if (file->len >= 2 && file->data[1] > 0x80)
        header += file->data[1] - 0x80u;
    if (file->len < header)
        header = file->len;
    body->cut = 1;
    body->in.data = file->data + header;
    body->in.len = file->len - header;
    file->len = 0;
}

static int read_file(const void *der, size_t len, tpmc__keyfile *out, tpmc_error *err)
{
    tpmc__cursor file = { { der, len }, 0, err };
    tpmc__cursor body = { { NULL, 0 }, 0, err };
    int status = 0;

    if (tpmc__der_peek(&file.in) == TPMC__DER_SEQUENCE && tpmc__cursor_cut_short(&file.in))
        enter_cut(&file.in, &body);
    else
        status = tpmc__cursor_enter(&file, TPMC__DER_SEQUENCE, "TPMKey", &body);
    if (status == 0)
        status = read_fields(&body, out);
    if (status)
        return status;
    if (file.in.len)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the key file has %zu bytes of trailing data",
                          file.in.len);
    return 0;
}

int tpmc__keyfile_read_der(const void *der, size_t len, tpmc__keyfile *out, tpmc_error *err)
{
    int status;

    memset(out, 0, sizeof(*out));
    status = read_file(der, len, out, err);
    if (status)
        tpmc__keyfile_free(out);
    return status;
}

int tpmc__keyfile_parse(const void *data, size_t len, tpmc__keyfile *out, tpmc_error *err)
{
    tpmc__buf der;
    int status;

    memset(out, 0, sizeof(*out));
    tpmc__buf_init(&der, TPMC__KEYFILE_MAX);
    status = tpmc__keyfile_input(data, len, &der, err);
    if (status == 0)
        status = tpmc__keyfile_read_der(der.data, der.len, out, err);
    tpmc__buf_free(&der);
    return status;
}

void tpmc__keyfile_free(tpmc__keyfile *file)
{
    if (!file)
        return;
    tpmc__keyfile_free_steps(&file->policy);
    tpmc__mem_free(file->secret);
    tpmc__keyfile_free_auth_policies(file);
    tpmc__mem_free(file->description);
    tpmc__mem_free(file->parent_id);
    memset(file, 0, sizeof(*file));
}

const char *tpmc__keyfile_type_name(tpmc__keyfile_type type)
{
    switch (type) {
    case TPMC__KEYFILE_LOADABLE:
        return "loadable";
    case TPMC__KEYFILE_IMPORTABLE:
        return "importable";
    case TPMC__KEYFILE_SEALED:
        return "sealed";
    }
    return "unknown";
}
