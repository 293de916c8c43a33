/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "codec/json_scan.h"
#include "codec/text.h"

#define MAX_EXACT 9007199254740992.0 /* 2^53 */

static const tpmc__json_limits limits = { TPMC__JSON_MAX_DEPTH, TPMC__JSON_MAX_ITEMS };

/* A tpmc__json is a node of cJSON under another name. */
static cJSON *node_of(tpmc__json *json)
{
    return (cJSON *)(void *)json;
}

static const cJSON *const_node_of(const tpmc__json *json)
{
    return (const cJSON *)(const void *)json;
}

static tpmc__json *json_of(cJSON *node)
{
    return (tpmc__json *)(void *)node;
}

static const tpmc__json *const_json_of(const cJSON *node)
{
    return (const tpmc__json *)(const void *)node;
}

static int is_container(const cJSON *node)
{
    return cJSON_IsObject(node) || cJSON_IsArray(node);
}

static void wipe_text(char *text)
{
    if (text != NULL)
        tpmc__mem_wipe(text, strlen(text));
}

static void wipe(cJSON *node)
{
    for (; node != NULL; node = node->next) {
        wipe_text(node->string);
        wipe_text(node->valuestring);
        wipe(node->child);
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* 1 when two members of the object have one name. `names` has room for all of them. */
static int has_duplicate(const cJSON *object, const char **names)
{
    size_t count = 0;

    for (const cJSON *member = object->child; member != NULL; member = member->next)
        names[count++] = member->string;
    qsort(names, count, sizeof(names[0]), compare_names);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i - 1], names[i]) == 0)
            return 1;
    }
    return 0;
}

/* As has_duplicate(), for the objects of a whole tree. */
static int has_duplicates(const cJSON *node, const char **names)
{
    if (cJSON_IsObject(node) && has_duplicate(node, names))
        return 1;
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        if (is_container(child) && has_duplicates(child, names))
            return 1;
    }
    return 0;
}

static int refuse_duplicates(const cJSON *tree, const char *what, tpmc_error *err)
{
    const char **names = tpmc__mem_new(TPMC__JSON_MAX_ITEMS, sizeof(names[0]));
    int status = 0;

    if (names == NULL)
        return tpmc__fail_nomem(err);
    if (has_duplicates(tree, names))
        status = tpmc__fail(err, TPMC_ERR_FORMAT, "%s names a member twice in one object", what);
    tpmc__mem_free((void *)names);
    return status;
}

int tpmc__json_parse(const void *text, size_t len, size_t max_len, const char *what,
                     tpmc__json **out, tpmc_error *err)
{
    const char *fault = NULL;
    size_t at = 0;
    cJSON *tree = NULL;
    int status = 0;

    *out = NULL;
    if (len > max_len)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "%s is larger than %zu bytes", what, max_len);
    fault = tpmc__json_scan(text, len, &limits, &at);
    if (fault != NULL)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "%s is not usable JSON: %s (at byte %zu)", what,
                          fault, at);
    /* What the scan takes cJSON takes, so that only memory can be lacking. */
    tree = cJSON_ParseWithLengthOpts(text, len, NULL, 0);
    if (tree == NULL)
        return tpmc__fail_nomem(err);
    status = refuse_duplicates(tree, what, err);
    if (status != 0) {
        tpmc__json_free(json_of(tree));
        return status;
    }
    *out = json_of(tree);
    return 0;
}

