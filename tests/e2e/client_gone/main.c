/* The program is killed while Python uses it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern int in_handler(const char *path), in_thread(const char *path), ready(void);
extern void in_oneway(const char *path);

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    ready();
    printf("ready\n");
    fflush(stdout);
    if (strcmp(argv[1], "handler") == 0)
        in_handler(argv[2]);
    if (strcmp(argv[1], "thread") == 0)
        in_thread(argv[2]);
    if (strcmp(argv[1], "oneway") == 0)
        in_oneway(argv[2]);
    sleep(60);
    return 0;
}
