/*
 * The configuration files.
 *
 * Purpose: which files there are, what they say, and every mistake in them as one line that says where it is and what
 * to write.  The grammar is inih's; what it cannot tell is found out by the function that hands it the lines: the
 * number of the line, and that one is too long for it.
 *
 *     [daemon]        as the command line, without "--" (setting.c)
 *     [programs]      in-process = allow | forbid: for the programs' own library, and only checked here
 *     [module NAME]   allow-users, allow-groups, max-call-ms, python, interpreters
 *
 * Called by configure.c, main thread.
 */
#include "daemon/supervisor/config.h"

#include <errno.h>
#include <glob.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/supervisor/identity.h"
#include "proto/cleanup.h"
#include "proto/config_place.h"

#define LINE_MAX_SIZE 4096
#define SECTION_MAX 48 /* inih cuts longer ones, without a word */
#define LINES_MAX 100000
#define IDS_MAX 1024
#define SEEN_MAX 4096

/* Reading one configuration. */
struct reading {
    struct coil_config *config;
    FILE *mistakes;
    unsigned mistake_count;
    FILE *files;
    bool no_memory;

    /* The file that is read, and its line. */
    FILE *in;
    const char *path;
    bool is_users; /* not the administrator's */
    unsigned line;
    char *seen[SEEN_MAX]; /* "section\nname" of the settings it has had */
    size_t seen_count;
};

/* ---- mistakes ---- */

static void say(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct reading *reading, const char *format, ...)
{
    va_list arguments;

    reading->mistake_count++;
    (void)fprintf(reading->mistakes, "%s:%u: ", reading->path, reading->line);
    va_start(arguments, format);
    (void)vfprintf(reading->mistakes, format, arguments);
    va_end(arguments);
    (void)fputc('\n', reading->mistakes);
}

/* A setting that stands twice in a file is a mistake: only one of them can be meant. */
static bool is_new(struct reading *reading, const char *section, const char *name)
{
    char *key = NULL;

    if (asprintf(&key, "%s\n%s", section, name) < 0) {
        reading->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < reading->seen_count; i++) {
        if (strcmp(reading->seen[i], key) == 0) {
            free(key);
            say(reading, "\"%s\" stands twice in [%s] of this file: leave one of them out", name, section);
            return false;
        }
    }
    if (reading->seen_count < SEEN_MAX)
        reading->seen[reading->seen_count++] = key;
    else
        free(key);
    return true;
}

/* ---- sections ---- */

static bool is_python(struct reading *reading, const char *value)
{
    if (*value != '/')
        say(reading, "python needs the absolute path of a Python, such as /opt/venv/bin/python, not \"%.100s\"", value);
    else if (access(value, X_OK) < 0)
        say(reading, "python: \"%.200s\" is not a program that can be run: %s", value, strerror(errno));
    else
        return true;
    return false;
}

static void daemon_setting(struct reading *reading, const char *name, const char *value)
{
    struct coil_settings *settings = &reading->config->settings;
    struct coil_error error;
    int r;

    if (strcmp(name, "log") == 0 && *value && *value != '/' && strcmp(value, "-") != 0) {
        say(reading, "log needs an absolute path, or \"-\" for stderr, not \"%.100s\"", value);
        return;
    }
    if (strcmp(name, "python") == 0 && !is_python(reading, value))
        return;
    r = coil_setting_set(settings, name, value, name, &error);
    if (r == -ENOENT)
        say(reading,
            "there is no setting \"%s\" in [daemon]: there are idle-timeout, drain-timeout, warm-workers, "
            "recycle-calls, "
            "recycle-memory, recycle-age, max-call-ms, gil-timeout-ms, user-connections, user-programs, user-threads, "
            "message-rate, handshake-timeout, log, interpreters, modules, python",
            name);
    else if (r < 0)
        say(reading, "%s", error.text);
}

static void programs_setting(struct reading *reading, const char *name, const char *value)
{
    if (strcmp(name, "in-process") != 0)
        say(reading, "there is no setting \"%s\" in [programs]: there is in-process", name);
    else if (strcmp(value, "allow") != 0 && strcmp(value, "forbid") != 0)
        say(reading, "in-process needs \"allow\" or \"forbid\", not \"%.100s\"", value);
    else if (reading->is_users)
        say(reading, "in-process counts in %s only, and is not read here: leave it out",
            COIL_CONFIG_FOLDER "/" COIL_CONFIG_FILE);
}

