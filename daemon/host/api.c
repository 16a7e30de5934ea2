/*
 * The host's table: all that the worker and the in-process client see of it.
 */
#include "daemon/host/compat.h"

#include "daemon/host/adopt.h"
#include "daemon/host/callback.h"
#include "daemon/host/dispatch.h"
#include "daemon/host/fork.h"
#include "daemon/host/handle.h"
#include "daemon/host/host.h"
#include "daemon/host/imports.h"
#include "daemon/host/interrupt.h"
#include "daemon/host/module.h"
#include "daemon/host/pointer.h"
#include "daemon/host/programs.h"
#include "daemon/host/start.h"
#include "daemon/host/thread.h"
#include "proto/version.h"

#define TEXT_OF(number) #number
#define VERSION_TEXT(major, minor) TEXT_OF(major) "." TEXT_OF(minor)

static const struct coil_host_api api = {
    .size = sizeof api,
    .coil_version = COIL_VERSION,
    .python_version = VERSION_TEXT(PY_MAJOR_VERSION, PY_MINOR_VERSION),
    .start = coil_start,
    .thread_attach = coil_thread_attach,
    .thread_detach = coil_thread_detach,
    .enter = coil_thread_enter,
    .leave = coil_thread_leave,
    .pause = coil_thread_pause,
    .resume = coil_thread_resume,
    .module_open = coil_module_open,
    .call = coil_dispatch_call,
    .call_slot = coil_callback_call,
    .slot_resolve = coil_callback_resolve,
    .pointer_new = coil_pointer_new,
    .pointer_free = coil_pointer_free,
    .pointer_failed = coil_pointer_failed,
    .module_import = coil_module_import,
    .program_opened = coil_programs_opened,
    .program_gone = coil_programs_gone,
    .module_hash = coil_module_hash,
    .module_word = coil_module_word,
    .sources = coil_imports_sources,
    .handle_count = coil_handle_count,
    .error_value_get = coil_dispatch_error_value,
    .fork_before = coil_fork_before,
    .fork_after = coil_fork_after,
    .interrupt = coil_interrupt_raise,
    .interrupt_is_pending = coil_interrupt_is_pending,
    .interrupt_clear = coil_interrupt_clear,
    .has_gil = coil_interrupt_has_gil,
    .prepare_stacks = coil_interrupt_prepare_stacks,
    .adopt = coil_adopt,
};

__attribute__((visibility("default"))) const struct coil_host_api *coil_host_get(void)
{
    return &api;
}
