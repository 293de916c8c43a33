/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/xml.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "base/utf8.h"

/* A fault that is no fault of the text. */
static const char no_memory[] = "there is no memory";

struct tpmc__xml_element {
    const tpmc__xml *xml;
    size_t name; /* places in the document's strings */
    size_t text;
    size_t depth; /* 1 for the root */
    int has_elements;
};

/* The elements stand in the order of their start tags: what is inside one follows it, deeper. */
struct tpmc__xml {
    tpmc__xml_element *elements;
    size_t count;
    size_t capacity;
    tpmc__buf strings;
};

/* An element whose end tag is still to come. */
typedef struct open_element {
    size_t index;
    const uint8_t *name; /* with its prefix */
    size_t name_len;
} open_element;

typedef struct reader {
    const uint8_t *text;
    size_t len;
    size_t pos;
    tpmc__xml *xml;
    open_element open[TPMC__XML_MAX_DEPTH];
    size_t depth;
} reader;

static int is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int is_name_start(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static int is_name_part(uint8_t c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* XML 1.0 section 2.2, without the control characters U+007F to U+009F, which it discourages. */
static int is_character(uint32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return 1;
    if (tpmc__utf8_is_control(c) || c > 0x10ffff)
        return 0;
    return (c < 0xd800 || c > 0xdfff) && c != 0xfffe && c != 0xffff;
}

/* The byte at the place, 0 at the end: the text holds no NUL. */
static uint8_t peek(const reader *in)
{
    return in->pos < in->len ? in->text[in->pos] : 0;
}

static int begins(const reader *in, const char *word)
{
    size_t len = strlen(word);

    return in->len - in->pos >= len && memcmp(in->text + in->pos, word, len) == 0;
}

static int skip(reader *in, const char *word)
{
    if (!begins(in, word))
        return 0;
    in->pos += strlen(word);
    return 1;
}

static size_t skip_space(reader *in)
{
    size_t start = in->pos;

    while (is_space(peek(in)))
        in->pos++;
    return in->pos - start;
}

static const char *check_characters(const reader *in, size_t *at)
{
    uint32_t character = 0;
    size_t size = 0;

    for (*at = 0; *at < in->len; *at += size) {
        size = tpmc__utf8_next(in->text + *at, in->len - *at, &character);
        if (size == 0)
            return "it is not UTF-8";
        if (!is_character(character))
            return "it holds a control character";
    }
    return NULL;
}

/* A name with at most one prefix; `*local` is where the part after the prefix begins. */
static const char *read_name(reader *in, const uint8_t **name, size_t *len, size_t *local)
{
    size_t start = in->pos;

    *local = 0;
    for (;;) {
        if (!is_name_start(peek(in)))
            return "a name begins with a character that no name begins with";
        while (is_name_part(peek(in)))
            in->pos++;
        if (peek(in) != ':')
            break;
        if (*local != 0)
            return "a name has two prefixes";
        in->pos++;
        *local = in->pos - start;
    }
    *name = in->text + start;
    *len = in->pos - start;
    return NULL;
}

static void append_character(tpmc__buf *out, uint32_t c)
{
    static const uint8_t leads[] = { 0x00, 0xc0, 0xe0, 0xf0 };
    int following = (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);

    tpmc__buf_append_byte(out, (uint8_t)(leads[following] | (c >> (6 * following))));
    while (following-- > 0)
        tpmc__buf_append_byte(out, (uint8_t)(0x80 | ((c >> (6 * following)) & 0x3f)));
}

/* The value of a digit; 99 for what is none. */
static unsigned digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a' + 10);
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 99;
}

/* After "&#". */
static const char *read_number_reference(reader *in, uint32_t *character)
{
    unsigned base = skip(in, "x") ? 16 : 10;
    size_t start = in->pos;

    *character = 0;
    for (; digit_value(peek(in)) < base; in->pos++) {
        *character = *character * base + digit_value(peek(in));
        if (*character > 0x10ffff)
            return "a reference names no character";
    }
    if (in->pos == start || !skip(in, ";"))
        return "a reference is malformed";
    return is_character(*character) ? NULL : "a reference names no character";
}

/* After '&'. */
static const char *read_reference(reader *in, uint32_t *character)
{
    static const struct {
        const char *name;
        char character;
    } entities[] = {
        { "lt;", '<' }, { "gt;", '>' }, { "amp;", '&' }, { "quot;", '"' }, { "apos;", '\'' },
    };

    if (skip(in, "#"))
        return read_number_reference(in, character);
    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        if (skip(in, entities[i].name)) {
            *character = (uint8_t)entities[i].character;
            return NULL;
        }
    }
    return "an entity is not one of the five that XML has";
}

