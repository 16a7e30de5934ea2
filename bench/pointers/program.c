/*
 * What pointers cost: every row measured in turns within one process, with whatever stub library it is linked to.
 *
 *     program ROUNDS          lines "name nanoseconds": per call, median over the rounds
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"

#define KIB 1024u
#define MIB (1024u * 1024u)
#define ROWS_MAX 40
#define ROUNDS_MAX 101

/* With coil there are these; with CFFI there are not. */
static void *(*shared_alloc)(size_t);
static int (*flush)(void);

static double *own, *other, *shared; /* 64 MiB each */
static char text[] = "sixteen letters.";
static struct point point = { 1, 2, { 3, 4, 5, 6 } };
static struct person person = { text, &point, 30 };
static struct node nodes[10];
static const char *names[10];

static int doubled(int x)
{
    return 2 * x;
}

static int called_back(int x)
{
    return add(x, 1);
}

static void run_add(void) { add(1, 2); }
static void run_text_in(void) { text_in(text); }
static void run_text_inout(void) { text_inout(text); }
static void run_point_in(void) { point_in(&point); }
static void run_point_inout(void) { point_inout(&point); }
static void run_person_in(void) { person_in(&person); }
static void run_list_in(void) { list_in(nodes); }
static void run_names_in(void) { names_in(names, 10); }
static void run_first_8(void) { first(own, 1); }
static void run_first_1k(void) { first(own, KIB / 8); }
static void run_first_64k(void) { first(own, 64 * KIB / 8); }
static void run_first_1m(void) { first(own, MIB / 8); }
static void run_first_64m(void) { first(own, 64 * MIB / 8); }
static void run_inout_64k(void) { first_inout(own, 64 * KIB / 8); }
static void run_inout_1m(void) { first_inout(own, MIB / 8); }
static void run_out_1m(void) { first_out(own, MIB / 8); }
static void run_sum_1m(void) { sum(own, MIB / 8); }
static void run_shared_1k(void) { first(shared, KIB / 8); }
static void run_shared_1m(void) { first(shared, MIB / 8); }
static void run_shared_64m(void) { first(shared, 64 * MIB / 8); }
static void run_copy_1k(void) { memcpy(other, own, KIB); }
static void run_copy_64k(void) { memcpy(other, own, 64 * KIB); }
static void run_copy_1m(void) { memcpy(other, own, MIB); }
static void run_copy_64m(void) { memcpy(other, own, 64 * MIB); }
static void run_make_point(void) { make_point(1); }
static void run_call_pointer(void) { call_back(doubled, 1); }
static void run_call_back(void) { call_back(called_back, 1); }
static void run_call_lib(void) { call_lib(1); }
static void run_note(void) { note(1); }

/* `repeat` calls make one measurement; few where one call is long. */
static const struct row {
    const char *name;
    void (*run)(void);
    int repeat;
    int needs_shared;
} rows[] = {
    { "add", run_add, 2000, 0 },
    { "text_in", run_text_in, 1000, 0 },
    { "text_inout", run_text_inout, 1000, 0 },
    { "point_in", run_point_in, 1000, 0 },
    { "point_inout", run_point_inout, 1000, 0 },
    { "person_in", run_person_in, 500, 0 },
    { "list_in", run_list_in, 500, 0 },
    { "names_in", run_names_in, 500, 0 },
    { "first_8", run_first_8, 500, 0 },
    { "first_1k", run_first_1k, 500, 0 },
    { "first_64k", run_first_64k, 100, 0 },
    { "first_1m", run_first_1m, 20, 0 },
    { "first_64m", run_first_64m, 1, 0 },
    { "inout_64k", run_inout_64k, 100, 0 },
    { "inout_1m", run_inout_1m, 20, 0 },
    { "out_1m", run_out_1m, 20, 0 },
    { "sum_1m", run_sum_1m, 20, 0 },
    { "shared_1k", run_shared_1k, 500, 1 },
    { "shared_1m", run_shared_1m, 500, 1 },
    { "shared_64m", run_shared_64m, 500, 1 },
    { "copy_1k", run_copy_1k, 1000, 0 },
    { "copy_64k", run_copy_64k, 200, 0 },
    { "copy_1m", run_copy_1m, 20, 0 },
    { "copy_64m", run_copy_64m, 1, 0 },
    { "make_point", run_make_point, 500, 0 },
    { "call_lib", run_call_lib, 1000, 0 },
    { "call_pointer", run_call_pointer, 1000, 0 },
    { "call_back", run_call_back, 1000, 0 },
    { "note", run_note, 200, 0 }, /* no more than one ring holds: the caller's own cost */
};
#define ROWS (sizeof rows / sizeof *rows)

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double measure(const struct row *row)
{
    double begin, end;

    row->run(); /* warm */
    if (flush)
        flush();
    begin = now_ns();
    for (int i = 0; i < row->repeat; i++)
        row->run();
    end = now_ns();
    if (flush)
        flush();
    return (end - begin) / row->repeat;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* One-way calls a second, end to end: as many as there are, then the flush. */
static double stream(int count)
{
    long before = noted();
    double begin = now_ns();

    for (int i = 0; i < count; i++)
        note(i);
    if (flush)
        flush();
    if (noted() - before != count)
        abort();
    return (now_ns() - begin) / count;
}

static void find(void *ret_function, const char *name)
{
    void *address = dlsym(RTLD_DEFAULT, name);

    memcpy(ret_function, &address, sizeof address);
}

int main(int argc, char **argv)
{
    static double results[ROWS_MAX][ROUNDS_MAX], streams[ROUNDS_MAX];
    int rounds = argc > 1 ? atoi(argv[1]) : 21;

    if (rounds < 1 || rounds > ROUNDS_MAX)
        return 2;
    find(&shared_alloc, "coil_alloc");
    find(&flush, "coil_flush");
    own = malloc(64 * MIB);
    other = malloc(64 * MIB);
    if (!own || !other)
        return 1;
    memset(own, 0, 64 * MIB);
    memset(other, 0, 64 * MIB);
    if (shared_alloc)
        shared = shared_alloc(64 * MIB);
    for (int i = 0; i < 10; i++) {
        nodes[i].next = i < 9 ? &nodes[i + 1] : NULL;
        names[i] = text;
    }
    if (add(40, 2) != 42)
        return 1;
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < ROWS; i++)
            results[i][round] = rows[i].needs_shared && !shared ? 0 : measure(&rows[i]);
        streams[round] = stream(20000);
    }
    for (size_t i = 0; i < ROWS; i++) {
        qsort(results[i], (size_t)rounds, sizeof(double), compare);
        printf("%s %.1f\n", rows[i].name, results[i][rounds / 2]);
    }
    qsort(streams, (size_t)rounds, sizeof(double), compare);
    printf("stream %.1f\n", streams[rounds / 2]);
    return 0;
}
