/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes Wireshark's fields from the codec's table (see fields.h).
 *
 * Wireshark keeps pointers to what it is given here: all of it is allocated once, in epan
 * scope, and nothing changes after registration. */
#include "fields.h"

static field_ids ids[CTI_FIELD_COUNT];

/* Arrays, since the members of unit_name_string are not const in every version. */
static char seconds[] = " s";
static char milliseconds[] = " ms";
static const unit_name_string unit_seconds = {seconds, NULL};
static const unit_name_string unit_milliseconds = {milliseconds, NULL};

const field_ids *fields_of(const cti_field *field)
{
    return &ids[cti_field_index(field)];
}

/* ---- names ---- */

/* True where a word of the name starts at c, which is not its first letter.  An acronym is one
 * word up to the capital that starts the next: ICMCentral is icm_central.  A plural "s" is part
 * of its acronym (MRDs is mrds), and ID at the end of one is a word of its own (MRDID is
 * mrd_id). */
static bool word_starts(const char *c)
{
    if (!g_ascii_isupper(c[0]) || c[-1] == '_')
        return false;
    if (!g_ascii_isupper(c[-1]))
        return true;
    if (c[0] == 'I' && c[1] == 'D' && !g_ascii_islower(c[2]))
        return c[-1] != 'U'; /* GUID, UUID */
    return g_ascii_islower(c[1]) && !(c[1] == 's' && !g_ascii_islower(c[2]));
}

static void append_snake(wmem_strbuf_t *to, const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (c > name && word_starts(c))
            wmem_strbuf_append_c(to, '_');
        wmem_strbuf_append_c(to, g_ascii_isalnum(*c) ? g_ascii_tolower(*c) : '_');
    }
}

char *fields_filter_name(const char *id)
{
    wmem_strbuf_t *name = wmem_strbuf_new(wmem_epan_scope(), "cti.");

    append_snake(name, id);
    return wmem_strbuf_finalize(name);
}

/* ---- value names ---- */

/* The names of an enumeration, made at the first use. */
static value_string_ext *value_names(const cti_value_set *set)
{
    static value_string_ext *made[256];
    value_string *names;
    size_t index = 0;

    while (index < cti_value_set_count && cti_value_sets[index] != set)
        index++;
    g_assert(index < G_N_ELEMENTS(made));
    if (made[index] != NULL)
        return made[index];
    names = wmem_alloc0_array(wmem_epan_scope(), value_string, set->count + 1);
    for (size_t i = 0; i < set->count; i++)
        names[i] = (value_string){set->values[i].number, set->values[i].name};
    made[index] = new_value_string_ext(names, set->count + 1u, set->name);
    return made[index];
}

value_string_ext *fields_message_names(void)
{
    value_string *names = wmem_alloc0_array(wmem_epan_scope(), value_string,
                                            CTI_MESSAGE_NEWEST + 2);
    unsigned count = 0;

    for (uint32_t number = 0; number <= CTI_MESSAGE_NEWEST; number++) {
        const cti_message *message = cti_message_find(number);

        if (message != NULL)
            names[count++] = (value_string){number, message->name};
    }
    return new_value_string_ext(names, count + 1, "cti_messages");
}

value_string_ext *fields_tag_names(void)
{
    value_string *names = wmem_alloc0_array(wmem_epan_scope(), value_string,
                                            CTI_TAG_NEWEST + 2);
    unsigned count = 0;

    for (uint32_t number = 0; number <= CTI_TAG_NEWEST; number++) {
        const cti_tag *tag = cti_tag_find(number);

        if (tag != NULL)
            names[count++] = (value_string){number, tag->name};
    }
    return new_value_string_ext(names, count + 1, "cti_tags");
}

/* ---- fields ---- */

static hf_register_info *new_field(wmem_array_t *all, int *id, const char *name,
                                   const char *filter, enum ftenum type, int display)
{
    const hf_register_info made = {
        id, {name, filter, type, display, NULL, 0, NULL, HFILL}};

    *id = -1;
    wmem_array_append_one(all, made);
    return wmem_array_index(all, wmem_array_get_count(all) - 1);
}

static char *sub_name(const char *filter, const char *part)
{
    return wmem_strdup_printf(wmem_epan_scope(), "%s.%s", filter, part);
}

static enum ftenum number_type(cti_type type)
{
    switch (type) {
    case CTI_TYPE_CHAR: return FT_INT8; /* GCOVR_EXCL_LINE: as TASKID, GED-188's own list has it */
    case CTI_TYPE_UCHAR: return FT_UINT8;
    case CTI_TYPE_SHORT: return FT_INT16; /* GCOVR_EXCL_LINE: the same */
    case CTI_TYPE_INT: return FT_INT32;
    case CTI_TYPE_USHORT:
    case CTI_TYPE_BOOL: return FT_UINT16;
    default: return FT_UINT32;
    }
}

