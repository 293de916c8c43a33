/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/aws_arn.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "http/ascii.h"

#define FIELDS 6
#define ID_MAX 64
#define ROLE_NAME_MAX 64
#define ROLE_PATH_MAX 512

static const struct {
    const char *what;
    const char *service;
    const char *resource; /* what the resource begins with */
    int has_region;
    size_t min_len;
    size_t max_len;
} kinds[] = {
    [TPMC__AWS_TRUST_ANCHOR] = { "a trust anchor", "rolesanywhere", "trust-anchor/", 1, 1, 1011 },
    [TPMC__AWS_PROFILE] = { "a profile", "rolesanywhere", "profile/", 1, 1, 1011 },
    [TPMC__AWS_ROLE] = { "a role", "iam", "role/", 0, 20, 1011 },
    [TPMC__AWS_STS_ROLE] = { "a role", "iam", "role/", 0, 20, 2048 },
};

/* What is being read, for its refusals. */
typedef struct subject {
    int kind;
    const char *option;
    tpmc_error *err;
} subject;

/* The parts between colons; the last one, the resource, may hold more of them. */
typedef struct fields {
    const char *at[FIELDS];
    size_t len[FIELDS];
} fields;

enum { ARN, PARTITION, SERVICE, REGION, ACCOUNT, RESOURCE };

static int refuse(const subject *s, const char *why)
{
    return tpmc__fail(s->err, TPMC_ERR_ARGUMENT, "the option '%s' is not the ARN of %s: %s",
                      s->option, kinds[s->kind].what, why);
}

static int field_is(const fields *f, int field, const char *word)
{
    return f->len[field] == strlen(word) && memcmp(f->at[field], word, f->len[field]) == 0;
}

static int check_length(const subject *s, const char *text)
{
    size_t min = kinds[s->kind].min_len;
    size_t max = kinds[s->kind].max_len;
    size_t len = strnlen(text, max + 1);

    if (len == 0)
        return tpmc__fail(s->err, TPMC_ERR_ARGUMENT, "the option '%s' is empty", s->option);
    if (len < min || len > max)
        return tpmc__fail(
            s->err, TPMC_ERR_ARGUMENT,
            "the option '%s' is not the ARN of %s: it must have %zu to %zu characters", s->option,
            kinds[s->kind].what, min, max);
    return 0;
}

static int split(const subject *s, const char *text, fields *out)
{
    for (int i = 0; i < FIELDS - 1; i++) {
        out->at[i] = text;
        out->len[i] = strcspn(text, ":");
        text += out->len[i];
        if (*text++ != ':')
            return refuse(s, "it must have six parts with ':' between them");
    }
    out->at[RESOURCE] = text;
    out->len[RESOURCE] = strlen(text);
    if (!field_is(out, ARN, "arn"))
        return refuse(s, "it does not begin with 'arn:'");
    return 0;
}

static int read_region(const subject *s, const fields *f, tpmc__aws_arn *out)
{
    if (!kinds[s->kind].has_region)
        return f->len[REGION] == 0 ? 0 : refuse(s, "it has a region, which a role never has");
    if (f->len[REGION] == 0)
        return refuse(s, "it has no region");
    if (f->len[REGION] > TPMC__AWS_REGION_MAX)
        return refuse(s, "its region is malformed");
    memcpy(out->region, f->at[REGION], f->len[REGION]);
    if (tpmc__aws_check_region(out->region, s->option, NULL) != 0)
        return refuse(s, "its region is malformed");
    if (tpmc__aws_partition_of_region(out->region) != out->partition)
        return tpmc__fail(s->err, TPMC_ERR_ARGUMENT,
                          "the option '%s' is not the ARN of %s: its region %s does not belong to "
                          "its partition %s",
                          s->option, kinds[s->kind].what, out->region, out->partition->id);
    return 0;
}

static int read_account(const subject *s, const fields *f, tpmc__aws_arn *out)
{
    size_t digits = 0;

    if (s->kind == TPMC__AWS_STS_ROLE && f->len[ACCOUNT] == 0)
        return 0;
    while (digits < f->len[ACCOUNT] && tpmc__ascii_is_digit((unsigned char)f->at[ACCOUNT][digits]))
        digits++;
    if (digits != TPMC__AWS_ACCOUNT_LEN || f->len[ACCOUNT] != digits)
        return refuse(s, "its account is not a number of 12 digits");
    memcpy(out->account, f->at[ACCOUNT], digits);
    return 0;
}

static int is_word(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || tpmc__ascii_is_digit(c);
}

static int is_in_role_name(unsigned char c)
{
    return is_word(c) || (c != '\0' && strchr("_+=,.@-", c) != NULL);
}

