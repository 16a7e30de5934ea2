/*
 * A program that goes through everything, while a test kills one of the processes involved.
 *
 *     main NOTES PART...     the parts in this order; see parts[]
 *
 * The rule that it checks: a call gives its result, or its error value and a reason; it comes back in bounded
 * time; and if there was a reason, the next call of the thread works.  What it prints:
 *
 *     failed NAME: CODE        a call that gave its error value
 *     WRONG ...                a breach of the rule
 *     slow NAME: N ms          a call that took longer than SLOW_MS
 *     done                     the end
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOW_MS 12000

typedef int (*unary_t)(int);
extern int add(int a, int b), often(int a), length(const char *s), fill(int *v, int n);
extern int big(const unsigned char *data, int size), apply(unary_t f, int x), through_lib(int x), nest(int depth);
extern unary_t multiplier(int by);
extern double sum(const double *v, int n);
extern int say(int x), noted(void), later(int x), die(void), tardy(void), negate(int a), hopeless(void);
extern void note(int x), note_loudly(int x, const char *why);
extern int coil_last_error(const char **ret_text);
extern void *coil_alloc(size_t size);
extern void coil_free(void *memory);
extern int coil_flush(void);

extern char **environ;
static const char *notes;
static int noted_last;
static int may_fail; /* more than one call in a row: nothing can be had any more */

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Judges a call that has just returned.  True: it gave its result. */
static int judge(const char *name, long result, long wanted, long error, long since_ms)
{
    const char *why = NULL;
    int code = coil_last_error(&why);

    if (now_ms() - since_ms > SLOW_MS)
        printf("slow %s: %ld ms\n", name, now_ms() - since_ms);
    if (code == 0 && result == wanted)
        return 1;
    if (code == 0 || result != error || !*why)
        printf("WRONG %s: result %ld, wanted %ld, code %d: %s\n", name, result, wanted, code, why);
    else
        printf("failed %s: %d\n", name, code);
    return 0;
}

/* Calls, and once more if it failed: then it has to work. */
#define CALL(name, expression, wanted, error)                                                                          \
    do {                                                                                                               \
        long since_ms = now_ms();                                                                                      \
        if (!judge(name, (long)(expression), (wanted), (error), since_ms)) {                                           \
            since_ms = now_ms();                                                                                       \
            if (!judge(name " again", (long)(expression), (wanted), (error), since_ms) && !may_fail)                   \
                printf("WRONG %s: the next call failed, too\n", name);                                                 \
        }                                                                                                              \
    } while (0)

