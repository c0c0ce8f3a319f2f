/* The jumps of x86-64 code: what is one, where it leads, and that lengths in between are right. */
#include "probe/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The only target, -1 for none, -2 when the code is not understood; several: -3. */
static int target(const char *bytes, size_t size)
{
	uint8_t targets[16] = {0};
	int found = -1;

	if (!sweep_targets((const uint8_t *)bytes, size, targets))
		return -2;
	for (int i = 0; i < (int)size; i++)
		if (targets[i / 8] >> i % 8 & 1)
			found = found == -1 ? i : -3;
	return found;
}
#define TARGET(bytes) target((bytes), sizeof(bytes) - 1)

static void jumps(void **state)
{
	(void)state;
	assert_int_equal(TARGET("\xeb\x01\x90\x90"), 3);
	assert_int_equal(TARGET("\x90\x90\x75\xfc"), 0);
	assert_int_equal(TARGET("\x0f\x84\x01\x00\x00\x00\x90\x90"), 7);
	assert_int_equal(TARGET("\xe9\x00\x00\x00\x00\xc3"), -1);	/* on to the next */
	assert_int_equal(TARGET("\xe8\x01\x00\x00\x00\x90\x90"), -1);	/* a call comes back */
	assert_int_equal(TARGET("\x48\x8b\x7d\xf0\x90"), -1);		/* mov -16(%rbp),%rdi: no jump */
	assert_int_equal(TARGET("\xeb\x7f\x90"), -1);			/* out of the function */
}

static void lengths(void **state)
{
	/* Each is followed by a jump over one byte, which is seen only when it is found. */
	static const struct {
		const char *bytes;
		size_t size;
	} codes[] = {
#define CODE(b) {b, sizeof(b) - 1}
		CODE("\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08"),	  /* movabs */
		CODE("\x66\xc7\x44\x24\xe2\x01\x02"),			  /* movw $,disp8(%rsp) */
		CODE("\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"),	  /* the long nop */
		CODE("\xf3\x0f\x1e\xfa"),				  /* endbr64 */
		CODE("\x66\x66\x48\xe8\x01\x02\x03\x04"),		  /* call, of thread-local storage */
		CODE("\xf7\x04\x25\x01\x02\x03\x04\x05\x06\x07\x08"),	  /* testl $,absolute */
		CODE("\xf7\xd8"),					  /* neg: without a value */
		CODE("\xc5\xf8\x77"),					  /* vzeroupper */
		CODE("\xc4\xe3\x7d\x39\xc1\x01"),			  /* vextracti128 $1 */
		CODE("\x62\xf1\xfe\x48\x6f\x07"),			  /* vmovdqu64 (%rdi),%zmm0 */
		CODE("\x66\x0f\x3a\x0f\xc1\x08"),			  /* palignr $8 */
		CODE("\x48\x8d\x05\x01\x02\x03\x04"),			  /* lea disp32(%rip) */
		CODE("\x48\x69\xc0\x01\x02\x03\x04"),			  /* imul $,%rax */
		CODE("\xc2\x08\x00"),					  /* ret $8 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		char bytes[32];

		memcpy(bytes, codes[i].bytes, codes[i].size);
		memcpy(bytes + codes[i].size, "\xeb\x01\x90\x90", 4);
		assert_int_equal(target(bytes, codes[i].size + 4), (int)codes[i].size + 3);
	}
}

static void unknown(void **state)
{
	(void)state;
	assert_int_equal(TARGET("\x06\x90"), -2); /* none in 64 bits */
	assert_int_equal(TARGET("\x48"), -2); /* cut off: a prefix alone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumps),
		cmocka_unit_test(lengths),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
