/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The codec's table as Wireshark's fields: each field of GED-188 is a filter field, made
 * from its row when the plugin is registered.
 *
 * A filter is named after the field's id in snake case: ICMCentralControllerTime is
 * cti.icm_central_controller_time.  The bits of a mask stand behind the name of their field:
 * cti.services_granted.cti_service_debug. */
#ifndef CTI_PLUGIN_FIELDS_H
#define CTI_PLUGIN_FIELDS_H

#include "compat.h"

#include "table.h"

/* What Wireshark calls a field of the table.  Only what its type has is set. */
typedef struct field_ids {
    int value;
    int *const *bits; /* of a mask, ended by NULL */
    int unknown_bits; /* of a mask */
    int parts[3];     /* of a TASKID */
    int name, index, text; /* of a NAMEDVAR or NAMEDARRAY */
} field_ids;

/* Registers the fields of the table for the protocol. */
void fields_register(int protocol);

const field_ids *fields_of(const cti_field *field);

/* Names for the header's MessageType and for tags, made from the table. */
value_string_ext *fields_message_names(void);
value_string_ext *fields_tag_names(void);

/* What a field with this id is called in filters, in epan scope: "cti.agent_id". */
char *fields_filter_name(const char *id);

#endif
