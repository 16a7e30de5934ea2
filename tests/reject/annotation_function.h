/* [oneway] */
void log_it(const char *text);
