/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/entity_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/handle_text.h"
#include "cli/message.h"

#define NOUN_MAX 32

static int is_taken(const cli_entities *entities, uint32_t handle)
{
    size_t i;

    for (i = 0; i < entities->count; i++) {
        if (entities->items[i].handle == handle)
            return 1;
    }
    return 0;
}

/* What is wrong with the text is said without it: it may be a password alone. */
static int parse(const char *text, int is_file, uint32_t *handle, char **value)
{
    char *sign = strchr(text, '=');

    if (sign != NULL && cli_handle_parse(text, (size_t)(sign - text), handle)) {
        *value = sign + 1;
        return CLI_OK;
    }
    cli_message("--entity-password%s must be a handle, 0x and eight hexadecimal digits, then '=' "
                "and %s",
                is_file ? "-file" : "", is_file ? "a file" : "its password");
    return CLI_USAGE;
}

/* Makes room for one more. */
static int add(cli_entities *entities, uint32_t handle, cli_entity **out)
{
    if (is_taken(entities, handle)) {
        cli_message("the password of 0x%08lx is given more than once", (unsigned long)handle);
        return CLI_USAGE;
    }
    if (entities->count == CLI_ENTITY_MAX) {
        cli_message("no more than %d passwords of entities are taken", CLI_ENTITY_MAX);
        return CLI_USAGE;
    }
    if (entities->items == NULL)
        entities->items = calloc(CLI_ENTITY_MAX, sizeof(*entities->items));
    if (entities->items == NULL)
        return cli_no_memory();
    *out = &entities->items[entities->count++];
    (*out)->handle = handle;
    return CLI_OK;
}

static int take(cli_entities *entities, char *text, int is_file)
{
    cli_entity *entity = NULL;
    uint32_t handle = 0;
    char *value = NULL;
    int status;

    status = parse(text, is_file, &handle, &value);
    if (status == CLI_OK)
        status = add(entities, handle, &entity);
    if (status != CLI_OK)
        return status;
    if (!is_file)
        return cli_secret_take(&entity->secret, value);
    if (value[0] == '\0') {
        cli_message("--entity-password-file names no file");
        return CLI_USAGE;
    }
    entity->secret.is_given = 1;
    entity->secret.path = value;
    return CLI_OK;
}

int cli_entities_take(cli_entities *entities, char *text, int is_file)
{
    int status;

    status = take(entities, text, is_file);
    if (!is_file)
        cli_wipe(text, strlen(text));
    return status;
}

int cli_entities_read(cli_entities *entities)
{
    char noun[NOUN_MAX];
    int status = CLI_OK;
    size_t i;

    for (i = 0; status == CLI_OK && i < entities->count; i++) {
        (void)snprintf(noun, sizeof(noun), "the password of 0x%08lx",
                       (unsigned long)entities->items[i].handle);
        status = cli_secret_read(&entities->items[i].secret, noun);
    }
    return status;
}

int cli_entities_count_stdin(const cli_entities *entities)
{
    const char *path;
    int count = 0;
    size_t i;

    for (i = 0; i < entities->count; i++) {
        path = entities->items[i].secret.path;
        count += path != NULL && strcmp(path, "-") == 0;
    }
    return count;
}

void cli_entities_free(cli_entities *entities)
{
    if (entities->items != NULL)
        cli_wipe(entities->items, CLI_ENTITY_MAX * sizeof(*entities->items));
    free(entities->items);
    entities->items = NULL;
    entities->count = 0;
}
