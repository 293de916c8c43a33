/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_hmac/sts_check.h"

#include <string.h>

#include "aws_hmac/sts_request.h"
#include "base/error_int.h"
#include "base/option_table.h"
#include "proto/aws_arn.h"

/* Of AWS's documentation of each call. */
#define ROLE_MAX_SECONDS 43200
#define POLICY_MAX_CHARACTERS 2048
#define POLICY_ARNS_MAX 10
#define TAGS_MAX 50
#define TAG_KEY_MAX_CHARACTERS 128
#define TAG_VALUE_MAX_CHARACTERS 256

/* "ASIA" and 16 more is what AWS calls the keys of temporary credentials. */
#define KEY_ID_LEN 20

/* What each option is good for: bits of the modes. */
#define IN_SESSION (1U << TPMC__STS_GET_SESSION_TOKEN)
#define IN_ROLE (1U << TPMC__STS_ASSUME_ROLE)
#define IN_FEDERATION (1U << TPMC__STS_GET_FEDERATION_TOKEN)

typedef struct use {
    size_t index;
    unsigned modes;
} use;

static const use uses[] = {
    { TPMC__AWS_HMAC_ROLE_SESSION_NAME, IN_ROLE },
    { TPMC__AWS_HMAC_POLICY, IN_ROLE | IN_FEDERATION },
    { TPMC__AWS_HMAC_POLICY_ARN, IN_ROLE | IN_FEDERATION },
    { TPMC__AWS_HMAC_TAG, IN_ROLE | IN_FEDERATION },
    { TPMC__AWS_HMAC_TRANSITIVE_TAG_KEY, IN_ROLE },
    { TPMC__AWS_HMAC_EXTERNAL_ID, IN_ROLE },
    { TPMC__AWS_HMAC_SOURCE_IDENTITY, IN_ROLE },
    { TPMC__AWS_HMAC_MFA_SERIAL, IN_ROLE | IN_SESSION },
    { TPMC__AWS_HMAC_MFA_CODE, IN_ROLE | IN_SESSION },
};

static const char *const mode_names[] = {
    [TPMC__STS_GET_SESSION_TOKEN] = "GetSessionToken",
    [TPMC__STS_ASSUME_ROLE] = "AssumeRole",
    [TPMC__STS_GET_FEDERATION_TOKEN] = "GetFederationToken",
};

/* Leaving out what was asked for could give credentials more rights than were meant. */
static int check_uses(const tpmc__options *options, int mode, tpmc_error *err)
{
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        if (tpmc__options_is_set(options, uses[i].index) && (uses[i].modes & (1U << mode)) == 0)
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "option '%s' has no place in %s, which the other options ask for%s",
                              options->table->options[uses[i].index].name, mode_names[mode],
                              mode == TPMC__STS_GET_SESSION_TOKEN
                                  ? "; for AssumeRole set option 'assume_role_arn'"
                                  : "");
    }
    return 0;
}

static int check_modes(const tpmc__options *options, tpmc_error *err)
{
    int has_role = tpmc__options_is_set(options, TPMC__AWS_HMAC_ASSUME_ROLE_ARN);
    int has_name = tpmc__options_is_set(options, TPMC__AWS_HMAC_FEDERATION_NAME);

    if (has_role && has_name)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "options 'assume_role_arn' and 'federation_name' exclude each other");
    if ((has_role || has_name) &&
        tpmc__options_number(options, TPMC__AWS_HMAC_GET_SESSION_TOKEN) != 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "options 'get_session_token' and '%s' exclude each other",
                          has_role ? "assume_role_arn" : "federation_name");
    return 0;
}

static int check_key_id(const tpmc__options *options, tpmc_error *err)
{
    const char *id = tpmc__options_text(options, TPMC__AWS_HMAC_AWS_ACCESS_KEY_ID);

    if (id == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'aws_access_key_id' is missing: the id of the access key whose "
                          "secret the TPM holds");
    if (strlen(id) == KEY_ID_LEN && strncmp(id, "ASIA", 4) == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'aws_access_key_id' begins with ASIA: that is a key of temporary "
                          "credentials, which ends soon and needs a session token; use an access "
                          "key of a user, which begins with AKIA");
    return 0;
}

static size_t count_characters(const char *text, size_t len)
{
    size_t count = 0;

    /* Every byte but those that continue a character. */
    for (size_t i = 0; i < len; i++)
        count += ((uint8_t)text[i] & 0xc0) != 0x80;
    return count;
}

static int check_policy(const tpmc__options *options, tpmc_error *err)
{
    const char *policy = tpmc__options_text(options, TPMC__AWS_HMAC_POLICY);

    if (policy != NULL && count_characters(policy, strlen(policy)) > POLICY_MAX_CHARACTERS)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'policy' has %zu characters; STS takes at most %d",
                          count_characters(policy, strlen(policy)), POLICY_MAX_CHARACTERS);
    if (tpmc__options_item_count(options, TPMC__AWS_HMAC_POLICY_ARN) > POLICY_ARNS_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'policy_arn' is set more than %d times, which STS does not take",
                          POLICY_ARNS_MAX);
    return 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Keys that differ only in the case of ASCII letters are the same for STS. */
