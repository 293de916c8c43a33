/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/der.h"
#include "codec/text.h"
#include "keyfile/keyfile.h"
#include "keyfile/keyfile_input.h"

#define STEP_DATA_MAX 4096
#define SECRET_MAX 514 /* TPM2B_ENCRYPTED_SECRET of an RSA parent of 4096 bits */
#define OWNER_HANDLE 0x40000001u

/* Elements left to read. `cut` is set for the outermost run when the file ends before it does. */
typedef struct cursor {
    tpmc__der in;
    int cut;
    tpmc_error *err;
} cursor;

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

/* 1 when the next element claims more bytes than there are. */
static int is_cut_short(const tpmc__der *in)
{
    size_t header = 2;
    size_t content;
    size_t i;

    if (in->len < 2)
        return 1;
    content = in->data[1];
    if (content == 0x80 || content > 0x84)
        return 0;
    if (content > 0x80) {
        header += content - 0x80;
        content = 0;
        if (in->len < header)
            return 1;
        for (i = 2; i < header; i++)
            content = content << 8 | in->data[i];
    }
    return content > in->len - header;
}

static int fail_at_end(const cursor *in, const char *field)
{
    if (in->cut)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the key file is truncated before the field '%s'", field);
    return tpmc__fail(in->err, TPMC_ERR_FORMAT, "the key file lacks the field '%s'", field);
}

/* Takes the next element, which must have this tag; `field` names it in the errors. */
static int take(cursor *in, int tag, const char *field, tpmc__der *content)
{
    int found = tpmc__der_peek(&in->in);
    int status;

    if (found < 0)
        return fail_at_end(in, field);
    if (found != tag)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the key file has an element of tag 0x%02x where the field '%s' should "
                          "have tag 0x%02x",
                          (unsigned)found, field, (unsigned)tag);
    if (is_cut_short(&in->in))
        return tpmc__fail(in->err, TPMC_ERR_FORMAT, "the key file is truncated in the field '%s'",
                          field);
    status = tpmc__der_expect(&in->in, tag, content);
    if (status)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field '%s' of the key file is not valid DER", field);
    return 0;
}

/* Steps into an element that holds elements. */
static int enter(cursor *in, int tag, const char *field, cursor *inner)
{
    inner->cut = 0;
    inner->err = in->err;
    return take(in, tag, field, &inner->in);
}

static int leave(const cursor *inner, const char *field)
{
    if (inner->in.len == 0)
        return 0;
    return tpmc__fail(inner->err, TPMC_ERR_FORMAT,
                      "the field '%s' of the key file has %zu bytes after its value", field,
                      inner->in.len);
}

static int read_boolean(cursor *in, const char *field, int *out)
{
    tpmc__der content = { NULL, 0 };
    int status = take(in, TPMC__DER_BOOLEAN, field, &content);

    if (status)
        return status;
    if (content.len != 1)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field '%s' of the key file is a BOOLEAN of %zu bytes", field,
                          content.len);
    *out = content.data[0] != 0;
    return 0;
}

/* Text that a person will see: no control character may hide in it. */
static int has_control(const uint8_t *data, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (data[i] < 0x20 || data[i] == 0x7f)
            return 1;
        if (data[i] == 0xc2 && i + 1 < len && data[i + 1] < 0xa0)
            return 1;
    }
    return 0;
}

static int read_text(cursor *in, const char *field, char **out)
{
    tpmc__der content = { NULL, 0 };
    int status = take(in, TPMC__DER_UTF8_STRING, field, &content);

    if (status)
        return status;
    if (!tpmc__utf8_valid(content.data, content.len))
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field '%s' of the key file is not valid UTF-8", field);
    if (has_control(content.data, content.len))
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field '%s' of the key file holds control characters", field);
    *out = tpmc__mem_copy(content.data, content.len);
    return *out ? 0 : tpmc__fail_nomem(in->err);
}

static int read_command(cursor *in, uint32_t *out)
{
    tpmc__der number = { NULL, 0 };
    cursor tagged;
    int status = enter(in, TPMC__DER_CONTEXT(0), "commandCode", &tagged);
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
    return leave(&tagged, "commandCode");
}

static int read_step(cursor *in, tpmc__keyfile_step *step)
{
    tpmc__der content = { NULL, 0 };
    cursor fields;
    cursor tagged;
    int status = enter(in, TPMC__DER_SEQUENCE, "policy", &fields);

    if (status == 0)
        status = read_command(&fields, &step->command);
    if (status == 0)
        status = enter(&fields, TPMC__DER_CONTEXT(1), "commandPolicy", &tagged);
    if (status == 0)
        status = take(&tagged, TPMC__DER_OCTET_STRING, "commandPolicy", &content);
    if (status == 0)
        status = leave(&tagged, "commandPolicy");
    if (status == 0)
        status = leave(&fields, "policy");
    if (status)
        return status;
    if (content.len > STEP_DATA_MAX)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "a policy step of the key file has %zu bytes, more than the %d that are "
                          "taken",
                          content.len, STEP_DATA_MAX);
    if (content.len == 0)
        return 0;
    step->data = tpmc__mem_copy(content.data, content.len);
    if (!step->data)
        return tpmc__fail_nomem(in->err);
    step->len = content.len;
    return 0;
}

/* How many elements follow; more than `max` are refused before memory is taken for them. */
static int count_elements(const cursor *in, const char *field, size_t max, size_t *count)
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

