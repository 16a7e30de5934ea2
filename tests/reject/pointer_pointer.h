int parse(int argc, char **argv);
