/*
 * The machine that runs BPF in user space: every class of instruction against known results, its maps,
 * its ring, and what it does with programs that do what none may.
 */
#include "engine/user/machine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))
#define INSN(c, d, s, o, i)                                                                        \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define MOV(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define COPY(d, s)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define WIDE(d, v)                                                                                 \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, (int32_t)(uint64_t)(v)),                          \
		INSN(0, 0, 0, 0, (int32_t)((uint64_t)(v) >> 32))
#define MAP(d, index)                                                                              \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_IDX, 0, index), INSN(0, 0, 0, 0, 0)
#define CALL(helper)	INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define EXIT		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define ALU(op, d, i)	INSN(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define STORE(size, d, o, s) INSN(BPF_STX | (size) | BPF_MEM, d, s, o, 0)
#define LOAD(size, d, s, o)  INSN(BPF_LDX | (size) | BPF_MEM, d, s, o, 0)
#define WORD(base, o, i) INSN(BPF_ST | BPF_W | BPF_MEM, base, 0, o, i)

/* ---- a machine with a process of its own ---- */

static const char memory[] = "a text of the process"; /* at this address */
enum { MEMORY = 0x10000 };

static ssize_t read_process(struct current *current, uint64_t address, void *to, size_t size)
{
	size_t left;

	(void)current;
	if (address < MEMORY || address >= MEMORY + sizeof(memory))
		return -1;
	left = MEMORY + sizeof(memory) - address;
	if (size < left)
		left = size;
	memset(to, 0x77, size); /* what is behind is nobody's */
	memcpy(to, memory + (address - MEMORY), left);
	return (ssize_t)left;
}

static void read_comm(struct current *current, char comm[ABI_COMM])
{
	(void)current;
	strcpy(comm, "tested");
}

static struct plan_map map_plans[] = {
	{.bpf_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .entries = 4},
	{.bpf_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .entries = 3},
	{.role = PLAN_MAP_RING, .bpf_type = BPF_MAP_TYPE_RINGBUF},
	{.bpf_type = BPF_MAP_TYPE_LRU_HASH, .key_size = 4, .value_size = 8, .entries = 2},
	{.bpf_type = BPF_MAP_TYPE_STACK_TRACE, .key_size = 4, .value_size = 4 * 8, .entries = 8},
};
enum { HASH, ARRAY, RING, LRU, STACKS, MAPS };

struct fixture {
	struct user_map maps[MAPS], *places[MAPS];
	struct user_ring ring;
	struct machine machine;
	struct current current;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct error err;

	for (size_t i = 0; i < MAPS; i++) {
		assert_int_equal(user_map_open(&f->maps[i], &map_plans[i], &err), 0);
		f->places[i] = &f->maps[i];
	}
	assert_int_equal(user_ring_new(&f->ring, 0, &err), 0);
	f->ring.bell = -1;
	assert_int_equal(machine_open(&f->machine, f->places, MAPS, &f->ring, &err), 0);
	f->current = (struct current){.pid = 11, .tid = 12, .cookie = 77, .read = read_process,
				      .comm = read_comm, .regs = {.rdi = 0x1122334455667788}};
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	machine_close(&f->machine);
	user_ring_free(&f->ring);
	for (size_t i = 0; i < MAPS; i++)
		user_map_close(&f->maps[i]);
	free(f);
	return 0;
}

static struct error said;

static int run(struct fixture *f, const struct bpf_insn *insns, size_t count, uint64_t *result)
{
	struct plan_program plan = {.name = "test", .insns = (struct bpf_insn *)insns,
				    .insn_count = count};
	struct user_program program;
	int code = user_program_decode(&f->machine, &plan, &program, &said);

	if (code)
		return code;
	code = machine_run(&f->machine, &program, &f->current, result, &said);
	user_program_free(&program);
	return code;
}

#define RUN(f, insns, result) run(f, insns, LENGTH(insns), result)

/* ---- arithmetic ---- */

