#include <stdio.h>
#include <string.h>

#include "api.h"

int main(void)
{
    void *first = counter_new("first"), *second = counter_new("second");
    struct item items[3] = {{first, 1}, {second, 10}, {first, 100}};

    printf("%d %d\n", first != second, same(first) == first);
    printf("%d %d %d\n", counter_add(first, 5), counter_add(second, 50), counter_add(first, 1));
    printf("%s %s\n", counter_name(first), counter_name(second));
    printf("%d\n", items_add(items, 3));
    printf("%d\n", counters_alive());
    counter_free(first);
    printf("%d\n", counters_alive());
    printf("%d\n", counter_add(second, 0));
    counter_free(second);
    printf("%d\n", counters_alive());
    return 0;
}