/* Where the text of the innermost element goes; NULL where none is kept. */
static tpmc__buf *text_room(const reader *in)
{
    if (in->depth == 0 || in->xml->elements[in->open[in->depth - 1].index].has_elements)
        return NULL;
    return &in->xml->strings;
}

/* One character of text; a line end is LF (XML 1.0 section 2.11). */
static void take_byte(reader *in)
{
    tpmc__buf *out = text_room(in);
    uint8_t c = in->text[in->pos++];

    if (c == '\r' && peek(in) == '\n')
        return;
    if (out != NULL)
        tpmc__buf_append_byte(out, c == '\r' ? '\n' : c);
}

static const char *read_text(reader *in)
{
    uint32_t character = 0;
    const char *fault = NULL;

    if (in->depth == 0)
        return is_space(peek(in)) ? (in->pos++, NULL) : "there is text outside of the root element";
    if (begins(in, "]]>"))
        return "there is a ']]>' outside of CDATA";
    if (!skip(in, "&")) {
        take_byte(in);
        return NULL;
    }
    fault = read_reference(in, &character);
    if (fault == NULL && text_room(in) != NULL)
        append_character(text_room(in), character);
    return fault;
}

static const char *read_cdata(reader *in)
{
    if (in->depth == 0)
        return "there is text outside of the root element";
    while (in->pos < in->len && !begins(in, "]]>"))
        take_byte(in);
    return skip(in, "]]>") ? NULL : "a CDATA section has no end";
}

static const char *read_comment(reader *in)
{
    while (in->pos < in->len && !begins(in, "--"))
        in->pos++;
    return skip(in, "-->") ? NULL : "a comment has no end, or '--' inside";
}

/* The quotes included; references are checked and left as they are. */
static const char *read_attribute_value(reader *in, const uint8_t **value, size_t *len)
{
    uint8_t quote = peek(in);
    uint32_t character = 0;
    const char *fault = NULL;

    if (quote != '"' && quote != '\'')
        return "an attribute's value has no quotes";
    *value = in->text + ++in->pos;
    while (in->pos < in->len && peek(in) != quote) {
        if (peek(in) == '<')
            return "an attribute's value holds a '<'";
        if (!skip(in, "&")) {
            in->pos++;
            continue;
        }
        fault = read_reference(in, &character);
        if (fault != NULL)
            return fault;
    }
    *len = (size_t)(in->text + in->pos - *value);
    return in->pos++ < in->len ? NULL : "an attribute's value has no end";
}

typedef struct attribute {
    const uint8_t *name;
    size_t name_len;
    const uint8_t *value;
    size_t value_len;
} attribute;

static const char *read_attribute(reader *in, attribute *out)
{
    size_t local = 0;
    const char *fault = read_name(in, &out->name, &out->name_len, &local);

    if (fault != NULL)
        return fault;
    (void)skip_space(in);
    if (!skip(in, "="))
        return "an attribute has no value";
    (void)skip_space(in);
    return read_attribute_value(in, &out->value, &out->value_len);
}

/* Attributes up to the end of the tag or declaration, which stays to be read. */
static const char *read_attributes(reader *in, attribute *last)
{
    const char *fault = NULL;

    while (fault == NULL) {
        size_t space = skip_space(in);

        if (peek(in) == '>' || peek(in) == '/' || peek(in) == '?')
            break;
        if (in->pos >= in->len)
            return "a tag has no end";
        fault = space == 0 ? "a tag holds a character that does not belong there"
                           : read_attribute(in, last);
    }
    return fault;
}

