/* The daemon as a whole: its loop, its socket, and what it has. */
#ifndef COIL_SUPERVISOR_SERVER_H
#define COIL_SUPERVISOR_SERVER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <uv.h>

#include "daemon/supervisor/configure.h"
#include "daemon/supervisor/environment.h"
#include "daemon/supervisor/heap.h"
#include "daemon/supervisor/recycle.h"
#include "daemon/supervisor/notify.h"
#include "daemon/supervisor/quota.h"
#include "daemon/supervisor/reload.h"
#include "daemon/supervisor/runtime_dir.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/store.h"
#include "daemon/supervisor/succession.h"
#include "daemon/supervisor/tally.h"
#include "proto/error.h"

struct coil_client;

#define COIL_SERVER_SIGNALS 3

struct coil_server {
    uv_loop_t loop;
    struct coil_runtime_dir *runtime;
    struct coil_notify notify; /* whoever waits for news of the daemon */
    struct coil_configuration configuration;
    bool is_system;          /* it serves all users: coild --system */
    uid_t overflow_uid;      /* stands for users that the kernel cannot name here */
    const char *log_path;    /* NULL: stderr */
    char log_file[PATH_MAX]; /* the one that a reload has named */
    char worker_path[PATH_MAX];
    struct rlimit worker_files; /* RLIMIT_NOFILE as it was when the daemon started */
    uint64_t idle_timeout_ms;   /* 0: never */
    uint64_t drain_timeout_ms;  /* how long programs may keep a generation after a reload; 0: for ever */
    unsigned unused_workers;    /* so many may wait for programs */
    struct coil_recycling recycling;
    uint64_t max_call_ms;       /* for every program's calls; 0: no limit */
    uint64_t gil_timeout_ms;    /* for workers: daemon/worker/late.c */

    uv_poll_t listener;
    uv_signal_t signals[COIL_SERVER_SIGNALS];
    uv_timer_t accept_timer; /* too many have come: when the next may */
    uv_timer_t idle_timer;
    uv_timer_t watchdog_timer;
    uv_timer_t look_timer;  /* what has to be looked at from time to time: move.c, recycle.c */
    uv_timer_t drain_timer; /* stopping: when what still runs has to end */
    int spare_fd;           /* given up for a moment to turn a client away when there are no fds */

    TAILQ_HEAD(, coil_client) clients;
    struct coil_environments environments;
    struct coil_reloads reloads;
    struct coil_successions successions; /* under way */
    struct coil_store store;
    struct coil_windows windows;
    struct coil_heaps heaps;
    unsigned attached; /* clients that are attached or about to be */
    unsigned workers;  /* processes, and those about to start */
    struct coil_quotas quotas;
    struct coil_quota_rate accepts; /* connections that may be let in now */
    struct coil_totals totals; /* of workers that are gone */
    uint64_t started_ms;
    uint64_t workers_started;
    uint64_t workers_died;     /* without being told to end */
    uint64_t last_session;
    uint64_t last_generation;
    bool stopping;
};

/* Fills `server` in and opens its handles.  `runtime` is acquired and outlives it. */
int coil_server_init(struct coil_server *server, struct coil_runtime_dir *runtime, struct coil_error *error);

/* Serves until it is told to stop, or idle for long, and everything has gone.  Then only the lock is left. */
void coil_server_run(struct coil_server *server);

/* Begins to stop, for a reason that the log names: no new programs or calls; those that run may end, within a bound. */
void coil_server_stop(struct coil_server *server, const char *reason);

/* There is something to look at, once a second, until those who look say otherwise. */
void coil_server_look(struct coil_server *server);

/* Its settings have changed. */
void coil_server_reconsider(struct coil_server *server);

/* Counts programs; without any for long, the daemon leaves. */
void coil_server_program_came(struct coil_server *server);
void coil_server_program_went(struct coil_server *server);

/* A worker has gone: if the daemon stops, it may have been the last. */
void coil_server_worker_went(struct coil_server *server);

#endif
