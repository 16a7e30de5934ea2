/*
 * The control plane's messages: one table, one structure.
 *
 * A message on the wire is a 32-bit little-endian length and a msgpack map of
 * that many bytes.  Which keys a message has stands in COIL_MESSAGES; a message
 * with a missing, repeated or unknown key, or with a value of the wrong type or
 * size, is refused.  Only message.c knows msgpack.
 *
 * Who says what to whom, in order:
 *
 *     client -> supervisor   attach, descriptor, module, channel, region, late
 *     supervisor -> client   attached, loaded, send_descriptor, done, failed
 *     supervisor -> worker   heap, adopt, load, open, refuse, session, channel, region, late, move, drain,
 *                            close, watch, unwatch
 *     worker -> supervisor   ready, opened, init_failed, changed, done, failed
 *     coilctl -> supervisor  status, statistics, reload, stop, trace
 *     supervisor -> coilctl  report, done, failed, traced, untraced
 *
 * Every request has a number (`request`) that its answer repeats; the asking
 * side chooses it.
 */
#ifndef COIL_MESSAGE_H
#define COIL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

#define COIL_MESSAGE_SIZE_MAX (16u << 20) /* bytes of one message */
#define COIL_MESSAGE_FDS_MAX 5
#define COIL_MESSAGE_STRINGS_MAX 4096 /* entries of `environment` */

struct coil_bytes {
    const void *data; /* borrowed: from the caller when sending, from the receive buffer when received */
    size_t size;
};

/*
 * X(key, C member, form): every key there is.  Forms: U an unsigned integer, S a
 * UTF-8-or-any text without NUL (NUL-terminated in memory), B bytes, H exactly 16
 * bytes, L a list of texts.
 */
#define COIL_MESSAGE_KEYS(X)                                                      \
    X(REQUEST, request, U)         /* number of the request */                   \
    X(PROTOCOL, protocol, U)       /* COIL_PROTOCOL of the sender */             \
    X(VERSION, version, S)         /* COIL_VERSION of the sender */              \
    X(PYTHON, python, S)           /* path of the Python executable; "" if none was found */ \
    X(ENVIRONMENT, environment, L) /* "PYTHON...=value", sorted: part of the worker's key; or, private, all of it */ \
    X(CWD, cwd, S)                 /* private: the program's current folder; else "" */ \
    X(NAME, name, S)               /* a module's name */                          \
    X(HASH, hash, H)               /* of the module's descriptor */               \
    X(DESCRIPTOR, descriptor, B)   /* the descriptor's image */                   \
    X(SESSION, session, U)         /* the session's number, never reused */       \
    X(GENERATION, generation, U)   /* the worker's number, never reused */        \
    X(PID, pid, U)                 /* of the client, or of the worker */          \
    X(BASE, base, U)               /* the window's address */                     \
    X(CHANNEL, channel, U)         /* number of a channel within its session */   \
    X(FUNCTION, function, U)       /* index in the module's table; UINT32_MAX: its init code */ \
    X(HEAP, heap, U)               /* the address of the generation's heap */     \
    X(SIZE, size, U)               /* of a region of program memory, in bytes */  \
    X(PRIVATE, private_to, U)      /* a number that the program has drawn: a worker for it alone; 0: any */ \
    X(UID, uid, U)                 /* of the client */                            \
    X(GID, gid, U)                 /* of the client */                            \
    X(MAX_CALL, max_call_ms, U)    /* how long a call may take at most; 0: as long as it likes */ \
    X(CODE, code, U)               /* enum coil_refusal */                        \
    X(TEXT, text, S)               /* for people */

/* Why a request failed. */
enum coil_refusal {
    COIL_REFUSED_OTHER = 1,
    COIL_REFUSED_VERSION = 2,  /* COIL_PROTOCOL differs */
    COIL_REFUSED_NO_PYTHON = 3, /* the worker did not start */
    COIL_REFUSED_CONFLICT = 4, /* `module`: the session's worker has another module of this name; attach anew */
    COIL_REFUSED_LIMIT = 5,    /* no memory, no channel, no address left */
    COIL_REFUSED_PROTOCOL = 6, /* the message made no sense at this point */
    COIL_REFUSED_IDENTITY = 7, /* this user may not */
    COIL_REFUSED_CRASHES = 8,  /* workers of this environment crash as soon as they start; until a reload */
    COIL_REFUSED_DIED = 9,     /* the workers chosen died before the program had its session */
    COIL_REFUSED_UNREGISTERED = 10, /* a system daemon has no such module: a user's own may */
    COIL_REFUSED_OTHER_BUILD = 11,  /* the same: it has another build of it */
    COIL_REFUSED_LAST = COIL_REFUSED_OTHER_BUILD
};

