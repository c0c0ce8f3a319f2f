/* <sys/sdt.h> in an assembler file (check-compat.sh). */
#include <sys/sdt.h>

	.text
	.globl in_assembler
	.type in_assembler, %function
in_assembler:
	STAP_PROBE(compat, bare)
	STAP_PROBE1(compat, one, -4@%edi)
	DTRACE_PROBE2(compat, two, 8@%rdi, 8@16(%rsp))
	STAP_PROBE12(compat, twelve, 4@$1, 4@$2, 4@$3, 4@$4, 4@$5, 4@$6, 4@$7, 4@$8, 4@$9, 4@$10, 4@$11, 4@$12)
	ret
	.size in_assembler, . - in_assembler
	.section .note.GNU-stack,"",%progbits
