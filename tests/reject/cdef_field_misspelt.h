struct of_lib { const char *name /* [string, in, out] */; };