/* X(message, wire name, number of fds, its keys): every message there is. */
#define COIL_K(key) (1u << COIL_KEY_##key)
#define COIL_MESSAGES(X)                                                                               \
    /* client -> supervisor */                                                                         \
    X(ATTACH, "attach", 0, COIL_K(REQUEST) | COIL_K(PROTOCOL) | COIL_K(VERSION) | COIL_K(PYTHON) |      \
                               COIL_K(ENVIRONMENT) | COIL_K(CWD) | COIL_K(PRIVATE) | COIL_K(NAME) |     \
                               COIL_K(HASH))                                                            \
    X(DESCRIPTOR, "descriptor", 0, COIL_K(REQUEST) | COIL_K(HASH) | COIL_K(DESCRIPTOR))                 \
    X(MODULE, "module", 0, COIL_K(REQUEST) | COIL_K(NAME) | COIL_K(HASH))                               \
    X(CHANNEL, "channel", 0, COIL_K(REQUEST) | COIL_K(SESSION) | COIL_K(CHANNEL)) /* also -> worker */  \
    X(REGION, "region", 1, COIL_K(REQUEST) | COIL_K(SESSION) | COIL_K(BASE) | COIL_K(SIZE)) /* the same */ \
    X(LATE, "late", 0, COIL_K(SESSION)) /* a deadline has passed: look at it; also -> worker; no answer */ \
    /* supervisor -> client */                                                                         \
    X(SEND_DESCRIPTOR, "send_descriptor", 0, COIL_K(REQUEST) | COIL_K(HASH))                            \
    X(ATTACHED, "attached", 5, COIL_K(REQUEST) | COIL_K(SESSION) | COIL_K(GENERATION) | COIL_K(PID) |   \
                                   COIL_K(BASE) | COIL_K(HEAP) |                                        \
                                   COIL_K(MAX_CALL)) /* requests, replies, staging, pidfd, heap */      \
    X(LOADED, "loaded", 0, COIL_K(REQUEST) | COIL_K(MAX_CALL)) /* the answer to `module` */             \
    X(DONE, "done", 0, COIL_K(REQUEST))                                                                 \
    X(FAILED, "failed", 0, COIL_K(REQUEST) | COIL_K(CODE) | COIL_K(TEXT))                               \
    /* supervisor -> worker */                                                                         \
    X(LOAD, "load", 0, COIL_K(REQUEST) | COIL_K(HASH) | COIL_K(DESCRIPTOR))                             \
    X(REFUSE, "refuse", 0, COIL_K(REQUEST) | COIL_K(HASH) | COIL_K(FUNCTION) | COIL_K(TEXT)) /* text "": no more */ \
    X(HEAP, "heap", 2, COIL_K(REQUEST) | COIL_K(GENERATION) | COIL_K(HEAP)) /* heap, tallies; before all else */ \
    X(ADOPT, "adopt", 0, COIL_K(REQUEST) | COIL_K(ENVIRONMENT) | COIL_K(CWD)) /* a spare: it is this program's now */ \
    X(SESSION, "session", 4, COIL_K(REQUEST) | COIL_K(SESSION) | COIL_K(PID) | COIL_K(UID) |          \
                                 COIL_K(GID) | COIL_K(BASE)) /* as for `attached`, without the pidfd */ \
    X(OPEN, "open", 0, COIL_K(REQUEST) | COIL_K(HASH)) /* run the module's init code, for no program */ \
    X(MOVE, "move", 0, COIL_K(REQUEST) | COIL_K(SESSION)) /* as drain, if nobody notices; failed: why it stays */ \
    X(DRAIN, "drain", 0, COIL_K(REQUEST) | COIL_K(SESSION)) /* no new calls; done: none is running */    \
    X(CLOSE, "close", 0, COIL_K(REQUEST) | COIL_K(SESSION)) /* the program has gone */                  \
    X(WATCH, "watch", 1, COIL_K(REQUEST)) /* write calls into this memory: proto/trace.h */              \
    X(UNWATCH, "unwatch", 0, COIL_K(REQUEST)) /* no more */                                              \
    /* worker -> supervisor */                                                                         \
    X(READY, "ready", 0, COIL_K(PROTOCOL) | COIL_K(VERSION))                                            \
    X(OPENED, "opened", 0, COIL_K(HASH)) /* the module's init code has run, for the first time */        \
    X(INIT_FAILED, "init_failed", 0, COIL_K(HASH)) /* it has raised an exception; the program was told */ \
    X(CHANGED, "changed", 0, COIL_K(TEXT)) /* text: a file that Python has read is another one now */    \
    /* coilctl -> supervisor, and back */                                                              \
    X(STATUS, "status", 0, COIL_K(REQUEST) | COIL_K(PROTOCOL) | COIL_K(VERSION))                        \
    X(STATISTICS, "statistics", 0, COIL_K(REQUEST) | COIL_K(PROTOCOL) | COIL_K(VERSION) | COIL_K(NAME)) /* name: json, \
                                                                                                           metrics, table */ \
    X(RELOAD, "reload", 0, COIL_K(REQUEST) | COIL_K(PROTOCOL) | COIL_K(VERSION))                        \
    X(STOP, "stop", 0, COIL_K(REQUEST) | COIL_K(PROTOCOL) | COIL_K(VERSION))                            \
    X(TRACE, "trace", 0, COIL_K(REQUEST) | COIL_K(PROTOCOL) | COIL_K(VERSION)) /* done: it has begun, and goes on */ \
    X(TRACED, "traced", 1, COIL_K(REQUEST) | COIL_K(GENERATION) | COIL_K(PID)) /* a worker, where its calls are seen */ \
    X(UNTRACED, "untraced", 0, COIL_K(REQUEST) | COIL_K(GENERATION)) /* it has gone */                   \
    X(REPORT, "report", 0, COIL_K(REQUEST) | COIL_K(TEXT)) /* text: lines for people */