/* `id` is a UUID; Roles Anywhere may choose other names one day. */
static int check_id(const subject *s, const char *id)
{
    size_t len = strnlen(id, ID_MAX + 1);

    for (size_t i = 0; i < len; i++) {
        if (!is_word((unsigned char)id[i]) && id[i] != '-')
            return refuse(s, "its id holds a character other than letters, digits and '-'");
    }
    if (len == 0 || len > ID_MAX)
        return refuse(s, "its id must have 1 to 64 characters");
    return 0;
}

static int check_role(const subject *s, const char *path, const char *name)
{
    size_t len = strlen(name);

    if ((size_t)(name - path) > ROLE_PATH_MAX)
        return refuse(s, "its path has more than 512 characters");
    for (const char *c = path; c < name; c++) {
        if (*c < 0x21 || *c > 0x7e)
            return refuse(s, "its path holds a character that no path has");
        if (*c == '/' && (c == path || c[-1] == '/'))
            return refuse(s, "its path has an empty part");
    }
    if (len == 0 || len > ROLE_NAME_MAX)
        return refuse(s, "its name must have 1 to 64 characters");
    for (size_t i = 0; i < len; i++) {
        if (!is_in_role_name((unsigned char)name[i]))
            return refuse(s, "its name holds a character other than letters, digits and _+=,.@-");
    }
    return 0;
}

static int read_resource(const subject *s, const fields *f, tpmc__aws_arn *out)
{
    const char *prefix = kinds[s->kind].resource;
    size_t len = strlen(prefix);
    const char *slash = NULL;

    if (strncmp(f->at[RESOURCE], prefix, len) != 0)
        return tpmc__fail(s->err, TPMC_ERR_ARGUMENT,
                          "the option '%s' is not the ARN of %s: its last part does not begin with "
                          "'%s'",
                          s->option, kinds[s->kind].what, prefix);
    out->resource = f->at[RESOURCE];
    if (kinds[s->kind].has_region) {
        out->name = out->resource + len;
        return check_id(s, out->name);
    }
    slash = strrchr(out->resource, '/');
    out->name = slash + 1;
    return check_role(s, out->resource + len, out->name);
}

int tpmc__aws_arn_parse(int kind, const char *option, const char *text, tpmc__aws_arn *out,
                        tpmc_error *err)
{
    subject s = { kind, option, err };
    fields f;
    int status = check_length(&s, text);

    memset(out, 0, sizeof(*out));
    out->text = text;
    if (status == 0)
        status = split(&s, text, &f);
    if (status != 0)
        return status;
    out->partition = tpmc__aws_partition_by_id(f.at[PARTITION], f.len[PARTITION]);
    if (out->partition == NULL)
        return refuse(&s, "its partition is not known; AWS has 'aws', 'aws-cn', 'aws-us-gov' and "
                          "others");
    if (!field_is(&f, SERVICE, kinds[kind].service))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option '%s' is not the ARN of %s: its service is not '%s'", option,
                          kinds[kind].what, kinds[kind].service);
    status = read_region(&s, &f, out);
    if (status == 0)
        status = read_account(&s, &f, out);
    if (status == 0)
        status = read_resource(&s, &f, out);
    return status;
}

/* What two ARNs must have in common. */
static int check_equal(const char *what, const char *first_name, const char *first,
                       const char *second_name, const char *second, tpmc_error *err)
{
    if (strcmp(first, second) == 0)
        return 0;
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the %s is of the %s %s, the %s of %s; both must be the same", first_name,
                      what, first, second_name, second);
}

int tpmc__aws_arn_check_together(const tpmc__aws_arn *trust_anchor, const tpmc__aws_arn *profile,
                                 const tpmc__aws_arn *role, tpmc_error *err)
{
    int status = check_equal("partition", "trust anchor", trust_anchor->partition->id, "profile",
                             profile->partition->id, err);

    if (status == 0)
        status = check_equal("partition", "trust anchor", trust_anchor->partition->id, "role",
                             role->partition->id, err);
    if (status == 0)
        status = check_equal("region", "trust anchor", trust_anchor->region, "profile",
                             profile->region, err);
    if (status == 0)
        status = check_equal("account", "trust anchor", trust_anchor->account, "profile",
                             profile->account, err);
    if (status == 0)
        status = check_equal("account", "trust anchor", trust_anchor->account, "role",
                             role->account, err);
    return status;
}

int tpmc__aws_arn_check_assumed(const tpmc__aws_arn *role, const char *session, tpmc_error *err)
{
    char expected[160];
    int len = snprintf(expected, sizeof(expected), "arn:%s:sts::%s:assumed-role/%s/",
                       role->partition->id, role->account, role->name);

    if (strncmp(session, expected, (size_t)len) == 0 && session[len] != '\0')
        return 0;
    return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                      "the answer is for another role than the one asked for, %s", role->name);
}
