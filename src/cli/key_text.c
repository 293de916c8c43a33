/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key_text.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/terminal_text.h"

#define INDENT 2
#define HEX_LINE 64  /* digits in one line of a long number */
#define HEX_ALONE 72 /* a number of at most so many digits stands behind its label */
#define PEM_LINE 48  /* bytes of DER in one line of 64 letters */

static void put_scalar(FILE *out, const cJSON *value)
{
    if (cJSON_IsString(value) && value->valuestring[0] != '\0')
        cli_put_text(out, value->valuestring);
    else if (cJSON_IsNumber(value))
        (void)fprintf(out, "%.15g", value->valuedouble);
    else if (cJSON_IsBool(value))
        (void)fputs(cJSON_IsTrue(value) ? "yes" : "no", out);
    else
        (void)fputs("none", out);
}

/* The member's name with spaces for `_`, and a dash for an element of a list. */
static void put_label(FILE *out, const char *name, int indent)
{
    (void)fprintf(out, "%*s", indent, "");
    if (name == NULL) {
        (void)fputc('-', out);
        return;
    }
    for (; *name != '\0'; name++)
        (void)fputc(*name == '_' ? ' ' : *name, out);
    (void)fputc(':', out);
}

static int is_composite(const cJSON *value)
{
    return (cJSON_IsObject(value) || cJSON_IsArray(value)) && value->child != NULL;
}

/* A list of plain words or numbers stands on one line. */
static int is_plain_list(const cJSON *value)
{
    const cJSON *item;

    if (!cJSON_IsArray(value))
        return 0;
    for (item = value->child; item != NULL; item = item->next) {
        if (is_composite(item))
            return 0;
    }
    return value->child != NULL;
}

static int is_nested(const cJSON *value)
{
    return is_composite(value) && !is_plain_list(value);
}

static void put_plain_list(FILE *out, const cJSON *list)
{
    const cJSON *item;

    for (item = list->child; item != NULL; item = item->next) {
        put_scalar(out, item);
        if (item->next != NULL)
            (void)fputs(", ", out);
    }
}

/* The next value in the order of the text, going down before on; NULL at the end. */
static const cJSON *next_value(const cJSON *value, const cJSON **parents, int *depth)
{
    if (is_nested(value)) {
        parents[(*depth)++] = value;
        return value->child;
    }
    while (value->next == NULL && *depth > 0)
        value = parents[--*depth];
    return *depth > 0 ? value->next : NULL;
}

/* Whether no says as much as yes. */
static int is_telling(const char *name)
{
    static const char *const names[] = { "empty_auth", "policy_applies" };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            return 1;
    }
    return 0;
}

/* What a key file leaves open is not worth a line. */
static int says_nothing(const cJSON *value)
{
    if (value->string == NULL || is_telling(value->string))
        return 0;
    if (cJSON_IsString(value) && strcmp(value->string, "symmetric") == 0)
        return strcmp(value->valuestring, "null") == 0;
    if (cJSON_IsString(value))
        return value->valuestring[0] == '\0';
    if (cJSON_IsArray(value))
        return value->child == NULL;
    return cJSON_IsFalse(value) || (cJSON_IsNumber(value) && value->valuedouble == 0);
}

static int is_long_number(const cJSON *value)
{
    size_t len;

    if (!cJSON_IsString(value))
        return 0;
    len = strlen(value->valuestring);
    return len > HEX_ALONE && strspn(value->valuestring, "0123456789abcdef") == len;
}

static void put_long_number(FILE *out, const char *digits, int indent)
{
    size_t len = strlen(digits);
    size_t i;

    for (i = 0; i < len; i += HEX_LINE)
        (void)fprintf(out, "\n%*s%.*s", indent, "", HEX_LINE, digits + i);
}

