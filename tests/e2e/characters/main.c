#include <stdio.h>
#include <uchar.h>
#include <wchar.h>

#include "api.h"

int main(void)
{
    printf("%d\n", same_bool(1));
    printf("%d\n", same_bool(0));
    printf("%d\n", same_char('A'));
    printf("%d\n", same_char('\0'));
    printf("%d\n", (unsigned char)same_char((char)0xff));
    printf("%lx\n", (unsigned long)same_wchar(L'\u20ac'));
    printf("%lx\n", (unsigned long)same_wchar((wchar_t)0x10ffff));
    printf("%x\n", (unsigned)same_char16(u'\u20ac'));
    printf("%x\n", (unsigned)same_char16((char16_t)0xd800));
    printf("%x\n", (unsigned)same_char32(U'\U0001f40d'));
    printf("%d\n", same_color(RED));
    printf("%d\n", same_color(GREEN));
    printf("%d\n", same_color(BLUE));
    printf("%u\n", (unsigned)same_wide(LARGE));
    printf("%d\n", opposite(2));
    return 0;
}
