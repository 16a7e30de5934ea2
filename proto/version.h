/* The version of coil, and of what its processes say to each other. */
#ifndef COIL_VERSION_H
#define COIL_VERSION_H

#define COIL_VERSION "0.1.0"

/* Client, supervisor and worker must agree on this number exactly. */
#define COIL_PROTOCOL 5

#endif
