/*
 * Slot areas: empty slots find their way once, whatever they are called with; then they lead straight there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/location.h"
#include "proto/slots.h"
#include "proto/window.h"

#define AREA (COIL_HEAPS_END - COIL_HEAP_STRIDE + COIL_HEAP_FUNCTIONS_OFFSET)
#define OTHER (COIL_WINDOWS_END - COIL_WINDOW_STRIDE + COIL_FUNCTIONS_OFFSET)

static uint64_t target;      /* what the resolver finds */
static uint32_t asked_index; /* what it was asked for last */
static uint64_t asked_area;
static _Atomic int asked_times;
static bool resolver_fills;

static uint64_t resolve(uint64_t area, uint32_t index)
{
    volatile double disturb = 3.5; /* what is in registers must be nobody else's business */
    char text[256];

    (void)snprintf(text, sizeof text, "%f %d %f", disturb * 2, 17, 2.25);
    asked_area = area;
    asked_index = index;
    (void)atomic_fetch_add(&asked_times, 1);
    errno = EBADF;
    if (resolver_fills)
        coil_slot_lead(area, index, target);
    return target;
}

static int open_code(void)
{
    struct coil_error error = { 0 };
    char path[4096];
    int fd = -1;

    if (coil_location("../../lib/coil/slots", path, sizeof path, &error) < 0 ||
        coil_slots_open(path, &fd, &error) < 0)
        fail_msg("%s", error.text);
    return fd;
}

static int setup(void **state)
{
    struct coil_error error = { 0 };
    COIL_CLEANUP(coil_fd_close) int fd = open_code();

    (void)state;
    coil_slots_resolver = resolve;
    asked_times = 0;
    resolver_fills = true;
    if (coil_slots_map(AREA, fd, false, &error) < 0)
        fail_msg("%s", error.text);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    coil_slots_unmap(AREA);
    return 0;
}

#define CALL(type, index) ((__typeof__(type) *)(uintptr_t)coil_slot_address(AREA, index))

struct point {
    double x, y, z;
};
struct pair {
    long a;
    double b;
};

static double many(int a, double b, long c, float d, char e, const char *f, short g, long double h, struct point i,
                   double j, double k, double l, double m, double n, double o, struct pair p, int q, long r)
{
    return a + b + (double)c + (double)d + e + (double)strlen(f) + g + (double)h + i.x + i.y + i.z + j + k + l + m + n +
           o + (double)p.a + p.b + q + (double)r;
}
typedef double many_fn(int, double, long, float, char, const char *, short, long double, struct point, double, double,
                       double, double, double, double, struct pair, int, long);

static struct point big(struct point p, int by)
{
    return (struct point){ p.x * by, p.y * by, p.z * by };
}
typedef struct point big_fn(struct point, int);

static long double wide(long double v)
{
    return v * 2;
}
typedef long double wide_fn(long double);

static int varying(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    int r;

    va_start(arguments, format);
    r = vsnprintf(to, size, format, arguments);
    va_end(arguments);
    return r;
}
typedef int varying_fn(char *, size_t, const char *, ...);

static void arguments_and_results_pass(void **state)
{
    const struct point p = { 1, 2, 3 };
    const struct pair q = { 4, 5 };
    char text[64];

    (void)state;
    for (int round = 0; round < 2; round++) { /* through the resolver, and straight */
        struct point r;

        target = (uint64_t)(uintptr_t)many;
        assert_true(CALL(many_fn, 1)(1, 2.5, 3, 4, 5, "six", 7, 8.25L, p, 9, 10, 11, 12, 13, 14, q, 15, 16) ==
                    many(1, 2.5, 3, 4, 5, "six", 7, 8.25L, p, 9, 10, 11, 12, 13, 14, q, 15, 16));
        target = (uint64_t)(uintptr_t)big;
        r = CALL(big_fn, 2)(p, 10);
        assert_true(r.x == 10 && r.y == 20 && r.z == 30);
        target = (uint64_t)(uintptr_t)wide;
        assert_true(CALL(wide_fn, 3)(1.5L) == 3.0L);
        target = (uint64_t)(uintptr_t)varying;
        assert_int_equal(CALL(varying_fn, COIL_SLOTS - 1)(text, sizeof text, "%d %.2f %s", 1, 2.5, "three"), 12);
        assert_string_equal(text, "1 2.50 three");
        assert_int_equal(asked_times, 4);
    }
    assert_int_equal(asked_index, COIL_SLOTS - 1);
    assert_true(asked_area == AREA);
}