/* "alice, 1000 bob" */
static void set_ids(struct reading *reading, struct coil_config_ids *ids, bool is_group, const char *what,
                    const char *value)
{
    COIL_CLEANUP(coil_memory_free) char *copy = strdup(value);
    COIL_CLEANUP(coil_memory_free) uint32_t *list = calloc(IDS_MAX, sizeof *list);
    char *rest = copy;
    bool is_wrong = false;
    size_t count = 0;
    const char *word;

    if (!copy || !list) {
        reading->no_memory = true;
        return;
    }
    while ((word = strsep(&rest, ", \t"))) {
        struct coil_error error;

        if (!*word)
            continue;
        if (count == IDS_MAX) {
            say(reading, "%s names more than %d: use a group", what, IDS_MAX);
            return;
        }
        if (coil_identity_resolve(word, is_group, &list[count], &error) < 0) {
            say(reading, "%s: %s", what, error.text);
            is_wrong = true;
            continue;
        }
        count++;
    }
    if (is_wrong)
        return;
    if (count == 0) {
        say(reading, "%s needs names or numbers, separated by blanks or commas; without it everybody may", what);
        return;
    }
    free(ids->ids);
    ids->ids = coil_steal_memory(&list);
    ids->count = count;
}

static void set_python(struct reading *reading, struct coil_config_module *module, const char *value)
{
    char *copy;

    if (!is_python(reading, value))
        return;
    copy = strdup(value);
    if (!copy) {
        reading->no_memory = true;
        return;
    }
    free(module->python);
    module->python = copy;
}

static struct coil_config_module *module_get(struct reading *reading, const char *name)
{
    struct coil_config_module *module;

    TAILQ_FOREACH(module, &reading->config->modules, link)
    {
        if (strcmp(module->name, name) == 0)
            return module;
    }
    module = calloc(1, sizeof *module);
    if (module)
        module->name = strdup(name);
    if (!module || !module->name) {
        free(module);
        reading->no_memory = true;
        return NULL;
    }
    TAILQ_INSERT_TAIL(&reading->config->modules, module, link);
    return module;
}

static void module_setting(struct reading *reading, const char *module_name, const char *name, const char *value)
{
    struct coil_config_module *module = module_get(reading, module_name);
    struct coil_error error;
    int r = 0;

    if (!module)
        return;
    if (strcmp(name, "allow-users") == 0)
        set_ids(reading, &module->users, false, name, value);
    else if (strcmp(name, "allow-groups") == 0)
        set_ids(reading, &module->groups, true, name, value);
    else if (strcmp(name, "python") == 0)
        set_python(reading, module, value);
    else if (strcmp(name, "interpreters") == 0)
        r = coil_setting_number(value, COIL_SETTING_INTERPRETERS_MAX, name, &module->interpreters, &error);
    else if (strcmp(name, "max-call-ms") == 0)
        r = coil_setting_number(value, INT32_MAX, name, &module->max_call_ms, &error);
    else
        say(reading,
            "there is no setting \"%s\" in [module %s]: there are allow-users, allow-groups, max-call-ms, python, "
            "interpreters",
            name, module_name);
    if (r < 0)
        say(reading, "%s", error.text);
}

/* ---- lines ---- */

/* inih's, for each setting; it is told that all is well, so that what it counts as wrong is the grammar. */
static int on_setting(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;

    if (strlen(section) > SECTION_MAX) {
        say(reading, "the name of this section is longer than %d characters", SECTION_MAX);
        return 1;
    }
    if (!is_new(reading, section, name))
        return 1;
    if (strcmp(section, "daemon") == 0)
        daemon_setting(reading, name, value);
    else if (strcmp(section, "programs") == 0)
        programs_setting(reading, name, value);
    else if (strncmp(section, "module ", 7) == 0 && section[7 + strspn(section + 7, " \t")])
        module_setting(reading, section + 7 + strspn(section + 7, " \t"), name, value);
    else if (!*section)
        say(reading, "\"%s\" stands before the first section: write [daemon] above it", name);
    else
        say(reading, "there is no section [%s]: there are [daemon], [programs] and [module NAME]", section);
    return 1;
}

/* inih's, for each line. */
static char *on_line(char *line, int size, void *user)
{
    struct reading *reading = user;
    char *got = fgets(line, size, reading->in);
    size_t length;

    if (!got || reading->line >= LINES_MAX)
        return NULL;
    reading->line++;
    length = strlen(line);
    if (length == (size_t)size - 1 && line[length - 1] != '\n') {
        int c;

        say(reading, "this line is longer than %d characters", size - 2);
        while ((c = fgetc(reading->in)) != EOF && c != '\n')
            ;
        line[0] = '\0';
    }
    return got;
}

