/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/frame.h"

#include <string.h>

#define MAX_NONCE 64
#define MAX_HMAC 64
#define ATTRIBUTE_ENCRYPT 0x40
#define SE_HMAC 0x00
#define HANDLE_TYPE_HMAC_SESSION 0x02
#define HANDLE_TYPE_POLICY_SESSION 0x03
#define HANDLE_TYPE_TRANSIENT 0x80
#define RC_LAYER_MASK 0x00ff0000u
#define RC_LAYER_RESMGR 0x000b0000u
#define RC_LAYER_RESMGR_TPM 0x000c0000u

/* Commands whose handles matter to the guard, or that bring one. */
static const struct command_info {
    uint32_t code;
    uint8_t handles; /* in the command, before its authorizations */
    uint8_t brings_handle;
} commands[] = {
    { TPMC__CC_CREATE_PRIMARY, 1, 1 },
    { TPMC__CC_SEQUENCE_COMPLETE, 1, 0 },
    { TPMC__CC_LOAD, 1, 1 },
    { TPMC__CC_HMAC_START, 1, 1 },
    { TPMC__CC_CONTEXT_LOAD, 0, 1 },
    { TPMC__CC_LOAD_EXTERNAL, 0, 1 },
    { TPMC__CC_START_AUTH_SESSION, 2, 1 },
    { TPMC__CC_HASH_SEQUENCE_START, 0, 1 },
    { TPMC__CC_CREATE_LOADED, 1, 1 },
    { 0x0000015du, 1, 0 }, /* Sign */
    { 0x00000156u, 1, 0 }, /* Import */
    { 0x00000153u, 1, 0 }, /* Create */
    { 0x00000155u, 1, 0 }, /* HMAC */
    { 0x00000159u, 1, 0 }, /* RSA_Decrypt */
    { 0x0000015eu, 1, 0 }, /* Unseal */
    { 0x0000015cu, 1, 0 }, /* SequenceUpdate */
    { 0x00000120u, 2, 0 }, /* EvictControl */
    { 0x00000149u, 3, 0 }, /* PolicyNV */
    { 0x00000151u, 2, 0 }, /* PolicySecret */
    { 0x00000160u, 2, 0 }, /* PolicySigned */
    { 0x00000192u, 3, 0 }, /* PolicyAuthorizeNV */
    { 0x00000171u, 1, 0 }, /* PolicyOR */
    { 0x0000014eu, 2, 0 }, /* NV_Read */
    { 0x00000169u, 1, 0 }, /* NV_ReadPublic */
    { 0x00000162u, 1, 0 }, /* ContextSave */
    { TPMC__CC_READ_PUBLIC, 1, 0 },
};

static const struct command_info *find_command(uint32_t code)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].code == code)
            return &commands[i];
    }
    return NULL;
}

uint16_t tpmc__be16(const uint8_t *data)
{
    return (uint16_t)((data[0] << 8) | data[1]);
}

uint32_t tpmc__be32(const uint8_t *data)
{
    return ((uint32_t)tpmc__be16(data) << 16) | tpmc__be16(data + 2);
}

int tpmc__frame_brings_handle(uint32_t command_code)
{
    const struct command_info *info = find_command(command_code);

    return info != NULL && info->brings_handle;
}

size_t tpmc__frame_command_handles(uint32_t command_code)
{
    const struct command_info *info = find_command(command_code);

    return info == NULL ? 0 : info->handles;
}

/* Skips a TPM2B of at most `max` bytes; 0 when it does not fit. */
static int skip_tpm2b(const uint8_t *data, size_t len, size_t max, size_t *at)
{
    size_t size = 0;

    if (len - *at < 2)
        return 0;
    size = tpmc__be16(data + *at);
    if (size > max || size > len - *at - 2)
        return 0;
    *at += 2 + size;
    return 1;
}

/* The authorization area of a command: session handle, nonce, attributes, HMAC. */
static int read_command_auths(const uint8_t *data, size_t end, size_t at, tpmc__frame *out)
{
    while (at < end) {
        tpmc__auth *auth = NULL;

        if (out->auth_count == TPMC__MAX_AUTHS || end - at < 4)
            return -1;
        auth = &out->auths[out->auth_count++];
        auth->session = tpmc__be32(data + at);
        at += 4;
        if (!skip_tpm2b(data, end, MAX_NONCE, &at) || at == end)
            return -1;
        auth->attributes = data[at++];
        if (!skip_tpm2b(data, end, MAX_HMAC, &at))
            return -1;
    }
    return 0;
}