static tpmc__xml_element *add_element(tpmc__xml *xml)
{
    if (xml->count == xml->capacity) {
        size_t capacity = xml->capacity == 0 ? 16 : xml->capacity * 2;
        tpmc__xml_element *grown =
            tpmc__mem_resize(xml->elements, capacity, sizeof(xml->elements[0]));

        if (grown == NULL)
            return NULL;
        xml->elements = grown;
        xml->capacity = capacity;
    }
    return &xml->elements[xml->count++];
}

/* The text before a first inner element is that of no element's own. */
static void drop_text(tpmc__xml *xml, tpmc__xml_element *element)
{
    if (!element->has_elements && xml->strings.len > element->text)
        xml->strings.len = element->text;
    element->has_elements = 1;
}

static const char *open_tag(reader *in, const uint8_t *name, size_t len, size_t local)
{
    tpmc__xml *xml = in->xml;
    tpmc__xml_element *element = NULL;

    if (in->depth == 0 && xml->count > 0)
        return "there is more than one root element";
    if (in->depth == TPMC__XML_MAX_DEPTH)
        return "it is nested more than 32 levels deep";
    if (xml->count == TPMC__XML_MAX_ELEMENTS)
        return "it has more than 4096 elements";
    if (in->depth > 0)
        drop_text(xml, &xml->elements[in->open[in->depth - 1].index]);
    element = add_element(xml);
    if (element == NULL)
        return no_memory;
    in->open[in->depth++] = (open_element){ xml->count - 1, name, len };
    *element = (tpmc__xml_element){ xml, xml->strings.len, 0, in->depth, 0 };
    tpmc__buf_append(&xml->strings, name + local, len - local);
    tpmc__buf_append_byte(&xml->strings, 0);
    element->text = xml->strings.len;
    return NULL;
}

/* Ends the text of the innermost element, white space around it cut off. */
static void close_element(reader *in)
{
    tpmc__xml *xml = in->xml;
    tpmc__xml_element *element = &xml->elements[in->open[--in->depth].index];
    tpmc__buf *strings = &xml->strings;

    if (element->has_elements || tpmc__buf_status(strings) != 0)
        return;
    while (strings->len > element->text && is_space(strings->data[strings->len - 1]))
        strings->len--;
    while (element->text < strings->len && is_space(strings->data[element->text]))
        element->text++;
    tpmc__buf_append_byte(strings, 0);
}

/* After '<'. */
static const char *read_start_tag(reader *in)
{
    attribute unused;
    const uint8_t *name = NULL;
    size_t len = 0;
    size_t local = 0;
    const char *fault = read_name(in, &name, &len, &local);

    if (fault == NULL)
        fault = read_attributes(in, &unused);
    if (fault == NULL)
        fault = open_tag(in, name, len, local);
    if (fault != NULL)
        return fault;
    if (skip(in, "/>"))
        close_element(in);
    else if (!skip(in, ">"))
        return "a tag holds a character that does not belong there";
    return NULL;
}

/* After "</". */
static const char *read_end_tag(reader *in)
{
    const uint8_t *name = NULL;
    const open_element *open = NULL;
    size_t len = 0;
    size_t local = 0;
    const char *fault = read_name(in, &name, &len, &local);

    if (fault != NULL)
        return fault;
    (void)skip_space(in);
    if (!skip(in, ">"))
        return "an end tag holds more than a name";
    open = in->depth > 0 ? &in->open[in->depth - 1] : NULL;
    if (open == NULL || open->name_len != len || memcmp(open->name, name, len) != 0)
        return "an end tag does not match its start tag";
    close_element(in);
    return NULL;
}

/* Whatever the case of letters in `text`; `word` is in small ones. */
static int equals(const uint8_t *text, size_t len, const char *word)
{
    if (strlen(word) != len)
        return 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t lower = text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i];

        if (lower != (uint8_t)word[i])
            return 0;
    }
    return 1;
}

/* XML 1.0 section 2.8. The version says nothing that would matter here; an encoding may. */
static const char *read_declaration(reader *in)
{
    attribute item;
    const char *fault = NULL;

    while (fault == NULL && !skip(in, "?>")) {
        if (skip_space(in) == 0)
            return "the XML declaration is malformed";
        if (begins(in, "?>"))
            continue;
        fault = read_attribute(in, &item);
        if (fault == NULL && equals(item.name, item.name_len, "encoding") &&
            !equals(item.value, item.value_len, "utf-8") &&
            !equals(item.value, item.value_len, "us-ascii"))
            return "its encoding is not UTF-8";
    }
    return fault;
}

