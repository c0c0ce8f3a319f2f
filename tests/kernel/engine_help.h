/*
 * What the engine's kernel tests share: a target with sites and semaphores in this very program,
 * plans written by hand, and TAP. Each test program includes it once.
 */
#ifndef TELLTALE_TESTS_ENGINE_HELP_H
#define TELLTALE_TESTS_ENGINE_HELP_H

#include "bpf/abi.h"
#include "elf/file.h"
#include "engine/engine.h"
#include "process/target.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused)) /* by one or the other test */

/* ---- TAP ---- */

static int tests, failures;

static void __attribute__((format(printf, 2, 3), unused)) ok(bool passed, const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", passed ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	failures += !passed;
}

UNUSED static int done(void)
{
	printf("1..%d\n", tests);
	return failures != 0;
}

/*
 * Features are found out once in a process: for perf events instead of uprobe_multi, and then for
 * those without cookies, a program starts itself anew, with two arguments that let it count its
 * tests on.
 */
UNUSED static void again_with_perf_events(const char *argument)
{
	char number[2][16];
	const char *without = getenv("TELLTALE_WITHOUT");

	setenv("TELLTALE_WITHOUT", without ? "uprobe_multi,cookie" : "uprobe_multi", 1);
	snprintf(number[0], sizeof(number[0]), "%d", tests);
	snprintf(number[1], sizeof(number[1]), "%d", failures);
	fflush(stdout);
	execl("/proc/self/exe", "self", argument, number[0], number[1], (char *)NULL);
}

UNUSED static void skip_all_unless_permitted(void)
{
	struct error err;
	int code = features_need(&err);

	if (!code)
		return;
	if (tests) { /* the second way of two is not permitted */
		printf("ok %d # SKIP %s\n", ++tests, err.text);
		exit(done());
	}
	printf("1..0 # SKIP %s\n", err.text);
	exit(0);
}

static unsigned warned;
static char last_warning[2048];

static void hear(void *context, const char *line)
{
	(void)context;
	warned++;
	snprintf(last_warning, sizeof(last_warning), "%s", line);
}

static struct warnings warnings = {.say = hear};

UNUSED static uint64_t nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the target: this program ---- */

/*
 * Two sites with a semaphore each, with a number in the first argument's register; then a row of
 * MANY one-byte nops without semaphores.
 */
enum { MANY = 10000 };

extern const char site_one[], site_two[], site_many[], not_a_place[];
extern volatile unsigned short semaphore_one, semaphore_two;
void hit_one(unsigned long number);
void hit_two(unsigned long number);
void hit_many(void);

__asm__(".pushsection .probes, \"aw\", @progbits\n"
        ".balign 2\n"
        ".globl semaphore_one, semaphore_two\n"
        "semaphore_one: .2byte 0\n"
        "semaphore_two: .2byte 0\n"
        ".popsection\n"
        ".pushsection .text\n"
        ".globl hit_one, site_one, hit_two, site_two, hit_many, site_many, not_a_place\n"
        "hit_one:\n"
        "site_one: nop\n"
        "ret\n"
        "hit_two:\n"
        "site_two: nop\n"
        "ret\n"
        /* An instruction with a lock prefix before one that takes none: no CPU runs it, and the
         * kernel refuses to probe it. */
        "not_a_place: .byte 0xf0, 0x90, 0x90\n"
        "ret\n"
        "hit_many:\n"
        "site_many: .fill 10000, 1, 0x90\n"
        "ret\n"
        ".popsection\n");

static int find_bias(struct dl_phdr_info *info, size_t size, void *bias)
{
	(void)size;
	*(uintptr_t *)bias = info->dlpi_addr;
	return 1; /* the program itself is the first one */
}

/* The offset in this program's file of something in its memory. */
UNUSED static uint64_t offset_of(const struct target *target, const volatile void *address)
{
	uintptr_t bias = 0;
	uint64_t offset = 0;

	dl_iterate_phdr(find_bias, &bias);
	if (!elf_file_offset(target->files[0].elf, (uintptr_t)address - bias, &offset)) {
		printf("Bail out! an address of this program is not in its file\n");
		exit(1);
	}
	return offset;
}

/* ---- instructions ---- */

