/* How many words there are in a text; implemented in words.py. */
extern int count_words(const char *text);
