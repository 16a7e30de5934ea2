/* The clock that deadlines are measured with. */
#ifndef COIL_CLOCK_H
#define COIL_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t coil_clock_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t coil_clock_ms(void)
{
    return coil_clock_ns() / 1000000;
}

#endif
