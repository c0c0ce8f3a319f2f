/*
 * Owns what a breakpoint means: programs at sites, functions that are entered and returned from, the
 * dynamic linker's word that libraries have come or gone.
 *
 * A function's return is found by a breakpoint at its return address, and by the place of that
 * address on the stack, which says whose return it is. Nothing of the stack is changed, so that
 * exceptions, longjmp(3) and shadow stacks stay what they are.
 */
#include "user.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>

enum {
	CALLS_MOST = 4096, /* entered and not returned from, of one thread */
	CODE_32 = 0x23,	   /* the code segment of 32-bit programs */
	WAIT_FOR_READER = 100, /* milliseconds between two looks whether the end is near */
};

/* ---- running programs ---- */

/*
 * A hit can wait: while the reader is behind, the thread stands still rather than losing records.
 * Only one that asks for more than half of the ring in one go can still lose some.
 */
static void wait_for_room(struct user_engine *u)
{
	while (u->ring.data && !u->stop && !u->failure.code && user_ring_room(&u->ring) < u->ring.size / 2) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += WAIT_FOR_READER * 1000000l;
		until.tv_sec += until.tv_nsec / 1000000000l;
		until.tv_nsec %= 1000000000l;
		pthread_cond_timedwait(&u->room, &u->lock, &until);
	}
}

static void run_program(struct user_engine *u, struct hit *hit, const struct use *use)
{
	struct error err;

	hit->current.cookie = use->site->cookie;
	if (machine_run(&u->tracer_machine, &u->programs[use->program], &hit->current, NULL, &err) &&
	    !u->failure.code)
		u->failure = err; /* the reader ends the run by it */
}

static void run_uses(struct user_engine *u, struct hit *hit, const struct place *place,
		     enum plan_attach attach)
{
	for (; place; place = place->also) {
		for (size_t i = 0; i < place->use_count; i++) {
			if (u->programs[place->uses[i].program].attach != attach ||
			    u->failure.code)
				continue;
			wait_for_room(u);
			run_program(u, hit, &place->uses[i]);
		}
	}
}

static bool has_use(const struct user_engine *u, const struct place *place, enum plan_attach attach)
{
	for (; place; place = place->also)
		for (size_t i = 0; i < place->use_count; i++)
			if (u->programs[place->uses[i].program].attach == attach)
				return true;
	return false;
}

/* Of a 32-bit program the kernel keeps a descriptor, with the base in two parts. */
static void set_hit(struct user_engine *u, struct thread *thread, const struct breakpoint *b,
		    const struct user_regs_struct *regs)
{
	struct current *c = &u->hit.current;

	_Static_assert(sizeof(c->regs) <= sizeof(*regs), "struct pt_regs is its beginning");
	current_of_thread(u, thread, &u->hit);
	u->hit.at = b;
	memcpy(&c->regs, regs, sizeof(c->regs));
	c->regs.rip = b->address;
	c->address = b->address;
	c->task.fsbase = regs->fs_base;
	c->task.tls = (regs->gs_base & 0xffffff) << 16 | (regs->gs_base >> 24 & 0xff) << 56;
}

/* ---- functions ---- */

/*
 * An exception or longjmp(3) has left the call when it is below the top of the stack, or when another
 * call has taken its place: not a tail call, which is of another function and returns to where the
 * first would have.
 */
static bool was_left(const struct call *call, const struct place *place, uint64_t top, uint64_t back)
{
	return call->slot < top ||
	       (call->slot == top && (call->place == place || call->back != back));
}

