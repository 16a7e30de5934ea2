/* Hands a struct to a function that changes it.  Only init.py knows that this is done in Python. */
#include <stdio.h>
#include <unistd.h>

#include "plugin.h"

int main(void)
{
    point_t point = {3, 4};
    int python = do_stuff(&point);

    printf("do_stuff() made it (%d, %d)\n", point.x, point.y);
    printf("Python ran in process %d, this program is process %d\n", python, (int)getpid());
    return point.x == 4 && point.y == 3 ? 0 : 1;
}
