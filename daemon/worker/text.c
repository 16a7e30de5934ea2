/*
 * What Python writes, as records to the client.
 *
 * The client thread that waits for the call writes it with its own stdio, so the
 * order with the program's own output holds.  Text of threads that serve no call
 * has no reader but the daemon's log; nor has that of one-way calls whose program has gone, or does not
 * read for a second while the ring is full.  Called by the host without the GIL.
 */
#include <stdio.h>
#include <unistd.h>

#include "daemon/worker/running.h"

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

/*
 * One record.  False: it cannot be had, because the client has gone, or does not read what a one-way handler
 * prints: nobody waits for that one, so the program may be doing something else for hours.
 */
static bool put(struct coil_channel *channel, enum coil_host_stream stream, const char *text, size_t size)
{
    struct coil_header header = { .kind = COIL_RECORD_TEXT, .outcome = (uint8_t)stream, .size = (uint32_t)size };
    void *payload = channel->oneway_depth > 0 ? coil_channel_claim_patiently(channel, header.size)
                                              : coil_channel_claim_text(channel, header.size);

    if (!payload)
        return false;
    memcpy(payload, text, size);
    (void)coil_producer_publish(&channel->replies, &header);
    return true;
}

/* From here on text goes to the log, until the program reads again. */
static void turn_to_log(struct coil_channel *channel)
{
    channel->text_in_log = true;
    fprintf(stderr,
            "coil-worker: session %llu, channel %u: the program does not read what its one-way calls print; it "
            "follows here\n",
            (unsigned long long)channel->session->number, channel->index);
}

/* The program reads again, or another call of it prints: it is told what it has missed. */
static bool turn_back(struct coil_channel *channel)
{
    static const char note[] = "coil: what one-way calls printed meanwhile is in the daemon's log (coilctl status "
                               "names it)\n";

    if (!put(channel, COIL_HOST_STDERR, note, sizeof note - 1))
        return false;
    channel->text_in_log = false;
    return true;
}

/* True: the program gets it. */
static bool send(struct coil_channel *channel, enum coil_host_stream stream, const char *text, size_t size)
{
    if (atomic_load_explicit(&channel->session->closing, memory_order_relaxed) || coil_channel_has_nobody(channel) ||
        coil_running_late(channel))
        return false;
    if (channel->text_in_log && !turn_back(channel))
        return false;
    while (size > 0) {
        size_t piece = size < COIL_PAYLOAD_MAX ? size : COIL_PAYLOAD_MAX;

        if (!put(channel, stream, text, piece)) {
            if (!atomic_load_explicit(&channel->session->closing, memory_order_relaxed) && !coil_running_late(channel))
                turn_to_log(channel);
            write_log(stream, text, size);
            break;
        }
        text += piece;
        size -= piece;
    }
    return true;
}

void coil_text_write(void *caller, enum coil_host_stream stream, const char *text, size_t size)
{
    struct coil_channel *channel = caller;

    if (!channel || coil_worker_forked || !send(channel, stream, text, size))
        write_log(stream, text, size);
}