/* At a '<'. */
static const char *read_markup(reader *in)
{
    if (skip(in, "<!--"))
        return read_comment(in);
    if (skip(in, "<![CDATA["))
        return read_cdata(in);
    if (begins(in, "<!"))
        return "it has a document type declaration";
    if (begins(in, "<?"))
        return "it has a processing instruction";
    if (skip(in, "</"))
        return read_end_tag(in);
    in->pos++;
    return read_start_tag(in);
}

static const char *read_document(reader *in)
{
    size_t at = 0;
    const char *fault = check_characters(in, &at);

    if (fault != NULL) {
        in->pos = at;
        return fault;
    }
    (void)skip(in, "\xef\xbb\xbf");
    if (begins(in, "<?xml") && in->pos + 5 < in->len && is_space(in->text[in->pos + 5])) {
        in->pos += 5;
        fault = read_declaration(in);
    }
    while (fault == NULL && in->pos < in->len)
        fault = peek(in) == '<' ? read_markup(in) : read_text(in);
    if (fault == NULL && tpmc__buf_status(&in->xml->strings) != 0)
        fault = no_memory;
    if (fault == NULL && (in->depth > 0 || in->xml->count == 0))
        fault = "it ends too early";
    return fault;
}

int tpmc__xml_parse(const void *text, size_t len, size_t max_len, const char *what, tpmc__xml **out,
                    tpmc_error *err)
{
    reader in = { text, len, 0, NULL, { { 0, NULL, 0 } }, 0 };
    const char *fault = NULL;
    int status = 0;

    *out = NULL;
    if (len > max_len)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "%s is larger than %zu bytes", what, max_len);
    in.xml = tpmc__mem_new(1, sizeof(*in.xml));
    if (in.xml == NULL)
        return tpmc__fail_nomem(err);
    /* Strings are never longer than what they were made from, but for their final NULs. */
    tpmc__buf_init(&in.xml->strings, len + (size_t)2 * TPMC__XML_MAX_ELEMENTS);
    fault = read_document(&in);
    if (fault == NULL) {
        *out = in.xml;
        return 0;
    }
    if (fault == no_memory)
        status = tpmc__fail_nomem(err);
    else
        status = tpmc__fail(err, TPMC_ERR_FORMAT, "%s is not usable XML: %s (at byte %zu)", what,
                            fault, in.pos);
    tpmc__xml_free(in.xml);
    return status;
}

void tpmc__xml_free(tpmc__xml *xml)
{
    if (xml == NULL)
        return;
    tpmc__buf_free(&xml->strings);
    tpmc__mem_free(xml->elements);
    tpmc__mem_free(xml);
}

int tpmc__xml_looks_like_document(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    size_t i = 0;

    while (i < len && is_space(bytes[i]))
        i++;
    return i < len && bytes[i] == '<';
}

const tpmc__xml_element *tpmc__xml_root(const tpmc__xml *xml)
{
    return &xml->elements[0];
}

static const char *string_at(const tpmc__xml_element *element, size_t at)
{
    return (const char *)element->xml->strings.data + at;
}

const char *tpmc__xml_name(const tpmc__xml_element *element)
{
    return element != NULL ? string_at(element, element->name) : NULL;
}

const tpmc__xml_element *tpmc__xml_find(const tpmc__xml_element *element, const char *name)
{
    const tpmc__xml_element *end = NULL;

    if (element == NULL)
        return NULL;
    end = element->xml->elements + element->xml->count;
    for (const tpmc__xml_element *e = element + 1; e < end && e->depth > element->depth; e++)
        if (strcmp(tpmc__xml_name(e), name) == 0)
            return e;
    return NULL;
}

const char *tpmc__xml_text(const tpmc__xml_element *element)
{
    if (element == NULL || element->has_elements)
        return NULL;
    return string_at(element, element->text);
}