static void test_arithmetic(void **state)
{
	static const struct {
		int code;
		uint64_t a, b, result;
		int16_t off;
	} cases[] = {
		{BPF_ALU64 | BPF_ADD, 1, UINT64_MAX, 0, 0},
		{BPF_ALU | BPF_ADD, 0xffffffff, 2, 1, 0},
		{BPF_ALU64 | BPF_SUB, 1, 2, UINT64_MAX, 0},
		{BPF_ALU | BPF_SUB, 1, 2, 0xffffffff, 0},
		{BPF_ALU64 | BPF_MUL, 0x100000001, 0x100000001, 0x200000001, 0},
		{BPF_ALU | BPF_MUL, 0x10001, 0x10001, 0x20001, 0},
		{BPF_ALU64 | BPF_DIV, (uint64_t)-10, 3, 0x5555555555555552, 0},
		{BPF_ALU64 | BPF_DIV, 7, 0, 0, 0},
		{BPF_ALU | BPF_DIV, 0x1fffffff6, 3, 0x55555552, 0},
		{BPF_ALU64 | BPF_DIV, (uint64_t)-10, 3, (uint64_t)-3, 1},
		{BPF_ALU64 | BPF_DIV, (uint64_t)INT64_MIN, (uint64_t)-1, (uint64_t)INT64_MIN, 1},
		{BPF_ALU | BPF_DIV, (uint32_t)-10, 3, (uint32_t)-3, 1},
		{BPF_ALU | BPF_DIV, 0x80000000, 0xffffffff, 0x80000000, 1},
		{BPF_ALU64 | BPF_MOD, 10, 3, 1, 0},
		{BPF_ALU64 | BPF_MOD, 10, 0, 10, 0},
		{BPF_ALU | BPF_MOD, 0x10000000a, 0, 10, 0},
		{BPF_ALU64 | BPF_MOD, (uint64_t)-10, 3, (uint64_t)-1, 1},
		{BPF_ALU64 | BPF_MOD, (uint64_t)INT64_MIN, (uint64_t)-1, 0, 1},
		{BPF_ALU | BPF_MOD, (uint32_t)-10, 3, (uint32_t)-1, 1},
		{BPF_ALU64 | BPF_OR, 0xf0, 0x0f, 0xff, 0},
		{BPF_ALU64 | BPF_AND, 0xf0, 0x3c, 0x30, 0},
		{BPF_ALU | BPF_AND, UINT64_MAX, UINT64_MAX, 0xffffffff, 0},
		{BPF_ALU64 | BPF_XOR, 0xff, 0x0f, 0xf0, 0},
		{BPF_ALU64 | BPF_LSH, 1, 63, 1ull << 63, 0},
		{BPF_ALU64 | BPF_LSH, 1, 64, 1, 0},
		{BPF_ALU | BPF_LSH, 1, 33, 2, 0},
		{BPF_ALU64 | BPF_RSH, (uint64_t)-1, 60, 15, 0},
		{BPF_ALU | BPF_RSH, 0xf80000000, 31, 1, 0},
		{BPF_ALU64 | BPF_ARSH, (uint64_t)-16, 2, (uint64_t)-4, 0},
		{BPF_ALU | BPF_ARSH, 0x80000000, 31, 0xffffffff, 0},
		{BPF_ALU64 | BPF_MOV, 1, 0x8000000000000000, 0x8000000000000000, 0},
		{BPF_ALU | BPF_MOV, 1, 0x1ffffffff, 0xffffffff, 0},
		{BPF_ALU64 | BPF_MOV, 0, 0x1ff, (uint64_t)-1, 8},
		{BPF_ALU64 | BPF_MOV, 0, 0x18000, (uint64_t)-32768, 16},
		{BPF_ALU64 | BPF_MOV, 0, 0x80000000, 0xffffffff80000000, 32},
		{BPF_ALU | BPF_MOV, 0, 0xff, 0xffffffff, 8},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct bpf_insn insns[] = {
			WIDE(0, cases[i].a), WIDE(3, cases[i].b),
			INSN((uint8_t)(cases[i].code | BPF_X), 0, 3, cases[i].off, 0), EXIT,
		};
		uint64_t result = 0;

		assert_int_equal(RUN(*state, insns, &result), 0);
		if (result != cases[i].result)
			fail_msg("case %zu: %#lx", i, (unsigned long)result);
		/* The same with the second operand in the instruction, where it fits. */
		if ((uint64_t)(int32_t)cases[i].b == cases[i].b && !(cases[i].code & 0xf0 & BPF_MOV && cases[i].off)) {
			const struct bpf_insn again[] = {
				WIDE(0, cases[i].a),
				INSN((uint8_t)(cases[i].code | BPF_K), 0, 0, cases[i].off,
				     (int32_t)cases[i].b),
				EXIT,
			};

			assert_int_equal(RUN(*state, again, &result), 0);
			if (result != cases[i].result)
				fail_msg("case %zu with a constant: %#lx", i, (unsigned long)result);
		}
	}
}

