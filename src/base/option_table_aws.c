/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option_check.h"
#include "base/option_table.h"
#include "base/option_table_int.h"

static const char *const arns_in_words[] = {
    [TPMC__ARNS_IN_QUERY] = "query",
    [TPMC__ARNS_IN_BODY] = "body",
    [TPMC__ARNS_IN_BODY + 1] = NULL,
};

const tpmc__option tpmc__aws_rolesanywhere_options[TPMC__AWS_RA_OPTION_COUNT] = {
    [TPMC__AWS_RA_PUBLIC_CERTIFICATE_FILE] = {
        .name = "public_certificate_file",
        .kind = TPMC_OPTION_TEXT,
        .summary = "file with the X.509 certificate of the key, PEM or DER; it is read again "
                   "when it changes",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__AWS_RA_TRUST_ANCHOR_ARN] = {
        .name = "trust_anchor_arn",
        .kind = TPMC_OPTION_TEXT,
        .summary = "ARN of the trust anchor under which the certificate was issued",
        .min = 20,
        .max = 1011,
        .check = tpmc__check_visible,
    },
    [TPMC__AWS_RA_PROFILE_ARN] = {
        .name = "profile_arn",
        .kind = TPMC_OPTION_TEXT,
        .summary = "ARN of the Roles Anywhere profile",
        .min = 20,
        .max = 1011,
        .check = tpmc__check_visible,
    },
    [TPMC__AWS_RA_ROLE_ARN] = {
        .name = "role_arn",
        .kind = TPMC_OPTION_TEXT,
        .summary = "ARN of the role to be assumed",
        .min = 20,
        .max = 1011,
        .check = tpmc__check_visible,
    },
    [TPMC__AWS_RA_REGION] = {
        .name = "region",
        .kind = TPMC_OPTION_TEXT,
        .summary = "region of the trust anchor, which its ARN names already",
        .min = 1,
        .max = 63,
        .check = tpmc__check_region,
    },
    [TPMC__AWS_RA_DURATION_SECONDS] = {
        .name = "duration_seconds",
        .kind = TPMC_OPTION_NUMBER,
        .default_text = "3600",
        .summary = "seconds that the credentials shall live, 900 to 43200; the profile may allow "
                   "fewer",
        .min = 900,
        .max = 43200,
    },
    [TPMC__AWS_RA_SESSION_NAME] = {
        .name = "session_name",
        .kind = TPMC_OPTION_TEXT,
        .summary = "name of the role session, if the profile accepts one: 2 to 64 letters, "
                   "digits and _+=,.@-",
        .min = 2,
        .max = 64,
        .check = tpmc__check_session_name,
    },
    [TPMC__AWS_RA_CERTIFICATE_CHAIN_FILE] = {
        .name = "certificate_chain_file",
        .kind = TPMC_OPTION_TEXT,
        .summary = "file with the intermediate certificates between the certificate and the "
                   "trust anchor, up to 5",
        .min = 1,
        .max = PATH_MAX_BYTES,
    },
    [TPMC__AWS_RA_INSTANCE_PROPERTY] = {
        .name = "instance_property",
        .kind = TPMC_OPTION_LIST,
        .summary = "property of this machine to be told with the request, key=value",
        .min = 2,
        .max = 1024,
        .check = tpmc__check_pair,
    },
    [TPMC__AWS_RA_ARNS_IN] = {
        .name = "arns_in",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "query",
        .summary = "where the request names the three ARNs: query or body",
        .choices = arns_in_words,
    },
    [TPMC__AWS_RA_ENDPOINT] = {
        .name = "endpoint",
        .kind = TPMC_OPTION_TEXT,
        .summary = "URL of the service instead of the one that the region has",
        .min = 8,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__AWS_RA_FIPS] = {
        .name = "fips",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "use the endpoint with FIPS 140 validated cryptography, 0 or 1",
    },
    [TPMC__AWS_RA_DUAL_STACK] = {
        .name = "dual_stack",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "use the endpoint that is reached by IPv6 too, 0 or 1",
    },
    [TPMC__AWS_RA_AWS_ACCESS_KEY_ID] = {
        .name = "aws_access_key_id",
        .alias = "access_key",
        .kind = TPMC_OPTION_TEXT,
        .summary = "accepted for settings of another identity, without effect",
        .min = 3,
        .max = 128,
        .check = tpmc__check_access_key_id,
    },
};

static const char *const sts_endpoint_words[] = {
    [TPMC__STS_ENDPOINT_REGIONAL] = "regional",
    [TPMC__STS_ENDPOINT_GLOBAL] = "global",
    [TPMC__STS_ENDPOINT_GLOBAL + 1] = NULL,
};

