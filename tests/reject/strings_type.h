int f(int **v /* [string] */);