/* The first words of the control file of fail_nth.so: on, left, sticky, failed. */
static volatile int *failing(void)
{
    static volatile int *file;
    int fd;

    if (!file) {
        fd = open(getenv("FAIL_NTH"), O_RDWR | O_CLOEXEC);
        file = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    return file;
}

static int plus_ten(int x)
{
    return x + 10;
}

static int calls_back(int x)
{
    return add(x, 1) < 0 ? x + 1 : x + 1; /* whatever becomes of the inner call, this one has its answer */
}

static void part_attach(void)
{
    CALL("add", add(40, 2), 42, -1);
}

static void part_call(void)
{
    int v[5] = { 7, 7, 7, 7, 7 };

    CALL("often", often(1), 2, -1);
    CALL("length", length(notes), (long)strlen(notes), -1);
    CALL("fill", fill(v, 5), 5, -1);
    if (v[4] != 12 && v[4] != 7)
        printf("WRONG fill: v[4] is %d\n", v[4]);
    CALL("say", say(3), 3, -1);
}

static void part_large(void)
{
    unsigned char *data = malloc(700000);

    memset(data, 1, 700000);
    CALL("big", big(data, 700000), 700, -1);
    free(data);
}

/* A call further in may have failed: then those further out have counted on from its error value. */
static int nest_whole(int depth)
{
    int r = nest(depth);

    return getenv("FAIL_NTH") && failing()[0] && (r == 1 || r == 3 || r == 5) ? depth : r;
}

static void part_callback(void)
{
    CALL("apply", apply(plus_ten, 1), 23, -1);
    CALL("apply that calls", apply(calls_back, 1), 5, -1);
    CALL("through_lib", through_lib(5), 15, -1);
    CALL("nest", nest_whole(6), 6, -1);
}

static void part_slot(void)
{
    unary_t f = multiplier(3);

    if (!f)
        f = multiplier(3);
    if (!f) {
        if (!may_fail)
            printf("WRONG multiplier: twice no pointer\n");
        return;
    }
    long since_ms = now_ms();
    if (!judge("pointer", f(5), 15, 0, since_ms)) { /* it was that worker's */
        f = multiplier(3);
        if ((!f || !judge("pointer again", f(5), 15, 0, now_ms())) && !may_fail)
            printf("WRONG pointer: the next one failed, too\n");
    }
}

static void part_region(void)
{
    double *v = coil_alloc(8 * sizeof *v);

    for (int i = 0; v && i < 8; i++)
        v[i] = i;
    if (v)
        CALL("sum", sum(v, 8), 28, -1);
    coil_free(v);
}

static void part_oneway(void)
{
    for (int i = 0; i < 5; i++)
        note(++noted_last);
    note_loudly(++noted_last, "because");
    printf("flushed %d\n", coil_flush());
    CALL("noted", noted(), 1, -1);
}

static void part_later(void)
{
    long since_ms = now_ms();

    /* It needs the daemon, too, and of one that has just died the worker serves calls for some milliseconds more. */
    if (!judge("later", later(4), 8, -1, since_ms)) {
        usleep(50000);
        since_ms = now_ms();
        if (!judge("later again", later(4), 8, -1, since_ms) && !may_fail)
            printf("WRONG later: the next call failed, too\n");
    }
}

static void *thread_main(void *argument)
{
    (void)argument;
    CALL("add in a thread", add(1, 2), 3, -1);
    CALL("apply in a thread", apply(plus_ten, 2), 25, -1);
    return NULL;
}

static void part_thread(void)
{
    for (int i = 0; i < 2; i++) {
        pthread_t threads[2];

        for (int t = 0; t < 2; t++)
            pthread_create(&threads[t], NULL, thread_main, NULL);
        for (int t = 0; t < 2; t++)
            pthread_join(threads[t], NULL);
    }
}

static void part_second(void)
{
    CALL("negate", negate(5), -5, -1);
}

/* coilctl, which may fail when it meets a dying daemon. */
static void control(const char *what)
{
    char *argv[] = { (char *)"coilctl", (char *)what, NULL };
    pid_t pid;
    int status = -1;

    fflush(stdout);
    if (posix_spawn(&pid, getenv("COILCTL"), NULL, NULL, argv, environ) != 0)
        return;
    waitpid(pid, &status, 0);
    printf("coilctl %s: %s\n", what, status == 0 ? "done" : "failed");
}

/* Has the daemon closed the session, so that the next call goes to another worker?  Our only socket is that one. */
static int has_moved(void)
{
    for (int fd = 3; fd < 64; fd++) {
        struct pollfd connection = { .fd = fd, .events = POLLRDHUP };

        if (poll(&connection, 1, 0) > 0 && connection.revents & (POLLRDHUP | POLLHUP))
            return 1;
    }
    return 0;
}

/* Between two calls it moves at once; what a later part gives Python would keep it. */
static void part_reload(void)
{
    control("reload");
    for (int i = 0; i < 150 && !has_moved(); i++)
        usleep(10000);
    CALL("add after a reload", add(1, 1), 2, -1);
}

static void part_stop(void)
{
    control("stop");
    CALL("add after a stop", add(1, 1), 2, -1);
}

static pid_t watcher;

/* A coilctl trace, until part_unwatch; it ends by itself with its daemon, and with this program. */
static void part_watch(void)
{
    int said[2];
    char c = 0;

    fflush(stdout);
    if (pipe2(said, O_CLOEXEC) < 0)
        return;
    watcher = fork();
    if (watcher == 0) {
        int null = open("/dev/null", O_WRONLY);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (null >= 0 && dup2(null, 1) == 1 && dup2(said[1], 2) == 2)
            execl(getenv("COILCTL"), "coilctl", "trace", (char *)NULL);
        _exit(127);
    }
    close(said[1]);
    while (c != '\n' && read(said[0], &c, 1) == 1) /* it watches, or has ended */
        ;
    close(said[0]);
    CALL("add while somebody watches", add(1, 1), 2, -1);
}

static void part_unwatch(void)
{
    if (watcher > 0) {
        (void)kill(watcher, SIGTERM);
        (void)waitpid(watcher, NULL, 0);
    }
    CALL("add when nobody watches any more", add(1, 1), 2, -1);
}

static int is_spare_ready(void)
{
    char command[4096], line[512];
    FILE *status;
    int is_ready = 0, is = 0;

    (void)snprintf(command, sizeof command, "%s status 2>/dev/null", getenv("COILCTL"));
    status = popen(command, "r");
    while (status && fgets(line, sizeof line, status)) {
        if (strncmp(line, "worker:", 7) == 0)
            is_ready = strstr(line, ", ready,") != NULL;
        else
            is = is || (is_ready && strncmp(line, "  spare:", 8) == 0);
    }
    if (status)
        (void)pclose(status);
    return is;
}

/* Another program like this one has been there, and has left a spare worker behind. */
static void part_before(void)
{
    char *argv[] = { (char *)"main", (char *)notes, (char *)"attach", NULL };
    long since_ms = now_ms();
    pid_t pid;

    fflush(stdout);
    if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) != 0)
        return;
    waitpid(pid, NULL, 0);
    while (!is_spare_ready() && now_ms() - since_ms < 1500)
        nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
}

