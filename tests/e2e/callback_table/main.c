#include <stdio.h>

typedef int (*command_t)(const char *argument);
struct command {
    const char *name;
    command_t run;
};
extern const struct command *commands(int *n);
extern command_t *table(void);
extern int help(const char *argument);
extern int quit(const char *argument);
extern int run_all(command_t *all, int n);

static int own(const char *argument)
{
    printf("own %s\n", argument);
    return 10;
}

int main(void)
{
    int n;
    const struct command *all = commands(&n);
    command_t mine[4];

    for (int i = 0; i < n; i++)
        printf("%s: %d\n", all[i].name, all[i].run("it"));
    for (int i = 0; i < 3; i++)
        mine[i] = table()[i];
    printf("%d\n", mine[1]("again"));
    mine[0] = help;
    mine[1] = quit;
    mine[3] = own;
    printf("%d\n", run_all(mine, 4));
    return 0;
}
