/*
 * Instructions that the user engine does itself, held against the processor: each with random
 * registers and flags in a process of ours, stepped once and done in here once.
 */
#include "engine/user/user.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* rbx, rbp, rsp and r12 point into the data, rcx is a small index. */
static const struct {
	const char *name, *bytes;
	size_t length;
} instructions[] = {
#define INSN(name, bytes) {name, bytes, sizeof(bytes) - 1}
	INSN("nop", "\x90"),
	INSN("xchg %ax,%ax", "\x66\x90"),
	INSN("nopw", "\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"),
	INSN("nopl", "\x0f\x1f\x44\x00\x00"),
	INSN("endbr64", "\xf3\x0f\x1e\xfa"),
	INSN("push %rbp", "\x55"),
	INSN("push %r12", "\x41\x54"),
	INSN("push %rsp", "\x54"),
	INSN("pop %rdi", "\x5f"),
	INSN("pop %r13", "\x41\x5d"),
	INSN("leave", "\xc9"),
	INSN("mov %rsp,%rbp", "\x48\x89\xe5"),
	INSN("mov %edi,%eax", "\x89\xf8"),
	INSN("mov %r14,%rdx", "\x4c\x89\xf2"),
	INSN("mov %rax,-8(%rbp)", "\x48\x89\x45\xf8"),
	INSN("mov %eax,-20(%rbp)", "\x89\x45\xec"),
	INSN("mov %r9d,0x40(%rsp)", "\x44\x89\x4c\x24\x40"),
	INSN("mov 8(%rbx,%rcx,8),%r10", "\x4c\x8b\x54\xcb\x08"),
	INSN("mov (%r12),%eax", "\x41\x8b\x04\x24"),
	INSN("mov 0x100(%rsp),%rsi", "\x48\x8b\xb4\x24\x00\x01\x00\x00"),
	INSN("mov $5,%eax", "\xb8\x05\x00\x00\x00"),
	INSN("mov $-1,%r8d", "\x41\xb8\xff\xff\xff\xff"),
	INSN("lea 0x10(%rsp),%rsi", "\x48\x8d\x74\x24\x10"),
	INSN("lea (%rdi,%rsi,4),%eax", "\x8d\x04\xb7"),
	INSN("lea 7(,%rdx,8),%rax", "\x48\x8d\x04\xd5\x07\x00\x00\x00"),
	INSN("movslq %edi,%rax", "\x48\x63\xc7"),
	INSN("movslq 4(%rbx),%r11", "\x4c\x63\x5b\x04"),
	INSN("sub $0x18,%rsp", "\x48\x83\xec\x18"),
	INSN("add $0x18,%rsp", "\x48\x83\xc4\x18"),
	INSN("sub $0x128,%rsp", "\x48\x81\xec\x28\x01\x00\x00"),
	INSN("add $1,%edi", "\x83\xc7\x01"),
	INSN("sub $-128,%r15", "\x49\x83\xef\x80"),
	INSN("cmp $3,%edi", "\x83\xff\x03"),
	INSN("cmp $0x1000,%rdi", "\x48\x81\xff\x00\x10\x00\x00"),
	INSN("addl $1,-4(%rbp)", "\x83\x45\xfc\x01"),
	INSN("cmpl $0,8(%rsp)", "\x83\x7c\x24\x08\x00"),
	INSN("test %eax,%eax", "\x85\xc0"),
	INSN("test %rdi,%rsi", "\x48\x85\xfe"),
	INSN("xor %eax,%eax", "\x31\xc0"),
	INSN("xor %r8,%rdi", "\x4c\x31\xc7"),
	INSN("add %rax,%rdi", "\x48\x01\xc7"),
	INSN("add (%rbx),%esi", "\x03\x33"),
	INSN("sub %esi,%edi", "\x29\xf7"),
	INSN("sub %r9,(%rbx)", "\x4c\x29\x0b"),
	INSN("or %rax,%rdi", "\x48\x09\xc7"),
	INSN("and %esi,%edi", "\x21\xf7"),
	INSN("and 8(%rbp),%rax", "\x48\x23\x45\x08"),
	INSN("cmp %rdi,%rax", "\x48\x39\xf8"),
	INSN("cmp (%rbx),%rax", "\x48\x3b\x03"),
	INSN("jmp", "\xeb\x10"),
	INSN("jmp far", "\xe9\x00\x01\x00\x00"),
	INSN("jo", "\x70\x10"), INSN("jno", "\x71\x10"), INSN("jb", "\x72\x10"),
	INSN("jae", "\x73\x10"), INSN("je", "\x74\x10"), INSN("jne", "\x75\xf0"),
	INSN("jbe", "\x76\x10"), INSN("ja", "\x77\x10"), INSN("js", "\x78\x10"),
	INSN("jns", "\x79\x10"), INSN("jp", "\x7a\x10"), INSN("jnp", "\x7b\x10"),
	INSN("jl", "\x7c\x10"), INSN("jge", "\x7d\x10"), INSN("jle", "\x7e\x10"),
	INSN("jg", "\x7f\x10"),
};