static int tell_errno(void)
{
    return errno;
}

static void errno_is_kept(void **state)
{
    (void)state;
    target = (uint64_t)(uintptr_t)tell_errno;
    errno = ENOTTY;
    assert_int_equal(CALL(int(void), 5)(), ENOTTY);
}

static void a_slot_that_is_not_filled_asks_again(void **state)
{
    (void)state;
    resolver_fills = false;
    target = (uint64_t)(uintptr_t)tell_errno;
    (void)CALL(int(void), 6)();
    (void)CALL(int(void), 6)();
    assert_int_equal(asked_times, 2);
}

static void nothing_is_zero_of_any_type(void **state)
{
    (void)state;
    target = (uint64_t)(uintptr_t)coil_slots_nothing;
    assert_int_equal(CALL(long(int), 7)(3), 0);
    assert_true(CALL(double(double), 7)(3.5) == 0.0);
    assert_null(CALL(void *(void *), 7)(&target));
}

static void *call_it(void *argument)
{
    (void)argument;
    for (uint32_t i = 100; i < 1100; i++)
        if (CALL(wide_fn, i)(2.0L) != 4.0L)
            return (void *)1;
    return NULL;
}

static void threads_may_come_at_once(void **state)
{
    pthread_t threads[4];
    void *result;

    (void)state;
    target = (uint64_t)(uintptr_t)wide;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_it, NULL), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    assert_in_range(asked_times, 1000, 4000);
}

static void cleared_slots_ask_again(void **state)
{
    const uint32_t slots[] = { 1, 511, 512, 513, COIL_SLOTS - 1 };

    (void)state;
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
        coil_slot_lead(AREA, slots[i], (uint64_t)(uintptr_t)wide);
    coil_slots_clear(AREA);
    target = (uint64_t)(uintptr_t)tell_errno;
    errno = ENOTTY;
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        assert_int_equal(CALL(int(void), slots[i])(), ENOTTY);
        assert_int_equal(asked_index, slots[i]);
    }
}

static void areas_do_not_meet(void **state)
{
    COIL_CLEANUP(coil_fd_close) int fd = open_code();
    struct coil_error error = { 0 };

    (void)state;
    assert_int_equal(coil_slots_map(AREA, fd, false, &error), -EEXIST);
    assert_non_null(strstr(error.text, "function pointers"));
    coil_slot_lead(AREA, 9, (uint64_t)(uintptr_t)tell_errno);
    assert_int_equal(coil_slots_map(AREA, fd, true, &error), 0); /* fresh */
    target = (uint64_t)(uintptr_t)wide;
    assert_true(CALL(wide_fn, 9)(1) == 2);
    assert_int_equal(asked_times, 1);

    assert_int_equal(coil_slots_map(OTHER, fd, false, &error), 0);
    assert_true(((wide_fn *)(uintptr_t)coil_slot_address(OTHER, 1))(1) == 2);
    assert_true(asked_area == OTHER);
    coil_slots_unmap(OTHER);
    assert_int_equal(coil_slots_map(OTHER, fd, false, &error), 0);
    coil_slots_unmap(OTHER);
}