const tpmc__option tpmc__aws_hmac_options[TPMC__AWS_HMAC_OPTION_COUNT] = {
    [TPMC__AWS_HMAC_AWS_ACCESS_KEY_ID] = {
        .name = "aws_access_key_id",
        .alias = "access_key",
        .kind = TPMC_OPTION_TEXT,
        .summary = "id of the access key whose secret the TPM holds",
        .min = 3,
        .max = 128,
        .check = tpmc__check_access_key_id,
    },
    [TPMC__AWS_HMAC_REGION] = {
        .name = "region",
        .kind = TPMC_OPTION_TEXT,
        .summary = "region of AWS, such as eu-central-1; unset, the global endpoint of STS",
        .min = 1,
        .max = 63,
        .check = tpmc__check_region,
    },
    [TPMC__AWS_HMAC_DURATION_SECONDS] = {
        .name = "duration_seconds",
        .kind = TPMC_OPTION_NUMBER,
        .default_text = "3600",
        .summary = "seconds that the credentials shall live, 900 to 129600, of a role to 43200",
        .min = 900,
        .max = 129600,
    },
    [TPMC__AWS_HMAC_GET_SESSION_TOKEN] = {
        .name = "get_session_token",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "get credentials of the user itself (GetSessionToken), which is so without "
                   "role or federation name, 0 or 1",
    },
    [TPMC__AWS_HMAC_ASSUME_ROLE_ARN] = {
        .name = "assume_role_arn",
        .kind = TPMC_OPTION_TEXT,
        .summary = "ARN of the role to be assumed (AssumeRole)",
        .min = 20,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__AWS_HMAC_ROLE_SESSION_NAME] = {
        .name = "role_session_name",
        .kind = TPMC_OPTION_TEXT,
        .summary = "name of the role session: 2 to 64 letters, digits and _+=,.@-; unset, "
                   "tpmcloud- and the time",
        .min = 2,
        .max = 64,
        .check = tpmc__check_session_name,
    },
    [TPMC__AWS_HMAC_FEDERATION_NAME] = {
        .name = "federation_name",
        .kind = TPMC_OPTION_TEXT,
        .summary = "name of a federated user to get credentials for (GetFederationToken): 2 to "
                   "32 letters, digits and _+=,.@-",
        .min = 2,
        .max = 32,
        .check = tpmc__check_session_name,
    },
    [TPMC__AWS_HMAC_POLICY] = {
        .name = "policy",
        .kind = TPMC_OPTION_TEXT,
        .summary = "session policy in JSON, which narrows what the credentials may do, up to "
                   "2048 characters",
        .min = 1,
        .max = 8192,
        .many_lines = 1,
    },
    [TPMC__AWS_HMAC_POLICY_ARN] = {
        .name = "policy_arn",
        .kind = TPMC_OPTION_LIST,
        .summary = "ARN of a managed policy to be used as a session policy, up to 10",
        .min = 20,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__AWS_HMAC_TAG] = {
        .name = "tag",
        .kind = TPMC_OPTION_LIST,
        .summary = "session tag, key=value, up to 50",
        .min = 2,
        .max = 2048,
        .check = tpmc__check_pair,
    },
    [TPMC__AWS_HMAC_TRANSITIVE_TAG_KEY] = {
        .name = "transitive_tag_key",
        .kind = TPMC_OPTION_LIST,
        .summary = "key of a session tag that further roles take over, up to 50",
        .min = 1,
        .max = 512,
    },
    [TPMC__AWS_HMAC_EXTERNAL_ID] = {
        .name = "external_id",
        .kind = TPMC_OPTION_TEXT,
        .summary = "external id that the role demands: 2 to 1224 letters, digits and _+=,.@:/-",
        .min = 2,
        .max = 1224,
        .check = tpmc__check_external_id,
    },
    [TPMC__AWS_HMAC_SOURCE_IDENTITY] = {
        .name = "source_identity",
        .kind = TPMC_OPTION_TEXT,
        .summary = "source identity of the role session: 2 to 64 letters, digits and _+=,.@-",
        .min = 2,
        .max = 64,
        .check = tpmc__check_session_name,
    },
    [TPMC__AWS_HMAC_MFA_SERIAL] = {
        .name = "mfa_serial",
        .kind = TPMC_OPTION_TEXT,
        .summary = "serial number or ARN of the MFA device, 9 to 256 characters",
        .min = 9,
        .max = 256,
        .check = tpmc__check_external_id,
    },
    [TPMC__AWS_HMAC_MFA_CODE] = {
        .name = "mfa_code",
        .kind = TPMC_OPTION_TEXT,
        .summary = "code that the MFA device shows, 6 digits; good for one request",
        .min = 6,
        .max = 6,
        .check = tpmc__check_mfa_code,
    },
    [TPMC__AWS_HMAC_ENDPOINT] = {
        .name = "endpoint",
        .kind = TPMC_OPTION_TEXT,
        .summary = "URL of the STS service instead of the one that the region has",
        .min = 8,
        .max = 2048,
        .check = tpmc__check_visible,
    },
    [TPMC__AWS_HMAC_STS_ENDPOINT] = {
        .name = "sts_endpoint",
        .kind = TPMC_OPTION_CHOICE,
        .default_text = "regional",
        .summary = "endpoint of STS: regional, or global (for us-east-1) where AWS serves the region by it",
        .choices = sts_endpoint_words,
    },
    [TPMC__AWS_HMAC_FIPS] = {
        .name = "fips",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "use the endpoint with FIPS 140 validated cryptography, 0 or 1",
    },
    [TPMC__AWS_HMAC_DUAL_STACK] = {
        .name = "dual_stack",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "use the endpoint that is reached by IPv6 too, 0 or 1",
    },
    [TPMC__AWS_HMAC_CACHE_SIGNING_KEY] = {
        .name = "cache_signing_key",
        .kind = TPMC_OPTION_BOOLEAN,
        .default_text = "0",
        .summary = "keep signing keys in locked memory for their day, so that the TPM is asked "
                   "once for each, 0 or 1",
    },
};
