/*
 * What init code prints when it is run twice.
 *
 * A shared worker finds out that init code needs the program only by running it; it gives up then, and the code runs
 * again, from its beginning, in a worker of the program's own.  What the first attempt printed has been written
 * already, so of the second attempt's output that same beginning is left out.
 *
 * The thread that opens the module, with its link's lock.
 */
#include <stdlib.h>
#include <string.h>

#include "client/remote/remote.h"
#include "daemon/host/host.h"

#define KEPT_MAX ((size_t)1 << 20) /* bytes of each stream; of more than that, what follows is seen twice */

/* One stream's text of the first attempt. */
struct stream {
    char *text;
    size_t size;
    size_t at; /* how much of it has come again */
};

struct coil_echo {
    struct stream streams[2]; /* stdout, stderr */
    bool again;               /* the second attempt runs */
};

struct coil_echo *coil_echo_new(void)
{
    return calloc(1, sizeof(struct coil_echo));
}

void coil_echo_free(struct coil_echo *echo)
{
    if (!echo)
        return;
    free(echo->streams[0].text);
    free(echo->streams[1].text);
    free(echo);
}

void coil_echo_repeat(struct coil_echo *echo)
{
    if (echo)
        echo->again = true;
}

static void keep(struct stream *stream, const char *text, size_t size)
{
    char *grown;

    if (size > KEPT_MAX - stream->size)
        size = KEPT_MAX - stream->size;
    grown = size ? realloc(stream->text, stream->size + size) : NULL;
    if (!grown)
        return;
    memcpy(grown + stream->size, text, size);
    stream->text = grown;
    stream->size += size;
}

size_t coil_echo_heard(struct coil_echo *echo, int stream_number, const char *text, size_t size)
{
    struct stream *stream = &echo->streams[stream_number == COIL_HOST_STDERR];
    size_t same = 0;

    if (!echo->again) {
        keep(stream, text, size);
        return 0;
    }
    while (same < size && stream->at < stream->size && text[same] == stream->text[stream->at]) {
        same++;
        stream->at++;
    }
    if (same < size)
        stream->at = stream->size; /* it goes on differently */
    return same;
}
