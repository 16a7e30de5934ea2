/*
 * coilctl trace.
 *
 * Purpose: shows each call as it ends, and what becomes of workers.  The daemon hands over one memory for each worker, in
 * which the worker writes its calls (proto/trace.h); they are read behind its back, a hundred times a second, and it waits
 * for nobody.  Calls that were written over before they were read are counted, and said.
 *
 * The memory is the worker's, where code of all kinds runs, so nothing in it is believed: it is mapped only if it has the
 * right size and can never shrink, and what comes out of it are a few numbers and a text whose odd characters are shown as
 * "?".  The daemon's own lines go through the same sieve, because they name modules, as programs do.
 *
 * One thread; the memories are the list of coil_trace_run().
 */
#include "daemon/ctl/trace.h"

#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/trace.h"
#include "proto/version.h"

#define LOOK_EVERY_MS 10

/* Where one worker's calls are seen. */
struct window {
    TAILQ_ENTRY(window) link;
    uint64_t generation;
    pid_t pid;
    const struct coil_trace *trace;
    uint64_t cursor; /* calls that have been looked at */
    uint64_t missed; /* and those that had been written over, since it was said last */
};

struct watch {
    struct coil_daemon *daemon;
    const struct coil_trace_options *options;
    TAILQ_HEAD(, window) windows;
    unsigned count;
    bool has_begun; /* the daemon has said so: workers that come now are new, and are seen from their first call on */
};

static void window_free(struct watch *watch, struct window *window)
{
    TAILQ_REMOVE(&watch->windows, window, link);
    watch->count--;
    (void)munmap((void *)(uintptr_t)window->trace, sizeof *window->trace);
    free(window);
}

static void watch_deinit(struct watch *watch)
{
    while (!TAILQ_EMPTY(&watch->windows))
        window_free(watch, TAILQ_FIRST(&watch->windows));
}

/* ---- the command line ---- */

static bool parse_pid(const char *text, pid_t *ret_pid)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (errno || end == text || *end || number <= 0 || number > INT32_MAX) {
        (void)fprintf(stderr, "coilctl: --pid wants the number of a process, not \"%s\"\n", text);
        return false;
    }
    *ret_pid = (pid_t)number;
    return true;
}

bool coil_trace_parse(int count, char **words, struct coil_trace_options *ret_options)
{
    static const char *const names[] = { "--module", "--function", "--pid" };
    const char *values[3] = { NULL, NULL, NULL };

    for (int i = 0; i < count; i++) {
        unsigned n = 0;

        while (n < 3 && strncmp(words[i], names[n], strlen(names[n])) != 0)
            n++;
        if (n < 3 && words[i][strlen(names[n])] == '=') {
            values[n] = words[i] + strlen(names[n]) + 1;
        } else if (n < 3 && words[i][strlen(names[n])] == '\0' && i + 1 < count) {
            values[n] = words[++i];
        } else {
            (void)fprintf(stderr, "coilctl: trace takes --module M, --function F and --pid P, not \"%s\"%s\n", words[i],
                          n < 3 && i + 1 == count ? " without anything behind it" : "");
            return false;
        }
    }
    *ret_options = (struct coil_trace_options){ .module = values[0], .function = values[1] };
    return !values[2] || parse_pid(values[2], &ret_options->pid);
}

/* ---- what is printed ---- */

/* Text of programs: one line, and nothing that a terminal would obey.  It has room for it and its end. */
static void sift(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c < ' ' || *c == 0x7f)
            *c = '?';
    }
}

/* When it happened, on the clock that people read. */
static void print_time(int64_t monotonic_ns)
{
    struct timespec real;
    struct tm local;
    int64_t ns;
    time_t second;
    char text[16];

    (void)clock_gettime(CLOCK_REALTIME, &real);
    ns = (int64_t)real.tv_nsec - (coil_clock_ns() - monotonic_ns) % INT64_C(86400000000000);
    second = real.tv_sec + ns / 1000000000 - (ns % 1000000000 < 0);
    ns = (ns % 1000000000 + 1000000000) % 1000000000;
    if (!localtime_r(&second, &local) || strftime(text, sizeof text, "%H:%M:%S", &local) == 0)
        text[0] = '\0';
    (void)printf("%s.%06d ", text, (int)(ns / 1000));
}

