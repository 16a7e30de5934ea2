#include <stdio.h>

extern int run(const char *path);
extern int ask(void);

int main(int argc, char **argv)
{
    if (argc > 1)
        run(argv[1]);
    printf("%d\n", ask());
    return 0;
}
