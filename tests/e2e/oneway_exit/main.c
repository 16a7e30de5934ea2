/* Ends in many ways with one-way calls queued: HOW FILE COUNT MS. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void append(const char *path, int x, int ms), say(int x);
extern int started(void);

static const char *how, *file;
static int count, ms;

static void queue_all(void)
{
    for (int i = 0; i < count; i++)
        append(file, i, ms);
    say(count);
}

static void *thread(void *argument)
{
    queue_all();
    if (strcmp(how, "pthread_exit") == 0)
        pthread_exit(NULL);
    return argument;
}

int main(int argc, char **argv)
{
    pthread_t id;

    if (argc != 5)
        return 2;
    how = argv[1];
    file = argv[2];
    count = atoi(argv[3]);
    ms = atoi(argv[4]);
    started();
    if (strcmp(how, "thread") == 0 || strcmp(how, "pthread_exit") == 0) {
        pthread_create(&id, NULL, thread, NULL);
        pthread_join(id, NULL);
        return 0;
    }
    if (strcmp(how, "atexit") == 0) {
        atexit(queue_all);
        exit(0);
    }
    queue_all();
    if (strcmp(how, "exit") == 0)
        exit(0);
    if (strcmp(how, "_exit") == 0)
        _exit(0);
    if (strcmp(how, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(how, "exec") == 0)
        execl("/bin/true", "true", (char *)NULL);
    return 0;
}
