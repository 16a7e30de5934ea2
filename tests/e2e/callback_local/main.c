/* Callbacks that are called by C within Python's own process, where no memory may be writable and executable. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

int work(void);
int dropped(void);

int main(void)
{
    /* Inherited by the daemon and its workers.  Older kernels cannot; CFFI could not go on. */
    if (getenv("COIL_MODE"))
        (void)prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
    printf("%d\n", work());
    printf("%d\n", dropped());
    return 0;
}
