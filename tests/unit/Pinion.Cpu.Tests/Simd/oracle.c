// Executes one instruction at a time with a given state and reports the state after it. Runs under qemu-aarch64.
// Input, repeated: struct state (word first). Output: the same struct; word is 0 when the instruction was undefined.
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct state
{
    uint32_t word, nzcv;
    uint32_t fpcr, fpsr;
    uint64_t x[8];      // X0 to X7
    uint64_t v[64];     // V0 to V31
};

static sigjmp_buf undefined;

static void on_sigill(int signal)
{
    siglongjmp(undefined, signal);
}

// void run(struct state *s, void *code); saves what the ABI wants kept.
void run(struct state *s, void *code);
asm(
"   .text\n"
"   .globl run\n"
"run:\n"
"   stp x29, x30, [sp, #-176]!\n"
"   stp x19, x20, [sp, #16]\n"
"   stp x21, x22, [sp, #32]\n"
"   stp d8, d9, [sp, #64]\n"
"   stp d10, d11, [sp, #80]\n"
"   stp d12, d13, [sp, #96]\n"
"   stp d14, d15, [sp, #112]\n"
"   mov x19, x0\n"
"   mov x20, x1\n"
"   ldr w9, [x19, #4]\n"
"   msr nzcv, x9\n"
"   ldr w9, [x19, #8]\n"
"   msr fpcr, x9\n"
"   ldr w9, [x19, #12]\n"
"   msr fpsr, x9\n"
"   add x9, x19, #80\n"
"   ldp q0, q1, [x9], #32\n ldp q2, q3, [x9], #32\n ldp q4, q5, [x9], #32\n ldp q6, q7, [x9], #32\n"
"   ldp q8, q9, [x9], #32\n ldp q10, q11, [x9], #32\n ldp q12, q13, [x9], #32\n ldp q14, q15, [x9], #32\n"
"   ldp q16, q17, [x9], #32\n ldp q18, q19, [x9], #32\n ldp q20, q21, [x9], #32\n ldp q22, q23, [x9], #32\n"
"   ldp q24, q25, [x9], #32\n ldp q26, q27, [x9], #32\n ldp q28, q29, [x9], #32\n ldp q30, q31, [x9], #32\n"
"   ldp x0, x1, [x19, #16]\n ldp x2, x3, [x19, #32]\n ldp x4, x5, [x19, #48]\n ldp x6, x7, [x19, #64]\n"
"   blr x20\n"
"   stp x0, x1, [x19, #16]\n stp x2, x3, [x19, #32]\n stp x4, x5, [x19, #48]\n stp x6, x7, [x19, #64]\n"
"   mrs x9, nzcv\n"
"   str w9, [x19, #4]\n"
"   mrs x9, fpsr\n"
"   str w9, [x19, #12]\n"
"   msr fpcr, xzr\n"
"   add x9, x19, #80\n"
"   stp q0, q1, [x9], #32\n stp q2, q3, [x9], #32\n stp q4, q5, [x9], #32\n stp q6, q7, [x9], #32\n"
"   stp q8, q9, [x9], #32\n stp q10, q11, [x9], #32\n stp q12, q13, [x9], #32\n stp q14, q15, [x9], #32\n"
"   stp q16, q17, [x9], #32\n stp q18, q19, [x9], #32\n stp q20, q21, [x9], #32\n stp q22, q23, [x9], #32\n"
"   stp q24, q25, [x9], #32\n stp q26, q27, [x9], #32\n stp q28, q29, [x9], #32\n stp q30, q31, [x9], #32\n"
"   ldp d8, d9, [sp, #64]\n"
"   ldp d10, d11, [sp, #80]\n"
"   ldp d12, d13, [sp, #96]\n"
"   ldp d14, d15, [sp, #112]\n"
"   ldp x21, x22, [sp, #32]\n"
"   ldp x19, x20, [sp, #16]\n"
"   ldp x29, x30, [sp], #176\n"
"   ret\n");

int main(void)
{
    enum { Slots = 8192 };
    static struct state s;
    uint32_t *code = mmap(0, Slots * 8, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    signal(SIGILL, on_sigill);
    for (unsigned n = 0; fread(&s, sizeof s, 1, stdin) == 1; n++)
    {
        uint32_t *at = code + (n % Slots) * 2;
        at[0] = s.word;
        at[1] = 0xd65f03c0;
        __builtin___clear_cache((char *)at, (char *)(at + 2));
        if (sigsetjmp(undefined, 1) == 0)
        {
            run(&s, at);
        }
        else
        {
            s.word = 0;
        }

        fwrite(&s, sizeof s, 1, stdout);
    }

    return 0;
}