static void the_first_slot_is_none(void **state)
{
    (void)state;
    assert_int_equal(coil_slot_index(AREA, AREA), 0);
    assert_int_equal(coil_slot_index(AREA, AREA + COIL_SLOT_SIZE), 1);
    assert_int_equal(coil_slot_index(AREA, AREA + COIL_SLOT_SIZE + 1), 0);
    assert_int_equal(coil_slot_index(AREA, AREA - COIL_SLOT_SIZE), 0);
    assert_int_equal(coil_slot_index(AREA, AREA + COIL_SLOTS_CODE_SIZE - COIL_SLOT_SIZE), COIL_SLOTS - 1);
    assert_int_equal(coil_slot_index(AREA, AREA + COIL_SLOTS_CODE_SIZE), 0);
}

static void entries_are_one_word(void **state)
{
    const struct coil_slot_entry entry = { 0xfedcba98, true, 4095, 65535 };
    struct coil_slot_entry back = coil_slot_entry_unpack(coil_slot_entry_pack(entry));

    (void)state;
    assert_int_equal(back.number, entry.number);
    assert_true(back.is_function);
    assert_int_equal(back.module, entry.module);
    assert_int_equal(back.index, entry.index);
    back = coil_slot_entry_unpack(coil_slot_entry_pack((struct coil_slot_entry){ 5, false, 0x7fff, 0 }));
    assert_false(back.is_function);
    assert_int_equal(back.module, 0x7fff);
    assert_int_equal(coil_slot_number_index(coil_slot_number_next(coil_slot_number_next(7))), 7);
}

static void another_file_is_refused(void **state)
{
    struct coil_error error = { 0 };
    int fd = -1;

    (void)state;
    assert_int_equal(coil_slots_open("/proc/self/exe", &fd, &error), -EINVAL);
    assert_int_equal(coil_slots_open("/nowhere/slots", &fd, &error), -ENOENT);
    assert_int_equal(fd, -1);
}

/* As systemd's MemoryDenyWriteExecute and PR_SET_MDWE want it: code is never writable, not even for a moment. */
static void memory_is_never_both_writable_and_executable(void **state)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[4096];
    int found = 0;

    (void)state;
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        char how[8];
        unsigned long begin;

        assert_int_equal(sscanf(line, "%lx-%*x %7s", &begin, how), 2);
        if (begin == AREA) {
            assert_string_equal(how, "r-xp");
            found++;
        }
        if (begin == AREA + COIL_SLOTS_CODE_SIZE) {
            assert_string_equal(how, "rw-p");
            found++;
        }
    }
    (void)fclose(maps);
    assert_int_equal(found, 2);
}

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

static void memory_that_denies_write_and_execute_will_do(void **state)
{
    COIL_CLEANUP(coil_fd_close) int fd = open_code();
    struct coil_error error;
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        if (prctl(PR_SET_MDWE, 1, 0, 0, 0) < 0)
            _exit(77); /* before Linux 6.3 */
        target = (uint64_t)(uintptr_t)wide;
        _exit(coil_slots_map(OTHER, fd, false, &error) < 0 ||
              ((wide_fn *)(uintptr_t)coil_slot_address(OTHER, 1))(1) != 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_fork_has_its_own(void **state)
{
    int status;
    pid_t child;

    (void)state;
    coil_slot_lead(AREA, 4, (uint64_t)(uintptr_t)wide);
    child = fork();
    if (child == 0) {
        coil_slot_lead(AREA, 4, (uint64_t)(uintptr_t)coil_slots_nothing);
        _exit(CALL(int(void), 4)() != 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(CALL(wide_fn, 4)(1) == 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(arguments_and_results_pass),
        TEST(errno_is_kept),
        TEST(a_slot_that_is_not_filled_asks_again),
        TEST(nothing_is_zero_of_any_type),
        TEST(threads_may_come_at_once),
        TEST(cleared_slots_ask_again),
        TEST(areas_do_not_meet),
        TEST(the_first_slot_is_none),
        TEST(entries_are_one_word),
        TEST(another_file_is_refused),
        TEST(memory_is_never_both_writable_and_executable),
        TEST(memory_that_denies_write_and_execute_will_do),
        TEST(a_fork_has_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
