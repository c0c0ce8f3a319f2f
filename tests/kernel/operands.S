/*
 * A program whose markers have every form of operand that compilers write for x86-64, at known
 * values. Notes are written by hand, since no compiler gives one form of one's choice. The last
 * column is what telltale must print, for operands.sh; `-` stands for unreadable, `same:NAME` for what
 * that form is, `any` for what is not known beforehand.
 *
 * Each marker `form:NAME` has one site, whose operand becomes code. All stand again, in this order,
 * under the names many:integers, many:floats and many:wide, and so become data.
 */
	.macro note provider, name, operands
	.pushsection .note.stapsdt, "", "note"
	.balign 4
	.4byte 2f - 1f, 4f - 3f, 3
1:	.asciz "stapsdt"
2:	.balign 4
3:	.8byte 990b, _.stapsdt.base, 0
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
	.type exported, @object
	.size exported, 16
exported:
	.4byte -7, 77
	.8byte 0x1122334455667788
	.type local, @object
	.size local, 8
local:	.8byte 0xfedcba9876543210
	.type real, @object
	.size real, 16
real:	.double 3.25
	.float -0.5
	.4byte 0
	.type table, @object
	.size table, 64
table:	.8byte 1, 22, 333, 4444, -5, 0x8000000000000000, 0x123456789abcdef0, 0xff
	.comm never_written, 8, 8

	.section .tdata, "awT", @progbits
	.balign 16
	.type thread_first, @object
	.size thread_first, 8
thread_first:
	.8byte 0x7777
	.type thread_second, @object
	.size thread_second, 4
thread_second:
	.4byte -4242
	.section .tbss, "awT", @nobits
	.balign 32
	.type thread_last, @object
	.size thread_last, 8
thread_last:
	.space 8

	.text
	.globl main
	.type main, @function
main:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	sub $136, %rsp
	mov %rsp, %rbp
	add $128, %rbp
	/* values in memory at the stack */
	movq $-2, (%rsp)
	movq $0x55, 8(%rsp)
	movabs $0x1111222233334444, %rax
	mov %rax, 16(%rsp)
	movabs $0x400921fb54442d18, %rax	/* pi */
	mov %rax, 24(%rsp)
	movl $-9, -20(%rbp)
	movl $0x3fc00000, -24(%rbp)		/* 1.5f */
	movabs $0xcafebabe8badf00d, %rax
	mov %rax, 32(%rsp)
	mov $-1, %rax
	mov %rax, 40(%rsp)
	movabs $0xfffffffffffffff0, %rax
	mov %rax, %fs:thread_last@tpoff

	/* registers of every width; what is above a part is noise */
	movabs $0xf1f2f3f4f5f68788, %rax
	movabs $0x0102030405060708, %rbx
	mov $-3, %rcx
	movabs $0x8000000000000000, %rdx
	movabs $0xaaaaaaaabbbbccdd, %r9
	mov $4, %rdi
	lea table(%rip), %rsi
	movabs $0x4004000000000000, %r12	/* 2.5 */
	mov $0xbf800000, %r13d			/* -1.0f */
	mov $-1, %r14
	lea -32(%rbp), %r15
	mov $0, %r8
	cvtsi2sd %rdi, %xmm1

	form rax8, "8@%rax", 17434265340928755592
	form rax_8, "-8@%rax", -1012478732780796024
	form eax4, "4@%eax", 4126574472
	form eax_4, "-4@%eax", -168392824
	form ax2, "2@%ax", 34696
	form ax_2, "-2@%ax", -30840
	form al1, "1@%al", 136
	form al_1, "-1@%al", -120
	form ah1, "1@%ah", 135
	form ah_1, "-1@%ah", -121
	form bh, "1@%bh", 7
	form bl, "1@%bl", 8
	form bx, "2@%bx", 1800
	form ebx, "-4@%ebx", 84281096
	form rcx, "-8@%rcx", -3
	form ecx, "4@%ecx", 4294967293
	form cl, "1@%cl", 253
	form dx, "-8@%rdx", -9223372036854775808
	form dxu, "8@%rdx", 9223372036854775808
	form sil, "1@%dil", 4
	form r9b, "1@%r9b", 221
	form r9w, "-2@%r9w", -13091
	form r9d, "-4@%r9d", -1145320227
	form r9, "8@%r9", 12297829382759369949
	form r14, "8@%r14", 18446744073709551615
	form r14s, "-8@%r14", -1
	form sizeless, "%rdi", 4
	form sizeless_negative, "%rcx", -3

	form rsp, "8@(%rsp)", 18446744073709551614
	form rsp_4, "-4@(%rsp)", -2
	form rsp_8, "-8@8(%rsp)", 85
	form rbp, "-4@-20(%rbp)", -9
	form rbp_sum, "-4@-24+4(%rbp)", -9
	form rbp_u, "4@-20(%rbp)", 4294967287
	form rbp_1, "1@-20(%rbp)", 247
	form rbp_2, "-2@-20(%rbp)", -9
	form base_index, "-8@(%rsi,%rdi,8)", -5
	form base_index_1, "8@-4(%rsi,%rdi)", 1
	form index_scale, "-4@24(%rsi,%rdi,2)", -5
	form scaled_disp, "8@-8(%rsi,%rdi,8)", 4444
	form no_base, "8@0(,%rsi,1)", 1
	form index_only, "8@-8(,%rsi,1)", 3204448256
	form plain_base, "8@48(%rsi)", 1311768467463790320
	form blanks, " 8@ 48( %rsi ) ", 1311768467463790320

	form rip_exported, "-4@exported(%rip)", -7
	form rip_disp, "4@4+exported(%rip)", 77
	form rip_disp_behind, "4@exported+4(%rip)", 77
	form rip_8, "8@exported+8(%rip)", 1234605616436508552
	form rip_local, "8@local(%rip)", 18364758544493064720
	form rip_local_back, "4@local-12+4(%rip)", 1432778632
	lea exported(%rip), %r10
	form address, "8@%r10", any
	form got, "8@exported@GOTPCREL(%rip)", same:address
	form symbol_index, "-8@table(,%r8,8)", 1
	form untouched, "8@never_written(%rip)", 0

	form float_reg8, "8f@%r12", 2.5, floats
	form float_reg4, "4f@%r13d", -1, floats
	form float_mem8, "8f@24(%rsp)", 3.141592653589793, floats
	form float_mem4, "4f@-24(%rbp)", 1.5, floats
	form float_rip8, "8f@real(%rip)", 3.25, floats
	form float_rip4, "4f@8+real(%rip)", -0.5, floats
	form float_tiny, "4f@(%rsi)", any, floats
	form vector, "8f@%xmm1", -, floats
	form vector4, "4f@%xmm1", -, floats

	form const_4, "4@$-1", 4294967295
	form const_4s, "-4@$-1", -1
	form const_1, "1@$-56", 200
	form const_8, "8@$18446744073709551614", 18446744073709551614
	form const_8s, "8@$-9223372036854775808", 9223372036854775808
	form const_min, "-8@$-9223372036854775808", -9223372036854775808
	form const_0, "-4@$0", 0
	form const_sizeless, "$-5", -5

	form pair, "-16@%rax", -, wide
	form wide, "-16@32(%rsp)", 0xffffffffffffffffcafebabe8badf00d, wide
	form wide_rip, "16@exported(%rip)", 0x11223344556677880000004dfffffff9, wide
	form wide_base, "16@(%rsi)", 0x00000000000000160000000000000001, wide
	form wide_index, "-16@(%rsi,%rdi,8)", 0x8000000000000000fffffffffffffffb, wide
	form wide_10, "10f@48(%rsi)", 0x00000000000000ff123456789abcdef0, wide
	form null, "8@(%r8)", -
	form nonsense, "8@%nothing", -
	form unknown_symbol, "8@nowhere(%rip)", -

	form thread_symbol, "8@%fs:thread_first@tpoff", 30583
	form thread_negative, "-4@%fs:thread_second@tpoff", -4242
	form thread_bss, "-8@%fs:thread_last@tpoff", -16
	form thread_disp, "-2@%fs:thread_first@tpoff+8", -4242
	mov $thread_second@tpoff, %rax
	form thread_register, "-4@%fs:(%rax)", -4242
	mov %fs:0, %rdx
	form thread_pointer, "-4@thread_second@tpoff(%rdx)", -4242
	mov %fs:-32, %r11
	form thread_loaded, "8@%r11", any
	form thread_plain, "8@%fs:0xffffffffffffffe0", same:thread_loaded
	form thread_zero, "8@%fs:0", same:thread_base
	form thread_base, "8@%rdx", any

	add $136, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	xor %eax, %eax
	ret
	.size main, . - main
	.section .note.GNU-stack, "", @progbits
