/*
 * What a worker has used up: calls, memory, time.
 *
 * Purpose: for people, and for recycling.  Calls do not pass through the supervisor; each channel counts its own in its
 * control block (proto/channel.h), which is read here without disturbing anyone.  A program can write
 * there, too, so the numbers are good for nothing but this.
 *
 * Called by recycle.c, status.c, statistics.c, metrics.c and session.c, main thread.
 */
#include "daemon/supervisor/measure.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/worker.h"
#include "proto/channel.h"
#include "proto/cleanup.h"

#define CHANNELS_AT_ONCE 32u

uint64_t coil_measure_session_calls(const struct coil_session *session)
{
    struct coil_control controls[CHANNELS_AT_ONCE];
    int fd = session->memory[COIL_MEMORY_REPLIES];
    uint64_t calls = 0;

    for (unsigned first = 0; first < session->channels_end && fd >= 0; first += CHANNELS_AT_ONCE) {
        ssize_t size = pread(fd, controls, sizeof controls, (off_t)COIL_REPLIES_CONTROL(first));

        for (unsigned i = 0; size > 0 && i < (size_t)size / sizeof *controls; i++)
            calls += atomic_load_explicit(&controls[i].calls, memory_order_relaxed);
    }
    return calls;
}

uint64_t coil_measure_calls(const struct coil_worker *worker)
{
    const struct coil_session *session;
    uint64_t calls = worker->calls_before;

    TAILQ_FOREACH(session, &worker->sessions, link)
    calls += coil_measure_session_calls(session);
    return calls;
}

uint64_t coil_measure_memory(const struct coil_worker *worker)
{
    COIL_CLEANUP(coil_file_close) FILE *file = NULL;
    unsigned long long size, resident;
    char path[40];

    (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)worker->pid);
    file = worker->pid ? fopen(path, "re") : NULL;
    if (!file || fscanf(file, "%llu %llu", &size, &resident) != 2)
        return 0;
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t coil_measure_heap(const struct coil_worker *worker)
{
    struct stat status;

    return worker->heap.fd >= 0 && fstat(worker->heap.fd, &status) == 0 ? (uint64_t)status.st_blocks * 512 : 0;
}

uint64_t coil_measure_uptime_ms(const struct coil_server *server)
{
    return uv_now(&server->loop) - server->started_ms;
}

uint64_t coil_measure_age_ms(const struct coil_worker *worker)
{
    return worker->started_ms ? uv_now(&worker->server->loop) - worker->started_ms : 0;
}
