/* [oneway] */ void record(const char *text);
void record_all(const struct entry *entries, int n_entries) /* [oneway, idempotent] */;
/* [oneway] */ void notify(char *text /* [in] */, int (*done)(int), void *context);
/* [error(-1)] */ int find(const char *name);
unsigned char small(void) /* [error(0xff), idempotent] */;
unsigned long long huge(void) /* [error(18446744073709551615)] */;
long bad(void); /* [error(BAD + 1), timeout(250)] */
char letter(void) /* [error('"')] */;
enum state state_of(int id) /* [error(BROKEN)] */;
enum state late_state(int id) /* [error(LOST)] */;
code_t code(void) /* [error(LATE)] */;
_Bool is_there(void) /* [error(1)] */;
double ratio(void) /* [error(-1.5e-3)] */;
float nothing_like_it(void) /* [error(NAN)] */;
double nowhere(void) /* [error(-(NOWHERE * 2))] */;
long double number(void) /* [error(BAD)] */;
/* [timeout(SOON * 2)] */ void wait_for(int x);
/* [error(-1)] */ /* [timeout(1000)] */ int both(int x);
