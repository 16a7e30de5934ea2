int f(char **names /* [out, string] */);