static void test_single_operand(void **state)
{
	static const struct {
		uint8_t code;
		int32_t bits;
		uint64_t result;
	} cases[] = {
		{BPF_ALU64 | BPF_NEG, 0, 0 - 0x1122334455667788ull},
		{BPF_ALU | BPF_NEG, 0, (uint32_t)-0x55667788},
		{BPF_ALU | BPF_END | BPF_TO_LE, 16, 0x7788},
		{BPF_ALU | BPF_END | BPF_TO_LE, 32, 0x55667788},
		{BPF_ALU | BPF_END | BPF_TO_LE, 64, 0x1122334455667788},
		{BPF_ALU | BPF_END | BPF_TO_BE, 16, 0x8877},
		{BPF_ALU | BPF_END | BPF_TO_BE, 32, 0x88776655},
		{BPF_ALU | BPF_END | BPF_TO_BE, 64, 0x8877665544332211},
		{BPF_ALU64 | BPF_END, 16, 0x8877},
		{BPF_ALU64 | BPF_END, 64, 0x8877665544332211},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		/* The context's first argument, so that it is read, too. */
		const struct bpf_insn insns[] = {
			LOAD(BPF_DW, 0, 1, offsetof(struct pt_regs, rdi)),
			INSN(cases[i].code, 0, 0, 0, cases[i].bits), EXIT,
		};
		uint64_t result = 0;

		assert_int_equal(RUN(*state, insns, &result), 0);
		if (result != cases[i].result)
			fail_msg("case %zu: %#lx", i, (unsigned long)result);
	}
}

/* ---- jumps ---- */

static void test_jumps(void **state)
{
	const uint64_t minus = (uint64_t)-1, upper = 0x100000005;
	const struct {
		int op;
		uint64_t a, b;
		bool wide, narrow; /* what the 64-bit and the 32-bit form answer */
	} cases[] = {
		{BPF_JEQ, 5, 5, true, true},	  {BPF_JEQ, upper, 5, false, true},
		{BPF_JNE, upper, 5, true, false}, {BPF_JGT, minus, 1, true, true},
		{BPF_JGT, upper, 6, true, false}, {BPF_JGE, 5, 5, true, true},
		{BPF_JLT, 1, minus, true, true},  {BPF_JLE, 5, 5, true, true},
		{BPF_JLE, upper, 5, false, true}, {BPF_JSGT, 1, minus, true, true},
		{BPF_JSGE, minus, 0, false, false}, {BPF_JSLT, minus, 0, true, true},
		{BPF_JSLT, 0x80000000, 0, false, true}, {BPF_JSLE, minus, minus, true, true},
		{BPF_JSET, 6, 2, true, true},	  {BPF_JSET, 4, 2, false, false},
		{BPF_JSET, upper, 1ull << 32, true, false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		for (int narrow = 0; narrow < 2; narrow++) {
			const struct bpf_insn insns[] = {
				WIDE(2, cases[i].a), WIDE(3, cases[i].b), MOV(0, 1),
				INSN((uint8_t)((narrow ? BPF_JMP32 : BPF_JMP) | cases[i].op | BPF_X),
				     2, 3, 1, 0),
				MOV(0, 0), EXIT,
			};
			uint64_t result = 9;

			assert_int_equal(RUN(*state, insns, &result), 0);
			if (result != (narrow ? cases[i].narrow : cases[i].wide))
				fail_msg("case %zu, narrow %d", i, narrow);
		}
	}
}

static void test_loops_and_calls(void **state)
{
	const struct bpf_insn sum[] = { /* 1 + ... + 100 */
		MOV(0, 0), MOV(2, 100),
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 2, 0, 0), ALU(BPF_SUB, 2, 1),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 2, 0, -3, 0), EXIT,
	};
	const struct bpf_insn call[] = { /* keeps r6 and its own stack */
		MOV(6, 40), INSN(BPF_ST | BPF_DW | BPF_MEM, 10, 0, -8, 1), MOV(1, 2),
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 4),
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 6, 0, 0), LOAD(BPF_DW, 1, 10, -8),
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 1, 0, 0), EXIT,
		MOV(6, 0), INSN(BPF_ST | BPF_DW | BPF_MEM, 10, 0, -8, 99), COPY(0, 1), EXIT,
	};
	const struct bpf_insn loop[] = { /* the callback adds its number to what r2 points at */
		INSN(BPF_ST | BPF_DW | BPF_MEM, 10, 0, -8, 0), MOV(1, 10),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_FUNC, 0, 7), INSN(0, 0, 0, 0, 0),
		COPY(3, 10), ALU(BPF_ADD, 3, -8), MOV(4, 0), CALL(BPF_FUNC_loop),
		LOAD(BPF_DW, 0, 10, -8), EXIT,
		LOAD(BPF_DW, 3, 2, 0), INSN(BPF_ALU64 | BPF_ADD | BPF_X, 3, 1, 0, 0),
		STORE(BPF_DW, 2, 0, 3), MOV(0, 0), EXIT,
	};
	const struct bpf_insn forever[] = {INSN(BPF_JMP | BPF_JA, 0, 0, -1, 0), EXIT};
	const struct bpf_insn bounded[] = { /* may_goto ends what has no end */
		MOV(0, 0), INSN(BPF_JMP | 0xe0, 0, 0, 2, 0), ALU(BPF_ADD, 0, 1),
		INSN(BPF_JMP | BPF_JA, 0, 0, -3, 0), EXIT,
	};
	const struct bpf_insn deep[] = {INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, -1), EXIT};
	uint64_t result = 0;

	assert_int_equal(RUN(*state, sum, &result), 0);
	assert_true(result == 5050);
	assert_int_equal(RUN(*state, call, &result), 0);
	assert_true(result == 43);
	assert_int_equal(RUN(*state, loop, &result), 0);
	assert_true(result == 45);
	assert_int_equal(RUN(*state, bounded, &result), 0);
	assert_true(result == LOOPS_MOST);
	((struct fixture *)*state)->machine.most = 1000000;
	assert_int_equal(RUN(*state, forever, &result), -ELOOP);
	assert_int_equal(RUN(*state, deep, &result), -ELOOP);
}

