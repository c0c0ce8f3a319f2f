// The first of two files with the same inline functions; raises their semaphore, and sees that
// there is one.
#include "comdat.h"
#include <cstdio>

extern volatile unsigned short raise_template __asm__("telltale_semaphore.comdat.in_template")
        __attribute__((visibility("hidden")));

int main(int argc, char **)
{
	Counter counter{argc};

	if (in_inline(argc) + in_template(argc) + in_template(1.5f) + counter.method(argc) +
	            elsewhere(argc) !=
	    13)
		return 1;
	raise_template++;
	if (in_template(argc) != -100 || in_template(1.5f) != -100 || elsewhere(argc) != -98)
		return 1;
	raise_template--;
	std::puts("done");
	return 0;
}
