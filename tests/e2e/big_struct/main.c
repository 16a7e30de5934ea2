#include <stdio.h>
#include <string.h>

#include "api.h"

static struct big b, c;

int main(void)
{
    b.first = 1;
    b.last = 2;
    memset(b.text, 'x', sizeof(b.text));
    for (int round = 0; round < 20; round++)
        c = changed(b);
    printf("%d %d %c %c %c\n", c.first, c.last, c.text[0], c.text[8191], c.text[8192]);
    printf("%c\n", b.text[0]);
    printf("%d\n", checksum(b, 100, c));
    return 0;
}