/* ---- memory ---- */

static void test_memory(void **state)
{
	static const struct {
		int size;
		uint64_t whole, extended;
	} cases[] = {
		{BPF_B, 0x88, (uint64_t)-0x78},
		{BPF_H, 0xff88, (uint64_t)-0x78},
		{BPF_W, 0xf6f7ff88, 0xfffffffff6f7ff88},
		{BPF_DW, 0xf2f3f4f5f6f7ff88, 0},
	};
	uint64_t result;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		for (int extended = 0; extended < (cases[i].size == BPF_DW ? 1 : 2); extended++) {
			const struct bpf_insn insns[] = {
				WIDE(2, 0xf2f3f4f5f6f7ff88),
				INSN(BPF_ST | BPF_DW | BPF_MEM, 10, 0, -8, -1),
				STORE(cases[i].size, 10, -8, 2),
				INSN((uint8_t)(BPF_LDX | cases[i].size | (extended ? 0x80 : BPF_MEM)), 0, 10, -8, 0),
				EXIT,
			};

			assert_int_equal(RUN(*state, insns, &result), 0);
			assert_true(result == (extended ? cases[i].extended : cases[i].whole));
		}
	}
}

static void test_atomic(void **state)
{
	static const struct {
		int32_t op;
		uint64_t old, given, new, back; /* of the given register */
	} cases[] = {
		{BPF_ADD, 5, 3, 8, 3},		    {BPF_ADD | BPF_FETCH, 5, 3, 8, 5},
		{BPF_OR, 5, 2, 7, 2},		    {BPF_OR | BPF_FETCH, 5, 2, 7, 5},
		{BPF_AND, 7, 5, 5, 5},		    {BPF_AND | BPF_FETCH, 7, 5, 5, 7},
		{BPF_XOR, 7, 5, 2, 5},		    {BPF_XOR | BPF_FETCH, 7, 5, 2, 7},
		{BPF_XCHG, 7, 5, 5, 7},		    {BPF_CMPXCHG, 7, 5, 7, 5},
		{BPF_CMPXCHG, 0, 5, 5, 5}, /* r0 is 0 */
	};
	uint64_t result;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		for (int field = 0; field < 2; field++) {
			const struct bpf_insn insns[] = {
				WIDE(2, cases[i].given), WIDE(3, cases[i].old), MOV(0, 0),
				STORE(BPF_DW, 10, -8, 3),
				INSN(BPF_STX | BPF_DW | BPF_ATOMIC, 10, 2, -8, cases[i].op),
				LOAD(BPF_DW, 3, 10, -8), COPY(0, field ? 2 : 3), EXIT,
			};

			assert_int_equal(RUN(*state, insns, &result), 0);
			if (result != (field ? cases[i].back : cases[i].new))
				fail_msg("case %zu, field %d: %#lx", i, field, (unsigned long)result);
		}
	}
}

