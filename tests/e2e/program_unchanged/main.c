/*
 * What belongs to the program is as it was, after calls of every kind: folder, umask, limits, priority, environment,
 * signals, timers, rounding, buffers of stdio, threads, children.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern int add(int x, int y), ask(int x), fail(void);
extern char **environ;

struct state {
    char folder[PATH_MAX], locale[256], name[16], environment[16384];
    mode_t umask;
    struct rlimit limits[RLIM_NLIMITS];
    int priority, rounding, dumpable, subreaper, flags[3];
    sigset_t mask, pending;
    void (*handlers[NSIG])(int);
    int handler_flags[NSIG];
    stack_t stack;
    struct itimerval timers[3];
    pid_t group, session;
};

static void look(struct state *s)
{
    memset(s, 0, sizeof *s);
    if (!getcwd(s->folder, sizeof s->folder))
        exit(9);
    snprintf(s->locale, sizeof s->locale, "%s", setlocale(LC_ALL, NULL));
    for (char **e = environ; *e; e++) {
        strncat(s->environment, *e, sizeof s->environment - strlen(s->environment) - 2);
        strcat(s->environment, "\n");
    }
    s->umask = umask(022);
    umask(s->umask);
    for (int i = 0; i < RLIM_NLIMITS; i++)
        getrlimit(i, &s->limits[i]);
    s->priority = getpriority(PRIO_PROCESS, 0);
    s->rounding = fegetround();
    s->dumpable = prctl(PR_GET_DUMPABLE);
    prctl(PR_GET_CHILD_SUBREAPER, &s->subreaper);
    prctl(PR_GET_NAME, s->name);
    for (int fd = 0; fd < 3; fd++)
        s->flags[fd] = fcntl(fd, F_GETFL);
    sigprocmask(SIG_SETMASK, NULL, &s->mask);
    sigpending(&s->pending);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action = { .sa_flags = 0 };

        sigaction(number, NULL, &action);
        s->handlers[number] = action.sa_handler;
        s->handler_flags[number] = action.sa_flags & ~0x04000000; /* the C library's, of every one that it has set */
    }
    sigaltstack(NULL, &s->stack);
    for (int i = 0; i < 3; i++)
        getitimer(i, &s->timers[i]);
    s->group = getpgrp();
    s->session = getsid(0);
}

static int threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;

    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

#define COMPARE(field) \
    if (memcmp(&before.field, &after.field, sizeof before.field) != 0) printf("%s: another " #field "\n", when)

static struct state before, after;

static void compare(const char *when, int daemon_mode)
{
    look(&after);
    if (!daemon_mode) /* Python sets LC_CTYPE to what the environment says, as in any program that embeds it */
        memcpy(after.locale, before.locale, sizeof after.locale);
    COMPARE(folder);
    COMPARE(locale);
    COMPARE(name);
    COMPARE(environment);
    COMPARE(umask);
    COMPARE(limits);
    COMPARE(priority);
    COMPARE(rounding);
    COMPARE(dumpable);
    COMPARE(subreaper);
    COMPARE(flags);
    COMPARE(mask);
    COMPARE(pending);
    COMPARE(handlers);
    COMPARE(handler_flags);
    COMPARE(stack);
    COMPARE(timers);
    COMPARE(group);
    COMPARE(session);
    if (threads() != 1)
        printf("%s: %d threads\n", when, threads());
    if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
        printf("%s: a child\n", when);
}

int main(void)
{
    const char *mode = getenv("COIL_MODE");
    struct rlimit limit = { 300, 400 };
    int daemon_mode = mode && strcmp(mode, "daemon") == 0, wrong = 0;

    umask(027);
    setrlimit(RLIMIT_NOFILE, &limit);
    setpriority(PRIO_PROCESS, 0, 3);
    fesetround(FE_UPWARD);
    setenv("MINE", "yes", 1);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_NAME, "my-name");
    if (chdir("/usr") < 0)
        return 2;
    look(&before);
    wrong += add(40, 2) != 42;
    compare("after the first call", daemon_mode);
    for (int i = 0; i < 50; i++)
        wrong += add(i, 1) != i + 1 || ask(i) != i + 1 || fail() != -1;
    compare("after more calls", daemon_mode);
    printf("%d wrong\n", wrong);
    return 0;
}