static void read_file(struct reading *reading, const char *path, bool is_users, bool must_exist)
{
    COIL_CLEANUP(coil_file_close) FILE *in = fopen(path, "re");
    int wrong;

    if (!in && errno == ENOENT && !must_exist)
        return;
    reading->in = in;
    reading->path = path;
    reading->is_users = is_users;
    reading->line = 0;
    if (!in) {
        say(reading, "cannot be read: %s", strerror(errno));
        return;
    }
    (void)fprintf(reading->files, "%s%s", ftello(reading->files) > 0 ? " " : "", path);
    wrong = ini_parse_stream(on_line, reading, on_setting, reading);
    if (wrong == -2)
        reading->no_memory = true;
    if (ferror(in)) {
        say(reading, "cannot be read: %s", strerror(errno));
    } else if (wrong > 0) {
        reading->line = (unsigned)wrong;
        say(reading, "this is neither [a section] nor name = value");
    }
    while (reading->seen_count > 0)
        free(reading->seen[--reading->seen_count]);
}

/* ---- files ---- */

/* The file, and those in the folder beside it, in the order of their names. */
static void read_place(struct reading *reading, const char *path, bool is_users, bool must_exist)
{
    char pattern[PATH_MAX];
    glob_t found;
    int used;

    read_file(reading, path, is_users, must_exist);
    used = snprintf(pattern, sizeof pattern, "%s.d/*.conf", path);
    if (used < 0 || (size_t)used >= sizeof pattern)
        return;
    used = glob(pattern, 0, NULL, &found);
    if (used == GLOB_NOSPACE)
        reading->no_memory = true;
    if (used != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        read_file(reading, found.gl_pathv[i], is_users, true);
    globfree(&found);
}

/* The user's own, of whoever this daemon belongs to. */
static void read_users(struct reading *reading)
{
    const char *config = secure_getenv("XDG_CONFIG_HOME");
    const char *home = secure_getenv("HOME");
    char path[PATH_MAX];
    int used;

    if (config && *config == '/')
        used = snprintf(path, sizeof path, "%s/coil/%s", config, COIL_CONFIG_FILE);
    else if (home && *home == '/')
        used = snprintf(path, sizeof path, "%s/.config/coil/%s", home, COIL_CONFIG_FILE);
    else
        return;
    if (used > 0 && (size_t)used < sizeof path)
        read_place(reading, path, true, false);
}

void coil_config_init(struct coil_config *config)
{
    *config = (struct coil_config){ 0 };
    TAILQ_INIT(&config->modules);
}

void coil_config_deinit(struct coil_config *config)
{
    struct coil_config_module *module;

    while ((module = TAILQ_FIRST(&config->modules))) {
        TAILQ_REMOVE(&config->modules, module, link);
        free(module->users.ids);
        free(module->groups.ids);
        free(module->python);
        free(module->name);
        free(module);
    }
    free(config->files);
    config->files = NULL;
}

const struct coil_config_module *coil_config_module_find(const struct coil_config *config, const char *name)
{
    const struct coil_config_module *module;

    TAILQ_FOREACH(module, &config->modules, link)
    {
        if (strcmp(module->name, name) == 0)
            return module;
    }
    return NULL;
}

static void read_all(struct reading *reading, const char *path, bool is_system)
{
    ini_use_stack = false;
    ini_initial_alloc = LINE_MAX_SIZE;
    ini_max_line = LINE_MAX_SIZE;
    ini_allow_multiline = false; /* a line that is indented is nothing special */
    if (path) {
        read_place(reading, path, false, true);
    } else {
        read_place(reading, COIL_CONFIG_FOLDER "/" COIL_CONFIG_FILE, false, false);
        if (!is_system)
            read_users(reading);
    }
}

int coil_config_load(const char *path, bool is_system, struct coil_config *ret_config, char **ret_mistakes)
{
    struct coil_config config;
    struct reading *reading = calloc(1, sizeof *reading);
    COIL_CLEANUP(coil_memory_free) struct reading *owned = reading;
    COIL_CLEANUP(coil_memory_free) char *mistakes = NULL;
    size_t mistakes_size = 0, files_size = 0;
    bool failed;

    if (!reading)
        return -ENOMEM;
    coil_config_init(&config);
    reading->config = &config;
    reading->mistakes = open_memstream(&mistakes, &mistakes_size);
    reading->files = open_memstream(&config.files, &files_size);
    failed = !reading->mistakes || !reading->files;
    if (!failed)
        read_all(reading, path, is_system);
    failed = failed || reading->no_memory;
    if (reading->mistakes && fclose(reading->mistakes) != 0)
        failed = true;
    if (reading->files && fclose(reading->files) != 0)
        failed = true;
    if (!failed && reading->mistake_count == 0) {
        *ret_config = config;
        TAILQ_INIT(&ret_config->modules);
        TAILQ_CONCAT(&ret_config->modules, &config.modules, link);
        return 0;
    }
    coil_config_deinit(&config);
    if (failed)
        return -ENOMEM;
    *ret_mistakes = coil_steal_memory(&mistakes);
    return -EINVAL;
}