/* What is not the program's: each ends the run, none ends us. */
static void test_wild(void **state)
{
	const struct bpf_insn cases[][3] = {
		{LOAD(BPF_DW, 0, 10, 0), EXIT, EXIT},	    /* above the stack */
		{LOAD(BPF_DW, 0, 10, -32760), EXIT, EXIT},  /* below it */
		{MOV(2, 0), LOAD(BPF_B, 0, 2, 0), EXIT},    /* nowhere */
		{STORE(BPF_DW, 1, 0, 1), EXIT, EXIT},	    /* the context */
		{MOV(2, -4), STORE(BPF_DW, 2, 0, 1), EXIT}, /* at the end of everything */
		{MOV(2, -4), LOAD(BPF_DW, 0, 2, 0), EXIT},
		{INSN(BPF_STX | BPF_DW | BPF_ATOMIC, 1, 2, 0, BPF_ADD), EXIT, EXIT},
	};
	uint64_t result;

	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_int_equal(run(*state, cases[i], 3, &result), -EFAULT);
	assert_non_null(strstr(said.text, "(test)"));
}

static void test_refused(void **state)
{
	const struct {
		struct bpf_insn insns[3];
		int code;
	} cases[] = {
		{{CALL(BPF_FUNC_perf_event_output), EXIT}, -EOPNOTSUPP},
		{{CALL(100000), EXIT}, -EOPNOTSUPP},
		{{INSN(BPF_JMP | BPF_CALL, 0, 2, 0, 5), EXIT}, -EOPNOTSUPP}, /* of the kernel */
		{{INSN(BPF_JMP | BPF_JA, 0, 0, 100, 0), EXIT}, -EINVAL},
		{{INSN(BPF_JMP | BPF_JA, 0, 0, -100, 0), EXIT}, -EINVAL},
		{{INSN(BPF_ALU64 | BPF_MOV | BPF_X, 11, 0, 0, 0), EXIT}, -EINVAL},
		{{INSN(BPF_ALU64 | BPF_MOV | BPF_X, 0, 15, 0, 0), EXIT}, -EINVAL},
		{{INSN(BPF_LD | BPF_IMM | BPF_DW, 0, BPF_PSEUDO_MAP_IDX, 0, MAPS), EXIT}, -EINVAL},
		{{INSN(BPF_LD | BPF_IMM | BPF_DW, 0, PLAN_PSEUDO_KERNEL, 0, 1000), EXIT}, -EOPNOTSUPP},
		{{INSN(BPF_STX | BPF_B | BPF_ATOMIC, 10, 0, -8, BPF_ADD), EXIT}, -EOPNOTSUPP},
		{{INSN(BPF_STX | BPF_DW | BPF_ATOMIC, 10, 0, -8, 0x77), EXIT}, -EOPNOTSUPP},
		{{INSN(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), EXIT}, -EOPNOTSUPP},
		{{INSN(BPF_ALU64 | 0xe0, 0, 0, 0, 0), EXIT}, -EOPNOTSUPP},
	};
	const struct bpf_insn half[] = {EXIT, INSN(BPF_LD | BPF_IMM | BPF_DW, 0, 0, 0, 0)};
	const struct bpf_insn no_end[] = {MOV(0, 0)};
	uint64_t result;

	for (size_t i = 0; i < LENGTH(cases); i++)
		if (run(*state, cases[i].insns, 3, &result) != cases[i].code)
			fail_msg("case %zu: %s", i, said.text);
	assert_int_equal(RUN(*state, half, &result), -EINVAL);
	assert_int_equal(RUN(*state, no_end, &result), -EINVAL);
	assert_non_null(strstr(said.text, "no instruction"));
}

