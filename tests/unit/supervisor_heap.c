/*
 * Heaps: where they lie.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <unistd.h>

#include "daemon/supervisor/heap.h"

static struct coil_heap make(struct coil_heaps *heaps)
{
    struct coil_heap heap = COIL_HEAP_NONE;
    struct coil_error error;

    if (coil_heap_make(heaps, &heap, &error) < 0)
        fail_msg("%s", error.text);
    return heap;
}

/* A program may still have the heap of a worker that died lately. */
static void a_dead_heaps_address_does_not_come_back_soon(void **state)
{
    static struct coil_heaps heaps;
    uint64_t bases[400];

    (void)state;
    for (unsigned i = 0; i < 400; i++) {
        struct coil_heap heap = make(&heaps);

        bases[i] = coil_heap_base(&heap);
        assert_true(coil_heap_is_valid(bases[i]));
        for (unsigned j = i < COIL_HEAP_COUNT / 2 ? 0 : i - COIL_HEAP_COUNT / 2 + 1; j < i; j++)
            assert_true(bases[j] != bases[i]);
        coil_heap_give_up(&heaps, &heap);
        assert_int_equal(heap.fd, -1);
    }
}

static void living_heaps_do_not_meet(void **state)
{
    static struct coil_heaps heaps;
    struct coil_heap all[COIL_HEAP_COUNT], more = COIL_HEAP_NONE;
    struct coil_error error;
    struct stat status;

    (void)state;
    for (unsigned i = 0; i < COIL_HEAP_COUNT; i++) {
        all[i] = make(&heaps);
        for (unsigned j = 0; j < i; j++)
            assert_true(coil_heap_base(&all[j]) != coil_heap_base(&all[i]));
    }
    assert_int_equal(coil_heap_make(&heaps, &more, &error), -ENOSPC);
    assert_int_equal(fstat(all[7].fd, &status), 0);
    assert_true((uint64_t)status.st_size == COIL_HEAP_SIZE && status.st_blocks == 0);
    assert_int_equal(ftruncate(all[7].fd, 1), -1);
    coil_heap_give_up(&heaps, &all[7]);
    coil_heap_give_up(&heaps, &all[7]); /* once is enough */
    more = make(&heaps);
    assert_true(more.slot == all[7].slot);
    coil_heap_give_up(&heaps, &more);
    for (unsigned i = 0; i < COIL_HEAP_COUNT; i++)
        coil_heap_give_up(&heaps, &all[i]);
    assert_int_equal(heaps.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_heaps_address_does_not_come_back_soon),
        cmocka_unit_test(living_heaps_do_not_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