int tpmc__frame_read_command(const uint8_t *data, size_t len, tpmc__frame *out)
{
    size_t at = TPMC__HEADER_LEN;
    size_t auth_len = 0;

    memset(out, 0, sizeof(*out));
    if (len < TPMC__HEADER_LEN || tpmc__be32(data + 2) != len)
        return -1;
    out->tag = tpmc__be16(data);
    out->code = tpmc__be32(data + 6);
    at += 4 * tpmc__frame_command_handles(out->code);
    if (at > len)
        return -1;
    if (out->tag == TPMC__ST_SESSIONS) {
        if (len - at < 4)
            return -1;
        auth_len = tpmc__be32(data + at);
        at += 4;
        if (auth_len > len - at || read_command_auths(data, at + auth_len, at, out) != 0)
            return -1;
        at += auth_len;
    }
    out->parameters = at;
    out->parameters_len = len - at;
    return 0;
}

static const char *check_error(uint16_t tag, uint32_t rc, size_t len)
{
    uint32_t layer = rc & ~0xffffu;

    if (len != TPMC__HEADER_LEN || tag != TPMC__ST_NO_SESSIONS)
        return "an error response has a wrong form";
    if (layer != 0 && layer != RC_LAYER_RESMGR && layer != RC_LAYER_RESMGR_TPM)
        return "a response code is of no known kind";
    if (layer == 0 && rc > 0xfff)
        return "a response code is of no known kind";
    return NULL;
}

/* The authorization area of a response: nonce, attributes, HMAC, once for each of the command's. */
static const char *check_auths(const uint8_t *data, size_t len, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!skip_tpm2b(data, len, MAX_NONCE, &at) || at == len)
            return "a response's authorization area is cut short";
        at++;
        if (!skip_tpm2b(data, len, MAX_HMAC, &at))
            return "a response's authorization area is cut short";
    }
    return at == len ? NULL : "bytes follow a response's authorization area";
}

static int wants_encrypted_answer(const tpmc__frame *command)
{
    for (size_t i = 0; i < command->auth_count; i++) {
        if (command->auths[i].attributes & ATTRIBUTE_ENCRYPT)
            return 1;
    }
    return 0;
}

static const char *check_sessions_body(const tpmc__frame *command, const uint8_t *data, size_t len,
                                       size_t at)
{
    size_t parameters_len = 0;
    size_t first = at + 4;

    if (len - at < 4)
        return "a response is cut short";
    parameters_len = tpmc__be32(data + at);
    at += 4;
    if (parameters_len > len - at)
        return "a response's parameters are longer than the response";
    /* libtss2 decrypts the first parameter by the size it claims, without a look at where it ends.
     */
    if (wants_encrypted_answer(command) && parameters_len > 0 &&
        !skip_tpm2b(data, at + parameters_len, parameters_len, &first))
        return "a response's encrypted parameter is longer than the response";
    return check_auths(data, len, at + parameters_len, command->auth_count);
}

/* The kind of session that TPM2_StartAuthSession asks for: it follows the nonce and the salt. */
static uint32_t session_handle_type(const tpmc__frame *sent, const uint8_t *command)
{
    size_t end = sent->parameters + sent->parameters_len;
    size_t at = sent->parameters;

    for (int skipped = 0; skipped < 2; skipped++) {
        if (!skip_tpm2b(command, end, end, &at))
            return 0;
    }
    if (at == end)
        return 0;
    return command[at] == SE_HMAC ? HANDLE_TYPE_HMAC_SESSION : HANDLE_TYPE_POLICY_SESSION;
}

/* Part 2, 7.2. A saved context may be of any kind. */
static int is_handle_of(const tpmc__frame *sent, const uint8_t *command, uint32_t handle)
{
    uint32_t type = handle >> 24;

    if (sent->code == TPMC__CC_START_AUTH_SESSION)
        return type == session_handle_type(sent, command);
    if (sent->code == TPMC__CC_CONTEXT_LOAD)
        return type == HANDLE_TYPE_TRANSIENT || type == HANDLE_TYPE_HMAC_SESSION ||
               type == HANDLE_TYPE_POLICY_SESSION;
    return type == HANDLE_TYPE_TRANSIENT;
}

const char *tpmc__frame_check_response(const uint8_t *command, const uint8_t *data, size_t len)
{
    tpmc__frame sent;
    uint16_t tag = 0;
    uint32_t rc = 0;
    size_t at = TPMC__HEADER_LEN;

    if (len < TPMC__HEADER_LEN)
        return "a response is cut short";
    if (tpmc__be32(data + 2) != len)
        return "a response's size is not the number of bytes that came";
    tag = tpmc__be16(data);
    rc = tpmc__be32(data + 6);
    if (rc != 0)
        return check_error(tag, rc, len);
    if (tpmc__frame_read_command(command, tpmc__be32(command + 2), &sent) != 0)
        return "the command is not well formed";
    if (tag != sent.tag)
        return "a response's tag is not the command's";
    if (tpmc__frame_brings_handle(sent.code)) {
        at += 4;
        if (at > len)
            return "a response is cut short";
        if (!is_handle_of(&sent, command, tpmc__be32(data + TPMC__HEADER_LEN)))
            return "a response brings a handle of another kind than the command makes";
    }
    if (tag == TPMC__ST_SESSIONS)
        return check_sessions_body(&sent, data, len, at);
    return NULL;
}
