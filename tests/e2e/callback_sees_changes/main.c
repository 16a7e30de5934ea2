#include <stdio.h>

struct state {
    int steps;
    const char *name;
    void (*step)(int i);
};
extern int values[3];
extern struct state state;
extern int run(struct state *state, int *v, int n);

int main(void)
{
    printf("%d\n", run(&state, values, 3));
    printf("%d %d %d %d %d\n", values[0], values[1], values[2], state.steps, state.step == NULL);
    return 0;
}
