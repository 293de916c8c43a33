/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_text.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/terminal_text.h"

#define INDENT 2
#define BRANCH_INDENT 4 /* of what belongs to a step */

typedef void (*member_writer)(FILE *out, const cJSON *step, const cJSON *member);

static void put_steps(FILE *out, const cJSON *steps, int indent);

static const cJSON *member_of(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* NULL when there is no such text. */
static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(member_of(object, name));
}

static void put_scalar(FILE *out, const cJSON *value)
{
    if (cJSON_IsString(value))
        cli_put_text(out, value->valuestring);
    else if (cJSON_IsNumber(value))
        (void)fprintf(out, "%.15g", value->valuedouble);
    else
        (void)fputs(cJSON_IsTrue(value) ? "yes" : "no", out);
}

static void put_list(FILE *out, const cJSON *list)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        put_scalar(out, item);
        if (item->next != NULL)
            (void)fputc(',', out);
    }
}

static int is_same_bank(const cJSON *a, const cJSON *b)
{
    const char *first = a == NULL ? NULL : text_of(a, "hashAlg");
    const char *second = b == NULL ? NULL : text_of(b, "hashAlg");

    return first != NULL && second != NULL && strcmp(first, second) == 0;
}

/* As the option `pcr` is written: sha256:0,7+sha1:1. */
static void put_registers(FILE *out, const cJSON *step, const cJSON *registers)
{
    const cJSON *last = NULL;
    const cJSON *item;
    const char *bank;

    (void)step;
    cJSON_ArrayForEach(item, registers)
    {
        bank = text_of(item, "hashAlg");
        if (is_same_bank(last, item))
            (void)fputc(',', out);
        else
            (void)fprintf(out, "%s%s:", last == NULL ? " " : "+", bank == NULL ? "?" : bank);
        put_scalar(out, member_of(item, "pcr"));
        last = item;
    }
}

static void put_banks(FILE *out, const cJSON *step, const cJSON *banks)
{
    const char *before = " ";
    const cJSON *item;
    const char *bank;

    (void)step;
    cJSON_ArrayForEach(item, banks)
    {
        bank = text_of(item, "hash");
        (void)fprintf(out, "%s%s:", before, bank == NULL ? "?" : bank);
        put_list(out, member_of(item, "pcrSelect"));
        before = "+";
    }
    (void)fputs(" with the values of now", out);
}

static void put_bare(FILE *out, const cJSON *step, const cJSON *member)
{
    (void)step;
    (void)fputc(' ', out);
    if (cJSON_IsArray(member))
        put_list(out, member);
    else
        put_scalar(out, member);
}

static void put_quoted(FILE *out, const cJSON *step, const cJSON *member)
{
    (void)step;
    (void)fputs(" \"", out);
    put_scalar(out, member);
    (void)fputc('"', out);
}

/* Index content, operation, operand. */
static void put_comparison(FILE *out, const cJSON *step, const cJSON *operand)
{
    const cJSON *offset = member_of(step, "offset");

    if (cJSON_IsNumber(offset))
        (void)fprintf(out, " from byte %.15g", offset->valuedouble);
    put_bare(out, step, member_of(step, "operation"));
    put_bare(out, step, operand);
}

/* What stands behind a step's type, in this order. */
static const struct {
    const char *name;
    const char *label; /* NULL: none */
    member_writer put;
} members[] = {
    { "pcrs", NULL, put_registers },
    { "currentPCRandBanks", NULL, put_banks },
    { "pcrDigest", "digest", put_bare },
    { "handle", NULL, put_bare },
    { "nvIndex", NULL, put_bare },
    { "operandB", NULL, put_comparison },
    { "keyName", "key", put_bare },
    { "publicKeyHint", "hint", put_quoted },
    { "policyRef", "reference", put_bare },
    { "nvName", "name", put_bare },
    { "newParentName", "to", put_bare },
    { "objectName", "name", put_bare },
    { "code", NULL, put_bare },
    { "locality", NULL, put_bare },
    { "cpHash", NULL, put_bare },
    { "nameHash", NULL, put_bare },
    { "templateHash", NULL, put_bare },
    { "writtenSet", "written", put_bare },
    { "action", NULL, put_quoted },
};

static void put_members(FILE *out, const cJSON *step)
{
    const cJSON *member;
    size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        member = member_of(step, members[i].name);
        if (member == NULL)
            continue;
        if (members[i].label != NULL)
            (void)fprintf(out, " %s", members[i].label);
        members[i].put(out, step, member);
    }
}

/* The wanted value of each register, where it is known. */
static void put_values(FILE *out, const cJSON *step, int indent)
{
    const cJSON *item;
    const char *bank;
    const char *value;

    cJSON_ArrayForEach(item, member_of(step, "pcrs"))
    {
        bank = text_of(item, "hashAlg");
        value = text_of(item, "digest");
        if (bank == NULL || value == NULL)
            continue;
        (void)fprintf(out, "%*s%s:", indent, "", bank);
        put_scalar(out, member_of(item, "pcr"));
        (void)fprintf(out, " %s\n", value);
    }
}

/* A branch or an approved policy. */
static void put_way(FILE *out, const cJSON *way, const char *kind, int number, int indent)
{
    const cJSON *steps = member_of(way, "policy");
    const char *name = text_of(way, "name");
    const char *description = text_of(way, "description");
    const char *digest = text_of(way, "digest");

    (void)fprintf(out, "%*s%s ", indent, "", kind);
    if (name != NULL && name[0] != '\0') {
        (void)fputc('"', out);
        cli_put_text(out, name);
        (void)fputc('"', out);
    } else {
        (void)fprintf(out, "%d", number);
    }
    if (digest != NULL)
        (void)fprintf(out, " (%s)", digest);
    if (description != NULL && description[0] != '\0') {
        (void)fputs(": ", out);
        cli_put_text(out, description);
    }
    if (steps == NULL)
        (void)fputs(": steps unknown", out);
    (void)fputc('\n', out);
    put_steps(out, steps, indent + INDENT);
}

