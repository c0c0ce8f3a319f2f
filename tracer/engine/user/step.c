/*
 * Owns what comes after a hit: the instruction that stands where the breakpoint is. A plain one is
 * done in here (emulate.c). Any other is put back and executed by the processor, with all other
 * threads stopped, so that none of them passes meanwhile.
 */
#include "user.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>



/* Signals wait until the instruction is done, but those that it makes itself. */
static uint64_t mask_of_all(void)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	uint64_t mask = ~0ull;

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		mask &= ~(1ull << (own[i] - 1));
	return mask;
}

/* Enters the kernel, which may take long: the breakpoint comes back when it has. */
static bool is_system_call(const struct breakpoint *b)
{
	return b->length >= 2 &&
	       ((b->original[0] == 0x0f && (b->original[1] == 0x05 || b->original[1] == 0x34)) ||
		(b->original[0] == 0xcd && b->original[1] == 0x80));
}

/*
 * One step of the processor. What the thread has to say instead is kept. A stop that somebody asked
 * for comes before the step, which is then made none the less: of a stop of the whole process the
 * kernel tells once more when it is asked.
 */
static void step(struct user_engine *u, struct thread *thread, bool system_call)
{
	int wanted = SIGTRAP | (system_call ? 0x80 : 0);
	bool again = false;

	do {
		if (ptrace(system_call ? PTRACE_SYSCALL : PTRACE_SINGLESTEP, thread->tid, NULL,
			   NULL))
			break;
		thread->stopped = false;
		if (!thread_wait(u, thread))
			return;
		again |= thread->status >> 16 == PTRACE_EVENT_STOP;
	} while (thread->status >> 16 == PTRACE_EVENT_STOP);
	if (thread->status >> 8 != wanted)
		thread_keep(u, thread);
	if (again)
		ptrace(PTRACE_INTERRUPT, thread->tid, NULL, NULL);
}

static void step_in_place(struct user_engine *u, struct thread *thread, uint64_t address)
{
	struct space *space = thread->process->space;
	struct breakpoint *b;
	uint64_t mask, all = mask_of_all();
	bool masked, alone;

	/* Alone, or made so. */
	alone = thread->process->threads == 1 && space->users == 1;
	if (!alone)
		stop_others(u, thread);
	b = space_find(space, address);
	if (b) {
		bool system_call = is_system_call(b);

		space_lift(space, b);
		masked = !system_call && !ptrace(PTRACE_GETSIGMASK, thread->tid, sizeof(mask), &mask) &&
			 !ptrace(PTRACE_SETSIGMASK, thread->tid, sizeof(all), &all);
		step(u, thread, system_call);
		if (masked && thread->stopped)
			ptrace(PTRACE_SETSIGMASK, thread->tid, sizeof(mask), &mask);
		b = space_find(space, address);
		if (b)
			space_insert(space, b);
	}
	if (!alone)
		resume_others(u, thread);
}

void thread_step(struct user_engine *u, struct thread *thread, struct breakpoint *b,
		 struct user_regs_struct *regs)
{
	uint64_t address = regs->rip - 1;

	if (b && emulate(thread, b, regs)) {
		ptrace(PTRACE_SETREGS, thread->tid, NULL, regs);
		return;
	}
	regs->rip = address;
	if (ptrace(PTRACE_SETREGS, thread->tid, NULL, regs) || !b)
		return;
	step_in_place(u, thread, address);
}
