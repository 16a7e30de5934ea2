static int twice(int);
