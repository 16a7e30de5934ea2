/*
 * The worker's heap: nothing a program writes into it disturbs the allocator, what is free goes back, and a
 * forked child uses its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/worker/worker.h"

#define MIB ((size_t)1 << 20)
#define BASE (COIL_HEAPS_BEGIN + 3 * COIL_HEAP_STRIDE)

const struct coil_host_api *coil_worker_host;

static int memory;
static unsigned char
    *program; /* the heap as a program sees it; not at the same address, so that the two are told apart */

static int open_heap(void **state)
{
    struct coil_error error;

    (void)state;
    memory = memfd_create("coil-test", MFD_CLOEXEC);
    assert_int_equal(ftruncate(memory, COIL_HEAP_SIZE), 0);
    assert_null(coil_heap_allocate(10)); /* no heap yet */
    if (coil_heap_open(BASE, memory, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(coil_heap_open(BASE, memory, &error), -EINVAL);
    program = mmap(NULL, COIL_HEAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory, 0);
    assert_true(program != MAP_FAILED);
    return coil_channel_prepare();
}

/* Bytes of memory behind the heap. */
static size_t used(void)
{
    struct stat status;

    assert_int_equal(fstat(memory, &status), 0);
    return (size_t)status.st_blocks * 512;
}

static unsigned random_number(void)
{
    static uint64_t seed = 88172645463325252u;

    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 20);
}

/* Mostly small, as objects are. */
static size_t random_size(void)
{
    return random_number() % 8 ? random_number() % 200 : random_number() % 12000;
}

/* Only what its user writes costs memory: the allocator writes nothing there. */
static void not_a_byte_of_the_allocators_own_is_shared(void **state)
{
    void *blocks[2000] = { NULL };

    (void)state;
    for (int i = 0; i < 100000; i++) {
        unsigned at = random_number() % 2000;

        if (blocks[at])
            coil_heap_free(blocks[at]);
        blocks[at] = coil_heap_allocate(random_size());
        assert_non_null(blocks[at]);
    }
    for (unsigned i = 0; i < 2000; i++)
        if (blocks[i])
            coil_heap_free(blocks[i]);
    assert_int_equal(used(), 0);
}

static void a_program_that_writes_everywhere_harms_no_allocation(void **state)
{
    struct {
        unsigned char *begin;
        size_t size;
        unsigned char content;
    } blocks[500] = { 0 };

    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 500; i++) {
            if (blocks[i].begin)
                coil_heap_free(blocks[i].begin);
            blocks[i].size = random_size();
            blocks[i].content = (unsigned char)random_number();
            blocks[i].begin = i % 2 ? coil_heap_allocate(blocks[i].size) : coil_heap_allocate_zeroed(blocks[i].size);
            assert_true(coil_heap_room((uintptr_t)blocks[i].begin) >= blocks[i].size);
            assert_true((uintptr_t)blocks[i].begin % 16 == 0 && coil_heap_size(blocks[i].begin) >= blocks[i].size);
            for (size_t b = 0; b < blocks[i].size && i % 2 == 0; b++)
                assert_int_equal(blocks[i].begin[b], 0);
            memset(blocks[i].begin, blocks[i].content, blocks[i].size);
        }
        for (unsigned i = 0; i < 500; i++) /* no two overlap */
            for (size_t b = 0; b < blocks[i].size; b++)
                assert_int_equal(blocks[i].begin[b], blocks[i].content);
        memset(program, (int)random_number(), 16 * MIB);
    }
    for (unsigned i = 0; i < 500; i++)
        coil_heap_free(blocks[i].begin);
}

static void await_used(size_t most)
{
    const struct timespec moment = { 0, 50000000 };

    for (int i = 0; i < 200 && used() > most; i++)
        (void)nanosleep(&moment, NULL);
    assert_in_range(used(), 0, most);
}

/* Nobody allocates meanwhile, so nothing but time can be the reason. */
static void what_is_free_goes_back(void **state)
{
    void *blocks[40];

    (void)state;
    for (int i = 0; i < 40; i++) {
        blocks[i] = coil_heap_allocate_zeroed(5 * MIB);
        assert_non_null(blocks[i]);
    }
    assert_in_range(used(), 200 * MIB, 220 * MIB);
    for (int i = 0; i < 40; i++)
        coil_heap_free(blocks[i]);
    await_used(5 * MIB); /* less than that it does not bother about */
}

static void large_zeros_cost_nothing(void **state)
{
    size_t before = used();
    unsigned char *block = coil_heap_allocate_zeroed(1024 * MIB + 77);

    (void)state;
    assert_non_null(block);
    assert_in_range(used(), 0, before + MIB);
    assert_int_equal(block[512 * MIB], 0);
    memset(block, 7, 3 * MIB);
    memset(block + 1024 * MIB, 7, 77);
    coil_heap_free(block);
    block = coil_heap_allocate_zeroed(1024 * MIB + 77);
    assert_int_equal(block[0] + block[2 * MIB] + block[1024 * MIB + 76], 0);
    coil_heap_free(block);
}

static void a_full_heap_says_so_and_recovers(void **state)
{
    void *blocks[64];
    unsigned count = 0;

    (void)state;
    while (count < 64 && (blocks[count] = coil_heap_allocate(1024 * MIB)))
        count++;
    assert_in_range(count, 24, 31);
    assert_null(coil_heap_allocate(COIL_HEAP_SIZE));
    assert_null(coil_heap_allocate(SIZE_MAX));
    while (count > 0)
        coil_heap_free(blocks[--count]);
    blocks[0] = coil_heap_allocate(20 * 1024 * MIB);
    assert_non_null(blocks[0]);
    coil_heap_free(blocks[0]);
}

static int child_checks(unsigned char *block)
{
    unsigned char *own = coil_heap_allocate_zeroed(100);

    if (!own || coil_heap_room((uintptr_t)own) || own[99] != 0)
        return 1;
    coil_heap_free(own);
    coil_heap_free(block); /* its parent's: nothing happens */
    if (block[0] != 1)
        return 2;
    block[0] = 2;
    program[(uintptr_t)block - BASE + 1] = 3; /* what others do does not show */
    return block[1] == 1 ? 0 : 3;
}

static void a_forked_child_uses_its_own(void **state)
{
    unsigned char *block = coil_heap_allocate_zeroed(100);
    int status;
    pid_t child;

    (void)state;
    block[0] = block[1] = 1;
    child = fork();
    if (child == 0)
        _exit(child_checks(block));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(block[0], 1);
    assert_int_equal(block[1], 3);
    coil_heap_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_a_byte_of_the_allocators_own_is_shared),
        cmocka_unit_test(a_program_that_writes_everywhere_harms_no_allocation),
        cmocka_unit_test(what_is_free_goes_back),
        cmocka_unit_test(large_zeros_cost_nothing),
        cmocka_unit_test(a_full_heap_says_so_and_recovers),
        cmocka_unit_test(a_forked_child_uses_its_own),
    };

    return cmocka_run_group_tests(tests, open_heap, NULL);
}
