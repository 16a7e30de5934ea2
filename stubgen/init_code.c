/*
 * Init code: made ready for the descriptor, and checked, so that a syntax error is
 * the build's and not the first call's.  Only Python knows Python's syntax: the check
 * runs the Python that coil was built for, isolated from the user's settings.
 */
#include "stubgen/init_code.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "stubgen/process.h"

#ifndef COIL_PYTHON_PROGRAM
#define COIL_PYTHON_PROGRAM "/usr/bin/python3"
#endif

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isspace((unsigned char)line[i]))
            return false;
    return true;
}

/* The size of a line without its end, and of the end. */
static size_t line_size(const char *line, size_t *ret_end)
{
    size_t size = strcspn(line, "\r\n");

    *ret_end = line[size] == '\r' && line[size + 1] == '\n' ? 2 : line[size] != '\0';
    return size;
}

/* What all lines that are not blank start with. */
static size_t common_prefix(const char *text)
{
    size_t prefix = strspn(text, " \t\f\v");
    size_t end;

    for (const char *line = text; *line;) {
        size_t size = line_size(line, &end);

        if (!is_blank(line, size))
            while (prefix > 0 && (size < prefix || strncmp(line, text, prefix) != 0))
                prefix--;
        line += size + end;
    }
    return prefix;
}

char *coil_init_code_dedent(struct coil_arena *arena, const char *text)
{
    struct coil_buffer code = COIL_BUFFER_INIT(arena);
    const char *start = text;
    size_t prefix;
    size_t end;

    for (const char *c = text; isspace((unsigned char)*c); c++)
        if (*c == '\n')
            start = c + 1;
    prefix = common_prefix(start);
    do {
        size_t size = line_size(start, &end);

        if (size > prefix)
            coil_buffer_put(&code, start + prefix, size - prefix);
        coil_buffer_puts(&code, "\n");
        start += size + end;
    } while (*start);
    return code.text;
}

int coil_init_code_check(struct coil_arena *arena, const char *module, const char *text, struct coil_error *error)
{
    static const char script[] = "import sys, traceback\n"
                                 "try:\n"
                                 "    source = sys.stdin.buffer.read().decode('utf-8')\n"
                                 "    compile(source, sys.argv[1], 'exec', dont_inherit=True)\n"
                                 "except (SyntaxError, ValueError) as error:\n"
                                 "    lines = traceback.format_exception_only(type(error), error)\n"
                                 "    sys.stderr.buffer.write(''.join(lines).encode('utf-8', 'replace'))\n"
                                 "    sys.exit(1)\n";
    const char *const argv[] = { COIL_PYTHON_PROGRAM,
                                 "-IBS",
                                 "-Wignore",
                                 "-c",
                                 script,
                                 coil_arena_printf(arena, "<init code for '%s'>", module),
                                 NULL };
    const char *output = "";
    int r = coil_process_run(arena, argv, text, strlen(text), &output, error);

    if (r < 0)
        return coil_error_prepend(error, "cannot check the init code of '%s'", module);
    if (r == 0)
        return 0;
    while (*output && isspace((unsigned char)output[strlen(output) - 1]))
        output = coil_arena_copy(arena, output, strlen(output) - 1);
    return coil_error_set(error, -EINVAL, "the init code of '%s' is not valid Python:\n%s", module, output);
}
