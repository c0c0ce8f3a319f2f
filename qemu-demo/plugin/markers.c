/* SPDX-License-Identifier: MIT */
/*
 * markers.c - a TCG plugin that turns QEMU's callbacks into markers of provider qemu, for a QEMU
 *that carries none:
 *
 *	qemu-system-x86_64 -plugin build/qemu-demo/markers.so ...
 *
 *	qemu:vcpu__start, vcpu__idle, vcpu__resume, vcpu__exit	(vcpu)
 *	qemu:block__translate	(address, instructions, bytes)
 *	qemu:block__execute	(vcpu, address, instructions)
 *	qemu:device__access	(vcpu, device, address, size, is_write), guests of x86
 *	qemu:syscall__entry	(vcpu, number, a1 to a6), user mode
 *	qemu:syscall__return	(vcpu, number, result), user mode
 *
 * Each has a semaphore. Executions of blocks and accesses to memory are instrumented when a block
 *is translated, and only while someone watches: unwatched, the guest's code is what it would be
 *without the plugin. When a watcher comes or goes, blocks that are already translated are wrong, so
 *QEMU is asked to throw them away (qemu_plugin_reset). That can be asked on a virtual CPU's thread
 *only: where one halts, wakes, translates, makes a system call, or, on x86, returns from an
 *interrupt, which a busy guest does hundreds of times a second. What is called there tests two
 *semaphores.
 */
#include <stdlib.h>
#include <string.h>

#include <telltale.h>

#include "qemu-plugin.h"

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* A block whose execution is watched; lives until the translated blocks are thrown away. */
struct block {
	struct block *next;
	uint64_t address;
	unsigned int instructions;
};

static struct block *blocks; /* virtual CPUs add to it at the same time */
static bool is_x86, is_system;

/* what the translated blocks are instrumented for */
static bool has_executions, has_accesses, is_resetting;

static void set_up(qemu_plugin_id_t id);

/* No virtual CPU runs now. */
static void forget_blocks(qemu_plugin_id_t id)
{
	struct block *next;

	(void)id;
	for (struct block *block = blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	blocks = NULL;
}

/* QEMU has thrown away all blocks and callbacks. */
static void again(qemu_plugin_id_t id)
{
	forget_blocks(id);
	set_up(id);
	__atomic_store_n(&is_resetting, false, __ATOMIC_RELEASE);
}

/* A watcher came or went: translate anew. */
static void follow_watchers(qemu_plugin_id_t id)
{
	bool before = false;

	if (__builtin_expect(TELLTALE_ENABLED(qemu, block__execute) == has_executions &&
	                             TELLTALE_ENABLED(qemu, device__access) == has_accesses,
	                     1))
		return;
	if (__atomic_compare_exchange_n(&is_resetting, &before, true, false, __ATOMIC_ACQ_REL,
	                                __ATOMIC_RELAXED))
		qemu_plugin_reset(id, again);
}

static qemu_plugin_id_t own_id;

static void interrupt_returns(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	follow_watchers(own_id);
}

static void block_executes(unsigned int vcpu, void *data)
{
	const struct block *block = data;

	TELLTALE_LAZY(qemu, block__execute, vcpu, TELLTALE_ARG(address, block->address),
	              TELLTALE_ARG(instructions, block->instructions));
}

static void memory_access(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t at, void *data)
{
	struct qemu_plugin_hwaddr *where;

	(void)data;
	if (!TELLTALE_ENABLED(qemu, device__access))
		return;
	where = qemu_plugin_get_hwaddr(info, at);
	if (!where || !qemu_plugin_hwaddr_is_io(where))
		return;
	TELLTALE_SEMA(qemu, device__access, vcpu,
	              TELLTALE_ARG(device, qemu_plugin_hwaddr_device_name(where)),
	              TELLTALE_ARG(address, qemu_plugin_hwaddr_phys_addr(where)),
	              TELLTALE_ARG(size, 1U << qemu_plugin_mem_size_shift(info)),
	              TELLTALE_ARG(is_write, qemu_plugin_mem_is_store(info)));
}

static void watch_executions(struct qemu_plugin_tb *translated, uint64_t address, size_t count)
{
	struct block *block = malloc(sizeof(*block));

	if (!block)
		return; /* one block that is not counted; the guest must not die of it */
	block->address = address;
	block->instructions = (unsigned int)count;
	block->next = __atomic_load_n(&blocks, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&blocks, &block->next, block, true, __ATOMIC_RELEASE,
	                                    __ATOMIC_RELAXED))
		;
	qemu_plugin_register_vcpu_tb_exec_cb(translated, block_executes, QEMU_PLUGIN_CB_NO_REGS,
	                                     block);
}

