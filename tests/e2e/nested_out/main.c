/* Room that Python fills, deep in structs: all of it, or as much as is used. */
#include <stdio.h>
#include <string.h>
#include "api.h"

int main(void)
{
    char text[32] = "----------------------------", line[] = "ab cd";
    double values[4] = { 9, 0, 9, 9 };
    struct status status = { 0, { 0, 0 } };
    struct reply reply = { "world", text, sizeof text, 0, values, &status };
    struct node mine = { 5, NULL }, room[3];
    char *words[3];

    printf("%d", answer(&reply));
    printf(" %s|%c %zu %g %g %g\n", text, text[20], reply.used, values[0], values[2], values[3]);
    printf("%d %d %d\n", status.code, status.detail[0], status.detail[1]);
    reply.status = NULL;
    reply.room = 8;
    printf("%d", answer(&reply));
    printf(" %s|%c %zu\n", text, text[9], reply.used);
    printf("%d", nodes(&mine, 3, room));
    printf(" %d %d %d %d %d\n", room[0].next == &mine, room[1].next == &room[0], room[2].next == &room[1], room[1].value,
           room[2].value);
    printf("%d", split(words, line, 3));
    printf(" %d %d %d\n", words[0] == line, words[1] == line + 3, words[2] == NULL);
    return 0;
}
