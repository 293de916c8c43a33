/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/account_file.h"

#include <string.h>

#include "base/error_int.h"
#include "base/option_table.h"
#include "codec/json.h"

/* Where a member's value counts as an option. */
static const struct member_row {
    const char *member;
    const char *option;
} account_rows[] = {
    { "client_email", "email" },
    { "private_key_id", "keyid" },
    { "token_uri", "token_uri" },
    { "universe_domain", "universe_domain" },
    { "quota_project_id", "quota_project" },
}, gdch_rows[] = {
    { "project", "gdch_project" },
    { "name", "gdch_name" },
    { "private_key_id", "keyid" },
    { "token_uri", "token_uri" },
};

static int check_type(const tpmc__json *json, const char *wanted, tpmc_error *err)
{
    const char *type = tpmc__json_text(tpmc__json_member(json, "type"));

    if (type == NULL)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "it has no 'type': it is no credential file");
    if (strcmp(type, wanted) == 0)
        return 0;
    return tpmc__fail(err, TPMC_ERR_FORMAT,
                      "its type is '%s'; for this kind of token it must be '%s'", type, wanted);
}

/* A member that is missing, null or empty. */
static int is_absent(const tpmc__json *member)
{
    const char *text = tpmc__json_text(member);

    return member == NULL || tpmc__json_is_null(member) || (text != NULL && text[0] == '\0');
}

static int take(const tpmc__json *json, const struct member_row *row, tpmc__options *out,
                tpmc_error *err)
{
    const tpmc__json *member = tpmc__json_member(json, row->member);
    const char *text = tpmc__json_text(member);
    int status;

    if (is_absent(member))
        return 0;
    if (text == NULL)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "its '%s' is no text", row->member);
    status = tpmc__options_set(out, row->option, text, err);
    if (status != TPMC_ERR_ARGUMENT)
        return status;
    tpmc__error_prefix(err, "its '%s'", row->member);
    return tpmc__fail(err, TPMC_ERR_FORMAT, "%s", tpmc_error_text(err));
}

/* Where `email` and the like would come from, the file must have it. */
static int demand_first(const tpmc__json *json, const struct member_row *rows, tpmc_error *err)
{
    if (!is_absent(tpmc__json_member(json, rows[0].member)))
        return 0;
    return tpmc__fail(err, TPMC_ERR_FORMAT, "it has no '%s'", rows[0].member);
}

static int take_all(const tpmc__json *json, int kind, tpmc__options *out, tpmc_error *err)
{
    int is_gdch = kind == TPMC__GCP_KIND_GDCH;
    const struct member_row *rows = is_gdch ? gdch_rows : account_rows;
    size_t count = is_gdch ? sizeof(gdch_rows) / sizeof(gdch_rows[0])
                           : sizeof(account_rows) / sizeof(account_rows[0]);
    int status = check_type(json, is_gdch ? "gdch_service_account" : "service_account", err);

    if (status == 0)
        status = demand_first(json, rows, err);
    for (size_t i = 0; i < count && status == 0; i++)
        status = take(json, &rows[i], out, err);
    return status;
}

int tpmc__gcp_account_parse(const void *text, size_t len, int kind, tpmc__options *out,
                            int *has_private_key, tpmc_error *err)
{
    tpmc__json *json = NULL;
    int status = tpmc__json_parse(text, len, TPMC__GCP_ACCOUNT_MAX, "its content", &json, err);

    *has_private_key = 0;
    if (status != 0)
        return status;
    if (tpmc__json_is_object(json))
        status = take_all(json, kind, out, err);
    else
        status = tpmc__fail(err, TPMC_ERR_FORMAT, "it is no JSON object");
    *has_private_key = tpmc__json_member(json, "private_key") != NULL;
    tpmc__json_free(json);
    return status;
}
