/*
 * A program that stays: it calls whenever it is told to, and says what its process looks like.
 *
 * Each line of input is one command; each is answered by one line.
 *
 *     call     ok, or failed CODE; a failure is followed by another call
 *     look     fds, threads and mappings of coil's that the process has
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int add(int a, int b);
extern int coil_last_error(const char **ret_text);

static int count_entries(const char *folder)
{
    DIR *directory = opendir(folder);
    int count = 0;

    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

int main(void)
{
    char line[64];

    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "look\n") == 0) {
            printf("%d %d\n", count_entries("/proc/self/fd") - 1, count_entries("/proc/self/task"));
        } else if (add(1, 2) == 3) {
            printf("ok\n");
        } else {
            const char *why;
            int code = coil_last_error(&why);

            printf("failed %d %s\n", code, why);
        }
    }
    return 0;
}
