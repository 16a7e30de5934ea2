/* "wait": calls, says so, waits for a line, calls again.  "crash": makes the handler crash. */
#include <stdio.h>
#include <string.h>
#include <time.h>

extern int add(int x, int y);
extern int crash(void);

int main(int argc, char **argv)
{
    char line[16];

    if (argc > 1 && strcmp(argv[1], "crash") == 0) {
        struct timespec begin, end;
        int result;

        printf("%d\n", add(1, 2));
        clock_gettime(CLOCK_MONOTONIC, &begin);
        result = crash();
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%d %s\n", result, end.tv_sec - begin.tv_sec <= 2 ? "soon" : "late");
        printf("%d\n", add(3, 4));
        return 0;
    }
    printf("%d\n", add(1, 2));
    fflush(stdout);
    if (!fgets(line, sizeof(line), stdin))
        return 1;
    printf("%d\n", add(5, 6));
    return 0;
}
