/*
 * Probes: places that tracers can look at from outside, such as bpftrace, perf and systemtap.
 *
 *     coil:call__begin(pid_t program, const char *module, const char *function)       in coil-worker
 *     coil:call__end(pid_t program, const char *module, const char *function, int outcome)
 *     coil:worker__start(uint64_t generation, pid_t worker)                           in coild
 *     coil:worker__death(uint64_t generation, pid_t worker, int status, int signal)
 *
 * One that nobody looks at is an instruction that does nothing.  Without <sys/sdt.h> there are none.
 */
#ifndef COIL_PROBE_H
#define COIL_PROBE_H

#if defined __has_include
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define COIL_PROBE2(name, a, b) STAP_PROBE2(coil, name, a, b)
#define COIL_PROBE3(name, a, b, c) STAP_PROBE3(coil, name, a, b, c)
#define COIL_PROBE4(name, a, b, c, d) STAP_PROBE4(coil, name, a, b, c, d)
#endif
#endif

#ifndef COIL_PROBE2
#define COIL_PROBE2(name, a, b) ((void)(a), (void)(b))
#define COIL_PROBE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))
#define COIL_PROBE4(name, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))
#endif

#endif
