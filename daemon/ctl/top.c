/*
 * coilctl top.
 *
 * Purpose: the daemon counts since it began; what people want to see live is what happened within the last second.  So
 * the daemon is asked once a second, and the difference is shown: rates, and how long the calls of that second took.
 *
 * The daemon's lines are those of daemon/supervisor/statistics.c; what a later daemon adds to them is passed over.  On
 * a terminal each picture takes the place of the one before; elsewhere they follow each other.
 *
 * One thread; what is known of modules is the caller's of show().
 */
#include "daemon/ctl/top.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/tally.h"

#define PERIOD_MS 1000
#define MODULES_MAX 1024
#define NAME_WIDTH 28

struct module {
    char *name;
    unsigned workers;
    uint64_t calls;
    uint64_t errors;
    uint64_t buckets[COIL_TALLY_BUCKETS];
};

/* The daemon at one moment. */
struct moment {
    int64_t at_ms;
    char *text; /* its lines; words of them are pointed to */
    unsigned long long pid, up_s, programs, workers, started, died;
    struct module *modules;
    size_t module_count;
};

static void moment_deinit(struct moment *moment)
{
    free(moment->modules);
    free(moment->text);
    *moment = (struct moment){ 0 };
}

/* ---- the daemon's lines ---- */

static unsigned long long number_of(char **rest)
{
    const char *word = strsep(rest, "\t");

    return word ? strtoull(word, NULL, 10) : 0;
}

static void parse_buckets(struct module *module, char *text)
{
    char *word;

    while ((word = strsep(&text, " "))) {
        char *count = strchr(word, ':');
        unsigned long bucket = strtoul(word, NULL, 10);

        if (count && bucket < COIL_TALLY_BUCKETS)
            module->buckets[bucket] = strtoull(count + 1, NULL, 10);
    }
}

static void parse_module(struct moment *moment, char *rest)
{
    struct module *module;
    char *name = strsep(&rest, "\t");
    char *buckets;

    if (!name || moment->module_count == MODULES_MAX)
        return;
    module = &moment->modules[moment->module_count++];
    *module = (struct module){ .name = name };
    module->workers = (unsigned)number_of(&rest);
    module->calls = number_of(&rest);
    module->errors = number_of(&rest);
    buckets = strsep(&rest, "\t");
    if (buckets)
        parse_buckets(module, buckets);
}

static void parse(struct moment *moment)
{
    char *lines = moment->text;
    char *line;

    while ((line = strsep(&lines, "\n"))) {
        char *rest = line;
        const char *kind = strsep(&rest, "\t");

        if (!rest)
            continue;
        if (strcmp(kind, "daemon") == 0) {
            moment->pid = number_of(&rest);
            moment->up_s = number_of(&rest);
            moment->programs = number_of(&rest);
            moment->workers = number_of(&rest);
            moment->started = number_of(&rest);
            moment->died = number_of(&rest);
        } else if (strcmp(kind, "module") == 0) {
            parse_module(moment, rest);
        }
    }
}

static int look(struct coil_daemon *daemon, struct moment *ret_moment, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    struct moment moment = { 0 };
    int r = coil_daemon_ask(daemon, COIL_MESSAGE_STATISTICS, "table", COIL_MESSAGE_REPORT,
                            COIL_DAEMON_STATUS_TIMEOUT_MS, &answer, error);

    if (r < 0)
        return r;
    moment.at_ms = coil_clock_ms();
    moment.text = strdup(answer.message.text);
    moment.modules = calloc(MODULES_MAX, sizeof *moment.modules);
    if (!moment.text || !moment.modules) {
        moment_deinit(&moment);
        return coil_error_set(error, -ENOMEM, "no memory");
    }
    parse(&moment);
    *ret_moment = moment;
    return 0;
}

/* ---- the picture ---- */

static const struct module *find(const struct moment *moment, const char *name)
{
    for (size_t i = 0; i < moment->module_count; i++) {
        if (strcmp(moment->modules[i].name, name) == 0)
            return &moment->modules[i];
    }
    return NULL;
}

