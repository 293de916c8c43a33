/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "keyfile/keyfile.h"
#include "keyfile/keyfile_cursor.h"
#include "keyfile/keyfile_input.h"
#include "keyfile/keyfile_policy.h"

#define SECRET_MAX 514 /* TPM2B_ENCRYPTED_SECRET of an RSA parent of 4096 bits */
#define OWNER_HANDLE 0x40000001u

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

/* 1 when a TPM2B fills its bytes exactly and is not empty. */
static int is_sized(const tpmc__der *bytes)
{
    return bytes->len > 2 && (size_t)(bytes->data[0] << 8 | bytes->data[1]) == bytes->len - 2;
}

static int field_secret(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der content = { NULL, 0 };
    int status = tpmc__cursor_take(in, TPMC__DER_OCTET_STRING, "secret", &content);

    if (status)
        return status;
    if (!is_sized(&content) || content.len > SECRET_MAX)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field 'secret' of the key file is no TPM2B_ENCRYPTED_SECRET: %zu "
                          "bytes that do not fit the size they state",
                          content.len);
    out->secret = tpmc__mem_copy(content.data, content.len);
    if (!out->secret)
        return tpmc__fail_nomem(in->err);
    out->secret_len = content.len;
    return 0;
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

/* The optional fields; the place in this table is the tag. */
typedef struct optional_field {
    const char *name;
    int (*read)(tpmc__cursor *in, tpmc__keyfile *out);
} optional_field;

static const optional_field optional_fields[] = {
    { "emptyAuth", field_empty_auth },    { "policy", field_policy },
    { "secret", field_secret },           { "authPolicy", tpmc__keyfile_read_auth_policies },
    { "description", field_description }, { "rsaParent", field_rsa_parent },
};

#define OPTIONAL_FIELD_COUNT ((int)(sizeof(optional_fields) / sizeof(optional_fields[0])))

static int read_optional_field(tpmc__cursor *in, int number, tpmc__keyfile *out)
{
    const char *name = "unknown";
    tpmc__cursor tagged;
    int status;

    if (number < OPTIONAL_FIELD_COUNT)
        name = optional_fields[number].name;
    status = tpmc__cursor_enter(in, TPMC__DER_CONTEXT(number), name, &tagged);
    if (status)
        return status;
    /* The format grows by new tags; a reader that knows less passes over them. */
    if (number >= OPTIONAL_FIELD_COUNT)
        return 0;
    status = optional_fields[number].read(&tagged, out);
    return status ? status : tpmc__cursor_leave(&tagged, name);
}

static int read_optional_fields(tpmc__cursor *in, tpmc__keyfile *out)
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
        status = read_optional_field(in, number, out);
        if (status)
            return status;
        last = number;
    }
    return 0;
}

static int is_old_layout(const tpmc__cursor *in)
{
    tpmc__der rest = in->in;
    tpmc__der content = { NULL, 0 };
    int tag = 0;

    while (tpmc__der_next(&rest, &tag, &content) == 0) {
        if (tag == TPMC__DER_INTEGER)
            return 0;
    }
    return rest.len == 0;
}

static int read_type(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der oid = { NULL, 0 };
    char text[128];
    size_t i;
    int status = tpmc__cursor_take(in, TPMC__DER_OID, "type", &oid);

    if (status)
        return status;
    if (tpmc__der_oid_is(&oid, OLD_OID) && !in->cut && is_old_layout(in))
        return tpmc__fail(in->err, TPMC_ERR_UNSUPPORTED,
                          "this is a TPM key in the old layout 'TSS2 KEY BLOB', which is not "
                          "supported; have the tool that made it write a 'TSS2 PRIVATE KEY'");
    for (i = 0; i < sizeof(type_oids) / sizeof(type_oids[0]); i++) {
        if (tpmc__der_oid_is(&oid, type_oids[i].oid)) {
            out->type = type_oids[i].type;
            return 0;
        }
    }
    tpmc__der_oid_text(&oid, text, sizeof(text));
    return tpmc__fail(in->err, TPMC_ERR_UNSUPPORTED,
                      "the key file is of the type %s; the types of TPM keys are 2.23.133.10.1.3 "
                      "to 2.23.133.10.1.5",
                      text);
}

typedef struct handle_kind {
    uint32_t first;
    uint32_t last;
    const char *text;
} handle_kind;

static const handle_kind refused_handles[] = {
    { 0x00000000, 0x00ffffff, "a PCR" },
    { 0x01000000, 0x01ffffff, "an NV index" },
    { 0x02000000, 0x03ffffff, "a session" },
    { 0x4000000a, 0x4000000a, "the lockout hierarchy" },
    { 0x40000000, 0x40ffffff, "a permanent handle that holds no keys" },
    { 0x80000000, 0x80ffffff, "a transient object, which is gone when its maker ends" },
};

