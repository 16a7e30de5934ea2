int add(int x, int y)
int sub(int x, int y);
