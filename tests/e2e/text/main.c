extern void say(int what);

int main(void)
{
    for (int what = 0; what < 7; what++)
        say(what);
    return 0;
}
