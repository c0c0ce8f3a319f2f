/*
 * Owns SIGTRAP while an engine of this folder is attached: bytes of our own code that are traps, the
 * handler behind them, and what was there before.
 *
 * Only the 1-byte nop of a marker is ever replaced, so that behind the trap nothing is left to
 * execute, and a thread is never in the middle of what changes. Traps that are not ours go to
 * whoever had the signal before. A thread that blocks SIGTRAP can't be trapped: the kernel ends a
 * process for that, and we can't know it beforehand.
 */
#include "self.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

enum { TRAP = 0xcc, NOP = 0x90, ENGINES_MOST = 16 };

/* An address that has been one of ours once; a trap may still be on its way to us when it is none
 * any more. Kept for good, and never moved: handlers read it without the lock. */
struct trap {
	uint64_t address;
	size_t uses;
	struct trap *next;
};

enum { BUCKETS = 4096 };

static struct trap *traps[BUCKETS];
static struct self_engine *engines[ENGINES_MOST];
static struct sigaction before;

/* ---- the lock ---- */

static volatile int locked;
static sigset_t mask_of_owner;
static pid_t own_pid;

/* The handler's way: its signals are blocked already. */
static void lock(void)
{
	while (__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock(void)
{
	__atomic_store_n(&locked, 0, __ATOMIC_RELEASE);
}

void self_lock(void)
{
	sigset_t all, mask;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &mask);
	lock();
	mask_of_owner = mask;
}

void self_unlock(void)
{
	sigset_t mask = mask_of_owner;

	unlock();
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void unlock_child(void)
{
	own_pid = getpid();
	self_unlock();
}

/* Asked of the kernel once, and again in the child of a fork. */
static pid_t own_tid(void)
{
	static _Thread_local pid_t pid, tid;

	if (pid != own_pid)
		tid = gettid();
	pid = own_pid;
	return tid;
}

/* ---- what programs ask of the thread ---- */

struct hit {
	struct current current; /* first */
	const ucontext_t *context;
};

/* By the kernel, which says no where a pointer leads nowhere. */
static ssize_t read_memory(struct current *current, uint64_t address, void *to, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};

	return process_vm_readv(current->pid, &local, 1, &remote, 1, 0);
}

static void read_comm(struct current *current, char comm[ABI_COMM])
{
	(void)current;
	memset(comm, 0, ABI_COMM);
	prctl(PR_GET_NAME, comm);
}

static void read_owner(struct current *current, uint32_t *uid, uint32_t *gid)
{
	(void)current;
	*uid = getuid();
	*gid = getgid();
}

static unsigned read_cpu(struct current *current)
{
	int cpu = sched_getcpu();

	(void)current;
	return cpu < 0 ? 0 : (unsigned)cpu;
}

static bool read_vector(struct current *current, unsigned number, void *to)
{
	const ucontext_t *context = ((struct hit *)current)->context;

	if (number >= 16 || !context->uc_mcontext.fpregs)
		return false;
	memcpy(to, &context->uc_mcontext.fpregs->_xmm[number], 16);
	return true;
}

static bool is_entry(struct current *current)
{
	(void)current;
	return false; /* a marker stands behind the function's beginning */
}

static void take_registers(struct pt_regs *to, const ucontext_t *context)
{
	const greg_t *from = context->uc_mcontext.gregs;

	*to = (struct pt_regs){
		.r15 = (unsigned long)from[REG_R15], .r14 = (unsigned long)from[REG_R14],
		.r13 = (unsigned long)from[REG_R13], .r12 = (unsigned long)from[REG_R12],
		.r11 = (unsigned long)from[REG_R11], .r10 = (unsigned long)from[REG_R10],
		.r9 = (unsigned long)from[REG_R9],   .r8 = (unsigned long)from[REG_R8],
		.rbp = (unsigned long)from[REG_RBP], .rbx = (unsigned long)from[REG_RBX],
		.rax = (unsigned long)from[REG_RAX], .rcx = (unsigned long)from[REG_RCX],
		.rdx = (unsigned long)from[REG_RDX], .rsi = (unsigned long)from[REG_RSI],
		.rdi = (unsigned long)from[REG_RDI], .rsp = (unsigned long)from[REG_RSP],
		.rip = (unsigned long)from[REG_RIP] - 1, .orig_rax = (unsigned long)-1,
		.eflags = (unsigned long)from[REG_EFL],
		.cs = (unsigned long)from[REG_CSGSFS] & 0xffff,
	};
}

static void take_thread(struct hit *hit, const ucontext_t *context)
{
	struct current *c = &hit->current;

	hit->context = context;
	take_registers(&c->regs, context);
	c->address = c->regs.rip;
	c->pid = own_pid;
	c->tid = own_tid();
	c->task.fsbase = (uintptr_t)__builtin_thread_pointer();
	c->task.tls = 0;
	c->read = read_memory;
	c->comm = read_comm;
	c->owner = read_owner;
	c->cpu = read_cpu;
	c->vector = read_vector;
	c->at_entry = is_entry;
}

/* ---- the handler ---- */

static struct trap *trap_find(uint64_t address)
{
	struct trap *trap = __atomic_load_n(&traps[address % BUCKETS], __ATOMIC_ACQUIRE);

	while (trap && trap->address != address)
		trap = trap->next;
	return trap;
}

static size_t first_place(const struct self_engine *e, uint64_t address)
{
	size_t low = 0, high = e->place_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (e->places[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void run_programs(struct self_engine *e, struct hit *hit)
{
	uint64_t address = hit->current.address;

	for (size_t i = first_place(e, address);
	     i < e->place_count && e->places[i].address == address; i++) {
		hit->current.cookie = e->places[i].cookie;
		machine_run(&e->machine, &e->programs[e->places[i].program], &hit->current, NULL,
			    &e->failure);
	}
}

/* As if we were not there. */
static void pass_on(int signal, siginfo_t *info, void *context)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};

	if (before.sa_flags & SA_SIGINFO) {
		before.sa_sigaction(signal, info, context);
	} else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
		before.sa_handler(signal);
	} else if (before.sa_handler == SIG_DFL || info->si_code > 0) {
		/* A trap of the CPU's can't be ignored either: it ends the process. */
		sigaction(SIGTRAP, &standard, NULL);
		raise(SIGTRAP);
	}
}

static void handle(int signal, siginfo_t *info, void *argument)
{
	const ucontext_t *context = argument;
	uint64_t address = (uint64_t)context->uc_mcontext.gregs[REG_RIP] - 1;
	int saved = errno;
	struct hit hit;

	/* Sent by somebody, or by the CPU for another reason than a trap of one byte. */
	if (info->si_code <= 0 || !trap_find(address)) {
		errno = saved;
		pass_on(signal, info, argument);
		return;
	}
	take_thread(&hit, context);
	lock();
	for (size_t i = 0; i < ENGINES_MOST; i++)
		if (engines[i])
			run_programs(engines[i], &hit);
	unlock();
	errno = saved;
}

/* ---- setting and clearing ---- */

static int own_memory(struct error *err)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	return fd < 0 ? error_set(err, -errno, "/proc/self/mem: %s", strerror(errno)) : fd;
}

