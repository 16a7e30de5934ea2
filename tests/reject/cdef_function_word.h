int c_function(void); /* [idempotent] */