static void remember_call(struct thread *thread, const struct breakpoint *b,
			  const struct user_regs_struct *regs)
{
	struct process *process = thread->process;
	size_t word = regs->cs == CODE_32 ? 4 : 8;
	uint64_t back = 0, entry = b->address;
	const struct place *place = b->place;
	struct breakpoint *at;
	struct call *call;

	if (process_read(process, regs->rsp, &back, word) != (ssize_t)word)
		return;
	while (thread->call_count &&
	       was_left(&thread->calls[thread->call_count - 1], place, regs->rsp, back))
		thread->call_count--;
	if (thread->call_count >= CALLS_MOST)
		return;
	at = space_add(process->space, back);
	if (!at)
		return;
	if (!space_insert(process->space, at)) {
		if (!at->place && !at->loader)
			space_drop(process->space, (size_t)(at - process->space->breakpoints));
		return;
	}
	at->returns = true;
	call = array_add(&thread->calls, &thread->call_count, &thread->call_room, sizeof(*call));
	if (call)
		*call = (struct call){regs->rsp, back, entry, place};
}

/* The innermost comes first; a tail call has left several with one slot. */
static void finish_calls(struct user_engine *u, struct thread *thread, const struct user_regs_struct *regs)
{
	while (thread->call_count) {
		struct call call = thread->calls[thread->call_count - 1];

		/* The stack of a function that has returned is above its slot, by as much as it
		 * takes off itself. */
		if (call.slot >= regs->rsp)
			return;
		thread->call_count--;
		if (call.slot + (regs->cs == CODE_32 ? 4 : 8) != regs->rsp)
			continue; /* it was left in another way */
		u->hit.current.address = call.entry;
		run_uses(u, &u->hit, call.place, PLAN_ATTACH_URETPROBE);
	}
}

/* ---- the breakpoint ---- */

/* The int3 of a breakpoint that has been taken out meanwhile: what stands there now is to run. */
static bool was_ours(struct thread *thread, struct user_regs_struct *regs)
{
	uint8_t byte;

	if (process_read(thread->process, regs->rip - 1, &byte, 1) != 1 || byte == 0xcc)
		return false;
	regs->rip--;
	return !ptrace(PTRACE_SETREGS, thread->tid, NULL, regs);
}

/* Libraries have come or gone. */
static void look_at_libraries(struct user_engine *u, struct thread *thread)
{
	if (!thread->process->followed)
		return;
	tracer_ask(u, thread->process->pid);
	space_scan(u, thread->process);
}

static void act(struct user_engine *u, struct thread *thread, const struct breakpoint *b,
		const struct user_regs_struct *regs)
{
	struct breakpoint here = *b; /* the table moves when one is added */
	bool counts = thread->process->followed;

	set_hit(u, thread, &here, regs);
	if (here.returns && counts)
		finish_calls(u, thread, regs);
	u->hit.current.address = here.address;
	if (here.place && counts) {
		run_uses(u, &u->hit, here.place, PLAN_ATTACH_UPROBE);
		if (has_use(u, here.place, PLAN_ATTACH_URETPROBE))
			remember_call(thread, &here, regs);
	}
	if (here.loader)
		look_at_libraries(u, thread);
}

bool thread_trap(struct user_engine *u, struct thread *thread)
{
	struct user_regs_struct regs;
	struct breakpoint *b;
	uint64_t address;
	siginfo_t info;

	/* A SIGTRAP that somebody sent, or that the program steps itself with, is not ours. */
	if (ptrace(PTRACE_GETSIGINFO, thread->tid, NULL, &info) ||
	    ptrace(PTRACE_GETREGS, thread->tid, NULL, &regs))
		return false;
	if (info.si_code == TRAP_HWBKPT && regs.rip == thread->process->space->linker) {
		look_at_libraries(u, thread);
		return true;
	}
	if (info.si_code != SI_KERNEL)
		return false;
	address = regs.rip - 1;
	b = space_find(thread->process->space, address);
	if (!b || !b->in)
		return was_ours(thread, &regs);
	act(u, thread, b, &regs);
	b = space_find(thread->process->space, address);
	/* A nop of one byte has been executed by now. */
	if (!b || b->original[0] != 0x90)
		thread_step(u, thread, b, &regs);
	return true;
}