#define INSN(c, d, s, o, i)                                                                        \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define MOV_IMM(d, i)            INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOV_REG(d, s)            INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADD_REG(d, s)            INSN(BPF_ALU64 | BPF_ADD | BPF_X, d, s, 0, 0)
#define SHIFT_LEFT(d, i)         INSN(BPF_ALU64 | BPF_LSH | BPF_K, d, 0, 0, i)
#define AND_IMM(d, i)            INSN(BPF_ALU64 | BPF_AND | BPF_K, d, 0, 0, i)
#define CALL(i)                  INSN(BPF_JMP | BPF_CALL, 0, 0, 0, i)
#define EXIT                     INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define LOAD(size, d, s, o)      INSN(BPF_LDX | (size) | BPF_MEM, d, s, o, 0)
#define STORE(size, d, o, s)     INSN(BPF_STX | (size) | BPF_MEM, d, s, o, 0)
#define STORE_IMM(size, d, o, i) INSN(BPF_ST | (size) | BPF_MEM, d, 0, o, i)
#define ATOMIC_ADD(d, o, s)      INSN(BPF_STX | BPF_DW | BPF_ATOMIC, d, s, o, BPF_ADD)
#define JUMP_IF(op, d, i, o)     INSN(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define JUMP(o)                  INSN(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define MAP(d, index)                                                                              \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_IDX, 0, index), INSN(0, 0, 0, 0, 0)
#define MAP_VALUE(d, index)                                                                        \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_IDX_VALUE, 0, index), INSN(0, 0, 0, 0, 0)

enum { REGS_DI = 112, REGS_IP = 128 }; /* in struct pt_regs of x86-64 */

/* ---- plans ---- */

/* Map 0: 64 counters, by cookie. */
enum { COUNTERS = 64 };

static struct bpf_insn count_by_cookie[] = {
        CALL(BPF_FUNC_get_attach_cookie),
        AND_IMM(0, COUNTERS - 1),
        SHIFT_LEFT(0, 3),
        MAP_VALUE(1, 0),
        ADD_REG(1, 0),
        MOV_IMM(2, 1),
        ATOMIC_ADD(1, 0, 2),
        MOV_IMM(0, 0),
        EXIT,
};

static struct plan_map count_maps[] = {
        {
                .role = PLAN_MAP_USER,
                .name = "@",
                .bpf_type = BPF_MAP_TYPE_ARRAY,
                .key_size = 4,
                .value_size = COUNTERS * 8,
                .entries = 1,
                .aggregate = PLAN_VALUE,
        },
};

static struct plan_probe probes[] = {
        {"demo", "one", "usdt:self:demo:one", ""},
        {"demo", "two", "usdt:self:demo:two", ""},
};

struct counts {
	uint64_t by_cookie[COUNTERS];
};

static int take_counts(void *context, const void *key, const void *value)
{
	(void)key;
	memcpy(context, value, sizeof(struct counts));
	return 0;
}

UNUSED static struct counts read_counts(struct engine *e, const struct plan *plan)
{
	struct counts counts = {{0}};
	struct error err;

	if (engine_each(e, &plan->maps[0], take_counts, &counts, &err)) {
		printf("# engine_each: %s\n", err.text);
		memset(&counts, 0xff, sizeof(counts));
	}
	return counts;
}

/* A plan that counts by cookie at the given sites. */
UNUSED static struct plan count_plan(struct plan_program *program, struct plan_site *sites,
                                     size_t count)
{
	*program = (struct plan_program){
	        .attach = PLAN_ATTACH_UPROBE,
	        .name = "count",
	        .insns = count_by_cookie,
	        .insn_count = sizeof(count_by_cookie) / sizeof(*count_by_cookie),
	        .uses_cookie = true,
	        .sites = sites,
	        .site_count = count,
	};
	return (struct plan){
	        .probes = probes,
	        .probe_count = 2,
	        .maps = count_maps,
	        .map_count = 1,
	        .programs = program,
	        .program_count = 1,
	};
}

UNUSED static void open_self(struct target *target)
{
	struct error err;

	memset(target, 0, sizeof(*target));
	if (target_add_file(target, "/proc/self/exe", &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

/* Opens and attaches; on failure says why and returns NULL. */
UNUSED static struct engine *start_engine(const struct plan *plan, struct target *target)
{
	struct engine *e;
	struct error err;

	if (engine_open(ENGINE_KERNEL, plan, target, NULL, &e, &warnings, &err)) {
		printf("# engine_open: %s\n", err.text);
		return NULL;
	}
	if (engine_attach(e, &warnings, &err)) {
		printf("# engine_attach: %s\n", err.text);
		engine_close(e);
		return NULL;
	}
	return e;
}

#endif