/* ---- helpers ---- */

static void test_reading(void **state)
{
	const struct bpf_insn number[] = {
		COPY(1, 10), ALU(BPF_ADD, 1, -8), MOV(2, 4), MOV(3, MEMORY + 2),
		CALL(BPF_FUNC_probe_read_user), LOAD(BPF_W, 0, 10, -8), EXIT,
	};
	const struct bpf_insn text[] = {
		COPY(1, 10), ALU(BPF_ADD, 1, -64), MOV(2, 64), MOV(3, MEMORY),
		CALL(BPF_FUNC_probe_read_user_str), EXIT,
	};
	const struct bpf_insn cut[] = {
		COPY(1, 10), ALU(BPF_ADD, 1, -8), MOV(2, 8), MOV(3, MEMORY),
		CALL(BPF_FUNC_probe_read_user_str), LOAD(BPF_B, 2, 10, -1),
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 2, 0, 0), EXIT,
	};
	const struct bpf_insn behind[] = { /* the NUL: untouched */
		WORD(10, -4, 0x55), COPY(1, 10), ALU(BPF_ADD, 1, -6), MOV(2, 6),
		MOV(3, MEMORY + sizeof(memory) - 2), CALL(BPF_FUNC_probe_read_user_str),
		LOAD(BPF_W, 2, 10, -4), INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 2, 0, 0), EXIT,
	};
	const struct bpf_insn nowhere[] = {
		WORD(10, -8, 7), COPY(1, 10), ALU(BPF_ADD, 1, -8), MOV(2, 4), MOV(3, 8),
		CALL(BPF_FUNC_copy_from_user), LOAD(BPF_W, 2, 10, -8), /* zeros */
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 2, 0, 0), EXIT,
	};
	const struct bpf_insn over[] = {
		COPY(1, 10), ALU(BPF_ADD, 1, -8), MOV(2, 16), MOV(3, MEMORY),
		CALL(BPF_FUNC_probe_read_user), EXIT,
	};
	const struct bpf_insn who[] = {CALL(BPF_FUNC_get_current_pid_tgid), EXIT};
	const struct bpf_insn cookie[] = {CALL(BPF_FUNC_get_attach_cookie), EXIT};
	uint64_t result;
	uint32_t wanted;

	memcpy(&wanted, memory + 2, sizeof(wanted));
	assert_int_equal(RUN(*state, number, &result), 0);
	assert_true(result == wanted);
	assert_int_equal(RUN(*state, text, &result), 0);
	assert_true(result == sizeof(memory));
	assert_int_equal(RUN(*state, cut, &result), 0);
	assert_true(result == 8);
	assert_int_equal(RUN(*state, behind, &result), 0);
	assert_true(result == 0x55 + 2);
	assert_int_equal(RUN(*state, nowhere, &result), 0);
	assert_true((int64_t)result == -EFAULT);
	assert_int_equal(RUN(*state, over, &result), -EFAULT);
	assert_int_equal(RUN(*state, who, &result), 0);
	assert_true(result == (11ull << 32 | 12));
	assert_int_equal(RUN(*state, cookie, &result), 0);
	assert_true(result == 77);
}

static int count_record(void *context, const struct abi_record *record, size_t size)
{
	uint64_t *sum = context;

	*sum += record->format * size;
	return 0;
}

