int f(int *a, /* [in] */
      int *b /* [in] */, int *c);
