/* "slow MS": one call that takes so long, then another call.  "busy": calls all the time, until stdin ends. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

extern int slow(int ms);
extern int add(int x, int y);

static int has_ended(void)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(0, &set);
    return select(1, &set, NULL, NULL, &(struct timeval){ 0 }) != 0;
}

int main(int argc, char **argv)
{
    long count = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 2 && strcmp(argv[1], "slow") == 0) {
        printf("%d\n", slow(atoi(argv[2])));
        printf("%d\n", add(40, 2));
        return 0;
    }
    (void)slow(0);
    while (!has_ended() || count < 200) {
        if (add((int)count, 1) != count + 1) {
            printf("wrong\n");
            return 1;
        }
        count++;
    }
    printf("all right\n");
    return 0;
}