static void test_ring(void **state)
{
	struct fixture *f = *state;
	const struct bpf_insn record[] = {
		MAP(1, RING), MOV(2, 40), MOV(3, 0), CALL(BPF_FUNC_ringbuf_reserve),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0), MOV(0, 1), EXIT,
		WORD(0, 0, 3), COPY(1, 0), MOV(2, 0), CALL(BPF_FUNC_ringbuf_submit), MOV(0, 0), EXIT,
	};
	const struct bpf_insn late[] = { /* writes to what it has given away */
		MAP(1, RING), MOV(2, 40), MOV(3, 0), CALL(BPF_FUNC_ringbuf_reserve), COPY(6, 0),
		COPY(1, 0), MOV(2, 0), CALL(BPF_FUNC_ringbuf_submit), WORD(6, 0, 3), EXIT,
	};
	const struct bpf_insn lost[] = { /* never finished: nobody gets it */
		MAP(1, RING), MOV(2, 40), MOV(3, 0), CALL(BPF_FUNC_ringbuf_reserve), EXIT,
	};
	uint64_t result, sum, lost_count = 0, got = 0;
	int count = 0;

	for (int round = 0; round < 5; round++) { /* around its end, several times */
		for (int i = 0; i < 40000; i++) {
			assert_int_equal(RUN(f, record, &result), 0);
			got += !result;
		}
		sum = 0;
		assert_int_equal(user_ring_drain(&f->ring, count_record, &sum, &count), 0);
		assert_true(sum == 40000 * 3 * 40);
	}
	assert_true(got == 200000 && count == 200000);
	while (!RUN(f, record, &result) && !result)
		lost_count++;
	assert_true(lost_count > 80000 && result == 1); /* full, and said so */
	count = 0;
	assert_int_equal(user_ring_drain(&f->ring, count_record, &sum, &count), 0);
	assert_true((uint64_t)count == lost_count);
	count = 0;
	assert_int_equal(RUN(f, lost, &result), 0);
	assert_int_equal(RUN(f, late, &result), -EFAULT);
	assert_int_equal(user_ring_drain(&f->ring, count_record, &sum, &count), 0);
	assert_int_equal(count, 1);
}

/* ---- maps ---- */

static int collect(void *context, const void *key, const void *value)
{
	uint64_t *sum = context;
	uint32_t k;
	uint64_t v;

	memcpy(&k, key, sizeof(k));
	memcpy(&v, value, sizeof(v));
	*sum += k * 1000 + v;
	return 0;
}

static void test_hash(void **state)
{
	struct user_map *map = &((struct fixture *)*state)->maps[HASH];
	uint64_t value = 1, sum = 0;

	for (uint32_t key = 1; key <= 4; key++, value++)
		assert_int_equal(user_map_update(map, &key, &value, BPF_NOEXIST), 0);
	assert_int_equal(user_map_update(map, &(uint32_t){5}, &value, BPF_ANY), -E2BIG);
	assert_int_equal(user_map_update(map, &(uint32_t){4}, &value, BPF_NOEXIST), -EEXIST);
	assert_int_equal(user_map_update(map, &(uint32_t){9}, &value, BPF_EXIST), -ENOENT);
	assert_int_equal(user_map_update(map, &(uint32_t){4}, &value, 99), -EINVAL);
	assert_int_equal(user_map_delete(map, &(uint32_t){2}), 0);
	assert_int_equal(user_map_delete(map, &(uint32_t){2}), -ENOENT);
	assert_null(user_map_lookup(map, &(uint32_t){2}));
	assert_int_equal(user_map_update(map, &(uint32_t){5}, &value, BPF_ANY), 0);
	assert_int_equal(user_map_each(map, collect, &sum), 0);
	assert_true(sum == 13 * 1000 + 1 + 3 + 4 + 5);
	user_map_clear(map, true);
	sum = 0;
	user_map_each(map, collect, &sum);
	assert_true(sum == 13 * 1000);
	user_map_clear(map, false);
	sum = 0;
	user_map_each(map, collect, &sum);
	assert_true(!sum);
	/* Keys that come and go for long. */
	for (uint32_t key = 0; key < 10000; key++) {
		assert_int_equal(user_map_update(map, &key, &value, BPF_ANY), 0);
		if (key >= 3)
			assert_int_equal(user_map_delete(map, &(uint32_t){key - 3}), 0);
	}
}

