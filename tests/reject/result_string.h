const char *name(int id);
