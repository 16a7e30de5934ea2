/*
 * The worker of the supervisor's tests: it answers without any Python, and the Python path that
 * a test attaches with tells it how to behave.
 */
#ifndef TEST_SUPERVISOR_FAKE_WORKER_H
#define TEST_SUPERVISOR_FAKE_WORKER_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/channel.h"
#include "proto/cleanup.h"
#include "proto/version.h"
#include "proto/window.h"
#include "proto/wire.h"

/* Pythons of this worker. */
#define GOOD ""
#define BROKEN "/broken"   /* says why it does not start */
#define CRASHING "/crash"  /* is killed without a word */
#define FAULTY "/faulty"   /* crashes without a word */
#define GUILTY "/guilty"   /* crashes in the init code of its module, until it is told to refuse that */
#define SLOW "/slow"       /* takes a second to start */
#define STUBBORN "/stay"   /* ignores SIGTERM */
#define GARBAGE "/garbage" /* answers with nonsense */
#define ENVIRONMENT "/env" /* refuses modules, with its environment as the reason */
#define HEAPLESS "/heapless" /* cannot map its heap */
#define HAPLESS "/hapless" /* the init code of its modules fails */
#define AGEING "/ageing"   /* as long as there is a file "broken" in $HOME, the init code of its modules fails */
#define EDITED "/edited"   /* finds that its code has changed when its second program comes */
#define BUSY "/busy"       /* never ends a session by itself */
#define DYING "/dying"     /* dies when it is given a session */
#define LOOSE "/loose"     /* its sessions can move; others' hold something */

static void say(struct coil_wire *wire, enum coil_message_type type, uint64_t request, const char *text)
{
    struct coil_message message = { .type = type, .request = request, .protocol = COIL_PROTOCOL,
                                    .version = COIL_VERSION, .code = COIL_REFUSED_OTHER, .text = text };

    (void)coil_wire_send(wire, &message, NULL, NULL);
}

