/*
 * Fds 0 to 2 are closed and used for files before and after the first call, while another thread prints: what is
 * printed goes where the program has it go, and coil's fds never lie there.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int say(const char *text);

static atomic_int stop;

/* Whatever lies at 0, 1 or 2 gets this. */
static void *writer(void *unused)
{
    while (!stop) {
        for (int fd = 0; fd < 3; fd++)
            if (write(fd, "noise\n", 6) < 0)
                continue;
        usleep(20);
    }
    return unused;
}

static int count(const char *path, const char *line)
{
    FILE *file = fopen(path, "r");
    char text[256];
    int found = 0;

    while (file && fgets(text, sizeof text, file))
        found += strcmp(text, line) == 0;
    if (file)
        fclose(file);
    return found;
}

int main(int argc, char **argv)
{
    int result = 0, again = dup(1);
    char path[3][300];
    pthread_t thread;

    if (argc != 3)
        return 2;
    (void)fcntl(again, F_SETFD, FD_CLOEXEC);
    for (int i = 0; i < 3; i++)
        snprintf(path[i], sizeof path[i], "%s-%d", argv[1], i);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    if (strcmp(argv[2], "before") == 0)
        for (int fd = 0; fd < 3; fd++)
            if (open(path[fd], O_CREAT | O_TRUNC | O_RDWR | O_APPEND, 0600) != fd)
                return 3;
    pthread_create(&thread, NULL, writer, NULL);
    result += say("one");
    usleep(10000);
    stop = 1;
    pthread_join(thread, NULL);
    if (strcmp(argv[2], "after") == 0) {
        for (int fd = 0; fd < 3; fd++)
            if (open(path[fd], O_CREAT | O_TRUNC | O_RDWR | O_APPEND, 0600) != fd)
                return 4; /* coil has taken one */
        clearerr(stdout);
        clearerr(stderr);
    }
    result += say("two");
    dprintf(again, "%d: %d %d, %d %d, %d\n", result, count(path[1], "one\n"), count(path[1], "two\n"), count(path[2], "one\n"),
            count(path[2], "two\n"), count(path[0], "two\n"));
    return 0;
}
