/*
 * struct coil_error: what went wrong, in words.
 *
 * Library code never prints.  A function that can fail takes a
 * `struct coil_error *`, fills it with one sentence that says what happened, to
 * what, and what to do, and returns a negative errno.  Callers on the way up add
 * what they were doing with coil_error_prepend().
 */
#ifndef COIL_ERROR_H
#define COIL_ERROR_H

#include <stdarg.h>

#define COIL_ERROR_TEXT_MAX 1024

struct coil_error {
    int code;                       /* negative errno; 0: no error */
    char text[COIL_ERROR_TEXT_MAX]; /* one sentence, no newline at its end */
};

/* Fills `error` (ignored if NULL) and returns `code`, so that `return coil_error_set(...)` reads well. */
int coil_error_set(struct coil_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text. Returns the code that is already there. */
int coil_error_prepend(struct coil_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
