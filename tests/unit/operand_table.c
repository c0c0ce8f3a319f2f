/*
 * Every form of an operand, of every architecture: the text of the note and what it means.
 *
 * A meaning is written as: s, u or f with the bytes (`~` where the note has no size), the kind, the
 * place (symbol, register, index*scale, displacement), and the base where there is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "operand/operand.h"

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

#define AMD64   EM_X86_64, 64
#define I386    EM_386, 32
#define ARM64   EM_AARCH64, 64
#define ARM     EM_ARM, 32
#define RISCV64 EM_RISCV, 64
#define PPC64   EM_PPC64, 64
#define S390X   EM_S390, 64
#define MIPS    EM_MIPS, 32
#define MIPS64  EM_MIPS, 64
#define LOONG   EM_LOONGARCH, 64

static const struct {
	uint16_t machine;
	uint8_t bits;
	const char *text, *meaning;
} table[] = {
        /* registers, whole and in part */
        {AMD64, "1@%r9b", "u1 reg r9b"},
        {AMD64, "8@%rax", "u8 reg rax"},
        {AMD64, "-4@%edi", "s4 reg edi"},
        {AMD64, "-2@%ax", "s2 reg ax"},
        {AMD64, "1@%bh", "u1 reg bh>>8"},
        {AMD64, "-1@%sil", "s1 reg sil"},
        {AMD64, "%rdi", "s8~ reg rdi"},
        {AMD64, "-16@%rax", "s16 reg rax"},
        {AMD64, "8f@%rax", "f8 reg rax"},
        {AMD64, "4f@%xmm1", "f4 reg xmm1 vector"},
        {AMD64, "8@%xmm31", "u8 reg xmm31 vector"},
        {AMD64, "10f@%st", "f10 reg st vector"},
        {AMD64, "16f@%st(1)", "f16 reg st(1) vector"},
        {AMD64, "8@%rip", "u8 reg rip"},
        /* memory */
        {AMD64, "-4@-1204(%rbp)", "s4 mem rbp-1204"},
        {AMD64, "8@(%rsp)", "u8 mem rsp"},
        {AMD64, "-4@(%rax,%rdi,4)", "s4 mem rax+rdi*4"},
        {AMD64, "1@-96(%rbp,%rax)", "u1 mem rbp+rax*1-96"},
        {AMD64, "8@(,%rax,8)", "u8 mem rax*8"},
        {AMD64, "8f@-8(%rsp)", "f8 mem rsp-8"},
        {AMD64, "4@0x10(%rax)", "u4 mem rax+16"},
        {AMD64, "4@18446744073709551612(%rax)", "u4 mem rax-4"},
        {AMD64, "4@8+-16(%rax)", "u4 mem rax-8"},
        {AMD64, "-8(%rbp)", "s8~ mem rbp-8"},
        {AMD64, "8@4096", "u8 mem+4096"},
        {AMD64, "8@(%r8d)", "u8 mem r8d"},
        /* memory at a symbol */
        {AMD64, "8@seq_iter.6(%rip)", "u8 symmem seq_iter.6 pc"},
        {AMD64, "-4@40+CheckpointStats(%rip)", "s4 symmem CheckpointStats+40 pc"},
        {AMD64, "4@glob-2(%rip)", "u4 symmem glob-2 pc"},
        {AMD64, "8@.LC1(%rip)", "u8 symmem .LC1 pc"},
        {AMD64, "8@4+glob+8-2(%rip)", "u8 symmem glob+10 pc"},
        {AMD64, "8@a$b(%rip)", "u8 symmem a$b pc"},
        {AMD64, "8@\xc3\xa4rger(%rip)", "u8 symmem \xc3\xa4rger pc"},
        {AMD64, "8@glob@GOTPCREL(%rip)", "u8 symmem glob got"},
        {AMD64, "4@table(,%rax,4)", "u4 symmem table+rax*4"},
        {AMD64, "4@glob", "u4 symmem glob"},
        {AMD64, "8@16(%rip)", "u8 mem rip+16"},
        /* thread-local */
        {AMD64, "-4@%fs:tls@tpoff", "s4 symmem tls thread"},
        {AMD64, "-4@%fs:tls@tpoff+8", "s4 symmem tls+8 thread"},
        {AMD64, "-4@%fs:8+tls@tpoff", "s4 symmem tls+8 thread"},
        {AMD64, "-4@%fs:(%rax)", "s4 mem rax thread"},
        {AMD64, "8@%fs:40", "u8 mem+40 thread"},
        {AMD64, "8@%fs:-16(%rax,%rdx,8)", "u8 mem rax+rdx*8-16 thread"},
        {AMD64, "4@tls@tpoff(%rax)", "u4 symmem tls+rax tpoff"},
        /* constants */
        {AMD64, "4@$-1", "u4 const 4294967295"},
        {AMD64, "1@$-56", "u1 const 200"},
        {AMD64, "8@$18446744073709551614", "u8 const 18446744073709551614"},
        {AMD64, "-8@$18446744073709551614", "s8 const -2"},
        {AMD64, "8@$-9223372036854775808", "u8 const 9223372036854775808"},
        {AMD64, "-8@$-9223372036854775808", "s8 const -9223372036854775808"},
        {AMD64, "-4@$4294967295", "s4 const -1"},
        {AMD64, "-1@$200", "s1 const -56"},
        {AMD64, "-4@$5", "s4 const 5"},
        {AMD64, "8@$0xff", "u8 const 255"},
        {AMD64, "$7", "s8~ const 7"},
        {AMD64, "8@$glob", "u8 symconst glob"},
        {AMD64, "8@$glob+16", "u8 symconst glob+16"},
        {AMD64, "8@$.LC0", "u8 symconst .LC0"},
        /* blanks inside */
        {AMD64, "8@ -8(%rbp)", "u8 mem rbp-8"},
        {AMD64, "8@-8 (%rbp)", "u8 mem rbp-8"},
        {AMD64, "4@ (%rax, %rdi, 4)", "u4 mem rax+rdi*4"},
        {AMD64, "4@glob + 4 (%rip)", "u4 symmem glob+4 pc"},
        /* nonsense */
        {AMD64, "3@%eax", "unknown: no integer has this size"},
        {AMD64, "0@%eax", "unknown: no integer has this size"},
        {AMD64, "99999999999@%eax", "unknown: no integer has this size"},
        {AMD64, "3f@%xmm0", "unknown: no floating-point number has this size"},
        {AMD64, "4@%r16", "unknown: unknown register `r16'"},
        {AMD64, "4@%xmm32", "unknown: unknown register `xmm32'"},
        {AMD64, "4@", "unknown: it names no place"},
        {AMD64, "4@%", "unknown: a register is missing"},
        {AMD64, "4@(%rax", "unknown: `)' is missing"},
        {AMD64, "4@(%rax,%rbx,3)", "unknown: an index is scaled by 1, 2, 4 or 8 only"},
        {AMD64, "4@(%xmm0)", "unknown: an address can't be in this register"},
        {AMD64, "4@(%al)", "unknown: an address can't be in this register"},
        {AMD64, "4@%gs:0", "unknown: a segment that is not the thread's"},
        {AMD64, "4@a-b(%rip)", "unknown: a difference of symbols"},
        {AMD64, "4@a@tlsgd(%rip)", "unknown: unknown relocation `@tlsgd'"},
        {AMD64, "4@8@tpoff", "unknown: a relocation without a symbol"},
        {AMD64, "4@$99999999999999999999", "unknown: a number of more than 64 bits"},
        {AMD64, "4@$12x", "unknown: not a number"},
        {AMD64, "4@%eax!", "unknown: `!' behind it is not understood"},
        {AMD64, "4@[sp]", "unknown: neither a number nor a symbol"},

        {I386, "4@16+mp_@GOTOFF(%eax)", "u4 symmem mp_+eax+16 gotoff"},
        {I386, "-4@4+4(%esp)", "s4 mem esp+8"},
        {I386, "1@%edi", "u1 reg edi"},
        {I386, "-8@%edi", "s8 reg edi"},
        {I386, "%eax", "s4~ reg eax"},
        {I386, "4@$glob", "u4 symconst glob"},
        {I386, "4@glob", "u4 symmem glob"},
        {I386, "4@glob@GOT(%ebx)", "u4 symmem glob+ebx got"},
        {I386, "4@%gs:tls@ntpoff", "u4 symmem tls thread"},
        {I386, "4@tls@ntpoff(%eax)", "u4 symmem tls+eax tpoff"},
        {I386, "4@%rax", "unknown: unknown register `rax'"},

        {ARM64, "8@[sp, 112]", "u8 mem sp+112"},
        {ARM64, "8@[sp,#-16]", "u8 mem sp-16"},
        {ARM64, "-1@[x0, x1]", "s1 mem x0+x1*1"},
        {ARM64, "4@[x0, x1, lsl 2]", "u4 mem x0+x1*4"},
        {ARM64, "4@[x0, w1, sxtw 3]", "u4 mem x0+sext(w1)*8"},
        {ARM64, "4@[x0, w1, uxtw #1]", "u4 mem x0+w1*2"},
        {ARM64, "8@[x1, #:lo12:.LANCHOR0]", "u8 symmem .LANCHOR0+x1 low"},
        {ARM64, "8@[x1, #:lo12:.LANCHOR0+24]", "u8 symmem .LANCHOR0+x1+24 low"},
        {ARM64, "8@[x1, :got_lo12:glob]", "u8 symmem glob+x1 got"},
        {ARM64, "4@[x1, #:tprel_lo12_nc:tls]", "u4 symmem tls+x1 tpoff"},
        {ARM64, "-8@v0", "s8 reg v0 vector"},
        {ARM64, "4f@s31", "f4 reg s31 vector"},
        {ARM64, "[x8]", "s8~ mem x8"},
        {ARM64, "8f@x1", "f8 reg x1"},
        {ARM64, "-4@w30", "s4 reg w30"},
        {ARM64, "8@sp", "u8 reg sp"},
        {ARM64, "-4@wzr", "s4 const 0"},
        {ARM64, "4@5", "u4 const 5"},
        {ARM64, "1@-1", "u1 const 255"},
        {ARM64, "-4@#-7", "s4 const -7"},
        {ARM64, "4@[x32,200]", "unknown: unknown register `x32'"},
        {ARM64, "4@x31", "u4 symmem x31"}, /* no register: the assembler takes it for a symbol */
        {ARM64, "4@[x0], 16", "unknown: `, 16' behind it is not understood"},
        {ARM64, "4@[x0, 16]!", "unknown: `!' behind it is not understood"},
        {ARM64, "4@[x0, glob]", "unknown: a symbol without a relocation"},
        {ARM64, "4@[xzr]", "unknown: an address can't be in this register"},
        {ARM64, "4@[v0]", "unknown: an address can't be in this register"},
        {ARM64, "4@[x0, xzr]", "u4 mem x0"},
        {ARM64, "4@[x0, :bogus:glob]", "unknown: unknown relocation"},
        {ARM64, "4@[x0, #:lo12:8]", "unknown: a relocation without a symbol"},
        {ARM64, "4@[x0, #:lo12]", "unknown: a relocation is missing"},
        {ARM64, "4@[x0, x1, ror 3]", "unknown: the index is shifted in a way that is not known"},
        {ARM64, "4@[x0, x1, lsl 9]", "unknown: the index is shifted too far"},
        {ARM64, "4@glob@x", "unknown: unknown relocation"},

        {ARM, "-8@[sp, #76]", "s8 mem sp+76"},
        {ARM, "4@#_PyRuntime+49672", "u4 symconst _PyRuntime+49672"},
        {ARM, "-8@r8", "s8 reg r8"},
        {ARM, "-8@#1", "s8 const 1"},
        {ARM, "4@[r3, r2, lsl #2]", "u4 mem r3+r2*4"},
        {ARM, "4@[fp, #-20]", "u4 mem fp-20"},
        {ARM, "4@.L4+8", "u4 symmem .L4+8"},
        {ARM, "8@d7", "u8 reg d7 vector"},
        {ARM, "4@x0", "u4 symmem x0"},

        {RISCV64, "-8@-88(s0)", "s8 mem s0-88"},
        {RISCV64, "-8@a1", "s8 reg a1"},
        {RISCV64, "4@5", "u4 const 5"},
        {RISCV64, "-4@-1", "s4 const -1"},
        {RISCV64, "8@0(sp)", "u8 mem sp"},
        {RISCV64, "8@zero", "u8 const 0"},
        {RISCV64, "8@%lo(glob+8)(a5)", "u8 symmem glob+a5+8 low"},
        {RISCV64, "8@%tprel_lo(tls)(a5)", "u8 symmem tls+a5 tpoff"},
        {RISCV64, "8f@fa0", "f8 reg fa0 vector"},
        {RISCV64, "8@%hi(glob)", "unknown: unknown relocation"},
        {RISCV64, "8@%lo(glob)", "unknown: a part of an address without its register"},
        {RISCV64, "8@8(fa0)", "unknown: an address can't be in this register"},
        {RISCV64, "8@8(zero)", "u8 mem+8"},
        {RISCV64, "8@8(s12)", "unknown: unknown register `s12'"},
        {RISCV64, "8@%pcrel_lo(.Lpcrel_hi0)(a0)", "unknown: unknown relocation"},
        {RISCV64, "8@a.b", "u8 symmem a.b"},

        {PPC64, "-4@.LANCHOR0+44@toc@l(8)", "s4 symmem .LANCHOR0+r8+44 low"},
        {PPC64, "-4@9", "s4 reg r9"},
        {PPC64, "8@i0", "u8 const 0"},
        {PPC64, "4@i-67", "u4 const 4294967229"},
        {PPC64, "8@9,8", "u8 mem r9+r8*1"},
        {PPC64, "8@9, 8", "u8 mem r9+r8*1"},
        {PPC64, "8@0,8", "u8 mem r8*1"},
        {PPC64, "-8@112(1)", "s8 mem r1+112"},
        {PPC64, "8@0(31)", "u8 mem r31"},
        {PPC64, "8@%r3", "u8 reg r3"},
        {PPC64, "8@-8(%r1)", "u8 mem r1-8"},
        {PPC64, "8@iter@toc@l(9)", "u8 symmem iter+r9 low"},
        {PPC64, "8@tls@tprel@l(13)", "u8 symmem tls+r13 tpoff"},
        {PPC64, "4@32", "unknown: unknown register"},
        {PPC64, "4@8(32)", "unknown: unknown register"},
        {PPC64, "8@glob@bogus(3)", "unknown: unknown relocation"},
        {PPC64, "8@glob@got@l(2)", "u8 symmem glob+r2 got"},
        {PPC64, "8@8(f1)", "unknown: an address can't be in this register"},
        {PPC64, "8@i5x", "unknown: not a number"},
        {PPC64, "8@112", "unknown: unknown register"},
        {PPC64, "8@,8", "unknown: unknown register"},
        {PPC64, "8@8@l(3)", "unknown: a relocation without a symbol"},

        {S390X, "-2@-28(%r15)", "s2 mem r15-28"},
        {S390X, "4@71", "u4 const 71"},
        {S390X, "8@0(%r3,%r1)", "u8 mem r1+r3*1"},
        {S390X, "8@%r2", "u8 reg r2"},
        {S390X, "8@160(%r0,%r15)", "u8 mem r15+160"},
        {S390X, "8f@%f0", "f8 reg f0 vector"},
        {S390X, "8@(%f0)", "unknown: an address can't be in this register"},
        {S390X, "8@8(%r1", "unknown: `)' is missing"},
        {S390X, "8@8(1)", "unknown: `%' is missing"},
        {S390X, "8@glob+8", "u8 symmem glob+8"},
        {S390X, "8@(,%r2)", "u8 mem r2"},

        {MIPS, "-4@40($18)", "s4 mem r18+40"},
        {MIPS, "4@$2", "u4 reg r2"},
        {MIPS, "4@-8($fp)", "u4 mem fp-8"},
        {MIPS, "4@5", "u4 const 5"},
        {MIPS, "4@$0", "u4 const 0"},
        {MIPS, "4@%lo(glob)($2)", "u4 symmem glob+r2 low"},
        {MIPS, "4@%got(glob)($28)", "u4 symmem glob+r28 got"},
        {MIPS64, "8@$31", "u8 reg r31"},
        {MIPS64, "8@$a7", "u8 reg a7"},
        {MIPS64, "8@16($sp)", "u8 mem sp+16"},
        {MIPS64, "8f@$f12", "f8 reg f12 vector"},
        {MIPS64, "8@$32", "unknown: unknown register"},
        {MIPS64, "8@%bogus(glob)($2)", "unknown: unknown relocation"},
        {MIPS64, "8@%lo(glob)", "unknown: a part of an address without its register"},
        {MIPS64, "8@%lo(a@b)($2)", "unknown: more than one relocation"},
        {MIPS64, "8@%tprel_lo(tls)($3)", "u8 symmem tls+r3 tpoff"},
        {MIPS64, "8@8($f0)", "unknown: an address can't be in this register"},
        {MIPS64, "8@8($0)", "u8 mem+8"},
        {MIPS64, "8@8(2)", "unknown: `$' is missing"},
        {MIPS64, "8@glob+8", "u8 symmem glob+8"},

        {LOONG, "8@[$r12]", "u8 mem r12"},
        {LOONG, "8@$r12", "u8 reg r12"},
        {LOONG, "-4@$r22,-20", "s4 mem r22-20"},
        {LOONG, "8@[$sp, 16]", "u8 mem sp+16"},
        {LOONG, "8@$r12,$r13", "u8 mem r12+r13*1"},
        {LOONG, "8@$r12,%pc_lo12(glob+4)", "u8 symmem glob+r12+4 low"},
        {LOONG, "4@7", "u4 const 7"},
        {LOONG, "4@$zero", "u4 const 0"},
        {LOONG, "4@[7]", "unknown: a register is missing"},
        {LOONG, "8@$r12,glob", "unknown: a symbol without a relocation"},
        {LOONG, "8@$r12,%bogus(glob)", "unknown: unknown relocation"},
        {LOONG, "8@$r12,%le_lo12(tls)", "u8 symmem tls+r12 tpoff"},
        {LOONG, "8@$r12,%got_pc_lo12(glob)", "u8 symmem glob+r12 got"},
        {LOONG, "8@$r12,%pc_lo12(8)", "unknown: a relocation without a symbol"},
        {LOONG, "8@$r32", "unknown: unknown register `r32'"},
        {LOONG, "8@[$r12", "unknown: `]' is missing"},
        {LOONG, "8@$f1,8", "unknown: an address can't be in this register"},
        {LOONG, "8@glob", "u8 symmem glob"},
};

