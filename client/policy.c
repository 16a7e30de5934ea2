/*
 * Whether Python may run in this process.
 *
 * Purpose: an administrator may want Python in the daemon's workers only, where it is watched and confined.  The
 * daemon's configuration says so, [programs] in-process = forbid, and this is the one setting that programs read
 * themselves, when they are about to load Python.  No lock on a door: a program can load Python without coil.
 *
 * The files are those of daemon/supervisor/config.c, read with as much of their grammar as one setting needs; coild
 * --check-config tells of mistakes.  Called by link.c, any thread; nothing is kept.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/runtime.h"
#include "proto/cleanup.h"
#include "proto/config_place.h"

#define BLANKS " \t\r\n"

/* The text without blanks around it, in place. */
static char *trim(char *text)
{
    size_t length;

    text += strspn(text, BLANKS);
    length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* As inih: a comment behind a value begins with a semicolon behind a blank. */
static void cut_comment(char *text)
{
    for (char *at = text; (at = strchr(at, ';')); at++) {
        if (at == text || at[-1] == ' ' || at[-1] == '\t') {
            *at = '\0';
            return;
        }
    }
}

/* One line.  True: it is the setting, with this value. */
static bool read_line(char *line, bool *is_section, const char **ret_value)
{
    char *text = trim(line);
    char *rest;

    if (*text == '#' || *text == ';')
        return false;
    if (*text == '[') {
        text[strcspn(text, "]")] = '\0';
        *is_section = strcmp(text + 1, "programs") == 0;
        return false;
    }
    rest = text + strcspn(text, "=:");
    if (!*is_section || !*rest)
        return false;
    *rest++ = '\0';
    if (strcmp(trim(text), "in-process") != 0)
        return false;
    cut_comment(rest);
    *ret_value = trim(rest);
    return true;
}

static int read_file(const char *path, bool *is_forbidden, struct coil_error *error)
{
    COIL_CLEANUP(coil_file_close) FILE *file = fopen(path, "re");
    COIL_CLEANUP(coil_memory_free) char *line = NULL;
    bool is_section = false;
    size_t size = 0;
    const char *value;

    if (!file && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    errno = file ? 0 : errno;
    while (file && getline(&line, &size, file) >= 0) {
        if (read_line(line, &is_section, &value))
            *is_forbidden = strcmp(value, "allow") != 0;
    }
    if (!file || ferror(file))
        return coil_error_set(error, -EACCES, "cannot find out whether Python may run in programs: %s: %s", path,
                              strerror(errno));
    return 0;
}

int coil_policy_read(const char *path, struct coil_error *error)
{
    bool is_forbidden = false;
    char pattern[PATH_MAX];
    glob_t found;
    int listed;
    int r = read_file(path, &is_forbidden, error);

    (void)snprintf(pattern, sizeof pattern, "%s.d/*.conf", path);
    listed = r == 0 ? glob(pattern, 0, NULL, &found) : GLOB_NOMATCH;
    if (listed != 0 && listed != GLOB_NOMATCH) /* what cannot be read might forbid it */
        return coil_error_set(error, -EACCES, "cannot find out whether Python may run in programs: %s: %s", pattern,
                              listed == GLOB_NOSPACE ? "no memory" : "the folder cannot be read");
    if (listed == 0) {
        for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
            r = read_file(found.gl_pathv[i], &is_forbidden, error);
        globfree(&found);
    }
    if (r == 0 && is_forbidden)
        return coil_error_set(error, -EPERM,
                              "Python may not run in programs on this machine (in-process = forbid in %s): leave "
                              "COIL_MODE=inprocess out",
                              path);
    return r;
}

int coil_policy_check(struct coil_error *error)
{
    return coil_policy_read(COIL_CONFIG_FOLDER "/" COIL_CONFIG_FILE, error);
}