static const char *environment_text(void)
{
    static char text[2048];
    extern char **environ;

    for (char **entry = environ; *entry; entry++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", *entry);
    return text;
}

static void sleep_ms(long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

    (void)nanosleep(&time, NULL);
}

/* Fds of this process: the link, the standard ones, and whatever should not be here. */
static unsigned count_fds(const char *folder_path)
{
    DIR *folder = opendir(folder_path);
    unsigned count = 0;

    while (folder && readdir(folder))
        count++;
    if (folder)
        (void)closedir(folder);
    return count;
}

static void check_session(const struct coil_wire_message *received)
{
    static const uint64_t sizes[] = { COIL_REQUESTS_SIZE, COIL_REPLIES_SIZE, COIL_STAGING_SIZE };

    for (int i = 0; i < 3; i++) {
        struct stat status;
        int seals = fcntl(received->fds[i], F_GET_SEALS);

        if (fstat(received->fds[i], &status) < 0 || (uint64_t)status.st_size != sizes[i] ||
            (status.st_mode & 07777) != 0600 || seals != (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
            abort();
    }
    if (received->message.base % COIL_WINDOW_STRIDE || received->message.base < COIL_RANGE_BEGIN ||
        received->message.base >= COIL_RANGE_END)
        abort();
}

static void check_heap(const struct coil_wire_message *received)
{
    struct stat status;

    if (received->message.type != COIL_MESSAGE_HEAP || !coil_heap_is_valid(received->message.heap) ||
        received->message.generation == 0 || fstat(received->fds[0], &status) < 0 ||
        (uint64_t)status.st_size != COIL_HEAP_SIZE || status.st_blocks != 0 || (status.st_mode & 07777) != 0600 ||
        fcntl(received->fds[0], F_GET_SEALS) != (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        abort();
}

/* Says in the session's first channel that its thread has crashed in the init code of the first module. */
static void confess(int replies)
{
    const uint32_t doing = COIL_DOING_OPEN | COIL_DOING_FATAL;

    if (pwrite(replies, &doing, sizeof doing, (off_t)(COIL_REPLIES_CONTROL(0) + offsetof(struct coil_control, doing))) < 0)
        abort();
    (void)raise(SIGSEGV);
}

/* What becomes of a module's init code: the first program that comes runs it, or a reload. */
static void open_module(struct coil_wire *wire, const char *python, const struct coil_message *message)
{
    bool is_reload = message->type == COIL_MESSAGE_OPEN;
    struct coil_message news = { .type = COIL_MESSAGE_OPENED };
    char path[256];

    (void)snprintf(path, sizeof path, "%s/broken", getenv("HOME"));
    if (strcmp(python, HAPLESS) == 0 || (strcmp(python, AGEING) == 0 && access(path, F_OK) == 0))
        news.type = COIL_MESSAGE_INIT_FAILED;
    memcpy(news.hash, message->hash, sizeof news.hash);
    if (!is_reload)
        say(wire, COIL_MESSAGE_DONE, message->request, NULL);
    (void)coil_wire_send(wire, &news, NULL, NULL);
    if (is_reload)
        say(wire, news.type == COIL_MESSAGE_OPENED ? COIL_MESSAGE_DONE : COIL_MESSAGE_FAILED, message->request,
            "the new code is broken");
}

static int be_worker(const char *python)
{
    struct coil_wire *wire;
    bool has_heap = false;
    bool refuses = false;
    unsigned sessions = 0;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (strcmp(python, CRASHING) == 0)
        (void)raise(SIGKILL);
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (strcmp(python, FAULTY) == 0) {
        (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer would exit instead */
        (void)raise(SIGSEGV);
    }
    /* stdin, stdout, stderr, link, and those of the folder that is read. */
    if (coil_wire_new(3, &wire) < 0 || count_fds("/proc/self/fd") != 4 + 1 + 2)
        return 3;
    if (strcmp(python, BROKEN) == 0) {
        say(wire, COIL_MESSAGE_FAILED, 0, "there is no Python at all");
        return 1;
    }
    if (strcmp(python, SLOW) == 0)
        sleep_ms(1000);
    if (strcmp(python, STUBBORN) == 0)
        (void)signal(SIGTERM, SIG_IGN);
    say(wire, COIL_MESSAGE_READY, 0, NULL);
    for (;;) {
        COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message received = COIL_WIRE_MESSAGE_INIT;
        struct pollfd ready = { .fd = coil_wire_fd(wire), .events = POLLIN };
        uint64_t request;
        int r = coil_wire_receive(wire, &received, NULL);

        if (r == -EAGAIN) {
            (void)poll(&ready, 1, -1);
            continue;
        }
        if (r < 0)
            break;
        request = received.message.request;
        if (!has_heap)
            check_heap(&received);
        if (!has_heap && strcmp(python, HEAPLESS) == 0) {
            say(wire, COIL_MESSAGE_FAILED, request, "no room for a heap");
            continue;
        }
        has_heap = true;
        if (strcmp(python, GARBAGE) == 0 && received.message.type == COIL_MESSAGE_LOAD) {
            (void)!write(coil_wire_fd(wire), "\xff\xff\xff\xff", 4);
            (void)pause();
        }
        if (received.message.type == COIL_MESSAGE_SESSION) {
            check_session(&received);
            if (strcmp(python, DYING) == 0)
                (void)raise(SIGKILL);
            if (strcmp(python, GUILTY) == 0 && !refuses)
                confess(received.fds[1]);
        }
        if (received.message.type == COIL_MESSAGE_REFUSE)
            refuses = received.message.function == UINT32_MAX && *received.message.text;
        if (strcmp(python, EDITED) == 0 && received.message.type == COIL_MESSAGE_SESSION && ++sessions == 2) {
            say(wire, COIL_MESSAGE_CHANGED, 0, "/home/someone/helper.py");
            say(wire, COIL_MESSAGE_FAILED, request, "too late");
            continue;
        }
        if (strcmp(python, ENVIRONMENT) == 0 && received.message.type != COIL_MESSAGE_HEAP)
            say(wire, COIL_MESSAGE_FAILED, request, environment_text());
        else if (received.message.type == COIL_MESSAGE_LOAD || received.message.type == COIL_MESSAGE_OPEN)
            open_module(wire, python, &received.message);
        else if (strcmp(python, BUSY) == 0 &&
                 (received.message.type == COIL_MESSAGE_DRAIN || received.message.type == COIL_MESSAGE_CLOSE))
            continue;
        else if ((received.message.type == COIL_MESSAGE_CHANNEL && received.message.channel == 13) ||
                 (received.message.type == COIL_MESSAGE_REGION &&
                  received.message.base == COIL_REGIONS_BEGIN + 13 * COIL_REGION_UNIT))
            say(wire, COIL_MESSAGE_FAILED, request, "no luck");
        else if (received.message.type == COIL_MESSAGE_MOVE && strcmp(python, LOOSE) != 0)
            say(wire, COIL_MESSAGE_FAILED, request, "it holds something");
        else
            say(wire, COIL_MESSAGE_DONE, request, NULL);
    }
    coil_wire_free(wire);
    return 0;
}

#endif