/* What must be left to the processor. */
static const struct {
	const char *name, *bytes;
	size_t length;
} others[] = {
	INSN("ret", "\xc3"), INSN("call", "\xe8\x00\x00\x00\x00"), INSN("syscall", "\x0f\x05"),
	INSN("xchg %r8,%rax", "\x49\x90"), INSN("mov 0(%rip),%eax", "\x8b\x05\x00\x00\x00\x00"),
	INSN("mov %fs:0,%rax", "\x64\x48\x8b\x04\x25\x00\x00\x00\x00"),
	INSN("movsd", "\xf2\x0f\x10\x00"), INSN("adc $0,%eax", "\x83\xd0\x00"),
	INSN("push %bp", "\x66\x55"), INSN("rep ret", "\xf3\xc3"), INSN("cut", "\x48"),
	INSN("cut mov", "\x48\x89"), INSN("cut address", "\x48\x8b\x84\x24\x00"),
};

enum { CODE = 0x1000, DATA = 0x10000, FLAGS = 0x8d5 };

static char *code, *data; /* the child's own, at the same addresses as ours before the fork */
static struct process process;
static struct thread thread;
static struct space *space;

static int start(void **state)
{
	char path[32];
	int status;
	pid_t pid;

	(void)state;
	code = mmap(NULL, CODE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	data = mmap(NULL, DATA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(code != MAP_FAILED && data != MAP_FAILED);
	pid = fork();
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(9);
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	space = space_new();
	space->memory = open(path, O_RDWR | O_CLOEXEC);
	process = (struct process){.pid = pid, .space = space};
	thread = (struct thread){.tid = pid, .process = &process};
	return space->memory < 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	kill(process.pid, SIGKILL);
	waitpid(process.pid, NULL, 0);
	space_leave(space);
	return 0;
}

static uint64_t chance(void)
{
	static uint64_t x = 42;
	static const uint64_t edges[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 63,
					 (1ull << 63) - 1, UINT64_MAX};

	x += 0x9e3779b97f4a7c15;
	uint64_t y = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;

	y = (y ^ y >> 27) * 0x94d049bb133111eb;
	y ^= y >> 31;
	return y % 3 ? y : edges[y / 3 % LENGTH(edges)];
}

static void random_registers(struct user_regs_struct *r, const struct user_regs_struct *from)
{
	uint64_t place = (uintptr_t)data + DATA / 2;

	*r = *from;
	r->orig_rax = -1ull;
	r->rax = chance(), r->rdx = chance(), r->rsi = chance(), r->rdi = chance();
	r->r8 = chance(), r->r9 = chance(), r->r10 = chance(), r->r11 = chance();
	r->r13 = chance(), r->r14 = chance(), r->r15 = chance();
	r->rcx = chance() % 16;
	r->rbx = place + chance() % 256 * 8;
	r->rbp = place + chance() % 256 * 8;
	r->rsp = place + chance() % 256 * 8;
	r->r12 = place + chance() % 256 * 8;
	r->eflags = 0x202 | (chance() & FLAGS);
	r->rip = (uintptr_t)code + CODE / 2;
}

static void fill(char *bytes)
{
	for (size_t i = 0; i < DATA; i += 8) {
		uint64_t value = chance();

		memcpy(bytes + i, &value, 8);
	}
}

/* Test of flags that the processor leaves undefined: those of the adjust flag after logic. */
static bool same(const struct user_regs_struct *a, const struct user_regs_struct *b, const char **what)
{
	const struct {
		const char *name;
		uint64_t a, b;
	} all[] = {
#define R(r) {#r, a->r, b->r}
		R(rax), R(rbx), R(rcx), R(rdx), R(rsi), R(rdi), R(rbp), R(rsp), R(r8), R(r9),
		R(r10), R(r11), R(r12), R(r13), R(r14), R(r15), R(rip),
		{"flags", a->eflags & FLAGS & ~16ull, b->eflags & FLAGS & ~16ull},
	};

	for (size_t i = 0; i < LENGTH(all); i++) {
		*what = all[i].name;
		if (all[i].a != all[i].b)
			return false;
	}
	return true;
}

static void test_processor(void **state)
{
	struct user_regs_struct old, before, processor, own;
	char *bytes = malloc(DATA), *after = malloc(DATA), *again = malloc(DATA);
	const char *what = "";

	(void)state;
	assert_true(bytes && after && again);
	assert_int_equal(ptrace(PTRACE_GETREGS, process.pid, NULL, &old), 0);
	for (size_t i = 0; i < LENGTH(instructions); i++) {
		for (int round = 0; round < 60; round++) {
			struct breakpoint b = {.address = (uintptr_t)code + CODE / 2,
					       .length = INSTRUCTION};
			int status;

			memset(b.original, 0x90, sizeof(b.original));
			memcpy(b.original, instructions[i].bytes, instructions[i].length);
			random_registers(&before, &old);
			fill(bytes);
			assert_true(process_write(&process, b.address, b.original, sizeof(b.original)));
			assert_true(process_write(&process, (uintptr_t)data, bytes, DATA));
			assert_int_equal(ptrace(PTRACE_SETREGS, process.pid, NULL, &before), 0);
			assert_int_equal(ptrace(PTRACE_SINGLESTEP, process.pid, NULL, NULL), 0);
			assert_int_equal(waitpid(process.pid, &status, 0), process.pid);
			if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
				fail_msg("%s: the processor refuses it", instructions[i].name);
			assert_int_equal(ptrace(PTRACE_GETREGS, process.pid, NULL, &processor), 0);
			assert_true(process_read(&process, (uintptr_t)data, after, DATA) == DATA);

			assert_true(process_write(&process, (uintptr_t)data, bytes, DATA));
			own = before;
			own.rip++; /* as behind an int3 */
			if (!emulate(&thread, &b, &own))
				fail_msg("%s: not known", instructions[i].name);
			if (!same(&processor, &own, &what))
				fail_msg("%s: %s differs", instructions[i].name, what);
			assert_true(process_read(&process, (uintptr_t)data, again, DATA) == DATA);
			if (memcmp(after, again, DATA))
				fail_msg("%s: the memory differs", instructions[i].name);
		}
	}
	free(bytes);
	free(after);
	free(again);
}

static void test_others(void **state)
{
	struct user_regs_struct old, own;

	(void)state;
	assert_int_equal(ptrace(PTRACE_GETREGS, process.pid, NULL, &old), 0);
	for (size_t i = 0; i < LENGTH(others); i++) {
		struct breakpoint b = {.address = (uintptr_t)code, .length = (uint8_t)others[i].length};

		memcpy(b.original, others[i].bytes, others[i].length);
		own = old;
		if (emulate(&thread, &b, &own))
			fail_msg("%s is not for us", others[i].name);
		assert_memory_equal(&own, &old, sizeof(old));
	}
	old.cs = 0x23; /* 32-bit code */
	own = old;
	assert_false(emulate(&thread, &(struct breakpoint){.length = 1, .original = {0x90}}, &own));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_processor, start, end),
		cmocka_unit_test_setup_teardown(test_others, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
