/*
 * What all fuzz targets share: reading decisions from the input, and saying what must hold.
 *
 * A target is one file here with one LLVMFuzzerTestOneInput(): it turns bytes into what an untrusted peer can send, and
 * ends the process if anything is not as promised; the sanitizers it is built with do the rest.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): it must hold in every build. */
#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            (void)fprintf(stderr, "%s:%d: this must hold: %s\n", __FILE__, __LINE__, #condition);                      \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* What is left of an input; zeros behind its end. */
struct input {
    const uint8_t *data;
    size_t size;
};

static inline uint64_t input_take(struct input *input, size_t bytes)
{
    uint64_t value = 0;

    if (bytes > input->size)
        bytes = input->size;
    if (bytes)
        memcpy(&value, input->data, bytes);
    input->data += bytes;
    input->size -= bytes;
    return value;
}

/* A copy in a block of exactly its size, so that reading behind its end is seen; freed with free(). */
static inline void *input_copy(const void *data, size_t size)
{
    void *copy = malloc(size ? size : 1);

    MUST(copy);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

#endif
