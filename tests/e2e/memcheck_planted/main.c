/* Commits one mistake: what libcoil is given was never written, or a block is lost.  Or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int length(const char *text);

static __attribute__((noinline)) void lose(void)
{
    char *volatile lost = malloc(100);

    if (lost)
        *lost = 'x';
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    char *text = malloc(50);

    if (!text)
        return 2;
    if (strcmp(how, "leak") == 0)
        lose();
    if (strcmp(how, "read") != 0)
        strcpy(text, "four");
    text[49] = '\0';
    printf("%s\n", length(text) >= 0 ? "done" : "failed");
    free(text);
    return 0;
}