/* Python kills its own process: in a one-way call with others behind it, then in a call. */
static void part_die(void)
{
    note(-1);
    note(++noted_last);
    note(++noted_last);
    printf("flush after a death: %d\n", coil_flush());
    if (die() != -1 || coil_last_error(NULL) == 0)
        printf("WRONG die: it has returned\n");
    CALL("add after a death", add(1, 1), 2, -1);
}

/* Python does not come back before it is told to. */
static void part_late(void)
{
    long since_ms = now_ms();

    if (tardy() != -1 || coil_last_error(NULL) == 0)
        printf("WRONG tardy: it has returned\n");
    if (now_ms() - since_ms > SLOW_MS)
        printf("slow tardy: %ld ms\n", now_ms() - since_ms);
    CALL("add after a deadline", add(1, 1), 2, -1);
}

/* A module whose init code fails does so for good. */
static void part_hopeless(void)
{
    if (hopeless() != -1 || coil_last_error(NULL) == 0)
        printf("WRONG hopeless: it has worked\n");
    CALL("add after a failed init", add(1, 1), 2, -1);
}

/* More one-way calls, and more that they print, than a ring holds. */
static void part_stream(void)
{
    static char text[1500];

    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 150; i++)
        note_loudly(++noted_last, text);
    printf("streamed %d\n", coil_flush());
    CALL("add after a stream", add(1, 1), 2, -1);
}

/* ---- with fail_nth.so ---- */

static void part_fail(void)
{
    may_fail = failing()[2] != 0;
    failing()[0] = 1;
}

static void part_recover(void)
{
    failing()[0] = 0;
    may_fail = 0;
    printf("failures %d\n", failing()[3]);
}

/* Of a folder in /proc/self, without what looks; says what the entries are. */
static int count_entries(const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    int count = 0;

    while (directory && (entry = readdir(directory))) {
        char path[400], text[200] = "";
        ssize_t size;
        FILE *file;

        if (*entry->d_name == '.' || atoi(entry->d_name) == dirfd(directory))
            continue;
        count++;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        size = readlink(path, text, sizeof text - 1);
        (void)snprintf(path, sizeof path, "%s/%s/comm", folder, entry->d_name);
        file = size < 0 ? fopen(path, "re") : NULL;
        if (file)
            (void)!fgets(text, sizeof text, file);
        if (file)
            fclose(file);
        printf("%s/%s: %.*s\n", folder, entry->d_name, (int)strcspn(text, "\n"), text);
    }
    if (directory)
        closedir(directory);
    return count;
}

struct look {
    int fds, threads, mappings;
};

static struct look look(void)
{
    struct look look = { count_entries("/proc/self/fd"), count_entries("/proc/self/task"), 0 };
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];

    /* The heaps of dead workers stay. */
    while (maps && fgets(line, sizeof line, maps))
        look.mappings += strstr(line, "/memfd:coil-") && !strstr(line, "/memfd:coil-heap");
    if (maps)
        fclose(maps);
    return look;
}

/* What the process has; LOOK_FOR says what it is to have within some seconds. */
static void part_look(void)
{
    const char *text = getenv("LOOK_FOR");
    const struct timespec moment = { 0, 100000000 };
    struct look found, wanted;
    int tries = text && sscanf(text, "%d %d %d", &wanted.fds, &wanted.threads, &wanted.mappings) == 3 ? 80 : 0;

    for (;;) {
        found = look();
        if (tries-- <= 0 ||
            (found.fds <= wanted.fds && found.threads <= wanted.threads && found.mappings <= wanted.mappings))
            break;
        (void)nanosleep(&moment, NULL);
    }
    printf("look: %d fds, %d threads, %d mappings\n", found.fds, found.threads, found.mappings);
}

static void part_status(void)
{
    control("status");
    control("metrics");
}

/* One-way calls that nobody waits for: the program ends with them. */
static void part_leave(void)
{
    for (int i = 0; i < 3; i++)
        note(++noted_last);
}

static const struct {
    const char *name;
    void (*run)(void);
} parts[] = {
    { "attach", part_attach }, { "call", part_call },     { "large", part_large },     { "callback", part_callback },
    { "slot", part_slot },     { "region", part_region }, { "oneway", part_oneway },   { "later", part_later },
    { "thread", part_thread }, { "second", part_second }, { "reload", part_reload },   { "stop", part_stop },
    { "status", part_status }, { "leave", part_leave },   { "die", part_die },         { "hopeless", part_hopeless },
    { "stream", part_stream }, { "fail", part_fail },     { "recover", part_recover }, { "look", part_look },
    { "late", part_late },     { "before", part_before }, { "watch", part_watch },   { "unwatch", part_unwatch },
};

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    notes = argv[1];
    for (int i = 2; i < argc; i++)
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
            if (strcmp(parts[p].name, argv[i]) == 0)
                parts[p].run();
    printf("done\n");
    return 0;
}
