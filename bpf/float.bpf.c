/* Floats, whose bits BPF can move but not compute with. */
#include "bpf/abi.h"

/* The bits of a float as those of the same number as a double. */
__u64 tt_widen(__u64 bits)
{
	__u64 sign = (bits & 0x80000000) << 32;
	__u64 exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;

	if (exponent == 0xff) { /* infinities, NaN */
		exponent = 0x7ff;
	} else if (exponent) {
		exponent += 1023 - 127;
	} else if (fraction) { /* below a float's normal numbers, not below a double's */
		exponent = 1023 - 127 + 1;
		for (int i = 0; i < 23 && !(fraction & 0x800000); i++) {
			fraction <<= 1;
			exponent--;
		}
		fraction &= 0x7fffff;
	}
	return sign | exponent << 52 | fraction << 29;
}