/* A number does not fall while the daemon lives; if it has, this is another daemon. */
static uint64_t grown(uint64_t now, uint64_t before)
{
    return now >= before ? now - before : now;
}

static const char *duration(char text[24], uint64_t ns)
{
    static const char *const units[] = { "ns", "us", "ms", "s" };
    double number = (double)ns;
    unsigned i = 0;

    while (number >= 1000 && i < 3) {
        number /= 1000;
        i++;
    }
    (void)snprintf(text, 24, ns ? "%.3g %s" : "-", number, units[i]);
    return text;
}

/* What has come since `before` (NULL: the module is new). */
static struct module since(const struct module *now, const struct module *before)
{
    struct module more = *now;

    if (!before)
        return more;
    more.calls = grown(now->calls, before->calls);
    more.errors = grown(now->errors, before->errors);
    for (unsigned i = 0; i < COIL_TALLY_BUCKETS; i++)
        more.buckets[i] = grown(now->buckets[i], before->buckets[i]);
    return more;
}

/* How many lines there is room for; -1: nobody minds. */
static int lines_of_terminal(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO))
        return -1;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

static void show_module(const struct module *now, const struct module *more, double seconds)
{
    char p50[24], p99[24];

    (void)printf("%-*.*s %7u %12llu %12.0f %10llu %10s %10s\n", NAME_WIDTH, NAME_WIDTH, now->name, now->workers,
                 (unsigned long long)now->calls, (double)more->calls / seconds, (unsigned long long)more->errors,
                 duration(p50, coil_tally_quantile_ns(more->buckets, 500)),
                 duration(p99, coil_tally_quantile_ns(more->buckets, 990)));
}

static void show(const struct moment *now, const struct moment *before)
{
    double seconds = now->at_ms > before->at_ms ? (double)(now->at_ms - before->at_ms) / 1000 : 1;
    int lines = lines_of_terminal();
    size_t room = lines < 0 ? MODULES_MAX : lines > 4 ? (size_t)lines - 4 : 1;

    if (lines >= 0)
        (void)fputs("\033[H\033[J", stdout);
    (void)printf("coild %llu, up %llu s: programs %llu, workers %llu (started %llu, died %llu)\n\n", now->pid,
                 now->up_s, now->programs, now->workers, now->started, now->died);
    (void)printf("%-*s %7s %12s %12s %10s %10s %10s\n", NAME_WIDTH, "MODULE", "WORKERS", "CALLS", "CALLS/S", "ERRORS+",
                 "P50", "P99");
    for (size_t i = 0; i < now->module_count && i < room; i++) {
        const struct module *module = &now->modules[i];
        struct module more = since(module, find(before, module->name));

        show_module(module, &more, seconds);
    }
    if (now->module_count > room)
        (void)printf("... and %zu more\n", now->module_count - room);
    if (lines < 0)
        (void)putchar('\n');
    (void)fflush(stdout);
}

static void pause_until(int64_t end_ms)
{
    int64_t left_ms = end_ms - coil_clock_ms();
    struct timespec wait = { left_ms / 1000, left_ms % 1000 * 1000000 };

    while (left_ms > 0 && nanosleep(&wait, &wait) < 0 && errno == EINTR)
        ;
}

static int run(struct coil_daemon *daemon, bool once, struct coil_error *error)
{
    COIL_CLEANUP(moment_deinit) struct moment before = { 0 };
    int r = look(daemon, &before, error);

    while (r == 0) {
        struct moment now;

        pause_until(before.at_ms + PERIOD_MS);
        r = look(daemon, &now, error);
        if (r < 0)
            break;
        show(&now, &before);
        moment_deinit(&before);
        before = now;
        if (once || ferror(stdout))
            return 0;
    }
    return r;
}

int coil_top_run(struct coil_daemon *daemon, struct coil_error *error)
{
    return run(daemon, false, error);
}

int coil_top_once(struct coil_daemon *daemon, struct coil_error *error)
{
    return run(daemon, true, error);
}
