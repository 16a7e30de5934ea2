/* The neighbour: calls for as long as its standard input is open, and says how that went. */
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

extern int add(int x, int y);

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int is_over(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

    return poll(&input, 1, 0) > 0;
}

int main(void)
{
    double longest = 0;
    int calls = 0, wrong = 0;

    do {
        double began = seconds();

        wrong += add(calls, 2) != calls + 2;
        if (calls > 0 && seconds() - began > longest)
            longest = seconds() - began;
        calls++;
        usleep(100);
    } while (!is_over());
    printf("%s, %d wrong, %s\n", calls > 0 ? "called" : "not called", wrong, longest < 2 ? "soon" : "late");
    return 0;
}
