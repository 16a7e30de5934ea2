/*
 * What threads of a program share in libcoil without a worker: coil_alloc()'s blocks and regions, a session's large
 * blocks, the list of threads, links of modules that several threads call first at once.
 *
 * Also run under ThreadSanitizer, for which regions lie elsewhere (proto/window.h) and the session is a made-up one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/mman.h>

#include "client/memory.h"
#include "tests/unit/host_image.h"

#define THREADS 6
#define MODULES 4

/* Several threads begin together. */
static void run_all(void *(*run)(void *), void *argument)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, argument), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 8;
}

/* Whoever finds a byte that is not what it was told fails: the threads cannot use cmocka's assertions. */
static _Atomic unsigned faults;

static void fill(unsigned char *block, size_t size, unsigned char mark)
{
    block[0] = block[size / 2] = block[size - 1] = mark;
}

static bool is_filled(const unsigned char *block, size_t size, unsigned char mark)
{
    return block[0] == mark && block[size / 2] == mark && block[size - 1] == mark;
}

/* ---- coil_alloc() ---- */

#define SIZE_MAX_SMALL 5000u

/* Blocks that any thread may take over and free. */
static unsigned char *_Atomic shelf[16];

static size_t size_of(const unsigned char *block)
{
    size_t size;

    memcpy(&size, block, sizeof size);
    return size;
}

static void put_back(unsigned char *block)
{
    if (!block)
        return;
    if (!is_filled(block + sizeof(size_t), size_of(block) - sizeof(size_t), (unsigned char)size_of(block)))
        atomic_fetch_add(&faults, 1);
    coil_free(block);
}

static void *allocate(void *argument)
{
    unsigned seed = (unsigned)(uintptr_t)&seed;
    struct coil_region region;

    (void)argument;
    for (int i = 0; i < 1500; i++) {
        size_t size = sizeof(size_t) + 1 + next_random(&seed) % (i % 100 ? SIZE_MAX_SMALL : 3000000);
        unsigned char *block = coil_alloc(size);

        if (!block || !is_filled(block, size, 0)) {
            atomic_fetch_add(&faults, 1);
            return NULL;
        }
        memcpy(block, &size, sizeof size);
        fill(block + sizeof size, size - sizeof size, (unsigned char)size);
        if (!coil_memory_region((uint64_t)(uintptr_t)block, &region) || (uint64_t)(uintptr_t)block < region.base)
            atomic_fetch_add(&faults, 1);
        put_back(atomic_exchange(&shelf[next_random(&seed) % 16], block));
    }
    return NULL;
}

static void blocks_change_hands(void **state)
{
    (void)state;
    run_all(allocate, NULL);
    for (int i = 0; i < 16; i++)
        put_back(shelf[i]);
    assert_int_equal(atomic_load(&faults), 0);
}

/* ---- large blocks of a session ---- */

static void *take_large(void *argument)
{
    struct coil_session *session = argument;
    unsigned seed = (unsigned)(uintptr_t)&seed;
    unsigned char *held[4] = { 0 };
    size_t sizes[4] = { 0 };
    unsigned char mark = (unsigned char)seed;

    for (int i = 0; i < 400; i++) {
        unsigned at = next_random(&seed) % 4;

        if (held[at]) {
            if (!is_filled(held[at], sizes[at], mark))
                atomic_fetch_add(&faults, 1);
            coil_large_release(session, held[at]);
        }
        sizes[at] = 1 + next_random(&seed) % 400000;
        if (coil_large_take(session, at, COIL_LARGE_ANY, sizes[at], &held[at], NULL) < 0) {
            atomic_fetch_add(&faults, 1);
            return NULL;
        }
        fill(held[at], sizes[at], mark);
    }
    for (unsigned at = 0; at < 4; at++)
        if (held[at])
            coil_large_release(session, held[at]);
    return NULL;
}

static void large_blocks_do_not_meet(void **state)
{
    static struct coil_session session;
    void *window =
        mmap(NULL, COIL_WINDOW_STRIDE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)state;
    assert_ptr_not_equal(window, MAP_FAILED);
    session.base = (uint64_t)(uintptr_t)window;
    (void)pthread_mutex_init(&session.lock, NULL);
    run_all(take_large, &session);
    assert_int_equal(atomic_load(&faults), 0);
    assert_int_equal(session.large_count, 0);
    free(session.large);
    (void)munmap(window, COIL_WINDOW_STRIDE);
}

/* ---- threads and links ---- */

static struct coil_module modules[MODULES];
static pthread_barrier_t together; /* all call the same module first */

/* There is no daemon: every call fails, after all that comes before has been gone through. */
static void *call_all(void *argument)
{
    const int round = *(const int *)argument;

    (void)pthread_barrier_wait(&together);
    for (int i = 0; i < MODULES * 3; i++) {
        const char *why = "";
        int result = 7;

        coil_call(&modules[(i + round) % MODULES], 0, &(long[2]){ 1, 2 }, &result);
        if (coil_last_error(&why) != COIL_E_NO_DAEMON || result != 0 || !*why)
            atomic_fetch_add(&faults, 1);
    }
    return NULL;
}

static void modules_are_linked_once(void **state)
{
    static const struct function_row rows[] = { { "add", T_INT, { T_INT, T_INT } } };
    static const char *const names[MODULES] = { "one", "two", "three", "four" };
    unsigned links = 0;

    (void)state;
    (void)setenv("COIL_MODE", "daemon", 1);
    (void)setenv("COIL_AUTOSTART", "0", 1);
    (void)setenv("COIL_SOCKET", "/nonexistent/coild.sock", 1);
    for (int i = 0; i < MODULES; i++)
        modules[i].descriptor = image_new(names[i], "pass\n", rows, 1);
    (void)pthread_barrier_init(&together, NULL, THREADS);
    for (int round = 0; round < 4; round++) /* threads come and go */
        run_all(call_all, &round);
    assert_int_equal(atomic_load(&faults), 0);
    for (const struct coil_link *link = coil_links; link; link = link->next)
        links++;
    assert_int_equal(links, MODULES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_change_hands),
        cmocka_unit_test(large_blocks_do_not_meet),
        cmocka_unit_test(modules_are_linked_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