static void print_duration(int64_t ns)
{
    static const char *const units[] = { "ns", "us", "ms", "s" };
    double number = ns > 0 ? (double)ns : 0;
    unsigned i = 0;

    while (number >= 1000 && i < 3) {
        number /= 1000;
        i++;
    }
    (void)printf("%.3g %s", number, units[i]);
}

static const char *outcome_name(const struct coil_trace_call *call)
{
    static const char *const names[] = {
        [COIL_TRACE_RETURNED] = "returned",
        [COIL_TRACE_RAISED] = "raised an exception",
        [COIL_TRACE_NOT_ATTACHED] = "has no handler",
        [COIL_TRACE_DROPPED] = "was dropped by Python",
        [COIL_TRACE_REFUSED] = "is refused: it has killed workers",
        [COIL_TRACE_POINTER] = "got a pointer to memory that Python cannot see",
        [COIL_TRACE_MEMORY] = "found no memory",
        [COIL_TRACE_LATE] = "was given up before it began",
    };

    return call->outcome < sizeof names / sizeof *names ? names[call->outcome] : "ended, it is not known how";
}

static bool is_wanted(const struct coil_trace_options *options, const struct coil_trace_call *call)
{
    const char *dot = strchr(call->name, '.');
    size_t length = dot ? (size_t)(dot - call->name) : strlen(call->name);

    return (!options->pid || (uint32_t)options->pid == call->pid) &&
           (!options->module || (strlen(options->module) == length && strncmp(options->module, call->name, length) == 0)) &&
           (!options->function || strcmp(options->function, dot ? dot + 1 : "") == 0);
}

/* `call` is a copy. */
static void print_call(const struct coil_trace_options *options, struct coil_trace_call *call)
{
    call->name[sizeof call->name - 1] = '\0';
    sift(call->name);
    if (!is_wanted(options, call))
        return;
    print_time(call->end_ns);
    (void)printf("pid %" PRIu32 " uid %" PRIu32 " %s ", call->pid, call->uid, call->name);
    print_duration(call->duration_ns);
    (void)printf(" %s%s%s\n", outcome_name(call), call->is_oneway ? ", one-way" : "",
                 call->is_deserted ? ", when nobody waited any more" : "");
}

static void print_event(const char *text)
{
    char line[COIL_ERROR_TEXT_MAX + 1024];

    (void)snprintf(line, sizeof line, "%s", text);
    sift(line);
    print_time(coil_clock_ns());
    (void)printf("%s\n", line);
}

/* ---- workers ---- */

static void say_missed(struct window *window)
{
    if (window->missed) {
        print_time(coil_clock_ns());
        (void)printf("%" PRIu64 " calls of worker generation %" PRIu64 " came too fast, and are not shown\n",
                     window->missed, window->generation);
    }
    window->missed = 0;
}

/* Shows what has come. */
static void window_read(const struct watch *watch, struct window *window)
{
    uint64_t written = coil_trace_written(window->trace), count = written - window->cursor;
    struct coil_trace_call call;

    if (count > UINT64_MAX / 2) { /* it has gone back, which no worker does that is in order */
        print_event("a worker's list of calls makes no sense; it is read from here on");
        window->cursor = written;
        return;
    }
    if (count > COIL_TRACE_CALLS) {
        window->missed += count - COIL_TRACE_CALLS;
        window->cursor = written - COIL_TRACE_CALLS;
    }
    while (window->cursor != written) {
        if (coil_trace_get(window->trace, window->cursor, &call)) {
            say_missed(window); /* in its place */
            print_call(watch->options, &call);
        } else {
            window->missed++;
        }
        window->cursor++;
    }
    say_missed(window);
}

static void read_all(struct watch *watch)
{
    struct window *window;

    TAILQ_FOREACH(window, &watch->windows, link)
    window_read(watch, window);
}

