/* Says what Python it has; again for each line of stdin. */
#include <stdio.h>

extern int worker(void), value(void), prefix(char *text, int cap);

int main(void)
{
    char line[16], text[256] = "";

    do {
        int size = prefix(text, sizeof text);

        printf("%d %.*s %d\n", value(), size > 0 ? size : 0, text, worker());
        fflush(stdout);
    } while (fgets(line, sizeof line, stdin));
    return 0;
}