static int same_key(const char *a, const char *b)
{
    while (*a != '=' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '=' && *b == '=';
}

/* One tag, and whether one before it has the same key. */
static int check_tag(const tpmc__options *options, size_t index, tpmc_error *err)
{
    const char *pair = tpmc__options_item(options, TPMC__AWS_HMAC_TAG, index);
    size_t key_len = strcspn(pair, "=");
    const char *value = pair + key_len + 1;

    if (count_characters(pair, key_len) > TAG_KEY_MAX_CHARACTERS)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'tag' has a key of more than %d characters",
                          TAG_KEY_MAX_CHARACTERS);
    if (count_characters(value, strlen(value)) > TAG_VALUE_MAX_CHARACTERS)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'tag' has a value of more than %d characters",
                          TAG_VALUE_MAX_CHARACTERS);
    if (lower(pair[0]) == 'a' && lower(pair[1]) == 'w' && lower(pair[2]) == 's' && pair[3] == ':')
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'tag' has a key that begins with 'aws:', which AWS keeps for "
                          "itself");
    for (size_t i = 0; i < index; i++) {
        if (same_key(pair, tpmc__options_item(options, TPMC__AWS_HMAC_TAG, i)))
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "option 'tag' has the key '%.*s' twice; case makes no difference",
                              (int)key_len, pair);
    }
    return 0;
}

static int check_tags(const tpmc__options *options, tpmc_error *err)
{
    size_t count = tpmc__options_item_count(options, TPMC__AWS_HMAC_TAG);
    int status = 0;

    if (count > TAGS_MAX ||
        tpmc__options_item_count(options, TPMC__AWS_HMAC_TRANSITIVE_TAG_KEY) > TAGS_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option '%s' is set more than %d times, which STS does not take",
                          count > TAGS_MAX ? "tag" : "transitive_tag_key", TAGS_MAX);
    for (size_t i = 0; i < count && status == 0; i++)
        status = check_tag(options, i, err);
    return status;
}

static int check_mfa(const tpmc__options *options, int has_mfa, tpmc_error *err)
{
    int has_serial = tpmc__options_is_set(options, TPMC__AWS_HMAC_MFA_SERIAL);
    const char *code = tpmc__options_text(options, TPMC__AWS_HMAC_MFA_CODE);

    if (code != NULL && !has_serial)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'mfa_code' needs option 'mfa_serial', which names the device");
    if (has_serial && code == NULL && !has_mfa)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'mfa_serial' needs option 'mfa_code', the code that the device "
                          "shows");
    return 0;
}

static int check_role(const tpmc__options *options, tpmc_error *err)
{
    const char *text = tpmc__options_text(options, TPMC__AWS_HMAC_ASSUME_ROLE_ARN);
    const char *region = tpmc__options_text(options, TPMC__AWS_HMAC_REGION);
    const tpmc__aws_partition *partition;
    tpmc__aws_arn role;
    int status;

    status = tpmc__aws_arn_parse(TPMC__AWS_STS_ROLE, "assume_role_arn", text, &role, err);
    if (status != 0)
        return status;
    if (tpmc__options_number(options, TPMC__AWS_HMAC_DURATION_SECONDS) > ROLE_MAX_SECONDS)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'duration_seconds' is above %d, the most for a role",
                          ROLE_MAX_SECONDS);
    if (tpmc__options_is_set(options, TPMC__AWS_HMAC_ENDPOINT))
        return 0;
    if (role.account[0] == '\0')
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'assume_role_arn' is not the ARN of a role of AWS: it has no "
                          "account");
    partition = tpmc__aws_partition_of_region(region != NULL ? region : "us-east-1");
    if (partition != role.partition)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'assume_role_arn' is of the partition %s, %s of %s: set "
                          "option 'region' to one of the role's partition",
                          role.partition->id,
                          region != NULL ? "option 'region'" : "the global endpoint",
                          partition->id);
    return 0;
}

int tpmc__sts_check_identity(const tpmc__options *options, tpmc_error *err)
{
    int status = check_key_id(options, err);

    if (status == 0)
        status = check_modes(options, err);
    return status == 0 ? check_uses(options, tpmc__sts_mode(options), err) : status;
}

int tpmc__sts_check_options(const tpmc__options *options, int has_mfa, tpmc_error *err)
{
    tpmc__aws_endpoint endpoint;
    int status;

    status = tpmc__sts_check_identity(options, err);
    if (status == 0)
        status = check_policy(options, err);
    if (status == 0)
        status = check_tags(options, err);
    if (status == 0)
        status = check_mfa(options, has_mfa, err);
    if (status == 0)
        status = tpmc__sts_endpoint(options, &endpoint, err);
    if (status == 0 && tpmc__sts_mode(options) == TPMC__STS_ASSUME_ROLE)
        status = check_role(options, err);
    return status;
}

int tpmc__sts_endpoint(const tpmc__options *options, tpmc__aws_endpoint *out, tpmc_error *err)
{
    tpmc__aws_endpoint_request request = {
        .service = "sts",
        .region = tpmc__options_text(options, TPMC__AWS_HMAC_REGION),
        .endpoint = tpmc__options_text(options, TPMC__AWS_HMAC_ENDPOINT),
        .fips = tpmc__options_number(options, TPMC__AWS_HMAC_FIPS) != 0,
        .dual_stack = tpmc__options_number(options, TPMC__AWS_HMAC_DUAL_STACK) != 0,
    };

    request.use_global =
        request.region == NULL ||
        tpmc__options_number(options, TPMC__AWS_HMAC_STS_ENDPOINT) == TPMC__STS_ENDPOINT_GLOBAL;
    return tpmc__aws_endpoint_find(&request, out, err);
}
