#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "api.h"

#define CHECK(type, name, low, high)                                                    \
    do {                                                                                \
        type values[] = {(low), (high), (type)1, (type)0};                              \
        for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)               \
            if (same_##name(values[i]) != values[i])                                    \
                printf("same_" #name ": value %u came back changed\n", i);              \
        fflush(stdout);                                                                 \
    } while (0)

int main(void)
{
    CHECK(signed char, schar, -128, 127);
    CHECK(unsigned char, uchar, 0, 255);
    CHECK(short, short, -32768, 32767);
    CHECK(unsigned short, ushort, 0, 65535);
    CHECK(int, int, (-2147483647 - 1), 2147483647);
    CHECK(unsigned int, uint, 0, 4294967295u);
    CHECK(long, long, (-9223372036854775807L - 1), 9223372036854775807L);
    CHECK(unsigned long, ulong, 0, 18446744073709551615ul);
    CHECK(long long, llong, (-9223372036854775807LL - 1), 9223372036854775807LL);
    CHECK(unsigned long long, ullong, 0, 18446744073709551615ull);
    CHECK(int8_t, i8, INT8_MIN, INT8_MAX);
    CHECK(uint8_t, u8, 0, UINT8_MAX);
    CHECK(int_least8_t, i_least8, INT_LEAST8_MIN, INT_LEAST8_MAX);
    CHECK(uint_least8_t, u_least8, 0, UINT_LEAST8_MAX);
    CHECK(int_fast8_t, i_fast8, INT_FAST8_MIN, INT_FAST8_MAX);
    CHECK(uint_fast8_t, u_fast8, 0, UINT_FAST8_MAX);
    CHECK(int16_t, i16, INT16_MIN, INT16_MAX);
    CHECK(uint16_t, u16, 0, UINT16_MAX);
    CHECK(int_least16_t, i_least16, INT_LEAST16_MIN, INT_LEAST16_MAX);
    CHECK(uint_least16_t, u_least16, 0, UINT_LEAST16_MAX);
    CHECK(int_fast16_t, i_fast16, INT_FAST16_MIN, INT_FAST16_MAX);
    CHECK(uint_fast16_t, u_fast16, 0, UINT_FAST16_MAX);
    CHECK(int32_t, i32, INT32_MIN, INT32_MAX);
    CHECK(uint32_t, u32, 0, UINT32_MAX);
    CHECK(int_least32_t, i_least32, INT_LEAST32_MIN, INT_LEAST32_MAX);
    CHECK(uint_least32_t, u_least32, 0, UINT_LEAST32_MAX);
    CHECK(int_fast32_t, i_fast32, INT_FAST32_MIN, INT_FAST32_MAX);
    CHECK(uint_fast32_t, u_fast32, 0, UINT_FAST32_MAX);
    CHECK(int64_t, i64, INT64_MIN, INT64_MAX);
    CHECK(uint64_t, u64, 0, UINT64_MAX);
    CHECK(int_least64_t, i_least64, INT_LEAST64_MIN, INT_LEAST64_MAX);
    CHECK(uint_least64_t, u_least64, 0, UINT_LEAST64_MAX);
    CHECK(int_fast64_t, i_fast64, INT_FAST64_MIN, INT_FAST64_MAX);
    CHECK(uint_fast64_t, u_fast64, 0, UINT_FAST64_MAX);
    CHECK(intptr_t, intptr, INTPTR_MIN, INTPTR_MAX);
    CHECK(uintptr_t, uintptr, 0, UINTPTR_MAX);
    CHECK(ptrdiff_t, ptrdiff, PTRDIFF_MIN, PTRDIFF_MAX);
    CHECK(size_t, size, 0, SIZE_MAX);
    CHECK(ssize_t, ssize, INTPTR_MIN, INTPTR_MAX);
    CHECK(intmax_t, imax, INTMAX_MIN, INTMAX_MAX);
    CHECK(uintmax_t, umax, 0, UINTMAX_MAX);
    printf("%" PRId64 "\n", sum10(-128, 255, -32768, 65535, INT32_MIN, UINT32_MAX, -(INT64_C(1) << 40), 1, 2, 3));
    printf("%d\n", nothing());
    only(-5);
    return 0;
}
