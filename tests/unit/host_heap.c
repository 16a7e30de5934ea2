/*
 * ffi.new() in memory of the embedder's, and which pointers may leave Python.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/host.h"

/* A heap that never uses a block again, so that what is freed too early is seen. */
#define HEAP_SIZE 65536u

static _Alignas(16) unsigned char heap[HEAP_SIZE];
static size_t heap_used;
static unsigned allocated, cleared, freed;
static bool heap_is_full;

static void *take(size_t size)
{
    void *memory = heap + heap_used;

    if (heap_is_full || size > HEAP_SIZE - heap_used)
        return NULL;
    heap_used += (size + 15) & ~(size_t)15;
    allocated++;
    return memset(memory, 0xa5, size);
}

static void *take_zeroed(size_t size)
{
    void *memory = take(size);

    cleared += memory != NULL;
    return memory ? memset(memory, 0, size) : NULL;
}

static void give_back(void *memory)
{
    *(unsigned char *)memory = 0xdd;
    freed++;
}

static size_t size_of(void *memory)
{
    (void)memory;
    return 16;
}

static bool is_in_heap(uint64_t address, uint64_t size)
{
    uint64_t begin = (uint64_t)(uintptr_t)heap;

    return address - begin < HEAP_SIZE && size <= HEAP_SIZE - (address - begin);
}

/* Small numbers are the program's own. */
static bool is_shared(struct coil_host_program *program, uint64_t address, uint64_t size)
{
    (void)program;
    return is_in_heap(address, size) ||
           (size == 0 && (address < 4096 || address > UINT64_C(0x480000000000)) && address < UINT64_C(0x500000000000));
}

#define HOST_CALLBACKS                                                                                                 \
    .heap_allocate = take, .heap_allocate_zeroed = take_zeroed, .heap_free = give_back, .heap_size = size_of,          \
    .is_shared = is_shared
#include "tests/unit/host_embedder.h"

static const struct function_row rows[] = { { "text", T_CHAR_P, { T_INT } },
                                            { "any", T_VOID_P, { T_INT } },
                                            { "pt", T_POINT_P, { T_INT } },
                                            { "count", T_INT, { T_INT } } };

static const char code[] = "from plugin import ffi\n"
                           "import gc\n"
                           "private = ffi.from_buffer('char[]', bytearray(b'private'))\n"
                           "@ffi.def_extern()\n"
                           "def text(n):\n"
                           "    return ffi.new('char[]', b'text %d' % n)\n"
                           "@ffi.def_extern(error=ffi.cast('void *', 77))\n"
                           "def any(n):\n"
                           "    return [ffi.NULL, private, ffi.cast('void *', 5), ffi.new_handle(3)][n]\n"
                           "@ffi.def_extern(onerror=lambda *args: private)\n"
                           "def pt(n):\n"
                           "    return ffi.new('struct point *', {'x': n}) if n else private\n"
                           "@ffi.def_extern()\n"
                           "def count(n):\n"
                           "    kept = [ffi.new('struct point *') for _ in range(n)]\n"
                           "    assert all(p.x == 0 and p.weight == 0 for p in kept)\n"
                           "    raw = ffi.new_allocator(should_clear_after_alloc=False)('int[]', 3)\n"
                           "    assert raw[2] == -0x5a5a5a5b, raw[2]\n"
                           "    mine = ffi.new_allocator(lambda size: private)('char[]', 3)\n"
                           "    assert mine == private and mine[0] == b'\\0'\n"
                           "    with ffi.new('int[]', 4) as managed:\n"
                           "        pass\n"
                           "    try:\n"
                           "        ffi.new('char[]', 1 << 20)\n"
                           "    except MemoryError as error:\n"
                           "        print(error)\n"
                           "    for wrong in (lambda: ffi.new('int'), lambda: ffi.new_allocator(free=print)):\n"
                           "        try:\n"
                           "            wrong()\n"
                           "        except TypeError:\n"
                           "            pass\n"
                           "        else:\n"
                           "            raise AssertionError\n"
                           "    return n\n"
                           "try:\n"
                           "    ffi.def_extern('text', error=private)(text)\n"
                           "except ValueError as error:\n"
                           "    print(error)\n";

