/*
 * One client of the ledger: threads that add numbered entries by every kind of call, and write down how each ended.
 *
 *     client RECORD CLIENT SLOTS SEED PAUSE_US      until standard input ends
 *
 * RECORD gets one line per call when it has returned: "THREAD NUMBER KIND STATUS"; one-way calls are written down before
 * they are made, and get their status from the next line of kind f, that of coil_flush().  Each line is one write(), so
 * it survives this process.  The last line is "end LONGEST_MS KIND FDS MAPPINGS", without which the process was killed.
 *
 * What can be judged here ends the process with status 1 and words: a result that is not the error value though the call
 * failed, memory that has changed though the call failed, and so on.
 */
#include <coil.h>
#include <dirent.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ERROR_VALUE (-1)
#define SLOTS_MAX 16
#define BYTES_MAX 400000

extern int enter(int client, int thread, int number, int before_us, int after_us);
extern int enter_again(int client, int thread, int number, int before_us, int after_us);
extern void enter_later(int client, int thread, int number, int before_us, int after_us);
extern void text_later(int client, int thread, int number, const char *text);
extern int enter_text(int client, int thread, int number, const char *text, int sum);
extern int enter_bytes(int client, int thread, int number, unsigned char *bytes, size_t size);
extern int enter_raise(int client, int thread, int number);
extern int enter_print(int client, int thread, int number);
extern int enter_nested(int client, int thread, int number, int (*inner)(int));

typedef int crash_fn(int client, int thread, int number, int how, int after);
extern crash_fn crash_0, crash_1, crash_2, crash_3, crash_4, crash_5, crash_6, crash_7, crash_8, crash_9, crash_10,
    crash_11;
static crash_fn *const crashes[] = { crash_0, crash_1, crash_2, crash_3, crash_4,  crash_5,
                                     crash_6, crash_7, crash_8, crash_9, crash_10, crash_11 };

struct caller {
    int thread; /* its number */
    int number; /* of the last entry */
    unsigned long long random;
    unsigned pending; /* one-way calls since the last coil_flush() */
    int depth;
    unsigned char *bytes;
};

static _Thread_local struct caller *self;
static int record, client, pause_us;
static unsigned long long seed;
static volatile int stopping;
static pthread_mutex_t longest_lock = PTHREAD_MUTEX_INITIALIZER;
static double longest_ms;
static char longest_kind = '-';

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void fail(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "LEDGER client %d thread %d number %d: ", client, self->thread, self->number);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    _exit(1);
}

static unsigned draw(unsigned below)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return (unsigned)(self->random >> 16) % below;
}

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void note_wait(double begin_ms, char kind)
{
    double took_ms = now_ms() - begin_ms;

    pthread_mutex_lock(&longest_lock);
    if (took_ms > longest_ms) {
        longest_ms = took_ms;
        longest_kind = kind;
    }
    pthread_mutex_unlock(&longest_lock);
}

static void write_down(int number, char kind, int status)
{
    char line[64];
    int size = snprintf(line, sizeof line, "%d %d %c %d\n", self->thread, number, kind, status);

    if (write(record, line, (size_t)size) != size)
        fail("cannot write to the record");
}

/* A call has returned: `result` fits `status`? */
static void judge(int number, char kind, int result, double begin_ms)
{
    const char *text;
    int status = coil_last_error(&text);

    note_wait(begin_ms, kind);
    if (status == COIL_OK ? result != number + 1 : result != ERROR_VALUE)
        fail("kind %c of number %d returned %d with status %d (%s)", kind, number, result, status, text);
    if (status == COIL_OK ? *text != '\0' : *text == '\0')
        fail("kind %c of number %d: status %d and the words '%s'", kind, number, status, text);
    write_down(number, kind, status);
}

/* Seldom long, often nothing: most kills shall hit the runtime, some a handler. */
static int draw_pause_us(void)
{
    return draw(10) ? 0 : (int)draw(3000);
}

static void call_plain(void)
{
    int number = ++self->number, before = draw_pause_us(), after = draw_pause_us();
    double begin = now_ms();

    judge(number, 'c', enter(client, self->thread, number, before, after), begin);
}

static void call_idempotent(void)
{
    int number = ++self->number, before = draw_pause_us(), after = draw_pause_us();
    double begin = now_ms();

    judge(number, 'i', enter_again(client, self->thread, number, before, after), begin);
}

static int adler(const char *text)
{
    unsigned a = 1, b = 0;

    for (; *text; text++) {
        a = (a + (unsigned char)*text) % 65521;
        b = (b + a) % 65521;
    }
    return (int)((b << 16 | a) & 0x7fffffff);
}

static void call_text(void)
{
    int number = ++self->number;
    size_t size = draw(20) ? draw(300) : draw(BYTES_MAX);
    char *text = (char *)self->bytes;
    double begin;

    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + (number + (int)i) % 26);
    text[size] = '\0';
    begin = now_ms();
    judge(number, 't', enter_text(client, self->thread, number, text, adler(text)), begin);
}

static void call_bytes(void)
{
    int number = ++self->number, status;
    size_t size = draw(20) ? 1 + draw(3000) : 1 + draw(BYTES_MAX);
    unsigned char wanted = (unsigned char)(number % 251);
    double begin;

    memset(self->bytes, wanted, size);
    begin = now_ms();
    judge(number, 'b', enter_bytes(client, self->thread, number, self->bytes, size), begin);
    status = coil_last_error(NULL);
    if (status == COIL_OK)
        wanted = 0xff;
    for (size_t i = 0; i < size; i++)
        if (self->bytes[i] != wanted)
            fail("status %d, but byte %zu of %zu is %d", status, i, size, self->bytes[i]);
}