/* Through the kernel: the page stays executable, and not writable, for everybody else. */
static bool write_byte(int memory, uint64_t address, uint8_t byte)
{
	return pwrite(memory, &byte, 1, (off_t)address) == 1;
}

static struct trap *trap_make(uint64_t address)
{
	struct trap *trap = trap_find(address), **bucket = &traps[address % BUCKETS];

	if (trap)
		return trap;
	trap = calloc(1, sizeof(*trap));
	if (!trap)
		return NULL;
	trap->address = address;
	trap->next = *bucket;
	__atomic_store_n(bucket, trap, __ATOMIC_RELEASE);
	return trap;
}

/* Why there can be no trap; NULL: there is one now. */
static const char *trap_set(int memory, uint64_t address)
{
	struct trap *trap = trap_make(address);
	uint8_t there = *(const volatile uint8_t *)(uintptr_t)address;

	if (!trap)
		return "memory is out";
	if (!trap->uses && there != NOP)
		return there == TRAP ? "somebody else's breakpoint is there" : "no nop is there";
	if (!trap->uses && !write_byte(memory, address, TRAP))
		return strerror(errno);
	trap->uses++;
	return NULL;
}

static void trap_clear(int memory, uint64_t address)
{
	struct trap *trap = trap_find(address);

	if (trap && trap->uses && !--trap->uses)
		write_byte(memory, address, NOP);
}

