/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/scope_text.h"

int tpmc__gcp_join_scopes(const tpmc__gcp_settings *settings, tpmc__buf *out, tpmc_error *err)
{
    size_t count = tpmc__options_item_count(settings->options, TPMC__GCP_SCOPES);
    size_t i;

    for (i = 0; i < count; i++) {
        if (i > 0)
            (void)tpmc__buf_append_byte(out, ' ');
        (void)tpmc__buf_append_text(out,
                                    tpmc__options_item(settings->options, TPMC__GCP_SCOPES, i));
    }
    return tpmc__buf_check(out, "what option 'scopes' holds", err);
}

int tpmc__gcp_source_scopes(const tpmc__gcp_settings *settings, tpmc__buf *out, tpmc_error *err)
{
    if (tpmc__gcp_iam_account(settings) == NULL)
        return tpmc__gcp_join_scopes(settings, out, err);
    (void)tpmc__buf_append_text(out, TPMC__GCP_IAM_SCOPE);
    return tpmc__buf_check(out, "the scope", err);
}
