/* Python threads use the program that they have been told of, while it waits for them, and while it does not. */
#include <stdio.h>
#include <time.h>

extern int start(int count), wait_for_all(void), in_call(void), lonely(void);

int main(void)
{
    printf("lonely: %d\n", lonely());
    printf("in call: %d\n", in_call());
    start(1);
    printf("one: %d\n", wait_for_all());
    start(20);
    nanosleep(&(struct timespec){ 0, 100000000 }, NULL); /* does something else */
    printf("twenty: %d\n", wait_for_all());
    return 0;
}
