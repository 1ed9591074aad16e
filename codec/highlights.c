/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields that matter in a line (see highlights.h); the choice stands in
 * highlights.def. */
#include "highlights.h"

/* Lists of field ids, ended by CTI_FIELD_COUNT. */
#define SHOW(field) CTI_F_##field,
#define HIGHLIGHTS(message, fields) \
    static const uint16_t fields_of_##message[] = {fields CTI_FIELD_COUNT};
#define DEFAULT_HIGHLIGHTS(fields) static const uint16_t default_fields[] = {fields CTI_FIELD_COUNT};
#include "highlights.def"
#undef HIGHLIGHTS
#undef DEFAULT_HIGHLIGHTS

static const uint16_t *const fields_of[CTI_MESSAGE_NEWEST + 1] = {
#define HIGHLIGHTS(message, fields) [CTI_##message] = fields_of_##message,
#define DEFAULT_HIGHLIGHTS(fields)
#include "highlights.def"
#undef HIGHLIGHTS
#undef DEFAULT_HIGHLIGHTS
};

/* AgentState of OPEN_CONF means nothing without CTI_SERVICE_CLIENT_EVENTS. */
static bool is_meaningless(const cti_reader *reader, cti_field_id field)
{
    return reader->message_type == CTI_OPEN_CONF && field == CTI_F_AgentState &&
           !(cti_reader_number(reader, CTI_F_ServicesGranted) &
             CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS);
}

size_t cti_highlights(const cti_reader *reader, cti_item items[CTI_HIGHLIGHTS_MAX])
{
    const uint16_t *fields = default_fields;
    size_t count = 0;

    if (reader->message == NULL)
        return 0;
    if (fields_of[reader->message->number] != NULL)
        fields = fields_of[reader->message->number];
    for (; *fields != CTI_FIELD_COUNT && count < CTI_HIGHLIGHTS_MAX; fields++)
        if (!is_meaningless(reader, (cti_field_id)*fields) &&
            cti_reader_find(reader, (cti_field_id)*fields, &items[count]))
            count++;
    return count;
}
