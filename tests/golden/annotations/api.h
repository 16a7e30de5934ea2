/* Comments that only look like annotations: [1] a list, [x] marks, [0, 10) ranges. */
int prose(int n /* [see below] */, double speed /* [m/s] */, const char *s /* [x] or [y] */, void *p /* [0] */);

double mean(const double *v /* [counted_by(n)] */, size_t n);
double mean_inferred(const double *v, size_t n);
int find(const char *text, int length, const char *name);
int digest(const void *data, uint32_t nbytes, unsigned char sum[16] /* [out] */);
int scale(double v[] /* [inout, counted_by(n)] */, int n, double by);
int only_read(double *v /* [in,counted_by(n)] */, int n);
int fill(double *v /* [out, counted_by(cap), length(*len)] */, size_t cap, size_t *len /* [out] */);
int invert(unsigned char *pixels /* [counted_by(w * h * CHANNELS)] */, int w, int h);
int sides(short *v /* [out, counted_by((int_count - 1) / side + RIGHT)] */, unsigned char int_count, enum side side);
int blob(void *data /* [inout, sized_by(n * sizeof(struct point)), length(-*used + 0x10)] */, uint64_t n,
         int32_t *used /* [inout] */);
int points(const struct point *p, int n_points, struct point *middle /* [out, or_null] */);
int one(struct point *p, /* [out] */
        int *value, /* [inout] */
        const long *limit, // [in]
        struct point (*pairs)[2] /* [in, counted_by(2)] */);
int texts(char *s /* [in] */, char *t /* [inout] */, unsigned char *u /* [string] */, char fixed[8] /* [in] */);
int name_of(int id, char *name /* [out, sized_by(cap)] */, int cap);
void *addresses(int *p /* [opaque] */, size_t n, char **argv /* [opaque] */, struct hidden *h, void **out /* [out] */);
int pick(const int *which /* [in] */, size_t n, int *v /* [out, counted_by(*which)] */);

/* [idempotent] */
int before(void);
int between(int *v /* [in] */) /* [idempotent] */;
int behind(int *v /* [in] */); /* [idempotent] */
int neither(int x);