static void put_value(FILE *out, const cJSON *value, int indent)
{
    put_label(out, value->string, indent);
    if (is_long_number(value)) {
        put_long_number(out, value->valuestring, indent + INDENT);
    } else if (!is_nested(value)) {
        (void)fputc(' ', out);
        if (is_plain_list(value))
            put_plain_list(out, value);
        else
            put_scalar(out, value);
    }
    (void)fputc('\n', out);
}

static void put_document(FILE *out, const cJSON *document)
{
    const cJSON *parents[CJSON_NESTING_LIMIT];
    const cJSON *value;
    int depth = 0;

    value = next_value(document, parents, &depth);
    while (value != NULL && depth > 0) {
        if (!says_nothing(value))
            put_value(out, value, INDENT * (depth - 1));
        value = next_value(value, parents, &depth);
    }
}

static int parse(const char *json, size_t len, cJSON **out)
{
    *out = cJSON_ParseWithLength(json, len);
    if (*out != NULL)
        return CLI_OK;
    return cli_no_memory();
}

int cli_key_text(const char *json, size_t len, char **out)
{
    cJSON *document = NULL;
    FILE *stream;
    size_t out_len;
    int status;

    *out = NULL;
    status = parse(json, len, &document);
    if (status != CLI_OK)
        return status;
    stream = open_memstream(out, &out_len);
    if (stream != NULL)
        put_document(stream, document);
    cJSON_Delete(document);
    if (stream == NULL || fclose(stream) != 0)
        return cli_no_memory();
    return CLI_OK;
}

int cli_key_json(const char *json, size_t len, char **out)
{
    cJSON *document = NULL;
    char *text;
    size_t text_len;
    int status;

    *out = NULL;
    status = parse(json, len, &document);
    if (status != CLI_OK)
        return status;
    text = cJSON_Print(document);
    cJSON_Delete(document);
    if (text == NULL)
        return cli_no_memory();
    text_len = strlen(text);
    *out = calloc(text_len + 2, 1);
    if (*out != NULL) {
        memcpy(*out, text, text_len);
        (*out)[text_len] = '\n';
    }
    cJSON_free(text);
    return *out == NULL ? cli_no_memory() : CLI_OK;
}

int cli_key_jwk(const char *json, size_t len, int is_set, char **out)
{
    const char *head = is_set ? "{\"keys\":[" : "";
    const char *tail = is_set ? "]}" : "";
    FILE *stream;
    size_t out_len;

    *out = NULL;
    stream = open_memstream(out, &out_len);
    if (stream == NULL)
        return cli_no_memory();
    (void)fprintf(stream, "%s%.*s%s\n", head, (int)len, json, tail);
    return fclose(stream) == 0 ? CLI_OK : cli_no_memory();
}

static void put_base64(FILE *out, const unsigned char *data, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t group;
    size_t i;

    for (i = 0; i < len; i += 3) {
        group = (uint32_t)data[i] << 16;
        group |= i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0;
        group |= i + 2 < len ? (uint32_t)data[i + 2] : 0;
        (void)fputc(letters[group >> 18], out);
        (void)fputc(letters[group >> 12 & 63], out);
        (void)fputc(i + 1 < len ? letters[group >> 6 & 63] : '=', out);
        (void)fputc(i + 2 < len ? letters[group & 63] : '=', out);
    }
}

int cli_key_pem(const unsigned char *der, size_t len, char **out)
{
    FILE *stream;
    size_t out_len;
    size_t i;

    *out = NULL;
    stream = open_memstream(out, &out_len);
    if (stream == NULL)
        return cli_no_memory();
    (void)fputs("-----BEGIN PUBLIC KEY-----\n", stream);
    for (i = 0; i < len; i += PEM_LINE) {
        put_base64(stream, der + i, len - i < PEM_LINE ? len - i : PEM_LINE);
        (void)fputc('\n', stream);
    }
    (void)fputs("-----END PUBLIC KEY-----\n", stream);
    return fclose(stream) == 0 ? CLI_OK : cli_no_memory();
}
