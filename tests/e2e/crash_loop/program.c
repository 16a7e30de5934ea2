/* "crash HOW": makes the handler crash, again and again.  "work": calls while others do that, and lingers meanwhile. */
#include <coil.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern int add(int x, int y);
extern int crash(int how);
extern int linger(int ms);

static void *lingers(void *argument)
{
    (void)argument;
    for (;;)
        (void)linger(60000); /* always under way when the worker dies: must not be blamed */
    return NULL;
}

static int work(void)
{
    pthread_t thread;
    char line[16];

    pthread_create(&thread, NULL, lingers, NULL);
    printf("%d\n", add(1, 1));
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        struct timespec begin, end;
        int sum;

        clock_gettime(CLOCK_MONOTONIC, &begin);
        sum = add(2, 2);
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%d %s\n", sum, end.tv_sec - begin.tv_sec <= 3 ? "soon" : "late");
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    int how = argc > 2 ? atoi(argv[2]) : 0;

    if (strcmp(argv[1], "work") == 0)
        return work();
    if (strcmp(argv[1], "once") == 0) {
        int result = crash(how);

        printf("%d %s\n", result, coil_last_error(NULL) == COIL_E_DIED ? "died" : coil_last_error(NULL) == COIL_E_REFUSED ? "refused" : "?");
        return 0;
    }
    for (int i = 0; i < 8; i++) {
        const char *why;
        int result = crash(how), status = coil_last_error(&why);

        printf("%d %s\n", result, status == COIL_E_DIED ? "died" : status == COIL_E_REFUSED ? "refused" : why);
    }
    printf("%d\n", add(3, 4));
    return 0;
}
