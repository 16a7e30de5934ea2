/*
 * The code of a slot area, as it lies in the file lib/coil/slots: one entry of 32 bytes per slot, without
 * relocations, so that the file can be mapped anywhere.  Behind the code lies the data (proto/slots.h), one word per
 * slot, which every process has for itself.
 *
 * An entry jumps to where its word leads.  If the word is 0, it jumps to where the first word leads, with the address of
 * its own word in a register that no calling convention uses for arguments: proto/slots_resolve.S.
 * The first entry is no slot; it holds that jump, and the mark that tells this file from others.
 */
#include "proto/slots.h"

    .text
#if defined(__x86_64__)

    .set data, code + COIL_SLOTS_CODE_SIZE
    .p2align 5
code:
    jmp *data(%rip)
    .p2align 4
    .ascii COIL_SLOTS_MARK
    .set slot, 1
    .rept COIL_SLOTS - 1
    .p2align 5
    endbr64
    leaq data + slot * 8(%rip), %r11
    movq (%r11), %r10 /* F */
    testq %r10, %r10
    jz code
    jmp *%r10
    .set slot, slot + 1
    .endr
    .p2align 5

#elif defined(__aarch64__)

    .set data, code + COIL_SLOTS_CODE_SIZE
    .p2align 5
code:
    adr x16, data
    ldr x16, [x16]
    br x16
    .p2align 4
    .ascii COIL_SLOTS_MARK
    .set slot, 1
    .rept COIL_SLOTS - 1
    .p2align 5
    hint #34 /* bti c */
    adr x17, data + slot * 8
    ldar x16, [x17] /* F */
    cbz x16, code
    br x16
    .set slot, slot + 1
    .endr
    .p2align 5

#else
#error "coil has no function slots for this processor: add them here and in proto/slots_resolve.S"
#endif
    .section .note.GNU-stack, "", %progbits
