/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output read back (see outputs.h): JSON Lines by yajl, the page by glib's parser of markup,
 * csv by the rules of RFC 4180, what people read by its characters. */
#include "outputs.h"

#include <yajl/yajl_parse.h>

#include "codec/text.h"
#include "promises.h"

/* ---- JSON Lines ---- */

typedef struct json_line {
    int depth;
    unsigned keys; /* of the record itself */
} json_line;

static int json_open(void *user)
{
    ((json_line *)user)->depth++;
    return 1;
}

static int json_close(void *user)
{
    ((json_line *)user)->depth--;
    return 1;
}

static int json_key(void *user, const unsigned char *key, size_t size)
{
    json_line *line = user;

    if (line->depth == 1 && line->keys++ == 0)
        REQUIRE(size == 6 && memcmp(key, "record", 6) == 0);
    return 1;
}

static void check_json_line(const char *text, size_t size)
{
    static const yajl_callbacks callbacks = {.yajl_start_map = json_open,
                                             .yajl_end_map = json_close,
                                             .yajl_map_key = json_key};
    json_line line = {.depth = 0};
    yajl_handle parser = yajl_alloc(&callbacks, NULL, &line);

    REQUIRE(size > 0 && text[0] == '{');
    REQUIRE(yajl_parse(parser, (const unsigned char *)text, size) == yajl_status_ok);
    REQUIRE(yajl_complete_parse(parser) == yajl_status_ok);
    REQUIRE(line.depth == 0 && line.keys > 1);
    yajl_free(parser);
}

static void check_json(const char *bytes, size_t size)
{
    while (size > 0) {
        const char *end = memchr(bytes, '\n', size);

        REQUIRE(end != NULL);
        check_json_line(bytes, (size_t)(end - bytes));
        size -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
}

/* ---- the page ---- */

/* Nothing is loaded, nothing runs, nothing leads away. */
static void page_element(GMarkupParseContext *context, const char *name, const char **attributes,
                         const char **values, gpointer user, GError **error)
{
    (void)context, (void)user, (void)error;
    REQUIRE(strcmp(name, "script") != 0 && strcmp(name, "iframe") != 0);
    for (; *attributes != NULL; attributes++, values++) {
        REQUIRE(!g_str_has_prefix(*attributes, "on") && strcmp(*attributes, "src") != 0);
        REQUIRE(strcmp(*attributes, "style") != 0);
        if (g_str_has_suffix(*attributes, "href"))
            REQUIRE(**values == '#');
    }
}

static void check_page(const char *bytes, size_t size)
{
    static const GMarkupParser parser = {.start_element = page_element};
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, NULL, NULL);

    if (size == 0) { /* no input could be read */
        g_markup_parse_context_free(context);
        return;
    }
    REQUIRE(g_markup_parse_context_parse(context, bytes, (gssize)size, NULL));
    REQUIRE(g_markup_parse_context_end_parse(context, NULL));
    g_markup_parse_context_free(context);
    REQUIRE(g_utf8_validate(bytes, (gssize)size, NULL));
    for (size_t i = 0; i < size; i++)
        REQUIRE((uint8_t)bytes[i] >= 0x20 || bytes[i] == '\n');
}

/* ---- csv ---- */

/* The end of the cell that begins here: a comma or a line's end. */
static const char *check_cell(const char *at, const char *end)
{
    static const char formula[] = "=+@\t"; /* what a spreadsheet would work out */

    if (at == end || *at != '"') {
        REQUIRE(at == end || *at == '\0' || strchr(formula, *at) == NULL);
        while (at < end && *at != ',' && *at != '\r' && *at != '\n')
            REQUIRE(*at++ != '"');
        return at;
    }
    REQUIRE(++at < end && strchr(formula, *at) == NULL);
    for (;; at++) {
        REQUIRE(at < end);
        if (*at != '"')
            continue;
        if (at + 1 == end || at[1] != '"')
            return at + 1;
        at++;
    }
}

/* Each line has the cells of the first one. */
static void check_csv(const char *bytes, size_t size)
{
    const char *at = bytes, *end = bytes + size;
    unsigned cells = 0, columns = 0;

    REQUIRE(g_utf8_validate(bytes, (gssize)size, NULL));
    while (at < end) {
        at = check_cell(at, end);
        cells++;
        REQUIRE(at < end);
        if (*at++ == ',')
            continue;
        if (at[-1] == '\r')
            REQUIRE(at < end && *at++ == '\n');
        if (columns == 0)
            columns = cells;
        REQUIRE(cells == columns);
        cells = 0;
    }
    REQUIRE(cells == 0);
}

/* ---- what people read ---- */