static void test_other_maps(void **state)
{
	struct fixture *f = *state;
	uint64_t value = 7, addresses[] = {1, 2, 3, 4, 5};
	int64_t stack, other;

	assert_int_equal(user_map_update(&f->maps[ARRAY], &(uint32_t){2}, &value, BPF_ANY), 0);
	assert_int_equal(user_map_update(&f->maps[ARRAY], &(uint32_t){3}, &value, BPF_ANY), -E2BIG);
	assert_int_equal(user_map_delete(&f->maps[ARRAY], &(uint32_t){2}), -EINVAL);
	assert_true(*(uint64_t *)user_map_lookup(&f->maps[ARRAY], &(uint32_t){2}) == 7);
	assert_null(user_map_lookup(&f->maps[ARRAY], &(uint32_t){3}));
	/* The one used longest ago goes. */
	for (uint32_t key = 0; key < 2; key++)
		assert_int_equal(user_map_update(&f->maps[LRU], &key, &value, BPF_ANY), 0);
	assert_non_null(user_map_lookup(&f->maps[LRU], &(uint32_t){0}));
	assert_int_equal(user_map_update(&f->maps[LRU], &(uint32_t){2}, &value, BPF_ANY), 0);
	assert_null(user_map_lookup(&f->maps[LRU], &(uint32_t){1}));
	assert_non_null(user_map_lookup(&f->maps[LRU], &(uint32_t){0}));
	/* A stack is kept once; a longer one is cut. */
	stack = user_map_stack(&f->maps[STACKS], addresses, 3);
	assert_true(stack >= 0 && user_map_stack(&f->maps[STACKS], addresses, 3) == stack);
	other = user_map_stack(&f->maps[STACKS], addresses, 5);
	assert_true(other >= 0 && other != stack &&
		    user_map_stack(&f->maps[STACKS], addresses, 4) == other);
	assert_true(user_map_stack(&f->maps[STACKS], addresses, 0) == -EFAULT);
	for (uint64_t i = 10; i < 16; i++)
		assert_true(user_map_stack(&f->maps[STACKS], &i, 1) >= 0);
	assert_true(user_map_stack(&f->maps[STACKS], &value, 1) == -EEXIST);
}

static void test_maps_of_programs(void **state)
{
	const struct bpf_insn count[] = { /* @[5] = @[5] + 1, made when it is not there */
		WORD(10, -4, 5), MAP(1, HASH), COPY(2, 10), ALU(BPF_ADD, 2, -4),
		CALL(BPF_FUNC_map_lookup_elem), INSN(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 10, 0),
		INSN(BPF_ST | BPF_DW | BPF_MEM, 10, 0, -16, 1), MAP(1, HASH), COPY(2, 10),
		ALU(BPF_ADD, 2, -4), COPY(3, 10), ALU(BPF_ADD, 3, -16), MOV(4, 0),
		CALL(BPF_FUNC_map_update_elem), EXIT,
		MOV(2, 1), INSN(BPF_STX | BPF_DW | BPF_ATOMIC, 0, 2, 0, BPF_ADD),
		LOAD(BPF_DW, 0, 0, 0), EXIT,
	};
	const struct bpf_insn no_map[] = {
		WORD(10, -4, 5), MOV(1, 4096), COPY(2, 10), ALU(BPF_ADD, 2, -4),
		CALL(BPF_FUNC_map_lookup_elem), EXIT,
	};
	const struct bpf_insn each[] = { /* the sum of the keys, by a function */
		INSN(BPF_ST | BPF_DW | BPF_MEM, 10, 0, -8, 0), MAP(1, HASH),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_FUNC, 0, 7), INSN(0, 0, 0, 0, 0),
		COPY(3, 10), ALU(BPF_ADD, 3, -8), MOV(4, 0), CALL(BPF_FUNC_for_each_map_elem),
		LOAD(BPF_DW, 0, 10, -8), EXIT,
		LOAD(BPF_W, 2, 2, 0), LOAD(BPF_DW, 1, 4, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, 1, 2, 0, 0), STORE(BPF_DW, 4, 0, 1), MOV(0, 0), EXIT,
	};
	uint64_t result = 9, value = 1;

	assert_int_equal(RUN(*state, count, &result), 0);
	assert_true(!result);
	for (uint64_t i = 2; i < 10; i++) {
		assert_int_equal(RUN(*state, count, &result), 0);
		assert_true(result == i);
	}
	assert_int_equal(RUN(*state, no_map, &result), -EFAULT);
	assert_int_equal(user_map_update(&((struct fixture *)*state)->maps[HASH], &(uint32_t){6},
					 &value, BPF_ANY), 0);
	assert_int_equal(RUN(*state, each, &result), 0);
	assert_true(result == 11);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_arithmetic), CASE(test_single_operand), CASE(test_jumps),
		CASE(test_loops_and_calls), CASE(test_memory), CASE(test_atomic), CASE(test_wild),
		CASE(test_refused), CASE(test_reading), CASE(test_ring), CASE(test_hash),
		CASE(test_other_maps), CASE(test_maps_of_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
