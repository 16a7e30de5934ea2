/*
 * Heaps in the program: mapped once per worker, readable for ever, bounded, and a forked child's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/remote/remote.h"

#define MIB (1u << 20)

static uint64_t slot_base(unsigned slot)
{
    return COIL_HEAPS_BEGIN + slot * COIL_HEAP_STRIDE;
}

static char *at(unsigned slot)
{
    return (char *)(uintptr_t)slot_base(slot);
}

static int make_memory(void)
{
    int fd = memfd_create("coil-test", MFD_CLOEXEC);

    assert_true(fd > 2);
    assert_int_equal(ftruncate(fd, COIL_HEAP_SIZE), 0);
    return fd;
}

static struct coil_heap *get(unsigned slot, int *fd)
{
    struct coil_heap *heap = NULL;
    struct coil_error error;

    if (coil_heap_get(slot_base(slot), fd, &heap, &error) < 0)
        fail_msg("%s", error.text);
    return heap;
}

/* Does what is written through the fd show in the mapping? */
static bool is_shared(unsigned slot, int fd)
{
    char now = (char)(at(slot)[5] + 1);

    assert_int_equal(pwrite(fd, &now, 1, 5), 1);
    return at(slot)[5] == now;
}

static void one_mapping_serves_all_sessions_of_a_worker(void **state)
{
    int memory = make_memory(), first = dup(memory), second = dup(memory);
    struct coil_heap *heap = get(1, &first);

    (void)state;
    assert_int_equal(first, -1);
    assert_ptr_equal(get(1, &second), heap);
    assert_true(second >= 0);
    (void)close(second);
    coil_heap_put(heap);
    assert_true(is_shared(1, memory));
    (void)strcpy(at(1) + 100, "kept");
    coil_heap_put(heap);
    coil_heap_put(NULL);

    /* Stale, but there; and no longer anybody else's. */
    assert_string_equal(at(1) + 100, "kept");
    at(1)[100] = 'K';
    assert_int_equal(pread(memory, &(char){ 0 }, 1, 100), 1);
    assert_false(is_shared(1, memory));

    /* The daemon has drawn the same address again, for another worker. */
    first = make_memory();
    second = dup(first);
    heap = get(1, &first);
    assert_int_equal(at(1)[100], 0);
    assert_true(is_shared(1, second));
    coil_heap_put(heap);
    (void)close(second);
    (void)close(memory);
}

static void what_is_kept_is_bounded(void **state)
{
    (void)state;
    for (unsigned slot = 10; slot < 15; slot++) {
        int fd = make_memory();
        struct coil_heap *heap;

        assert_int_equal(fallocate(fd, 0, 0, 100 * MIB), 0);
        heap = get(slot, &fd);
        at(slot)[MIB] = (char)slot;
        coil_heap_put(heap);
    }
    assert_int_equal(at(14)[MIB], 14);
    assert_int_equal(at(13)[MIB], 13);
    for (unsigned slot = 10; slot < 13; slot++) {
        assert_int_equal(at(slot)[MIB], 0);
        at(slot)[MIB] = 1; /* and still writable */
    }
}

static void an_address_of_the_programs_own_is_respected(void **state)
{
    int fd = make_memory();
    char *own = mmap(at(20) + 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    struct coil_heap *heap;
    struct coil_error error;

    (void)state;
    assert_ptr_equal(own, at(20) + 4096);
    own[0] = 42;
    assert_int_equal(coil_heap_get(slot_base(20), &fd, &heap, &error), -EADDRNOTAVAIL);
    assert_non_null(strstr(error.text, "COIL_INTERPRETER=private"));
    assert_int_equal(own[0], 42);
    assert_true(fd >= 0);
    assert_int_equal(coil_heap_get(COIL_WINDOWS_END - COIL_HEAP_STRIDE, &fd, &heap, &error), -EPROTO);
    assert_int_equal(coil_heap_get(slot_base(20) + 4096, &fd, &heap, &error), -EPROTO);
    (void)close(fd);
}

static int child_checks(int memory)
{
    coil_heaps_forget();
    if (strcmp(at(30) + 100, "before") != 0 || strcmp(at(30) + 5 * MIB, "far") != 0 || is_shared(30, memory))
        return 1;
    /* What the others do from now on is theirs, and the other way round. */
    if (pwrite(memory, "after ", 7, 100) != 7 || strcmp(at(30) + 100, "before") != 0)
        return 2;
    at(30)[6 * MIB] = 1;
    /* It attaches anew, to the same worker. */
    (void)get(30, &(int){ dup(memory) });
    return is_shared(30, memory) && strcmp(at(30) + 100, "after ") == 0 && at(30)[6 * MIB] == 0 ? 0 : 3;
}

static void a_forked_child_has_its_own(void **state)
{
    int fd = make_memory(), memory = dup(fd);
    struct coil_heap *heap = get(30, &fd);
    int status;
    pid_t child;

    (void)state;
    (void)strcpy(at(30) + 100, "before");
    (void)strcpy(at(30) + 5 * MIB, "far");
    child = fork();
    if (child == 0)
        _exit(child_checks(memory));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(at(30)[6 * MIB], 0);
    coil_heap_put(heap);
    (void)close(memory);
}

/* A program may close fds that it does not know, and reuse their numbers. */
static void a_lost_fd_harms_nobody(void **state)
{
    int fd = make_memory(), memory = dup(fd), number = fd;
    struct coil_heap *heap = get(31, &fd);
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    at(31)[7] = 7;
    assert_int_equal(dup2(other, number), number);
    coil_heap_put(heap);
    assert_false(is_shared(31, memory));
    assert_int_equal(at(31)[7], 0);
    assert_int_equal(fcntl(number, F_GETFD), 0);
    (void)close(number);
    (void)close(other);
    (void)close(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_mapping_serves_all_sessions_of_a_worker),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(an_address_of_the_programs_own_is_respected),
        cmocka_unit_test(a_forked_child_has_its_own),
        cmocka_unit_test(a_lost_fd_harms_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
