extern void where(void);

int main(void)
{
    where();
    return 0;
}