static struct coil_host_module *module;
static char frame[SLOT];

static void *call_pointer(unsigned function, int argument, int expected)
{
    void *result = NULL;

    PUT(frame, 0, int, argument);
    assert_int_equal(module_call(module, function, frame, &result), expected);
    return result;
}

static int open_module(void **state)
{
    (void)start(state);
    module = module_open("plugin", code, rows, 4, 0);
    assert_text_has("O:text(): 'result' (of error=) leads to memory that only Python's process has");
    return 0;
}

static void everything_that_is_made_is_freed_once(void **state)
{
    unsigned before = allocated - freed, zeroed = cleared;
    int result = 0;

    (void)state;
    text_clear();
    PUT(frame, 0, int, 20);
    CALL(module, 3, frame, &result);
    assert_int_equal(result, 20);
    assert_int_equal(cleared - zeroed, 21);
    assert_int_equal(allocated - freed, before);
    assert_text_has("O:ffi.new(): no room for 1048576 bytes in the memory that programs share with this Python");
}

static void the_last_result_is_kept(void **state)
{
    unsigned before;
    char *first = call_pointer(0, 1, COIL_HOST_RETURNED), *second;

    (void)state;
    before = freed;
    assert_true(is_in_heap((uintptr_t)first, 7));
    assert_string_equal(first, "text 1");
    (void)call_pointer(1, 0, COIL_HOST_RETURNED); /* another function */
    assert_int_equal(freed, before);
    second = call_pointer(0, 2, COIL_HOST_RETURNED);
    assert_int_equal(freed, before + 1);
    assert_int_equal((unsigned char)first[0], 0xdd);
    assert_string_equal(second, "text 2");
}

/* What is kept for a thread goes with it. */
static void *call_on_thread(void *argument)
{
    struct coil_host_thread *thread = api->thread_attach(&orphans);
    void *result;
    int number = 0;

    (void)argument;
    api->enter(thread);
    assert_int_equal(api->call(thread, module, 0, frame, &result, &number), COIL_HOST_RETURNED);
    api->leave(thread);
    assert_string_equal(result, "text 2");
    api->thread_detach(thread);
    assert_int_equal(*(unsigned char *)result, 0xdd);
    return NULL;
}

static void a_thread_takes_what_it_kept_along(void **state)
{
    pthread_t thread;

    (void)state;
    PUT(frame, 0, int, 2);
    assert_int_equal(pthread_create(&thread, NULL, call_on_thread, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void private_memory_does_not_leave(void **state)
{
    (void)state;
    text_clear();
    assert_null(call_pointer(1, 0, COIL_HOST_RETURNED));
    assert_true(call_pointer(1, 2, COIL_HOST_RETURNED) == (void *)5);
    assert_true((uintptr_t)call_pointer(1, 3, COIL_HOST_RETURNED) >= UINT64_C(0x480000000000));
    assert_true(call_pointer(1, 1, COIL_HOST_RAISED) == (void *)77);
    assert_text_has("trying to convert the result back to C:\n");
    assert_text_has(
        "ValueError: any(): 'result' leads to memory that only Python's process has: make it with ffi.new()");
    text_clear();
    assert_null(call_pointer(2, 0, COIL_HOST_RAISED));
    assert_text_has("During the call to 'onerror', another exception occurred:");
    assert_int_equal(((struct point *)call_pointer(2, 9, COIL_HOST_RETURNED))->x, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_is_made_is_freed_once),
        cmocka_unit_test(the_last_result_is_kept),
        cmocka_unit_test(a_thread_takes_what_it_kept_along),
        cmocka_unit_test(private_memory_does_not_leave),
    };

    return cmocka_run_group_tests(tests, open_module, NULL);
}
