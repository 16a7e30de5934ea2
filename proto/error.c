/*
 * Text for failures.  Purpose: every room reports failures in the same form
 * without allocating and without printing.  Any thread; the caller owns the
 * structure.
 */
#include "proto/error.h"

#include <stdio.h>
#include <string.h>

int coil_error_set(struct coil_error *error, int code, const char *format, ...)
{
    va_list arguments;

    if (!error)
        return code;
    error->code = code;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return code;
}

int coil_error_prepend(struct coil_error *error, const char *format, ...)
{
    char tail[COIL_ERROR_TEXT_MAX];
    va_list arguments;
    size_t used;

    if (!error)
        return 0;
    memcpy(tail, error->text, sizeof tail);
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    used = strlen(error->text);
    (void)snprintf(error->text + used, sizeof error->text - used, ": %s", tail);
    return error->code;
}