/*
 * A move between a register, or a constant, and memory: how Linux touches devices, apart from the
 * ports of x86, which are no memory. QEMU 7.2 keeps a pointer to the callbacks of an instruction
 * that calls a helper, and uses it at the next access from a helper, even though block and
 * callbacks were thrown away between: it aborts. Moves call none, unless they are the last
 * instruction of a block, where finding the next block is a helper. So only moves are instrumented
 * that are not the last; and since that has to be known of each instruction, accesses to devices
 * are seen on x86 only.
 */
static bool is_move(const struct qemu_plugin_insn *insn)
{
	static const uint8_t opcodes[] = {0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3};
	const uint8_t *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn), at = 0;

	while (at < size && (code[at] == 0x66 || code[at] == 0x67 || code[at] == 0x64 ||
	                     code[at] == 0x65 || (code[at] & 0xf0) == 0x40))
		at++;
	if (at + 1 >= size)
		return false;
	if (memchr(opcodes, code[at], sizeof(opcodes)))
		return true;
	if (code[at] == 0xc6 || code[at] == 0xc7)
		return !(code[at + 1] & 0x38);
	/* with zeros or the sign in the upper bits */
	return code[at] == 0x0f && (code[at + 1] & 0xf6) == 0xb6;
}

/* iret, with or without its prefix for 64 bits */
static bool is_interrupt_return(const struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn);

	return size && size <= 2 && code[size - 1] == 0xcf && (size == 1 || code[0] == 0x48);
}

static void block_translates(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	uint64_t address = qemu_plugin_tb_vaddr(block);
	size_t count = qemu_plugin_tb_n_insns(block);
	size_t bytes = 0;

	follow_watchers(id);
	if (TELLTALE_ENABLED(qemu, block__translate)) {
		for (size_t i = 0; i < count; i++)
			bytes += qemu_plugin_insn_size(qemu_plugin_tb_get_insn(block, i));
		TELLTALE_SEMA(qemu, block__translate, address, TELLTALE_ARG(instructions, count),
		              bytes);
	}
	if (has_executions)
		watch_executions(block, address, count);
	for (size_t i = 0; has_accesses && i + 1 < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);

		if (is_move(insn))
			qemu_plugin_register_vcpu_mem_cb(insn, memory_access,
			                                 QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
			                                 NULL);
	}
	if (is_x86 && is_system && count) {
		struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(block, count - 1);

		if (is_interrupt_return(last))
			qemu_plugin_register_vcpu_insn_exec_cb(last, interrupt_returns,
			                                       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

static void vcpu_starts(qemu_plugin_id_t id, unsigned int vcpu)
{
	(void)id;
	TELLTALE_SEMA(qemu, vcpu__start, vcpu);
}

static void vcpu_exits(qemu_plugin_id_t id, unsigned int vcpu)
{
	(void)id;
	TELLTALE_SEMA(qemu, vcpu__exit, vcpu);
}

static void vcpu_idles(qemu_plugin_id_t id, unsigned int vcpu)
{
	TELLTALE_SEMA(qemu, vcpu__idle, vcpu);
	follow_watchers(id);
}

static void vcpu_resumes(qemu_plugin_id_t id, unsigned int vcpu)
{
	TELLTALE_SEMA(qemu, vcpu__resume, vcpu);
	follow_watchers(id);
}

static void syscall_enters(qemu_plugin_id_t id, unsigned int vcpu, int64_t number, uint64_t a1,
                           uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
                           uint64_t a7, uint64_t a8)
{
	(void)a7;
	(void)a8;
	TELLTALE_SEMA(qemu, syscall__entry, vcpu, number, a1, a2, a3, a4, a5, a6);
	follow_watchers(id);
}

static void syscall_returns(qemu_plugin_id_t id, unsigned int vcpu, int64_t number, int64_t result)
{
	(void)id;
	TELLTALE_SEMA(qemu, syscall__return, vcpu, number, result);
}

static void set_up(qemu_plugin_id_t id)
{
	has_executions = TELLTALE_ENABLED(qemu, block__execute);
	has_accesses = is_x86 && is_system && TELLTALE_ENABLED(qemu, device__access);
	qemu_plugin_register_vcpu_init_cb(id, vcpu_starts);
	qemu_plugin_register_vcpu_exit_cb(id, vcpu_exits);
	qemu_plugin_register_vcpu_idle_cb(id, vcpu_idles);
	qemu_plugin_register_vcpu_resume_cb(id, vcpu_resumes);
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translates);
	qemu_plugin_register_flush_cb(id, forget_blocks);
	if (!is_system) {
		qemu_plugin_register_vcpu_syscall_cb(id, syscall_enters);
		qemu_plugin_register_vcpu_syscall_ret_cb(id, syscall_returns);
	}
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	own_id = id;
	is_x86 = !strcmp(info->target_name, "x86_64") || !strcmp(info->target_name, "i386");
	is_system = info->system_emulation;
	set_up(id);
	return 0;
}
