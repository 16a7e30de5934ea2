#include <stdio.h>
#include <string.h>

#include "api.h"

int main(void)
{
    int result;
    struct point p = {1, 2}, q = {3, 4};
    struct record r = {"empty", {1, 2}, {1, 2, 3, 4}, 0};

    result = move(&p, 10);
    printf("%d %d %d\n", result, p.x, p.y);
    printf("%d\n", move(NULL, 1));
    printf("%d %d\n", look(&q), look(NULL));
    printf("%d\n", fill(&r));
    printf("%s %d %d %g %g %g %g %u\n", r.name, r.where.x, r.where.y, r.values[0], r.values[1], r.values[2],
           r.values[3], r.flag);
    result = twice(&p, &p);
    printf("%d %d %d\n", result, p.x, p.y);
    result = twice(&p, &q);
    printf("%d %d %d %d %d\n", result, p.x, p.y, q.x, q.y);
    result = mixed(&p, &p, 7);
    printf("%d %d %d\n", result, p.x, p.y);
    printf("%d\n", mixed(&p, &q, 7));
    return 0;
}
