/*
 * coil_alloc(): blocks do not overlap and are zero, memory comes back, and a forked child has its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/memory.h"

#define MIB ((size_t)1 << 20)

static unsigned count_regions(void)
{
    unsigned count = 0;

    for (const struct coil_region *region = coil_regions; region; region = region->next)
        count++;
    return count;
}

/* Bytes with memory behind them, in all regions. */
static uint64_t backed(void)
{
    struct stat status;
    uint64_t bytes = 0;

    for (const struct coil_region *region = coil_regions; region; region = region->next)
        if (fstat(region->memory.fd, &status) == 0)
            bytes += (uint64_t)status.st_blocks * 512;
    return bytes;
}

static bool is_zero(const unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (memory[i])
            return false;
    return true;
}

static void blocks(void **state)
{
    unsigned char *a = coil_alloc(1), *b = coil_alloc(100), *c = coil_alloc(0), *again;

    (void)state;
    assert_non_null(a);
    assert_non_null(c);
    assert_int_equal((uintptr_t)a % 64, 0);
    assert_true(coil_region_is_valid((uintptr_t)a / COIL_REGION_UNIT * COIL_REGION_UNIT, COIL_REGION_UNIT));
    assert_ptr_equal(b, a + 64);
    assert_ptr_equal(c, b + 128);
    memset(b, 0xff, 100);
    coil_free(b);
    again = coil_alloc(128); /* the same place, but not the same content */
    assert_ptr_equal(again, b);
    assert_true(is_zero(again, 128));
    coil_free(a);
    coil_free(c);
    coil_free(again);
    coil_free(NULL);
    again = coil_alloc(256); /* gaps have become one */
    assert_ptr_equal(again, a);
    coil_free(again);
    assert_int_equal(count_regions(), 1);
}

/* Anything goes: nothing overlaps, everything is zero at first. */
static void shuffled(void **state)
{
    enum { SLOTS = 500, STEPS = 20000 };
    static struct {
        unsigned char *at;
        size_t size;
    } slots[SLOTS];
    unsigned random = 1;

    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned i = (random = random * 1103515245u + 12345u) >> 8;
        size_t size = step % 50 ? i / 7 % 5000 : i / 7 % 300000;

        i %= SLOTS;
        if (slots[i].at) {
            for (size_t b = 0; b < slots[i].size; b += 97)
                assert_int_equal(slots[i].at[b], (unsigned char)i);
            coil_free(slots[i].at);
            slots[i].at = NULL;
        } else {
            slots[i].at = coil_alloc(size);
            slots[i].size = size;
            assert_non_null(slots[i].at);
            assert_true(is_zero(slots[i].at, size));
            memset(slots[i].at, (int)i, size);
        }
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        coil_free(slots[i].at);
        slots[i].at = NULL;
    }
    assert_int_equal(count_regions(), 1);
}

static void large(void **state)
{
    unsigned char *a, *b;
    uint64_t before = backed();

    (void)state;
    a = coil_alloc(100 * MIB); /* more than a region's unit */
    b = coil_alloc(30 * MIB);
    assert_non_null(a);
    assert_non_null(b);
    assert_true(backed() >= 130 * MIB); /* no SIGBUS later */
    a[100 * MIB - 1] = 1;
    memset(b, 1, 30 * MIB);
    coil_free(a);
    coil_free(b);
    assert_true(backed() <= before + MIB);
    b = coil_alloc(30 * MIB);
    assert_true(is_zero(b, 30 * MIB));
    coil_free(b);

    errno = 0;
    assert_null(coil_alloc(SIZE_MAX));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(coil_alloc((size_t)1 << 39)); /* more than the machine has */
    assert_int_equal(errno, ENOMEM);
    assert_true(backed() <= before + MIB);
}

static void wrong_pointers(void **state)
{
    char *memory = coil_alloc(200);
    int status;
    pid_t child;

    (void)state;
    for (int i = 0; i < 2; i++) {
        child = fork();
        if (child == 0) {
            (void)signal(SIGABRT, SIG_DFL);
            (void)!freopen("/dev/null", "w", stderr);
            if (i)
                coil_free(memory);
            coil_free(i ? memory : memory + 64);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
    coil_free(memory);
}

static void child_checks(char *memory, char *other, size_t size)
{
    char *fresh;

    if (strcmp(memory, "parent") != 0 || other[size - 1] != 'x')
        _exit(1);
    strcpy(memory, "child");
    memset(other, 'y', size);
    coil_free(other);
    fresh = coil_alloc(1000);
    if (!fresh || !is_zero((unsigned char *)fresh, 1000))
        _exit(2);
    for (struct coil_region *region = coil_regions; region; region = region->next)
        if (region->memory.fd >= 0 && (uint64_t)(uintptr_t)memory - region->base < region->size)
            _exit(3);
    coil_free(fresh);
    coil_free(memory);
    _exit(0);
}

/* `lose` the fd, as a program may that closes what it does not know. */
static void forks(bool lose)
{
    size_t size = 300000;
    char *memory = coil_alloc(100), *other = coil_alloc(size);
    int status;
    pid_t child;

    strcpy(memory, "parent");
    memset(other, 'x', size);
    if (lose)
        for (struct coil_region *region = coil_regions; region; region = region->next)
            (void)close(region->memory.fd);
    child = fork();
    if (child == 0)
        child_checks(memory, other, size);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_string_equal(memory, "parent");
    assert_int_equal(other[0], 'x');
    coil_free(memory);
    coil_free(other);
}

static void forked(void **state)
{
    (void)state;
    forks(false);
}

static void forked_without_fds(void **state)
{
    char *memory;

    (void)state;
    forks(true);
    memory = coil_alloc(5 * MIB); /* the memory is still there */
    memset(memory, 1, 5 * MIB);
    coil_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),         cmocka_unit_test(shuffled), cmocka_unit_test(large),
        cmocka_unit_test(wrong_pointers), cmocka_unit_test(forked),   cmocka_unit_test(forked_without_fds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
