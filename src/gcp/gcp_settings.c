/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/gcp_settings.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/file.h"
#include "gcp/account_file.h"

static int read_file(const char *path, tpmc__gcp_settings *out, tpmc_error *err)
{
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, TPMC__GCP_ACCOUNT_MAX);
    status = tpmc__file_read(path, "service-account file", &text, err);
    if (status == 0) {
        status = tpmc__gcp_account_parse(text.data, text.len, tpmc__gcp_kind(out), &out->file,
                                         &out->has_private_key, err);
        if (status != 0 && status != TPMC_ERR_NOMEM)
            tpmc__error_prefix(err, "service-account file '%s'", path);
    }
    tpmc__buf_free(&text);
    return status;
}

int tpmc__gcp_settings_read(const tpmc__options *options, tpmc__gcp_settings *out, tpmc_error *err)
{
    const char *path = tpmc__options_text(options, TPMC__GCP_SERVICE_ACCOUNT_FILE);
    int status;

    memset(out, 0, sizeof(*out));
    out->options = options;
    status = tpmc__options_init(&out->file, TPMC_OBJECT_GCP, err);
    if (status != 0 || path == NULL)
        return status;
    return read_file(path, out, err);
}

void tpmc__gcp_settings_free(tpmc__gcp_settings *settings)
{
    tpmc__options_free(&settings->file);
}

int tpmc__gcp_kind(const tpmc__gcp_settings *settings)
{
    return (int)tpmc__options_number(settings->options, TPMC__GCP_KIND);
}

const char *tpmc__gcp_text(const tpmc__gcp_settings *settings, size_t index)
{
    if (!tpmc__options_is_set(settings->options, index))
        return tpmc__options_text(&settings->file, index);
    return tpmc__options_text(settings->options, index);
}

const char *tpmc__gcp_universe(const tpmc__gcp_settings *settings)
{
    const char *universe = tpmc__gcp_text(settings, TPMC__GCP_UNIVERSE_DOMAIN);

    return universe != NULL ? universe : TPMC__GCP_UNIVERSE;
}

int tpmc__gcp_is_default_universe(const tpmc__gcp_settings *settings)
{
    return strcmp(tpmc__gcp_universe(settings), TPMC__GCP_UNIVERSE) == 0;
}

const char *tpmc__gcp_iam_account(const tpmc__gcp_settings *settings)
{
    const char *target = tpmc__gcp_text(settings, TPMC__GCP_IMPERSONATE);

    /* The token endpoint makes ID tokens in the default universe only. */
    if (target == NULL && tpmc__gcp_kind(settings) == TPMC__GCP_KIND_ID &&
        !tpmc__gcp_is_default_universe(settings))
        return tpmc__gcp_text(settings, TPMC__GCP_EMAIL);
    return target;
}