/*
 * The signal stays ours: a thread may have hit a trap that was taken out before the signal could
 * reach it, and whoever was there before would not know what to make of it. What is not ours goes on
 * to him.
 */
static int take_signal(struct error *err)
{
	struct sigaction ours = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK}, now;
	static bool prepared;

	/* A child must not inherit a lock that a thread holds which it does not have. */
	if (!prepared && pthread_atfork(self_lock, self_unlock, unlock_child))
		return error_memory(err);
	prepared = true;
	own_pid = getpid();
	sigfillset(&ours.sa_mask);
	if (sigaction(SIGTRAP, NULL, &now))
		return error_set(err, -errno, "SIGTRAP: %s", strerror(errno));
	if (now.sa_flags & SA_SIGINFO && now.sa_sigaction == handle)
		return 0;
	before = now;
	return sigaction(SIGTRAP, &ours, NULL)
		       ? error_set(err, -errno, "SIGTRAP: %s", strerror(errno))
		       : 0;
}

static bool enter(struct self_engine *e)
{
	for (size_t i = 0; i < ENGINES_MOST; i++) {
		if (engines[i])
			continue;
		engines[i] = e;
		return true;
	}
	return false;
}

static void leave(struct self_engine *e)
{
	for (size_t i = 0; i < ENGINES_MOST; i++)
		if (engines[i] == e)
			engines[i] = NULL;
}

static void change_semaphores(const struct self_engine *e, uint16_t by)
{
	for (size_t i = 0; i < e->semaphore_count; i++)
		__atomic_fetch_add((uint16_t *)(uintptr_t)e->semaphores[i], by, __ATOMIC_SEQ_CST);
}

/* How many places have a trap now; several may be at one address. */
static size_t set_all(struct self_engine *e, int memory, struct warnings *warnings, const char **why)
{
	size_t count = 0;

	for (size_t i = 0; i < e->place_count; i++) {
		const char *reason = trap_set(memory, e->places[i].address);

		e->places[i].set = !reason;
		count += !reason;
		if (!reason)
			continue;
		*why = reason;
		warn(warnings, "the site at 0x%llx can't be watched: %s",
		     (unsigned long long)e->places[i].address, reason);
	}
	return count;
}

int traps_set(struct self_engine *e, struct warnings *warnings, struct error *err)
{
	int memory = own_memory(err), code = memory < 0 ? memory : take_signal(err);
	const char *why = "there are none";
	bool entered = true;

	if (!code) {
		self_lock();
		entered = enter(e);
		self_unlock();
	}
	if (!entered)
		code = error_set(err, -EBUSY, "more than %d captures at once", ENGINES_MOST);
	if (!code) {
		e->attached = set_all(e, memory, warnings, &why);
		change_semaphores(e, 1);
		e->entered = true;
		if (!e->attached) {
			traps_clear(e);
			code = error_set(err, -ENODATA, "no site can be watched: %s", why);
		}
	}
	if (memory >= 0)
		close(memory);
	return code;
}

void traps_clear(struct self_engine *e)
{
	struct error ignored;
	int memory;

	if (!e->entered)
		return;
	e->entered = false;
	e->attached = 0;
	change_semaphores(e, (uint16_t)-1);
	memory = own_memory(&ignored);
	for (size_t i = 0; memory >= 0 && i < e->place_count; i++)
		if (e->places[i].set)
			trap_clear(memory, e->places[i].address);
	if (memory >= 0)
		close(memory);
	self_lock();
	leave(e);
	self_unlock();
}