static void call_raise(void)
{
    int number = ++self->number;
    double begin = now_ms();

    judge(number, 'e', enter_raise(client, self->thread, number), begin);
}

static void call_print(void)
{
    int number = ++self->number;
    double begin = now_ms();

    judge(number, 'p', enter_print(client, self->thread, number), begin);
}

static void flush(void)
{
    double begin = now_ms();
    const char *text;
    int result = coil_flush(), status = coil_last_error(&text);

    note_wait(begin, 'f');
    if (result == 0 ? status != COIL_OK : result != -1 || status == COIL_OK || !*text)
        fail("coil_flush() returned %d with status %d (%s)", result, status, text);
    write_down(self->number, 'f', status);
    self->pending = 0;
}

static void call_one_way(void)
{
    int number = ++self->number;
    double begin;

    write_down(number, 'o', -1);
    begin = now_ms();
    if (draw(3)) {
        enter_later(client, self->thread, number, draw_pause_us() / 4, draw_pause_us() / 4);
    } else {
        char text[1000];
        int dots = number % 900, size = snprintf(text, sizeof text, "%d", number);

        memset(text + size, '.', (size_t)dots);
        text[size + dots] = '\0';
        text_later(client, self->thread, number, text);
    }
    note_wait(begin, 'o');
    self->pending++;
}

static void call_one_ways(void)
{
    unsigned count = draw(10) ? 1 + draw(8) : 1 + draw(300);

    while (count--)
        call_one_way();
    switch (draw(3)) {
    case 0:
        flush();
        return;
    case 1: /* what comes next must come behind them */
        call_plain();
        return;
    default:
        return;
    }
}

static void call_crash(void)
{
    int number = ++self->number, after = (int)draw(2);
    double begin = now_ms();

    judge(number, after ? 'x' : 'y',
          crashes[draw(sizeof crashes / sizeof *crashes)](client, self->thread, number, (int)draw(4), after), begin);
}

static void call_some(void);

/* Called by Python within enter_nested(). */
static int inner(int number)
{
    unsigned count = draw(3);

    while (count--)
        call_some();
    return number;
}

static void call_nested(void)
{
    int number = ++self->number;
    double begin = now_ms();

    self->depth++;
    judge(number, 'n', enter_nested(client, self->thread, number, inner), begin);
    self->depth--;
}

static void call_some(void)
{
    unsigned kind = draw(1000);

    if (kind < 350)
        call_plain();
    else if (kind < 500)
        call_idempotent();
    else if (kind < 700)
        call_one_ways();
    else if (kind < 800)
        call_text();
    else if (kind < 880)
        call_bytes();
    else if (kind < 890)
        call_raise();
    else if (kind < 930)
        call_print();
    else if (kind < 997 && self->depth < 4)
        call_nested();
    else if (kind == 999 && draw(2))
        call_crash();
    else if (self->pending && self->depth == 0)
        flush();
}

/* Some hundred calls by a thread of its own; coil sees it come and go. */
static void *calling(void *argument)
{
    struct caller caller = { .thread = *(int *)argument };
    unsigned count;

    self = &caller;
    caller.bytes = malloc(BYTES_MAX + 1);
    caller.random = seed * 0x9e3779b97f4a7c15ull + (unsigned)client * 1000003u + (unsigned)caller.thread * 7919u + 1;
    for (int i = 0; i < 8; i++)
        (void)draw(2);
    count = 20 + draw(1500);
    while (count-- && !stopping) {
        call_some();
        if (pause_us && draw(4) == 0)
            usleep(draw((unsigned)pause_us));
    }
    if (caller.pending && draw(2))
        flush();
    free(caller.bytes);
    return NULL;
}

/* One thread after the other, without calling itself. */
static void *slot(void *argument)
{
    int thread = *(int *)argument * 10000;

    while (!stopping) {
        pthread_t id;

        thread++;
        if (pthread_create(&id, NULL, calling, &thread) != 0)
            abort();
        pthread_join(id, NULL);
    }
    return NULL;
}

static int count_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = -3; /* ".", ".." and this one */

    while (folder && readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static int count_mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    int count = 0, c;

    while (file && (c = fgetc(file)) != EOF)
        count += c == '\n';
    fclose(file);
    return count;
}

/* A crash tells where. */
static void on_crash(int number)
{
    void *frames[64];

    dprintf(2, "LEDGER client %d: signal %d\n", client, number);
    backtrace_symbols_fd(frames, backtrace(frames, 64), 2);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

int main(int argc, char **argv)
{
    pthread_t ids[SLOTS_MAX];
    int numbers[SLOTS_MAX], slots;
    char line[64];

    if (argc != 6)
        return 2;
    client = atoi(argv[2]);
    slots = atoi(argv[3]);
    seed = strtoull(argv[4], NULL, 10);
    pause_us = atoi(argv[5]);
    record = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    (void)signal(SIGSEGV, on_crash);
    (void)signal(SIGBUS, on_crash);
    (void)signal(SIGABRT, on_crash);
    for (int i = 0; i < slots && i < SLOTS_MAX; i++) {
        numbers[i] = i + 1;
        pthread_create(&ids[i], NULL, slot, &numbers[i]);
    }
    while (read(0, line, sizeof line) > 0)
        ;
    stopping = 1;
    for (int i = 0; i < slots && i < SLOTS_MAX; i++)
        pthread_join(ids[i], NULL);
    return dprintf(record, "end %.0f %c %d %d\n", longest_ms, longest_kind, count_fds(), count_mappings()) < 0;
}
