/* The client: one connection for each thread, closed when the thread ends. */
#define _GNU_SOURCE
#include <msgpack.h>
#include <pthread.h>

#include "api.h"
#include "common/connection.h"

#define BIG 65536 /* arrays beyond it are written from where they are */

struct client {
    int fd;
    msgpack_sbuffer out;
    msgpack_packer packer;
    msgpack_unpacker in;
    msgpack_unpacked message;
};

static __thread struct client *self;
static pthread_key_t key;

static void client_free(void *argument)
{
    struct client *client = argument;

    close(client->fd);
    msgpack_sbuffer_destroy(&client->out);
    msgpack_unpacked_destroy(&client->message);
    msgpack_unpacker_destroy(&client->in);
    free(client);
}

__attribute__((constructor)) static void start(void)
{
    if (pthread_key_create(&key, client_free) != 0)
        abort();
}

static struct client *client_get(void)
{
    struct client *client = self;

    if (client)
        return client;
    client = calloc(1, sizeof *client);
    if (!client || !msgpack_unpacker_init(&client->in, 4096))
        abort();
    client->fd = connection_open();
    msgpack_sbuffer_init(&client->out);
    msgpack_packer_init(&client->packer, &client->out, msgpack_sbuffer_write);
    msgpack_unpacked_init(&client->message);
    pthread_setspecific(key, client);
    self = client;
    return client;
}

static void pack_text(msgpack_packer *packer, const char *s)
{
    size_t size = strlen(s);

    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, s, size);
}

static msgpack_packer *request_begin(struct client *client, const char *method, size_t count)
{
    msgpack_packer *packer = &client->packer;

    msgpack_pack_array(packer, 4);
    msgpack_pack_int(packer, 0);
    msgpack_pack_int(packer, 0);
    pack_text(packer, method);
    msgpack_pack_array(packer, count);
    return packer;
}

static void send_out(struct client *client)
{
    connection_write(client->fd, client->out.data, client->out.size);
    msgpack_sbuffer_clear(&client->out);
}

/* The next message; valid until the next one. */
static const msgpack_object *receive(struct client *client)
{
    msgpack_unpack_return r;

    while ((r = msgpack_unpacker_next(&client->in, &client->message)) == MSGPACK_UNPACK_CONTINUE) {
        ssize_t n;

        if (!msgpack_unpacker_reserve_buffer(&client->in, 1024))
            abort();
        n = read(client->fd, msgpack_unpacker_buffer(&client->in), msgpack_unpacker_buffer_capacity(&client->in));
        if (n <= 0)
            abort();
        msgpack_unpacker_buffer_consumed(&client->in, (size_t)n);
    }
    if (r != MSGPACK_UNPACK_SUCCESS || client->message.data.type != MSGPACK_OBJECT_ARRAY ||
        client->message.data.via.array.size != 4)
        abort();
    return client->message.data.via.array.ptr;
}

/* What the server asks meanwhile: [0, id, "call", [pointer, x]]. */
static void answer(struct client *client, const msgpack_object *request)
{
    const msgpack_object *params = request[3].via.array.ptr;
    int (*function)(int) = (int (*)(int))(uintptr_t)params[0].via.u64;
    int result = function((int)params[1].via.i64);
    msgpack_packer *packer = &client->packer;

    msgpack_pack_array(packer, 4);
    msgpack_pack_int(packer, 1);
    msgpack_pack_int(packer, 0);
    msgpack_pack_nil(packer);
    msgpack_pack_int(packer, result);
    send_out(client);
}

/* Sends what has been packed; the result. */
static const msgpack_object *finish(struct client *client)
{
    const msgpack_object *message;

    send_out(client);
    while ((message = receive(client))[0].via.u64 == 0)
        answer(client, message);
    return &message[3];
}

int nothing(void)
{
    struct client *client = client_get();

    request_begin(client, "nothing", 0);
    return (int)finish(client)->via.i64;
}

int add(int x, int y)
{
    struct client *client = client_get();
    msgpack_packer *packer = request_begin(client, "add", 2);

    msgpack_pack_int(packer, x);
    msgpack_pack_int(packer, y);
    return (int)finish(client)->via.i64;
}

int text(const char *s)
{
    struct client *client = client_get();

    pack_text(request_begin(client, "text", 1), s);
    return (int)finish(client)->via.i64;
}

int point(struct point *p)
{
    struct client *client = client_get();
    msgpack_packer *packer = request_begin(client, "point", 3);

    msgpack_pack_double(packer, p->x);
    msgpack_pack_double(packer, p->y);
    msgpack_pack_array(packer, 4);
    for (int i = 0; i < 4; i++)
        msgpack_pack_int32(packer, p->tag[i]);
    return (int)finish(client)->via.i64;
}

double first(const double *v, size_t n)
{
    struct client *client = client_get();
    msgpack_packer *packer = request_begin(client, "first", 1);

    msgpack_pack_bin(packer, n * sizeof *v);
    if (n * sizeof *v > BIG) {
        send_out(client);
        connection_write(client->fd, (const char *)v, n * sizeof *v);
    } else {
        msgpack_pack_bin_body(packer, v, n * sizeof *v);
    }
    return finish(client)->via.f64;
}

int call_back(int (*function)(int x), int x)
{
    struct client *client = client_get();
    msgpack_packer *packer = request_begin(client, "call_back", 2);

    msgpack_pack_uint64(packer, (uint64_t)(uintptr_t)function);
    msgpack_pack_int(packer, x);
    return (int)finish(client)->via.i64;
}

void note(int x)
{
    struct client *client = client_get();
    msgpack_packer *packer = &client->packer;

    msgpack_pack_array(packer, 3);
    msgpack_pack_int(packer, 2);
    pack_text(packer, "note");
    msgpack_pack_array(packer, 1);
    msgpack_pack_int(packer, x);
    send_out(client);
}

long noted(void)
{
    struct client *client = client_get();

    request_begin(client, "noted", 0);
    return (long)finish(client)->via.i64;
}
