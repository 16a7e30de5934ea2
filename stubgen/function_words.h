/* What annotations say about a function as a whole: oneway, idempotent, error(value), timeout(ms). */
#ifndef STUBGEN_FUNCTION_WORDS_H
#define STUBGEN_FUNCTION_WORDS_H

#include "stubgen/annotation.h"
#include "stubgen/passage.h"

/* Puts it into the signature of a function that Python implements.  Refuses values that do not fit. */
void coil_function_words_read(struct coil_module_model *module, struct coil_signature *signature,
                              const struct coil_marks *marks);

/* Refuses a one-way function through which something would come back.  After coil_shape_decide(). */
void coil_function_words_check(struct coil_module_model *module, const struct coil_signature *signature);

#endif
