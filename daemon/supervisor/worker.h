/*
 * A worker: one process with one interpreter, one generation.
 *
 *     DELAYED --> STARTING --> READY --> LEAVING
 *        |            |          |          |
 *        +------------+----------+----------+--> DEAD
 *
 * DELAYED: no process yet; earlier ones died too soon.  STARTING: until it has said
 * `ready` and has mapped its heap.  LEAVING: it was told to end, and is killed if it does not.  DEAD: its
 * pidfd is readable, and nothing else means dead.
 */
#ifndef COIL_SUPERVISOR_WORKER_H
#define COIL_SUPERVISOR_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <uv.h>

#include "daemon/supervisor/await.h"
#include "daemon/supervisor/environment.h"
#include "daemon/supervisor/heap.h"
#include "proto/error.h"
#include "proto/message.h"
#include "proto/wire.h"

struct coil_server;
struct coil_session;
struct coil_worker_module;

enum coil_worker_state {
    COIL_WORKER_DELAYED,
    COIL_WORKER_STARTING,
    COIL_WORKER_READY,
    COIL_WORKER_LEAVING,
    COIL_WORKER_DEAD
};

#define COIL_WORKER_TEXT_MAX 160

struct coil_worker {
    TAILQ_ENTRY(coil_worker) link; /* in its environment */
    struct coil_server *server;
    struct coil_environment *environment;
    enum coil_worker_state state;
    uint64_t generation; /* never reused */
    pid_t pid;           /* 0 before there is a process */
    int pidfd;
    struct coil_wire *wire;
    struct coil_heap heap;       /* made with the process */
    int tallies;                 /* the same: proto/tally.h */
    int trace;                   /* proto/trace.h; -1: nobody watches */
    bool is_watched;             /* it writes them there */
    struct coil_await watch_told; /* its answer to `watch` */
    struct coil_await heap_told; /* the worker's answer to `heap` */
    uint64_t last_request;
    bool was_ready;  /* it has said so */
    bool has_served; /* calls have come back from it, as far as is known */
    bool superseded; /* a program needed another module under a name that this one has */
    bool preparing;  /* it is to take another one's place, and takes no sessions until it can: reload.c */
    bool is_spare;   /* it waits for a program of its own, and has to be told whose it is: spare.c */
    bool retired;    /* it takes no sessions any more, and leaves when it has none */
    char why_retired[COIL_WORKER_TEXT_MAX];
    bool told_to_end;
    bool killed_by_us;
    bool killed_from_outside;          /* it is dead, and neither we nor its code are to blame */

    bool moves;                     /* its sessions are to move to another one: move.c */
    bool is_forced;                 /* and have been ended, after end_ms */
    uint64_t end_ms;                /* 0: they may stay */
    uint64_t moved;                 /* how many have */
    uint64_t started_ms;            /* its process; 0: there is none yet */
    uint64_t unused_ms;             /* since when nobody uses it */
    uint64_t calls_before;          /* of sessions that have ended */
    uint64_t recycle_not_before_ms; /* recycle.c */
    char recycled_because[COIL_WORKER_TEXT_MAX / 2];
    unsigned users;                    /* clients and sessions that count on it */
    char failure[COIL_ERROR_TEXT_MAX]; /* why it did not start */
    struct coil_awaits starters;       /* who waits for READY */
    struct coil_awaits requests;       /* what was asked of it */
    TAILQ_HEAD(, coil_worker_module) modules;
    uint32_t modules_loaded; /* how many of them it has accepted: it numbers them in that order */
    TAILQ_HEAD(, coil_session) sessions;

    uv_process_t process;
    uv_poll_t link_poll;
    uv_poll_t death_poll;
    uv_timer_t timer; /* what it means depends on the state */
    bool is_suspect;  /* health.c: something was not in order when it looked last */
    bool has_process, has_link_poll, has_death_poll;
    unsigned open_handles;
    bool reaped;
    int exit_status;
    int exit_signal;
};

/*
 * A worker for this environment, put into its list; its process starts on the next
 * turn of the loop, or a little later if the last ones died at once.  Trouble is told to
 * those who wait.  Frees itself when it is dead.  -ENOMEM.
 */
int coil_worker_new(struct coil_server *server, struct coil_environment *environment, struct coil_worker **ret_worker);

/*
 * True if it can take sessions, now or once it has started.  Asks the kernel, so that a
 * death counts before the loop sees it.
 */
bool coil_worker_is_usable(struct coil_worker *worker);

/* Calls `answered` when the worker is READY (with its message) or dead (NULL). */
void coil_worker_await_ready(struct coil_worker *worker, struct coil_await *await,
                             void (*answered)(struct coil_await *, const struct coil_message *));

/*
 * Sends a request, with a number of its own, and calls `answered` with done, failed, or NULL
 * (dead).  Never calls it before it returns.  `fds` as coil_wire_send().
 */
void coil_worker_ask(struct coil_worker *worker, struct coil_message *message, const int *fds, struct coil_await *await,
                     void (*answered)(struct coil_await *, const struct coil_message *));

/* The same, without caring for the answer.  Nothing happens to a worker that has not said that it is ready. */
void coil_worker_tell(struct coil_worker *worker, struct coil_message *message);

/* ---- status.c ---- */

/* What it does, for people. */
const char *coil_worker_state_name(const struct coil_worker *worker);

/* ---- usage.c ---- */

/* Counts who uses it: clients that attach, and sessions. */
void coil_worker_hold(struct coil_worker *worker);
void coil_worker_release(struct coil_worker *worker);

/* Another build of one of its modules is wanted now: it takes sessions only if it has to. */
void coil_worker_supersede(struct coil_worker *worker);

/* It takes no sessions any more; `why`, for people: the first reason counts. */
void coil_worker_retire(struct coil_worker *worker, const char *why);

/* Something has changed: it may have to leave, soon or later. */
void coil_worker_consider(struct coil_worker *worker);

/* Its time is over. */
bool coil_worker_is_unneeded(const struct coil_worker *worker);

/* ---- worker.c ---- */

/* SIGTERM, and SIGKILL after two seconds. */
void coil_worker_leave(struct coil_worker *worker);

/* SIGKILL; its death is handled when the pidfd says so. */
void coil_worker_kill(struct coil_worker *worker);

#endif