static void put_ways(FILE *out, const cJSON *ways, const char *kind, int indent)
{
    const cJSON *way;
    int number = 0;

    cJSON_ArrayForEach(way, ways)
    {
        number++;
        put_way(out, way, kind, number, indent);
    }
}

static void put_step(FILE *out, const cJSON *step, int number, int indent)
{
    const char *type = text_of(step, "type");
    const cJSON *approved = member_of(step, "approved");

    (void)fprintf(out, "%*s%d. ", indent, "", number);
    cli_put_text(out, type == NULL ? "?" : type);
    put_members(out, step);
    if (cJSON_IsArray(approved) && approved->child == NULL)
        (void)fputs(": no policy is signed yet", out);
    (void)fputc('\n', out);
    put_values(out, step, indent + BRANCH_INDENT);
    put_ways(out, member_of(step, "branches"), "branch", indent + BRANCH_INDENT);
    put_ways(out, approved, "policy", indent + BRANCH_INDENT);
}

/* The library bounds how deep steps nest. */
static void put_steps(FILE *out, const cJSON *steps, int indent)
{
    const cJSON *step;
    int number = 0;

    cJSON_ArrayForEach(step, steps)
    {
        number++;
        put_step(out, step, number, indent);
    }
}

static void put_policy(FILE *out, const cJSON *policy)
{
    const cJSON *steps = member_of(policy, "steps");
    const char *hash = text_of(policy, "hash");
    const char *digest = text_of(policy, "digest");

    (void)fprintf(out, "policy (%s", hash == NULL ? "?" : hash);
    if (digest != NULL)
        (void)fprintf(out, " %s", digest);
    (void)fputs("):", out);
    if (!cJSON_IsArray(steps) || steps->child == NULL)
        (void)fputs(" no steps", out);
    (void)fputc('\n', out);
    put_steps(out, steps, INDENT);
}

/* A register of a step that fails, unless its own value is the wanted one. */
static void put_found(FILE *out, const cJSON *found)
{
    const char *bank = text_of(found, "bank");
    const char *wanted = text_of(found, "wanted");
    const char *value = text_of(found, "found");

    if (wanted != NULL && value != NULL && strcmp(wanted, value) == 0)
        return;
    (void)fprintf(out, "%*s%s:", 3 * INDENT + 1, "", bank == NULL ? "?" : bank);
    put_scalar(out, member_of(found, "pcr"));
    if (wanted != NULL)
        (void)fprintf(out, " wanted %s", wanted);
    (void)fprintf(out, "%s found %s\n", wanted == NULL ? "" : ",", value == NULL ? "?" : value);
}

static void put_checked_step(FILE *out, const cJSON *step, int number)
{
    const char *type = text_of(step, "type");
    const char *result = text_of(step, "result");
    const char *reason = text_of(step, "reason");
    const cJSON *found;

    (void)fprintf(out, "%*s%d. ", 2 * INDENT, "", number);
    cli_put_text(out, type == NULL ? "?" : type);
    (void)fputs(": ", out);
    cli_put_text(out, result == NULL ? "?" : result);
    if (reason != NULL && reason[0] != '\0') {
        (void)fputs(", ", out);
        cli_put_text(out, reason);
    }
    (void)fputc('\n', out);
    if (result == NULL || strcmp(result, "fails") != 0)
        return;
    cJSON_ArrayForEach(found, member_of(step, "registers"))
    {
        put_found(out, found);
    }
}

static void put_checked_way(FILE *out, const cJSON *way)
{
    const char *label = text_of(way, "label");
    const cJSON *step;
    int number = 0;

    (void)fprintf(out, "%*s", INDENT, "");
    cli_put_text(out, label == NULL || label[0] == '\0' ? "the steps" : label);
    (void)fprintf(out, ": %s\n", cJSON_IsTrue(member_of(way, "holds")) ? "holds" : "does not hold");
    cJSON_ArrayForEach(step, member_of(way, "steps"))
    {
        number++;
        put_checked_step(out, step, number);
    }
}

static void put_check(FILE *out, const cJSON *check)
{
    const cJSON *way;

    (void)fprintf(out, "policy: %s\n",
                  cJSON_IsTrue(member_of(check, "holds")) ? "holds" : "does not hold");
    cJSON_ArrayForEach(way, member_of(check, "ways"))
    {
        put_checked_way(out, way);
    }
}

static int print(const cJSON *document, void (*put)(FILE *, const cJSON *), char **out)
{
    FILE *stream;
    size_t len;

    stream = open_memstream(out, &len);
    if (stream == NULL)
        return cli_no_memory();
    put(stream, document);
    return fclose(stream) == 0 ? CLI_OK : cli_no_memory();
}

int cli_policy_text(const char *json, size_t len, char **out)
{
    cJSON *document = cJSON_ParseWithLength(json, len);
    int status;

    *out = NULL;
    if (document == NULL)
        return cli_no_memory();
    status = print(document, put_policy, out);
    cJSON_Delete(document);
    return status;
}

int cli_policy_check_text(const char *json, size_t len, char **out, int *holds)
{
    cJSON *document = cJSON_ParseWithLength(json, len);
    int status = CLI_OK;

    *holds = 0;
    if (document == NULL)
        return cli_no_memory();
    *holds = cJSON_IsTrue(member_of(document, "holds"));
    if (out != NULL) {
        *out = NULL;
        status = print(document, put_check, out);
    }
    cJSON_Delete(document);
    return status;
}
