/*
 * As operands.S, for i386: a 32-bit program that needs no C library, so that any gcc builds it with
 * -m32 -nostdlib.
 */
	.macro note provider, name, operands
	.pushsection .note.stapsdt, "", "note"
	.balign 4
	.4byte 2f - 1f, 4f - 3f, 3
1:	.asciz "stapsdt"
2:	.balign 4
3:	.4byte 990b, _.stapsdt.base, 0
	.asciz "\provider"
	.asciz "\name"
	.asciz "\operands"
4:	.balign 4
	.popsection
	.endm

	.macro form name, operands, expected, kind=integers
990:	nop
	note form, \name, "\operands"
990:	nop
	note many, \kind, "\operands"
	.pushsection .expected, "", "progbits"
	.ascii "\kind \name \expected\n"
	.popsection
	.endm

	.section .stapsdt.base, "aG", "progbits", .stapsdt.base, comdat
	.weak _.stapsdt.base
	.hidden _.stapsdt.base
_.stapsdt.base:
	.space 1
	.size _.stapsdt.base, 1

	.data
	.globl exported
	.hidden exported
	.type exported, @object
	.size exported, 16
exported:
	.4byte -7, 77
	.8byte 0x1122334455667788
	.type local, @object
	.size local, 8
local:	.8byte 0xfedcba9876543210
	.type real, @object
	.size real, 8
real:	.double 3.25
	.type table, @object
	.size table, 32
table:	.4byte 1, 22, 333, 4444, -5, 0x80000000, 0x12345678, 0xff

	.section .tdata, "awT", @progbits
	.balign 16
	.type thread_first, @object
	.size thread_first, 4
thread_first:
	.4byte 0x7777
	.type thread_second, @object
	.size thread_second, 4
thread_second:
	.4byte -4242

	/* What libc would do: a thread pointer behind a copy of the block. */
	.bss
	.balign 16
block:	.space 16
thread:	.space 16

	.data
descriptor:
	.4byte -1, 0, 0xfffff, 0x51	/* any entry; 32 bits, limit in pages, usable */

	.text
	.globl _start
	.type _start, @function
_start:
	call 1f
1:	pop %ebx
	add $_GLOBAL_OFFSET_TABLE_ + (. - 1b), %ebx
	lea thread@GOTOFF(%ebx), %eax
	mov %eax, descriptor@GOTOFF + 4(%ebx)
	movl $0x7777, block@GOTOFF(%ebx)
	movl $-4242, block@GOTOFF + 4(%ebx)
	mov %eax, thread@GOTOFF(%ebx)
	mov %ebx, %edi
	lea descriptor@GOTOFF(%ebx), %ebx
	mov $243, %eax			/* set_thread_area */
	int $0x80
	mov (%ebx), %eax
	lea 3(, %eax, 8), %eax
	mov %eax, %gs
	mov %edi, %ebx

	sub $64, %esp
	mov %esp, %ebp
	add $60, %ebp
	movl $-2, (%esp)
	movl $0x55, 8(%esp)
	movl $-9, -20(%ebp)
	movl $0xf00d, 16(%esp)
	movl $0xcafe, 20(%esp)
	lea table@GOTOFF(%ebx), %esi
	mov %ebx, %eax
	mov $-3, %ecx
	mov $0x81828384, %edx
	mov $4, %edi

	form edx, "4@%edx", 2172814212
	form edx_4, "-4@%edx", -2122153084
	form dh, "1@%dh", 131
	form dl, "-1@%dl", -124
	form dx, "2@%dx", 33668
	form edi1, "1@%edi", 4
	form ecx, "-4@%ecx", -3
	form ecx_sizeless, "%ecx", -3
	form pair, "-8@%edi", -
	form esp, "4@(%esp)", 4294967294
	form esp_sum, "-4@4+4(%esp)", 85
	form ebp, "-4@-20(%ebp)", -9
	form mem_8, "8@16(%esp)", 223192270565389
	form index, "-4@(%esi,%edi,4)", -5
	form no_base, "4@4(,%esi,1)", 22
	form negative_index, "4@16(%esi,%ecx,4)", 22
	form gotoff, "-4@exported@GOTOFF(%eax)", -7
	form gotoff_disp, "4@4+exported@GOTOFF(%eax)", 77
	form gotoff_local, "8@local@GOTOFF(%ebx)", 18364758544493064720
	form gotoff_index, "-4@table@GOTOFF(%ebx,%edi,4)", -5
	form gotoff_two, "-4@exported@GOTOFF(%ebx,%edi)", 77
	form gotoff_two_other, "-4@exported@GOTOFF(%edi,%ebx)", 77
	form float_gotoff, "8f@real@GOTOFF(%ebx)", 3.25, floats
	form float_register, "4f@%edi", any, floats
	form const_4, "4@$-1", 4294967295
	form const_8, "-8@$-1", -1
	form thread_symbol, "4@%gs:thread_first@ntpoff", 30583
	form thread_negative, "-4@%gs:thread_second@ntpoff", -4242
	form thread_plain, "4@%gs:-16", 30583
	mov $-12, %edx
	form thread_register, "-4@%gs:(%edx)", -4242
	mov %gs:0, %edx
	form thread_pointer, "-4@thread_second@ntpoff(%edx)", -4242
	form null, "4@(,%edi,1)", -

	mov $1, %eax
	xor %ebx, %ebx
	int $0x80
	.size _start, . - _start
	.section .note.GNU-stack, "", @progbits
