// The second of two files with the same inline functions.
#include "comdat.h"

int elsewhere(int x)
{
	Counter counter{x};

	return in_inline(x) + in_template(x) + counter.method(3);
}
