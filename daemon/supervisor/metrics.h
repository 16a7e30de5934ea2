/* The daemon's numbers in the OpenMetrics text format. */
#ifndef COIL_SUPERVISOR_METRICS_H
#define COIL_SUPERVISOR_METRICS_H

#include <stdio.h>

struct coil_server;
struct coil_totals;

void coil_metrics_write(FILE *out, const struct coil_server *server, const struct coil_totals *totals);

#endif
