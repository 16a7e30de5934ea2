/* A stream of one-way calls, end to end: as many as there are, and the wait until all have been carried out. */
#include <stdio.h>
#include <stdlib.h>

#include "driver.h"

void stream_command(long count)
{
    long before = noted();
    int64_t begin_ns = measure_now_ns(), sent_ns;

    for (long i = 0; i < count; i++)
        note((int)i);
    sent_ns = measure_now_ns();
    if (driver_flush && driver_flush() != 0)
        abort();
    if (noted() - before != count)
        abort();
    printf("{\"each\": %.1f, \"sending\": %.1f, \"count\": %ld}\n",
           (double)(measure_now_ns() - begin_ns) / (double)count, (double)(sent_ns - begin_ns) / (double)count, count);
}
