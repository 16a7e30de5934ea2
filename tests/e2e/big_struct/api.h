struct big { int first; char text[81920]; int last; };
struct big changed(struct big b);
int checksum(struct big b, int n, struct big c);
