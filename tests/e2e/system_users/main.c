int add(int x, int y);
int calls(void);
int printf(const char *, ...);

int main(void)
{
    printf("%d\n", add(40, 2));
    printf("call %d\n", calls());
    return 0;
}
