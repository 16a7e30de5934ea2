/*
 * Where empty slots lead: asks C where to go, and goes there as if nothing had happened.
 *
 * Comes from a slot's code (proto/slots_code.S) with the address of the slot's word in %r11 (x17), in the place of a
 * function that takes any arguments.  So every register that may hold one is saved and restored; what does not fit into
 * registers lies on the stack and stays there.
 *
 * coil_slots_nothing is a function that returns zero, whatever the type of its result.
 */
    .text
#if defined(__x86_64__)

    .globl coil_slots_enter
    .hidden coil_slots_enter
    .type coil_slots_enter, @function
    .p2align 4
coil_slots_enter:
    .cfi_startproc
    endbr64
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    subq $192, %rsp
    movups %xmm0, 0(%rsp)
    movups %xmm1, 16(%rsp)
    movups %xmm2, 32(%rsp)
    movups %xmm3, 48(%rsp)
    movups %xmm4, 64(%rsp)
    movups %xmm5, 80(%rsp)
    movups %xmm6, 96(%rsp)
    movups %xmm7, 112(%rsp)
    movq %rdi, 128(%rsp)
    movq %rsi, 136(%rsp)
    movq %rdx, 144(%rsp)
    movq %rcx, 152(%rsp)
    movq %r8, 160(%rsp)
    movq %r9, 168(%rsp)
    movq %rax, 176(%rsp)
    movq %r11, %rdi
    call coil_slots_resolve
    movq %rax, %r11
    movups 0(%rsp), %xmm0
    movups 16(%rsp), %xmm1
    movups 32(%rsp), %xmm2
    movups 48(%rsp), %xmm3
    movups 64(%rsp), %xmm4
    movups 80(%rsp), %xmm5
    movups 96(%rsp), %xmm6
    movups 112(%rsp), %xmm7
    movq 128(%rsp), %rdi
    movq 136(%rsp), %rsi
    movq 144(%rsp), %rdx
    movq 152(%rsp), %rcx
    movq 160(%rsp), %r8
    movq 168(%rsp), %r9
    movq 176(%rsp), %rax
    leave
    .cfi_def_cfa %rsp, 8
    jmp *%r11
    .cfi_endproc
    .size coil_slots_enter, . - coil_slots_enter

    .globl coil_slots_nothing
    .hidden coil_slots_nothing
    .type coil_slots_nothing, @function
    .p2align 4
coil_slots_nothing:
    .cfi_startproc
    endbr64
    xorl %eax, %eax
    xorl %edx, %edx
    xorps %xmm0, %xmm0
    xorps %xmm1, %xmm1
    ret
    .cfi_endproc
    .size coil_slots_nothing, . - coil_slots_nothing

/* Says that indirect jumps may land only where endbr64 stands. */
    .section .note.gnu.property, "a"
    .p2align 3
    .long 4, 16, 5
    .asciz "GNU"
    .long 0xc0000002, 4, 3, 0

#elif defined(__aarch64__)

    .globl coil_slots_enter
    .hidden coil_slots_enter
    .type coil_slots_enter, %function
    .p2align 4
coil_slots_enter:
    .cfi_startproc
    hint #34 /* bti c */
    stp x29, x30, [sp, #-224]!
    .cfi_def_cfa_offset 224
    .cfi_offset x29, -224
    .cfi_offset x30, -216
    mov x29, sp
    stp q0, q1, [sp, #16]
    stp q2, q3, [sp, #48]
    stp q4, q5, [sp, #80]
    stp q6, q7, [sp, #112]
    stp x0, x1, [sp, #144]
    stp x2, x3, [sp, #160]
    stp x4, x5, [sp, #176]
    stp x6, x7, [sp, #192]
    str x8, [sp, #208]
    mov x0, x17
    bl coil_slots_resolve
    mov x16, x0
    ldp q0, q1, [sp, #16]
    ldp q2, q3, [sp, #48]
    ldp q4, q5, [sp, #80]
    ldp q6, q7, [sp, #112]
    ldp x0, x1, [sp, #144]
    ldp x2, x3, [sp, #160]
    ldp x4, x5, [sp, #176]
    ldp x6, x7, [sp, #192]
    ldr x8, [sp, #208]
    ldp x29, x30, [sp], #224
    .cfi_restore x29
    .cfi_restore x30
    .cfi_def_cfa_offset 0
    br x16
    .cfi_endproc
    .size coil_slots_enter, . - coil_slots_enter

    .globl coil_slots_nothing
    .hidden coil_slots_nothing
    .type coil_slots_nothing, %function
    .p2align 4
coil_slots_nothing:
    .cfi_startproc
    hint #34 /* bti c */
    mov x0, #0
    mov x1, #0
    movi v0.2d, #0
    movi v1.2d, #0
    movi v2.2d, #0
    movi v3.2d, #0
    ret
    .cfi_endproc
    .size coil_slots_nothing, . - coil_slots_nothing

#endif
    .section .note.GNU-stack, "", %progbits
