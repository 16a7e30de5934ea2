/* Says what the imported files say; with an argument, again for each line. */
#include <stdio.h>

extern int now(void);
extern int later(void);
extern int installed_version(void);

int main(int argc, char **argv)
{
    char line[16];

    (void)argv;
    do {
        printf("%d %d %d\n", now(), later(), installed_version());
        fflush(stdout);
    } while (argc > 1 && fgets(line, sizeof line, stdin));
    return 0;
}