static int window_new(struct watch *watch, const struct coil_message *message, int fd, struct coil_error *error)
{
    struct stat status;
    struct window *window;
    void *memory;
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &status) < 0 ||
        status.st_size != (off_t)sizeof(struct coil_trace))
        return coil_error_set(error, -EBADMSG,
                              "the daemon at %s has handed over memory that makes no sense: is it of another version "
                              "than coilctl %s?",
                              watch->daemon->path, COIL_VERSION);
    window = calloc(1, sizeof *window);
    memory = window ? mmap(NULL, sizeof(struct coil_trace), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (memory == MAP_FAILED) {
        free(window);
        return coil_error_set(error, -ENOMEM, "no memory to see a worker's calls");
    }
    window->generation = message->generation;
    window->pid = (pid_t)message->pid;
    window->trace = memory;
    window->cursor = watch->has_begun ? 0 : coil_trace_written(window->trace);
    TAILQ_INSERT_TAIL(&watch->windows, window, link);
    watch->count++;
    return 0;
}

static struct window *find(const struct watch *watch, uint64_t generation)
{
    struct window *window;

    TAILQ_FOREACH(window, &watch->windows, link)
    {
        if (window->generation == generation)
            return window;
    }
    return NULL;
}

/* ---- the daemon ---- */

static void began(struct watch *watch)
{
    watch->has_begun = true;
    (void)fprintf(stderr, "coilctl: watching %u %s; interrupt to end\n", watch->count,
                  watch->count == 1 ? "worker" : "workers");
}

static int handle(struct watch *watch, const struct coil_wire_message *received, struct coil_error *error)
{
    const struct coil_message *message = &received->message;
    struct window *window;

    switch (message->type) {
    case COIL_MESSAGE_TRACED:
        return find(watch, message->generation) ? 0 : window_new(watch, message, received->fds[0], error);
    case COIL_MESSAGE_UNTRACED:
        window = find(watch, message->generation);
        if (window)
            window_free(watch, window);
        return 0;
    case COIL_MESSAGE_DONE:
        began(watch);
        return 0;
    case COIL_MESSAGE_REPORT:
        print_event(message->text);
        return 0;
    case COIL_MESSAGE_FAILED:
        return coil_error_set(error, -EPERM, "the daemon at %s refused: %s", watch->daemon->path, message->text);
    default:
        return coil_error_set(error, -EBADMSG,
                              "the daemon at %s sent '%s', which is no answer: is it of another version than coilctl %s?",
                              watch->daemon->path, coil_message_name(message->type), COIL_VERSION);
    }
}

/* -EPIPE: the daemon has gone. */
static int hear(struct watch *watch, struct coil_error *error)
{
    for (;;) {
        COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message received = COIL_WIRE_MESSAGE_INIT;
        int r = coil_wire_receive(watch->daemon->wire, &received, error);

        if (r == -EAGAIN)
            return 0;
        if (r < 0)
            return r;
        read_all(watch); /* what it says comes after the calls before it */
        r = handle(watch, &received, error);
        if (r < 0)
            return r;
    }
}

static int watch_on(struct watch *watch, struct coil_error *error)
{
    struct pollfd news = { .fd = coil_wire_fd(watch->daemon->wire), .events = POLLIN };
    int r = 0;

    while (r == 0 && !ferror(stdout)) {
        if (poll(&news, 1, TAILQ_EMPTY(&watch->windows) ? -1 : LOOK_EVERY_MS) < 0 && errno != EINTR)
            return coil_error_set(error, -errno, "cannot wait for the daemon: %s", strerror(errno));
        r = hear(watch, error);
        read_all(watch);
        (void)fflush(stdout);
    }
    return r;
}

int coil_trace_run(struct coil_daemon *daemon, const struct coil_trace_options *options, struct coil_error *error)
{
    COIL_CLEANUP(watch_deinit) struct watch watch = { .daemon = daemon, .options = options };
    struct coil_message message = {
        .type = COIL_MESSAGE_TRACE, .request = 1, .protocol = COIL_PROTOCOL, .version = COIL_VERSION
    };
    int r;

    TAILQ_INIT(&watch.windows);
    r = coil_wire_send(daemon->wire, &message, NULL, error);
    if (r == 0)
        r = watch_on(&watch, error);
    if (r == -EPIPE && watch.has_begun) {
        print_event("the daemon has ended");
        return 0;
    }
    if (r == -EPIPE)
        return coil_error_set(error, r, "the daemon at %s closed the connection without an answer", daemon->path);
    return r;
}
