/* What Debian's libstdc++ and libgcc_s need of glibc, and musl does not have. */
#include <stddef.h>
struct tm; typedef void *locale;
size_t strftime_l(char *, size_t, const char *, const struct tm *, locale);
size_t __strftime_l(char *s, size_t n, const char *f, const struct tm *t, locale l) { return strftime_l(s, n, f, t, l); }
long getrandom(void *, size_t, unsigned);
unsigned arc4random(void) { unsigned n; getrandom(&n, sizeof n, 0); return n; }
int __cxa_thread_atexit_impl(void (*f)(void *), void *o, void *d) { return 0; }
char __libc_single_threaded = 0;
int _dl_find_object(void *a, void *r) { return -1; }
struct { unsigned vendor, type, subtype, features; } __cpu_model;
int __cpu_indicator_init(void) { return 0; }
