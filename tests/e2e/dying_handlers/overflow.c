/* Recursion without end, as an extension module in C may have it. */
int overflow(int depth);

int overflow(int depth)
{
    volatile char room[4096];

    room[0] = (char)depth;
    return overflow(depth + 1) + room[0];
}
