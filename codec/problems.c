/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of what may be wrong with a message, from problems.def (see reader.h). */
#include "reader.h"

const char *cti_severity_name(cti_severity severity)
{
    static const char *const names[] = {"note", "warning", "error"};

    return (size_t)severity < 3 ? names[severity] : "?";
}

static const struct {
    const char *name, *text;
    cti_severity severity;
} problems[CTI_PROBLEM_COUNT] = {
#define NOTE CTI_NOTE
#define WARNING CTI_WARNING
#define ERROR CTI_ERROR
#define PROBLEM(id, name, severity, text) [CTI_PROBLEM_##id] = {name, text, severity},
#include "problems.def"
#undef PROBLEM
#undef NOTE
#undef WARNING
#undef ERROR
};

const char *cti_problem_name(cti_problem_id id)
{
    return (size_t)id < CTI_PROBLEM_COUNT ? problems[id].name : "?";
}

const char *cti_problem_text(cti_problem_id id)
{
    return (size_t)id < CTI_PROBLEM_COUNT ? problems[id].text : "?";
}

cti_severity cti_problem_severity(cti_problem_id id)
{
    return (size_t)id < CTI_PROBLEM_COUNT ? problems[id].severity : CTI_ERROR;
}
