/* Text of programs inside of other languages: whatever it is, what comes out is valid UTF-8. */
#ifndef COIL_SUPERVISOR_ESCAPE_H
#define COIL_SUPERVISOR_ESCAPE_H

#include <stdio.h>

/* A JSON string, with its quotes. */
void coil_escape_json(FILE *out, const char *text);

/* The same for a label's value in the OpenMetrics format. */
void coil_escape_label(FILE *out, const char *text);

/* A word of a line whose words are separated by tabs. */
void coil_escape_word(FILE *out, const char *text);

#endif