/* A colour, as "\033[1;31m"; NULL for anything else. */
static const char *skip_colour(const char *at, const char *end)
{
    if (end - at < 3 || at[1] != '[')
        return NULL;
    for (at += 2; at < end && (g_ascii_isdigit(*at) || *at == ';'); at++)
        ;
    return at < end && *at == 'm' ? at : NULL;
}

static void check_lines(const char *bytes, size_t size, bool colour)
{
    REQUIRE(g_utf8_validate(bytes, (gssize)size, NULL));
    for (const char *at = bytes; at < bytes + size; at++) {
        if (colour && *at == '\033')
            REQUIRE((at = skip_colour(at, bytes + size)) != NULL);
        REQUIRE(((uint8_t)*at >= 0x20 && *at != 0x7F) || *at == '\n');
    }
    REQUIRE(size == 0 || bytes[size - 1] == '\n');
}

static void check_output(const asked *asked, const char *bytes, size_t size)
{
    const output_format *format = asked->format;

    if (strcmp(format->name, "json") == 0)
        check_json(bytes, size);
    else if (strcmp(format->name, "html") == 0)
        check_page(bytes, size);
    else if (strcmp(format->name, "csv") == 0)
        check_csv(bytes, size);
    else
        check_lines(bytes, size, asked->options.colour);
}

/* ---- what is asked for ---- */

static uint32_t draw(uint32_t *number, uint32_t count)
{
    const uint32_t drawn = *number % count;

    *number /= count;
    return drawn;
}

static void ask_selection(selection_criteria *criteria, uint32_t *number)
{
    *criteria = (selection_criteria){.from = CTI_NO_TIME, .to = CTI_NO_TIME};
    switch (draw(number, 16)) {
    default: break;
    case 1: criteria->client = g_strdup("CTIOS1A"); break;
    case 2: criteria->types = g_strsplit("OPEN_REQ,SYSTEM_EVENT", ",", -1); break;
    case 3: criteria->agent = g_strdup("1001"); break;
    case 4:
        criteria->has_call = true;
        criteria->call = 16777217;
        break;
    case 5: criteria->session = 1; break;
    case 6: criteria->least = CTI_ERROR; break;
    case 7:
        criteria->from = INT64_C(1795341600000000000);
        criteria->to = INT64_C(1795341660000000000);
        break;
    }
}

void asked_init(asked *a, uint32_t number)
{
    static const char *const forms[] = {"ud", "u", "e", "r", "d"};
    const output_format *format = output_formats;
    uint32_t count = 0;

    while (output_formats[count].name != NULL)
        count++;
    format += draw(&number, count);
    *a = (asked){.format = format};
    a->options.table = csv_table_name(draw(&number, 6));
    a->redact = draw(&number, 4) == 1;
    a->options.redacted = a->redact;
    a->options.show_bytes = draw(&number, 2);
    a->options.text_flags = draw(&number, 2) == 1 ? CTI_TEXT_SECRETS : 0;
    a->options.slow = draw(&number, 2) * INT64_C(1000000);
    REQUIRE(times_style_set(&a->times, forms[draw(&number, G_N_ELEMENTS(forms))], NULL, NULL));
    a->options.times = &a->times;
    a->options.colour = draw(&number, 2);
    ask_selection(&a->criteria, &number);
    a->options.has_call = a->criteria.has_call;
    a->options.call = a->criteria.call;
    a->options.agent = a->criteria.agent;
}

void asked_release(asked *a)
{
    g_free(a->criteria.client);
    g_strfreev(a->criteria.types);
    g_free(a->criteria.agent);
    times_style_release(&a->times);
}

/* ---- writers ---- */

void written_begin(written *w, asked *asked)
{
    static const uint8_t key[] = "key";
    static char *const files[] = {NULL};

    *w = (written){.asked = asked, .writer = asked->format->writer};
    w->out = open_memstream(&w->bytes, &w->size);
    REQUIRE(w->out != NULL);
    asked->options.out = w->out;
    w->user = w->format_user = asked->format->start(&asked->options);
    if (asked->redact) {
        w->redacted = redacted_new(key, sizeof(key), files, w->writer, w->user);
        w->writer = &redacted_writer;
        w->user = w->redacted;
    }
    if (selection_is_set(&asked->criteria)) {
        w->selection = selection_new(&asked->criteria, w->writer, w->user);
        w->writer = &selection_writer;
        w->user = w->selection;
    }
}

void written_end(written *w)
{
    if (w->selection != NULL)
        selection_free(w->selection);
    if (w->redacted != NULL)
        redacted_free(w->redacted);
    w->asked->format->finish(w->format_user);
    REQUIRE(fclose(w->out) == 0);
    check_output(w->asked, w->bytes, w->size);
    free(w->bytes);
}
