/* A handler that keeps what was lent to it: with COIL_CHECK the fault names the call.  Everything else works as ever. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *next;
    int value;
};

int keep(int *v, int n);
int use_kept(int at);
int sum(const struct node *list);
int plain(int x);
int big(unsigned char *data, int n);

static int work(int rounds)
{
    static unsigned char data[5 << 20];
    struct node b = { NULL, 2 }, a = { &b, 1 };
    int good = 0;

    data[0] = 7;
    for (int i = 0; i < rounds; i++) {
        int v[3] = { i, 0, 0 };

        good += keep(v, 3) == i + 1 && v[0] == i + 1 && sum(&a) == 3 && plain(i) == i + 1;
    }
    /* More than there is room for, so that memory that was inaccessible is used again. */
    for (int i = 0; i < 400; i++)
        good += big(data, sizeof data) == 7;
    return good + (data[sizeof data - 1] == (unsigned char)400);
}

int main(int argc, char **argv)
{
    int v[3] = { 40, 50, 60 };

    (void)argc;
    if (strcmp(argv[1], "work") == 0) {
        printf("%d\n", work(1000));
        return 0;
    }
    printf("%d", keep(v, 3));
    fflush(stdout);
    printf(" %s\n", use_kept(1) == -2 ? "died" : "lived");
    printf("%d\n", plain(1));
    return 0;
}
