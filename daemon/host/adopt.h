/* An interpreter that was started ahead of its program. */
#ifndef COIL_HOST_ADOPT_H
#define COIL_HOST_ADOPT_H

#include "proto/error.h"

int coil_adopt(const char *const *variables, const char *folder, struct coil_error *error);

#endif
