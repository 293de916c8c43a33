/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "http/ascii.h"
#include "proto/aws_credentials_int.h"

#define ACCOUNT_LEN 12
#define ARN_FIELD_OF_ACCOUNT 4

/* The texts that credentials consist of. */
enum { ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN, ASSUMED_ROLE_ARN, USER_ID, TEXTS };

static const struct {
    const char *what;
    size_t min_len;
    size_t max_len;
} rules[TEXTS] = {
    [ACCESS_KEY_ID] = { "access key id", 16, 128 },
    [SECRET_ACCESS_KEY] = { "secret access key", 1, 16384 },
    [SESSION_TOKEN] = { "session token", 1, 65536 },
    [ASSUMED_ROLE_ARN] = { "ARN of the session", 1, 2048 },
    [USER_ID] = { "id of the session", 1, 256 },
};

struct tpmc_aws_credentials {
    tpmc__ref ref;
    char *texts[TEXTS];
    int64_t expires_at_ms;
    char account_id[ACCOUNT_LEN + 1]; /* empty when it is not known */
};

static int is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           tpmc__ascii_is_digit((unsigned char)c);
}

/* These texts go into header fields, files and the environment: a line end would begin another
 * field or line. */
static int check_text(int which, const char *text, tpmc_error *err)
{
    const char *what = rules[which].what;
    size_t len = strnlen(text, rules[which].max_len + 1);

    if (len < rules[which].min_len || len > rules[which].max_len)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "the %s that the service sent does not have %zu to %zu characters", what,
                          rules[which].min_len, rules[which].max_len);
    for (size_t i = 0; i < len; i++) {
        int is_good =
            which == ACCESS_KEY_ID ? is_word(text[i]) : text[i] >= 0x21 && text[i] <= 0x7e;

        if (!is_good)
            return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                              "the %s that the service sent holds a character that does not belong "
                              "there",
                              what);
    }
    return 0;
}

/* The fifth part of the ARN, where it is an account. */
static void copy_account(const char *arn, char *out)
{
    for (int i = 0; i < ARN_FIELD_OF_ACCOUNT && arn != NULL; i++) {
        arn = strchr(arn, ':');
        if (arn != NULL)
            arn++;
    }
    if (arn == NULL || strspn(arn, "0123456789") != ACCOUNT_LEN || arn[ACCOUNT_LEN] != ':')
        return;
    memcpy(out, arn, ACCOUNT_LEN);
}

static int copy_texts(tpmc_aws_credentials *credentials, const char *const *texts, tpmc_error *err)
{
    for (int i = 0; i < TEXTS; i++) {
        int status = 0;

        if (texts[i] == NULL)
            continue;
        status = check_text(i, texts[i], err);
        if (status != 0)
            return status;
        credentials->texts[i] = tpmc__mem_copy_text(texts[i]);
        if (credentials->texts[i] == NULL)
            return tpmc__fail_nomem(err);
    }
    return 0;
}

int tpmc__aws_credentials_new(const tpmc__aws_credentials_parts *parts, tpmc_aws_credentials **out,
                              tpmc_error *err)
{
    const char *const texts[TEXTS] = {
        [ACCESS_KEY_ID] = parts->access_key_id,
        [SECRET_ACCESS_KEY] = parts->secret_access_key,
        [SESSION_TOKEN] = parts->session_token,
        [ASSUMED_ROLE_ARN] = parts->assumed_role_arn,
        [USER_ID] = parts->user_id,
    };
    tpmc_aws_credentials *credentials = NULL;
    int status = 0;

    *out = NULL;
    credentials = tpmc__mem_new(1, sizeof(*credentials));
    if (credentials == NULL)
        return tpmc__fail_nomem(err);
    tpmc__ref_init(&credentials->ref);
    credentials->expires_at_ms = parts->expires_at_ms;
    status = copy_texts(credentials, texts, err);
    if (status != 0) {
        tpmc_aws_credentials_free(credentials);
        return status;
    }
    copy_account(parts->assumed_role_arn, credentials->account_id);
    *out = credentials;
    return 0;
}

tpmc_aws_credentials *tpmc__aws_credentials_ref(tpmc_aws_credentials *credentials)
{
    tpmc__ref_take(&credentials->ref);
    return credentials;
}

const char *tpmc_aws_credentials_access_key_id(const tpmc_aws_credentials *credentials)
{
    return credentials == NULL ? NULL : credentials->texts[ACCESS_KEY_ID];
}

const char *tpmc_aws_credentials_secret_access_key(const tpmc_aws_credentials *credentials)
{
    return credentials == NULL ? NULL : credentials->texts[SECRET_ACCESS_KEY];
}

const char *tpmc_aws_credentials_session_token(const tpmc_aws_credentials *credentials)
{
    return credentials == NULL ? NULL : credentials->texts[SESSION_TOKEN];
}

int64_t tpmc_aws_credentials_expires_at_ms(const tpmc_aws_credentials *credentials)
{
    return credentials == NULL ? 0 : credentials->expires_at_ms;
}

const char *tpmc_aws_credentials_assumed_role_arn(const tpmc_aws_credentials *credentials)
{
    return credentials == NULL ? NULL : credentials->texts[ASSUMED_ROLE_ARN];
}

const char *tpmc_aws_credentials_account_id(const tpmc_aws_credentials *credentials)
{
    if (credentials == NULL || credentials->account_id[0] == '\0')
        return NULL;
    return credentials->account_id;
}

const char *tpmc_aws_credentials_user_id(const tpmc_aws_credentials *credentials)
{
    return credentials == NULL ? NULL : credentials->texts[USER_ID];
}

void tpmc_aws_credentials_free(tpmc_aws_credentials *credentials)
{
    if (credentials == NULL || !tpmc__ref_drop(&credentials->ref))
        return;
    for (int i = 0; i < TEXTS; i++) {
        if (credentials->texts[i] != NULL)
            tpmc__mem_free_wiped(credentials->texts[i], strlen(credentials->texts[i]));
    }
    tpmc__mem_free(credentials);
}

static void *ref_value(void *credentials)
{
    return tpmc__aws_credentials_ref(credentials);
}

static void unref_value(void *credentials)
{
    tpmc_aws_credentials_free(credentials);
}

const tpmc__cache_type tpmc__aws_credentials_cache_type = { ref_value, unref_value };