static void describe_place(struct buffer *b, const struct operand *o)
{
	static const char *const bases[] = {
	        [OPERAND_BASE_THREAD] = " thread", [OPERAND_BASE_GOT] = " got",
	        [OPERAND_BASE_PC] = " pc",         [OPERAND_BASE_GOTOFF] = " gotoff",
	        [OPERAND_BASE_TPOFF] = " tpoff",   [OPERAND_BASE_LOW] = " low",
	};
	const char *joint = " ";

	if (o->symbol) {
		buffer_print(b, " %s", o->symbol);
		joint = "+";
	}
	if (o->reg) {
		buffer_print(b, "%s%s", joint, o->reg->name);
		joint = "+";
	}
	if (o->index)
		buffer_print(b, o->index_signed ? "%ssext(%s)*%u" : "%s%s*%u", joint,
		             o->index->name, o->scale);
	if (o->displacement)
		buffer_print(b, "%+" PRId64, o->displacement);
	if (o->reg && o->reg->shift)
		buffer_print(b, ">>%u", o->reg->shift);
	if (o->reg && o->reg->vector)
		buffer_text(b, " vector");
	if (o->base)
		buffer_text(b, bases[o->base]);
}

static void describe(struct buffer *b, const struct operand *o)
{
	static const char *const kinds[] = {"const", "reg", "mem", "symmem", "symconst"};

	if (o->kind == OPERAND_UNKNOWN) {
		buffer_print(b, "unknown: %s", o->reason);
		return;
	}
	buffer_print(b, "%c%u%s %s",
	             o->is_float    ? 'f'
	             : o->is_signed ? 's'
	                            : 'u',
	             o->size, o->sized ? "" : "~", kinds[o->kind]);
	if (o->kind != OPERAND_CONST)
		describe_place(b, o);
	else if (o->is_signed)
		buffer_print(b, " %" PRId64, (int64_t)o->value);
	else
		buffer_print(b, " %" PRIu64, o->value);
}

