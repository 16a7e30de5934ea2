/* The neighbour: calls for as long as its standard input is open, and says whether every answer was right. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    unsigned char data[6000];
} big_t;

extern int add(int x, int y);
extern int sum(const int *v, int n);
extern int length(const char *s);
extern int sum_big(big_t big);
extern int ask(int depth);

static int is_over(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

    return poll(&input, 1, 0) > 0;
}

int main(void)
{
    static big_t big;
    int v[4], calls = 0, wrong = 0;

    memset(&big, 1, sizeof big);
    do {
        for (int i = 0; i < 4; i++)
            v[i] = calls + i;
        wrong += add(calls, 2) != calls + 2;
        wrong += sum(v, 4) != 4 * calls + 6;
        wrong += length("neighbour") != 9;
        wrong += sum_big(big) != 60;
        wrong += ask(calls) != 2 * calls;
        calls++;
    } while (!is_over());
    printf("%s, %d wrong\n", calls > 0 ? "called" : "not called", wrong);
    return 0;
}
