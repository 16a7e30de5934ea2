#include <stdio.h>
#include <string.h>

int plugin_user(void);
int other_user(void);

/* As whom Python runs: "main plugin other". */
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("%s %d\n", argv[i], strcmp(argv[i], "plugin") == 0 ? plugin_user() : other_user());
    return 0;
}