int tpmc__json_looks_like_object(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    size_t i = 0;

    while (i < len && (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n'))
        i++;
    return i < len && bytes[i] == '{';
}

void tpmc__json_free(tpmc__json *json)
{
    wipe(node_of(json));
    cJSON_Delete(node_of(json));
}

const tpmc__json *tpmc__json_member(const tpmc__json *object, const char *name)
{
    if (!tpmc__json_is_object(object))
        return NULL;
    return const_json_of(cJSON_GetObjectItemCaseSensitive(const_node_of(object), name));
}

int tpmc__json_is_object(const tpmc__json *json)
{
    return cJSON_IsObject(const_node_of(json)) ? 1 : 0;
}

int tpmc__json_is_array(const tpmc__json *json)
{
    return cJSON_IsArray(const_node_of(json)) ? 1 : 0;
}
int tpmc__json_is_null(const tpmc__json *json)
{
    return cJSON_IsNull(const_node_of(json)) ? 1 : 0;
}

size_t tpmc__json_count(const tpmc__json *array_or_object)
{
    const cJSON *node = const_node_of(array_or_object);
    size_t count = 0;

    if (!is_container(node))
        return 0;
    for (node = node->child; node != NULL; node = node->next)
        count++;
    return count;
}

const char *tpmc__json_name(const tpmc__json *object, size_t i)
{
    const cJSON *node = const_node_of(tpmc__json_item(object, i));

    return node == NULL ? NULL : node->string;
}

const tpmc__json *tpmc__json_item(const tpmc__json *array_or_object, size_t i)
{
    const cJSON *node = const_node_of(array_or_object);

    if (!is_container(node))
        return NULL;
    for (node = node->child; node != NULL && i > 0; node = node->next)
        i--;
    return const_json_of(node);
}

const char *tpmc__json_text(const tpmc__json *json)
{
    return cJSON_GetStringValue(const_node_of(json));
}

int tpmc__json_integer(const tpmc__json *json, int64_t *out)
{
    const cJSON *node = const_node_of(json);

    if (!cJSON_IsNumber(node))
        return TPMC_ERR_FORMAT;
    if (!(node->valuedouble >= -MAX_EXACT && node->valuedouble <= MAX_EXACT))
        return TPMC_ERR_FORMAT;
    if ((double)(int64_t)node->valuedouble != node->valuedouble)
        return TPMC_ERR_FORMAT;
    *out = (int64_t)node->valuedouble;
    return 0;
}

int tpmc__json_number(const tpmc__json *json, double *out)
{
    const cJSON *node = const_node_of(json);

    /* Infinity is what a huge number was read as. */
    if (!cJSON_IsNumber(node) || node->valuedouble - node->valuedouble != 0.0)
        return TPMC_ERR_FORMAT;
    *out = node->valuedouble;
    return 0;
}

const tpmc__json *tpmc__json_find(const tpmc__json *json, const char *name)
{
    const tpmc__json *found = tpmc__json_member(json, name);
    const cJSON *node = const_node_of(json);

    if (found != NULL || !is_container(node))
        return found;
    for (node = node->child; node != NULL && found == NULL; node = node->next)
        found = tpmc__json_find(const_json_of(node), name);
    return found;
}

int tpmc__json_boolean(const tpmc__json *json, int *out)
{
    if (!cJSON_IsBool(const_node_of(json)))
        return TPMC_ERR_FORMAT;
    *out = cJSON_IsTrue(const_node_of(json)) ? 1 : 0;
    return 0;
}

tpmc__json *tpmc__json_new_object(void)
{
    return json_of(cJSON_CreateObject());
}

tpmc__json *tpmc__json_new_array(void)
{
    return json_of(cJSON_CreateArray());
}

tpmc__json *tpmc__json_new_text(const char *text)
{
    if (text == NULL)
        return NULL;
    return json_of(cJSON_CreateString(text));
}

tpmc__json *tpmc__json_new_integer(int64_t value)
{
    if (value > (int64_t)MAX_EXACT || value < -(int64_t)MAX_EXACT)
        return NULL;
    return json_of(cJSON_CreateNumber((double)value));
}

tpmc__json *tpmc__json_new_boolean(int value)
{
    return json_of(cJSON_CreateBool(value));
}

tpmc__json *tpmc__json_copy(const tpmc__json *json)
{
    return json_of(cJSON_Duplicate(const_node_of(json), 1));
}

/* A failure sticks to the container, in a member that cJSON uses for numbers only: whoever looks at
 * the last step alone learns of it. */
static int fail_container(cJSON *container, int status)
{
    if (is_container(container) && container->valueint == 0)
        container->valueint = status;
    return status;
}

static int container_status(const cJSON *container)
{
    return is_container(container) ? container->valueint : 0;
}

/* The first failure of either; 0 when the child can be added. */
static int check_adding(cJSON *container, const cJSON *child)
{
    if (container == NULL)
        return TPMC_ERR_NOMEM;
    if (container_status(container) != 0)
        return container_status(container);
    if (child == NULL)
        return fail_container(container, TPMC_ERR_NOMEM);
    return fail_container(container, container_status(child));
}

int tpmc__json_add(tpmc__json *object, const char *name, tpmc__json *child)
{
    int status = check_adding(node_of(object), node_of(child));

    if (status == 0 && (name == NULL || !tpmc__json_is_object(object)))
        status = fail_container(node_of(object), TPMC_ERR_ARGUMENT);
    if (status == 0 && !cJSON_AddItemToObject(node_of(object), name, node_of(child)))
        status = fail_container(node_of(object), TPMC_ERR_NOMEM);
    if (status != 0)
        tpmc__json_free(child);
    return status;
}

int tpmc__json_append(tpmc__json *array, tpmc__json *child)
{
    int status = check_adding(node_of(array), node_of(child));

    if (status == 0 && !tpmc__json_is_array(array))
        status = fail_container(node_of(array), TPMC_ERR_ARGUMENT);
    if (status == 0 && !cJSON_AddItemToArray(node_of(array), node_of(child)))
        status = fail_container(node_of(array), TPMC_ERR_NOMEM);
    if (status != 0)
        tpmc__json_free(child);
    return status;
}

int tpmc__json_add_text(tpmc__json *object, const char *name, const char *text)
{
    return tpmc__json_add(object, name, tpmc__json_new_text(text));
}

int tpmc__json_add_integer(tpmc__json *object, const char *name, int64_t value)
{
    return tpmc__json_add(object, name, tpmc__json_new_integer(value));
}

int tpmc__json_add_boolean(tpmc__json *object, const char *name, int value)
{
    return tpmc__json_add(object, name, tpmc__json_new_boolean(value));
}

/* RFC 8259 section 7: only what must be escaped is. */
static void print_text(const char *text, tpmc__buf *out)
{
    static const char digits[] = "0123456789abcdef";

    if (!tpmc__utf8_valid(text, strlen(text))) {
        (void)tpmc__buf_fail(out, TPMC_ERR_ARGUMENT);
        return;
    }
    tpmc__buf_append_byte(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        uint8_t byte = (uint8_t)*c;

        if (byte < 0x20) {
            tpmc__buf_append_text(out, "\\u00");
            tpmc__buf_append_byte(out, (uint8_t)digits[byte >> 4]);
            byte = (uint8_t)digits[byte & 0x0f];
        } else if (byte == '"' || byte == '\\') {
            tpmc__buf_append_byte(out, '\\');
        }
        tpmc__buf_append_byte(out, byte);
    }
    tpmc__buf_append_byte(out, '"');
}

/* The locale may have another point, of one byte or more. */
static void append_with_point(const char *number, tpmc__buf *out)
{
    int in_point = 0;

    for (const char *c = number; *c != '\0'; c++) {
        if (strchr("0123456789+-e", *c) != NULL) {
            tpmc__buf_append_byte(out, (uint8_t)*c);
            in_point = 0;
        } else if (!in_point) {
            tpmc__buf_append_byte(out, '.');
            in_point = 1;
        }
    }
}

static void print_number(const cJSON *node, tpmc__buf *out)
{
    char number[64];
    int64_t integer = 0;

    if (tpmc__json_integer(const_json_of(node), &integer) == 0) {
        tpmc__decimal_append(out, integer);
        return;
    }
    /* Infinity, which is what a huge number was read as, has no JSON. */
    if (node->valuedouble - node->valuedouble != 0.0) {
        (void)tpmc__buf_fail(out, TPMC_ERR_ARGUMENT);
        return;
    }
    (void)snprintf(number, sizeof(number), "%.17g", node->valuedouble);
    append_with_point(number, out);
}

static void print_literal(const cJSON *node, tpmc__buf *out)
{
    if (cJSON_IsNull(node))
        tpmc__buf_append_text(out, "null");
    else
        tpmc__buf_append_text(out, cJSON_IsTrue(node) ? "true" : "false");
}

static void print_node(const cJSON *node, size_t depth, tpmc__buf *out);

static void print_container(const cJSON *node, size_t depth, tpmc__buf *out)
{
    int is_object = cJSON_IsObject(node);
    int status = depth < TPMC__JSON_MAX_DEPTH ? container_status(node) : TPMC_ERR_ARGUMENT;

    if (status != 0) {
        (void)tpmc__buf_fail(out, status);
        return;
    }
    tpmc__buf_append_byte(out, is_object ? '{' : '[');
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        if (child != node->child)
            tpmc__buf_append_byte(out, ',');
        if (is_object) {
            print_text(child->string, out);
            tpmc__buf_append_byte(out, ':');
        }
        print_node(child, depth + 1, out);
    }
    tpmc__buf_append_byte(out, is_object ? '}' : ']');
}

static void print_node(const cJSON *node, size_t depth, tpmc__buf *out)
{
    if (is_container(node))
        print_container(node, depth, out);
    else if (cJSON_IsString(node))
        print_text(node->valuestring, out);
    else if (cJSON_IsNumber(node))
        print_number(node, out);
    else
        print_literal(node, out);
}

int tpmc__json_print(const tpmc__json *json, tpmc__buf *out)
{
    if (json == NULL)
        (void)tpmc__buf_fail(out, TPMC_ERR_NOMEM);
    else if (tpmc__buf_status(out) == 0)
        print_node(const_node_of(json), 0, out);
    return tpmc__buf_status(out);
}
