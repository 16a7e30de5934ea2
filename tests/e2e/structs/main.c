#include <stdio.h>
#include <string.h>

#include "api.h"

int main(void)
{
    struct point p = {3, 4.5}, q;
    struct tiny t = {'y'};
    struct line l = {{1, 2.0}, {3, 4.0}, {5, -6, 7}};
    union number n;
    struct tagged tagged = {1, {.i = 41}, {'a', 'b'}};
    struct bits b = {5, -50, 4000000};
    struct holder h = {&p, 1};

    q = swapped(p);
    printf("%d %g (%d %g)\n", q.x, q.y, p.x, p.y);
    printf("%c\n", next_tiny(t).c);
    l = reversed(l, 10);
    printf("%d %g %d %g %d %d %d\n", l.from.x, l.from.y, l.to.x, l.to.y, l.weights[0], l.weights[1], l.weights[2]);
    memset(&n, 0, sizeof(n));
    n.i = 21;
    printf("%d\n", doubled(n).i);
    tagged = retagged(tagged);
    printf("%d %g %c%c\n", tagged.kind, tagged.d, tagged.pair.a, tagged.pair.b);
    b = flipped(b);
    printf("%u %d %u\n", b.low, b.middle, b.high);
    h = held(h);
    printf("%d %d\n", h.address == (void *)&p, h.age);
    printf("%g\n", length2(p, q));
    q = from_dict(9);
    printf("%d %g\n", q.x, q.y);
    q = from_list(9);
    printf("%d %g\n", q.x, q.y);
    q = kept(1, p);
    printf("%d %g\n", q.x, q.y);
    return 0;
}
