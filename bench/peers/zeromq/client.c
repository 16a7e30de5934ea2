/* The client: one context, a REQ socket for each thread. */
#define _GNU_SOURCE
#include <pthread.h>
#include <zmq.h>

#include "api.h"
#include "common/connection.h"

enum { NOTHING, ADD, TEXT, POINT, FIRST };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static void *context;
static __thread void *self;

static void socket_close(void *socket)
{
    zmq_close(socket);
}

static void start(void)
{
    context = zmq_ctx_new();
    if (!context || pthread_key_create(&key, socket_close) != 0)
        abort();
}

static void *socket_get(void)
{
    char address[200];

    if (self)
        return self;
    (void)pthread_once(&once, start);
    (void)snprintf(address, sizeof address, "ipc://%s", connection_path());
    self = zmq_socket(context, ZMQ_REQ);
    if (!self || zmq_connect(self, address) != 0)
        abort();
    pthread_setspecific(key, self);
    return self;
}

/* The method's number, eight bytes of header for the arguments' sake, the arguments. */
static void call(unsigned char method, const void *body, size_t size, void *result, size_t result_size)
{
    void *socket = socket_get();
    zmq_msg_t message;
    unsigned char *data;

    if (zmq_msg_init_size(&message, 8 + size) != 0)
        abort();
    data = zmq_msg_data(&message);
    memset(data, 0, 8);
    data[0] = method;
    if (size)
        memcpy(data + 8, body, size);
    while (zmq_msg_send(&message, socket, 0) < 0)
        if (errno != EINTR)
            abort();
    if (zmq_recv(socket, result, result_size, 0) != (int)result_size)
        abort();
}

int nothing(void)
{
    int result;

    call(NOTHING, NULL, 0, &result, sizeof result);
    return result;
}

int add(int x, int y)
{
    int both[2] = { x, y }, result;

    call(ADD, both, sizeof both, &result, sizeof result);
    return result;
}

int text(const char *s)
{
    int result;

    call(TEXT, s, strlen(s), &result, sizeof result);
    return result;
}

int point(struct point *p)
{
    int result;

    call(POINT, p, sizeof *p, &result, sizeof result);
    return result;
}

double first(const double *v, size_t n)
{
    double result;

    call(FIRST, v, n * sizeof *v, &result, sizeof result);
    return result;
}
