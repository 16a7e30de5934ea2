/* Every primitive type, there and back. */
char f_char(char v);
signed char f_schar(signed char v);
unsigned char f_uchar(unsigned char v);
short f_short(short int v);
unsigned short f_ushort(unsigned short v);
int f_int(signed v);
unsigned f_uint(unsigned v);
long f_long(long int v);
unsigned long f_ulong(long unsigned int v);
long long f_llong(long long v);
unsigned long long f_ullong(unsigned long long v);
float f_float(float v);
double f_double(double v);
long double f_ldouble(long double v);
_Bool f_bool_(_Bool v);
bool f_bool(bool v);
wchar_t f_wchar(wchar_t v);
char16_t f_char16(char16_t v);
char32_t f_char32(char32_t v);
void f_fixed(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h);
void f_least(int_least8_t a, uint_least8_t b, int_least16_t c, uint_least16_t d, int_least32_t e,
             uint_least32_t f, int_least64_t g, uint_least64_t h);
void f_fast(int_fast8_t a, uint_fast8_t b, int_fast16_t c, uint_fast16_t d, int_fast32_t e,
            uint_fast32_t f, int_fast64_t g, uint_fast64_t h);
intmax_t f_max(uintmax_t v);
intptr_t f_ptr(uintptr_t v);
ptrdiff_t f_diff(size_t a, ssize_t b);
some_real_t f_some(some_int_t a, some_unsigned_t b);

/* Enums, structs and unions by value. */
typedef struct { double x, y; } point_t;
union number { int i; double d; void *p; };
struct line { point_t from, to; label_t name; enum color color; };
enum color f_enum(level_t level, enum size_class size);
struct line f_line(const struct line line, point_t by);
union number f_union(union number n);
struct bits f_bits(struct bits b);

/* Pointers. */
int f_string(const char *name, char *buffer);
void f_text(text_t text);
void f_struct(point_t *p, const struct line *l, union number *n);
void f_array(int v[4], const double m[2][3], label_t name, point_t corners[4], void *slots[2]);
void *f_opaque(const void *p, opaque_t *o, handle_t h, struct unseen *u, FILE *file);
const struct unseen *f_unseen(void);
void f_volatile(volatile point_t *p);

/* Names. */
void f_unnamed(int, point_t *, double);
void f_keywords(int class, int new, int call, int result, int errno, int RED, int point_t);
int f_nothing();
int f_same(int a), f_two(int);
int f_same(int b);

extern int exported_counter;
