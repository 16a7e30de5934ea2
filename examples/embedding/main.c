/* A C program that calls add().  Nothing here knows that it is written in Python, or where that runs. */
#include <stdio.h>
#include <unistd.h>

/* As declared in build.py. */
int add(int x, int y);
long python_process(void);

int main(void)
{
    int sum = add(40, 2);
    long python = python_process();

    printf("add(40, 2) = %d\n", sum);
    printf("Python ran in process %ld, this program is process %ld\n", python, (long)getpid());
    return sum == 42 ? 0 : 1;
}