static void every_form(void **state)
{
	struct arena arena = {0};
	struct buffer b = {0};
	struct operand *operands;
	struct error err;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(operands_parse(table[i].machine, table[i].bits, table[i].text,
		                                &arena, &operands, &count, &err),
		                 0);
		buffer_clear(&b);
		for (size_t j = 0; j < count; j++) {
			buffer_text(&b, j ? " | " : "");
			describe(&b, &operands[j]);
		}
		if (count != 1 || strcmp(buffer_string(&b), table[i].meaning))
			fail_msg("row %zu, `%s': %s, not %s", i, table[i].text, buffer_string(&b),
			         table[i].meaning);
		assert_string_equal(operands[0].text, table[i].text);
	}
	buffer_free(&b);
	arena_free(&arena);
}

/* A row behind a known operand and before another: its neighbours stay what and where they are. */
static void every_form_between_others(void **state)
{
	struct arena arena = {0};
	struct operand *operands;
	struct error err;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *text = arena_print(&arena, "2@7 %s 4@8", table[i].text);

		assert_int_equal(operands_parse(table[i].machine, table[i].bits, text, &arena,
		                                &operands, &count, &err),
		                 0);
		if (count != 3)
			fail_msg("row %zu, `%s': %zu operands, not 3", i, text, count);
		assert_string_equal(operands[0].text, "2@7");
		assert_string_equal(operands[1].text, table[i].text);
		assert_string_equal(operands[2].text, "4@8");
		assert_int_equal(operands[2].size, 4);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_form),
	        cmocka_unit_test(every_form_between_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