static int read_steps(cursor *in, tpmc__keyfile_steps *out)
{
    cursor list;
    size_t count = 0;
    size_t i;
    int status = enter(in, TPMC__DER_SEQUENCE, "policy", &list);

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

static int read_auth_policy_name(cursor *in, char **out)
{
    cursor tagged;
    int status;

    if (tpmc__der_peek(&in->in) != TPMC__DER_CONTEXT(0))
        return 0;
    status = enter(in, TPMC__DER_CONTEXT(0), "authPolicy name", &tagged);
    if (status == 0)
        status = read_text(&tagged, "authPolicy name", out);
    if (status == 0)
        status = leave(&tagged, "authPolicy name");
    return status;
}

static int read_auth_policy(cursor *in, tpmc__keyfile_auth_policy *out)
{
    cursor fields;
    cursor tagged;
    int status = enter(in, TPMC__DER_SEQUENCE, "authPolicy", &fields);

    if (status == 0)
        status = read_auth_policy_name(&fields, &out->name);
    if (status == 0)
        status = enter(&fields, TPMC__DER_CONTEXT(1), "authPolicy", &tagged);
    if (status == 0)
        status = read_steps(&tagged, &out->policy);
    if (status == 0)
        status = leave(&tagged, "authPolicy");
    if (status == 0)
        status = leave(&fields, "authPolicy");
    return status;
}

static int field_empty_auth(cursor *in, tpmc__keyfile *out)
{
    out->has_empty_auth = 1;
    return read_boolean(in, "emptyAuth", &out->empty_auth);
}

static int field_policy(cursor *in, tpmc__keyfile *out)
{
    return read_steps(in, &out->policy);
}

/* 1 when a TPM2B fills its bytes exactly and is not empty. */
static int is_sized(const tpmc__der *bytes)
{
    return bytes->len > 2 && (size_t)(bytes->data[0] << 8 | bytes->data[1]) == bytes->len - 2;
}

static int field_secret(cursor *in, tpmc__keyfile *out)
{
    tpmc__der content = { NULL, 0 };
    int status = take(in, TPMC__DER_OCTET_STRING, "secret", &content);

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

static int field_auth_policy(cursor *in, tpmc__keyfile *out)
{
    cursor list;
    size_t count = 0;
    size_t i;
    int status = enter(in, TPMC__DER_SEQUENCE, "authPolicy", &list);

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

static int field_description(cursor *in, tpmc__keyfile *out)
{
    return read_text(in, "description", &out->description);
}

static int field_rsa_parent(cursor *in, tpmc__keyfile *out)
{
    return read_boolean(in, "rsaParent", &out->rsa_parent);
}

/* The optional fields; the place in this table is the tag. */
typedef struct optional_field {
    const char *name;
    int (*read)(cursor *in, tpmc__keyfile *out);
} optional_field;

static const optional_field optional_fields[] = {
    { "emptyAuth", field_empty_auth },    { "policy", field_policy },
    { "secret", field_secret },           { "authPolicy", field_auth_policy },
    { "description", field_description }, { "rsaParent", field_rsa_parent },
};

#define OPTIONAL_FIELD_COUNT ((int)(sizeof(optional_fields) / sizeof(optional_fields[0])))

static int read_optional_field(cursor *in, int number, tpmc__keyfile *out)
{
    const char *name = "unknown";
    cursor tagged;
    int status;

    if (number < OPTIONAL_FIELD_COUNT)
        name = optional_fields[number].name;
    status = enter(in, TPMC__DER_CONTEXT(number), name, &tagged);
    if (status)
        return status;
    /* The format grows by new tags; a reader that knows less passes over them. */
    if (number >= OPTIONAL_FIELD_COUNT)
        return 0;
    status = optional_fields[number].read(&tagged, out);
    return status ? status : leave(&tagged, name);
}

static int read_optional_fields(cursor *in, tpmc__keyfile *out)
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

static int is_old_layout(const cursor *in)
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

static int read_type(cursor *in, tpmc__keyfile *out)
{
    tpmc__der oid = { NULL, 0 };
    char text[128];
    size_t i;
    int status = take(in, TPMC__DER_OID, "type", &oid);

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

static int read_parent(cursor *in, tpmc__keyfile *out)
{
    tpmc__der number = { NULL, 0 };
    uint32_t handle = 0;
    size_t i;
    int status = take(in, TPMC__DER_INTEGER, "parent", &number);

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

static int read_public(cursor *in, tpmc__keyfile *out)
{
    tpmc__der content = { NULL, 0 };
    const char *flaw;
    int status = take(in, TPMC__DER_OCTET_STRING, "pubkey", &content);

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

static int read_private(cursor *in, tpmc__keyfile *out)
{
    tpmc__der content = { NULL, 0 };
    int status = take(in, TPMC__DER_OCTET_STRING, "privkey", &content);

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

static int read_fields(cursor *in, tpmc__keyfile *out)
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
static void enter_cut(tpmc__der *file, cursor *body)
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
    cursor file = { { der->data, der->len }, 0, err };
    cursor body = { { NULL, 0 }, 0, err };
    int status = 0;

    if (tpmc__der_peek(&file.in) == TPMC__DER_SEQUENCE && is_cut_short(&file.in))
        enter_cut(&file.in, &body);
    else
        status = enter(&file, TPMC__DER_SEQUENCE, "TPMKey", &body);
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

static void free_steps(tpmc__keyfile_steps *steps)
{
    size_t i;

    for (i = 0; i < steps->count; i++)
        tpmc__mem_free(steps->items[i].data);
    tpmc__mem_free(steps->items);
}

void tpmc__keyfile_free(tpmc__keyfile *file)
{
    size_t i;

    if (!file)
        return;
    free_steps(&file->policy);
    tpmc__mem_free(file->secret);
    for (i = 0; i < file->auth_policy_count; i++) {
        tpmc__mem_free(file->auth_policies[i].name);
        free_steps(&file->auth_policies[i].policy);
    }
    tpmc__mem_free(file->auth_policies);
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
