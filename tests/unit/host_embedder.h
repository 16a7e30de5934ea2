/*
 * What every test of the host starts with: the host loaded from the build folder, an embedder that
 * keeps the text per caller, and short words for opening and calling.
 */
#ifndef TEST_HOST_EMBEDDER_H
#define TEST_HOST_EMBEDDER_H

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/host/host.h"
#include "proto/cleanup.h"
#include "tests/unit/host_image.h"

/* Python is never finalised: what it holds at exit is not lost. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

struct text {
    pthread_mutex_t lock;
    size_t used;
    unsigned writes;
    char bytes[65536];
};

static struct text orphans = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct text main_text = {.lock = PTHREAD_MUTEX_INITIALIZER};
static const struct coil_host_api *api;
static struct coil_host_thread *main_thread;
static int last_error_value;
static unsigned error_value_calls;

static inline void on_write(void *caller, enum coil_host_stream stream, const char *text, size_t size)
{
    struct text *to = caller ? caller : &orphans;
    const char *mark = stream == COIL_HOST_STDOUT ? "O:" : "E:";

    (void)pthread_mutex_lock(&to->lock);
    assert_true(to->used + size + 3 < sizeof to->bytes);
    memcpy(to->bytes + to->used, mark, 2);
    memcpy(to->bytes + to->used + 2, text, size);
    to->used += size + 2;
    to->bytes[to->used] = '\0';
    to->writes++;
    (void)pthread_mutex_unlock(&to->lock);
}

static inline void on_error_value(struct coil_host_module *module, unsigned function, const void *value,
                                  size_t size)
{
    (void)module;
    (void)function;
    error_value_calls++;
    if (size == sizeof last_error_value)
        memcpy(&last_error_value, value, size);
}

#ifndef HOST_CALLBACKS
#define HOST_CALLBACKS /* more of them, for a test that has them */
#endif
static const struct coil_host_callbacks callbacks = {.write = on_write, .error_value = on_error_value, HOST_CALLBACKS};

static inline void text_clear(void)
{
    main_text.used = 0;
    main_text.writes = 0;
    main_text.bytes[0] = '\0';
}

static inline void assert_text_has(const char *part)
{
    if (!strstr(main_text.bytes, part))
        fail_msg("text lacks \"%s\":\n%s", part, main_text.bytes);
}

static inline struct coil_host_module *module_open(const char *name, const char *init_code,
                                                   const struct function_row *rows, unsigned count,
                                                   int expected)
{
    COIL_CLEANUP(coil_memory_free) struct coil_descriptor *image = image_new(name, init_code, rows, count);
    struct coil_host_module *module = NULL;
    struct coil_error error = {0};
    uint8_t hash[16];
    int result = coil_descriptor_check(image, image->size, &error);

    if (result < 0)
        fail_msg("%s", error.text);
    coil_descriptor_hash(image, hash);
    api->enter(main_thread);
    result = api->module_open(image, hash, &module, &error);
    api->leave(main_thread);
    if (result != expected)
        fail_msg("%d: %s\n%s", result, error.text, main_text.bytes);
    return module;
}

static inline int module_call(struct coil_host_module *module, unsigned function, const void *call,
                              void *result)
{
    int outcome;
    int number = 0;

    api->enter(main_thread);
    outcome = api->call(main_thread, module, function, call, result, &number);
    api->leave(main_thread);
    return outcome;
}

/* A call frame with values at odd offsets. */
#define PUT(frame, index, type, ...)                                                                         \
    do {                                                                                                     \
        type put_value = __VA_ARGS__;                                                                        \
        memcpy((frame) + SLOT_OFFSET(index), &put_value, sizeof put_value);                                  \
    } while (0)

#define CALL(module, function, frame, result)                                                                \
    do {                                                                                                     \
        int outcome = module_call(module, function, frame, result);                                          \
        if (outcome != COIL_HOST_RETURNED)                                                                   \
            fail_msg("function %d: outcome %d\n%s", function, outcome, main_text.bytes);                     \
    } while (0)

static inline int start(void **state)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
    struct coil_host_config config = {.callbacks = &callbacks};
    struct coil_error error = {0};

    (void)state;
    assert_true(length > 0);
    path[length] = '\0';
    /* BUILD/tests/unit/host -> BUILD/lib/coil/libcoil-host.so */
    for (int i = 0; i < 3; i++)
        *strrchr(path, '/') = '\0';
    (void)strcat(path, "/lib/coil/libcoil-host.so");
    if (coil_host_load(path, &api, &error) < 0 || api->start(&config, &error) < 0)
        fail_msg("%s", error.text);
    main_thread = api->thread_attach(&main_text);
    assert_non_null(main_thread);
    return 0;
}

#endif