/* One bit, or a group of them, of a mask. */
static int *add_bit(wmem_array_t *all, const cti_field *field, const char *filter,
                    const cti_value *bit)
{
    wmem_strbuf_t *name = wmem_strbuf_new(wmem_epan_scope(), filter);
    int *id = wmem_new(wmem_epan_scope(), int);
    hf_register_info *info;

    wmem_strbuf_append_c(name, '.');
    for (const char *c = bit->name; *c != '\0'; c++)
        wmem_strbuf_append_c(name, g_ascii_isalnum(*c) ? g_ascii_tolower(*c) : '_');
    info = new_field(all, id, bit->name, wmem_strbuf_finalize(name), FT_BOOLEAN,
                     8 * CTI_TYPE_SIZE(field->type));
    info->hfinfo.bitmask = bit->number;
    info->hfinfo.strings = TFS(&tfs_set_notset);
    return id;
}

static void add_mask(wmem_array_t *all, const cti_field *field, const char *filter,
                     field_ids *field_id)
{
    const cti_value_set *set = field->values;
    int **bits = wmem_alloc0_array(wmem_epan_scope(), int *, set->count + 1);
    unsigned count = 0;

    for (size_t i = 0; i < set->count; i++)
        if (set->values[i].number != 0)
            bits[count++] = add_bit(all, field, filter, &set->values[i]);
    field_id->bits = bits;
    new_field(all, &field_id->unknown_bits, "Bits without a name", sub_name(filter, "unknown_bits"),
              FT_UINT32, BASE_HEX);
}

static void add_number(wmem_array_t *all, const cti_field *field, const char *filter,
                       field_ids *field_id)
{
    hf_register_info *info = new_field(all, &field_id->value, field->name, filter,
                                       number_type(field->type), BASE_DEC);

    if (field->values != NULL && field->values->is_mask) {
        info->hfinfo.display = BASE_HEX;
        add_mask(all, field, filter, field_id);
    } else if (field->values != NULL) {
        info->hfinfo.display |= BASE_EXT_STRING;
        info->hfinfo.strings = VALS_EXT_PTR(value_names(field->values));
    } else if (field->type == CTI_TYPE_BOOL) {
        info->hfinfo.type = FT_BOOLEAN;
        info->hfinfo.display = BASE_NONE; /* without strings: True and False */
    } else if (field->flags & CTI_FIELD_SECONDS) {
        info->hfinfo.display |= BASE_UNIT_STRING;
        info->hfinfo.strings = &unit_seconds;
    } else if (field->flags & CTI_FIELD_MILLISECONDS) {
        info->hfinfo.display |= BASE_UNIT_STRING;
        info->hfinfo.strings = &unit_milliseconds;
    }
}

/* GCOVR_EXCL_START: GED-188 names the type, but has it in no message whose format is published. */
static void add_task_id(wmem_array_t *all, const cti_field *field, const char *filter,
                        field_ids *field_id)
{
    static const char *const parts[] = {"first", "second", "third"};

    new_field(all, &field_id->value, field->name, filter, FT_STRING, BASE_NONE);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        new_field(all, &field_id->parts[i], parts[i], sub_name(filter, parts[i]), FT_INT32,
                  BASE_DEC);
}
/* GCOVR_EXCL_STOP */

static void add_named(wmem_array_t *all, const cti_field *field, const char *filter,
                      field_ids *field_id)
{
    new_field(all, &field_id->value, field->name, filter, FT_STRING, BASE_NONE);
    new_field(all, &field_id->name, "Name", sub_name(filter, "name"), FT_STRING, BASE_NONE);
    if (field->type == CTI_TYPE_NAMEDARRAY)
        new_field(all, &field_id->index, "Index", sub_name(filter, "index"), FT_UINT8, BASE_DEC);
    new_field(all, &field_id->text, "Value", sub_name(filter, "value"), FT_STRING, BASE_NONE);
}

static void add_field(wmem_array_t *all, const cti_field *field, field_ids *field_id)
{
    const char *filter = fields_filter_name(field->id);
    enum ftenum type;

    switch (field->type) {
    case CTI_TYPE_TASKID:                          /* GCOVR_EXCL_LINE */
        add_task_id(all, field, filter, field_id); /* GCOVR_EXCL_LINE: no field has it */
        break;                                     /* GCOVR_EXCL_LINE */
    case CTI_TYPE_NAMEDVAR:
    case CTI_TYPE_NAMEDARRAY:
        add_named(all, field, filter, field_id);
        break;
    case CTI_TYPE_STRING:
        new_field(all, &field_id->value, field->name, filter, FT_STRING, BASE_NONE);
        break;
    case CTI_TYPE_TIME:
        new_field(all, &field_id->value, field->name, filter, FT_ABSOLUTE_TIME,
                  ABSOLUTE_TIME_UTC);
        break;
    case CTI_TYPE_UNSPEC:
        /* What is hidden is shown as text. */
        type = field->flags & CTI_FIELD_SECRET ? FT_STRING
               : field->flags & CTI_FIELD_IPV6 ? FT_IPv6
                                               : FT_BYTES;
        new_field(all, &field_id->value, field->name, filter, type, BASE_NONE);
        break;
    default:
        add_number(all, field, filter, field_id);
        break;
    }
}

void fields_register(int protocol)
{
    wmem_array_t *all = wmem_array_new(wmem_epan_scope(), sizeof(hf_register_info));

    for (size_t i = 0; i < CTI_FIELD_COUNT; i++)
        add_field(all, cti_field_get((cti_field_id)i), &ids[i]);
    proto_register_field_array(protocol, wmem_array_get_raw(all),
                               (int)wmem_array_get_count(all));
}