static int is_parent_handle(uint32_t handle)
{
    switch (handle) {
    case OWNER_HANDLE:
    case 0x40000007:
    case 0x4000000b:
    case 0x4000000c:
        return 1;
    default:
        return handle >> 24 == 0x81;
    }
}

static int check_parent(uint32_t handle, tpmc_error *err)
{
    const char *text = "no handle of a parent";
    size_t i;

    if (is_parent_handle(handle))
        return 0;
    for (i = 0; i < sizeof(refused_handles) / sizeof(refused_handles[0]); i++) {
        if (handle >= refused_handles[i].first && handle <= refused_handles[i].last) {
            text = refused_handles[i].text;
            break;
        }
    }
    return tpmc__fail(err, TPMC_ERR_FORMAT,
                      "the key file names the parent 0x%08lx, which is %s; a hierarchy or a "
                      "persistent handle 0x81xxxxxx is needed",
                      (unsigned long)handle, text);
}

static int read_parent(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der number = { NULL, 0 };
    uint32_t handle = 0;
    size_t i;
    int status = tpmc__cursor_take(in, TPMC__DER_INTEGER, "parent", &number);

    if (status)
        return status;
    if (number.len == 0 || number.len > 5)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field 'parent' of the key file is out of range: a number of %zu "
                          "bytes",
                          number.len);
    /* Some encoders leave out the 00 before a handle of the upper half: take it modulo 2^32. */
    if (number.data[0] & 0x80)
        handle = 0xffffffff;
    for (i = 0; i < number.len; i++)
        handle = handle << 8 | number.data[i];
    if (handle == 0)
        handle = OWNER_HANDLE;
    out->parent = handle;
    return check_parent(handle, in->err);
}

static int read_public(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der content = { NULL, 0 };
    const char *flaw;
    int status = tpmc__cursor_take(in, TPMC__DER_OCTET_STRING, "pubkey", &content);

    if (status)
        return status;
    status = tpmc__public_parse(content.data, content.len, &out->key, in->err);
    if (status) {
        tpmc__error_prefix(in->err, "the field 'pubkey' of the key file");
        return status;
    }
    flaw = tpmc__public_unique_flaw(&out->key);
    if (flaw)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field 'pubkey' of the key file is not that of a key: %s", flaw);
    memcpy(out->public_bytes, content.data, content.len);
    out->public_len = content.len;
    return 0;
}

static int read_private(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der content = { NULL, 0 };
    int status = tpmc__cursor_take(in, TPMC__DER_OCTET_STRING, "privkey", &content);

    if (status)
        return status;
    if (content.len == 4 && content.data[0] == 0x81)
        return tpmc__fail(in->err, TPMC_ERR_UNSUPPORTED,
                          "the key file names a persistent handle, 0x81%02x%02x%02x, instead of "
                          "holding a private part; such files are not supported",
                          content.data[1], content.data[2], content.data[3]);
    if (content.len == 0 || (content.len == 2 && !content.data[0] && !content.data[1]))
        return tpmc__fail(in->err, TPMC_ERR_FORMAT, "the field 'privkey' of the key file is empty");
    if (!is_sized(&content))
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field 'privkey' of the key file is a bad TPM2B_PRIVATE: its %zu "
                          "bytes do not fit the size they state",
                          content.len);
    if (content.len > TPMC__KEYFILE_PRIVATE_MAX)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field 'privkey' of the key file has %zu bytes, more than the %d "
                          "that are taken",
                          content.len, TPMC__KEYFILE_PRIVATE_MAX);
    memcpy(out->private_bytes, content.data, content.len);
    out->private_len = content.len;
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
        status = read_optional_fields(in, out);
    if (status == 0)
        status = read_parent(in, out);
    if (status == 0)
        status = read_public(in, out);
    if (status == 0)
        status = read_private(in, out);
    if (status)
        return status;
    if (in->in.len)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the key file has an unknown element after the field 'privkey'");
    if (in->cut)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the key file is truncated after the field 'privkey'");
    return check_secret(out, in->err);
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

static int read_file(const tpmc__buf *der, tpmc__keyfile *out, tpmc_error *err)
{
    tpmc__cursor file = { { der->data, der->len }, 0, err };
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

int tpmc__keyfile_parse(const void *data, size_t len, tpmc__keyfile *out, tpmc_error *err)
{
    tpmc__buf der;
    int status;

    memset(out, 0, sizeof(*out));
    tpmc__buf_init(&der, TPMC__KEYFILE_MAX);
    status = tpmc__keyfile_input(data, len, &der, err);
    if (status == 0)
        status = read_file(&der, out, err);
    if (status)
        tpmc__keyfile_free(out);
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
