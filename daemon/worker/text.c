/*
 * What Python writes, as records to the client.
 *
 * The client thread that waits for the call writes it with its own stdio, so the
 * order with the program's own output holds.  Text of threads that serve no call
 * has no reader but the daemon's log.  Called by the host without the GIL.
 */
#include <unistd.h>

#include "daemon/worker/worker.h"

static void write_log(enum coil_host_stream stream, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(stream == COIL_HOST_STDERR ? STDERR_FILENO : STDOUT_FILENO, text, size);

        if (written <= 0)
            return; /* a log that cannot be written is no reason to stop */
        text += written;
        size -= (size_t)written;
    }
}

void coil_text_write(void *caller, enum coil_host_stream stream, const char *text, size_t size)
{
    struct coil_channel *channel = caller;

    if (!channel || coil_worker_forked) {
        write_log(stream, text, size);
        return;
    }
    while (size > 0) {
        struct coil_header header = { .kind = COIL_RECORD_TEXT, .outcome = (uint8_t)stream };
        void *payload;

        header.size = size < COIL_PAYLOAD_MAX ? (uint32_t)size : COIL_PAYLOAD_MAX;
        payload = coil_channel_claim(channel, header.size);
        if (!payload)
            return; /* the client has gone */
        memcpy(payload, text, header.size);
        (void)coil_producer_publish(&channel->replies, &header);
        text += header.size;
        size -= header.size;
    }
}