enum coil_message_key {
#define COIL_MESSAGE_KEY_ENUM(key, member, form) COIL_KEY_##key,
    COIL_MESSAGE_KEYS(COIL_MESSAGE_KEY_ENUM)
#undef COIL_MESSAGE_KEY_ENUM
        COIL_KEY_COUNT
};

enum coil_message_type {
#define COIL_MESSAGE_TYPE_ENUM(type, name, fds, keys) COIL_MESSAGE_##type,
    COIL_MESSAGES(COIL_MESSAGE_TYPE_ENUM)
#undef COIL_MESSAGE_TYPE_ENUM
        COIL_MESSAGE_COUNT
};

struct coil_message {
    enum coil_message_type type;
    uint64_t request;
    uint64_t protocol;
    const char *version;
    const char *python;
    const char *const *environment; /* NULL-terminated */
    const char *cwd;
    const char *name;
    uint8_t hash[16];
    struct coil_bytes descriptor;
    uint64_t session;
    uint64_t generation;
    uint64_t pid;
    uint64_t base;
    uint64_t channel;
    uint64_t function;
    uint64_t heap;
    uint64_t size;
    uint64_t private_to;
    uint64_t uid;
    uint64_t gid;
    uint64_t max_call_ms;
    uint64_t code;
    const char *text;
};

/* The wire name, for messages to people. */
const char *coil_message_name(enum coil_message_type type);

/* How many fds go with this message. */
unsigned coil_message_fds(enum coil_message_type type);

/*
 * Encodes `message` with its length in front into a new block (*ret_data, freed
 * by the caller with free()).  -EMSGSIZE: larger than COIL_MESSAGE_SIZE_MAX;
 * -ENOMEM.
 */
int coil_message_encode(const struct coil_message *message, void **ret_data, size_t *ret_size,
                        struct coil_error *error);

/*
 * Decodes one message body (without its length).  `ret_message` borrows from
 * *ret_memory, which the caller frees with free() when done with it; `data` may
 * go at once.  -EBADMSG with words for anything that is not exactly a message of the table.
 */
int coil_message_decode(const void *data, size_t size, struct coil_message *ret_message, void **ret_memory,
                        struct coil_error *error);

#endif
