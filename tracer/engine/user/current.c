/*
 * Owns what programs can ask of the thread at hand: its memory, names, owner, CPU and registers.
 * Everything is asked for only when a program wants it.
 */
#include "user.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of struct rseq: the CPU that the thread ran on when it last came from the kernel. */
enum { RSEQ_CPU = 4 };

static ssize_t read_memory(struct current *current, uint64_t address, void *to, size_t size)
{
	struct hit *hit = (struct hit *)current;

	return process_read(hit->thread->process, address, to, size);
}

static void copy_name(char comm[ABI_COMM], const char *text, ssize_t length)
{
	memset(comm, 0, ABI_COMM);
	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length > ABI_COMM - 1)
		length = ABI_COMM - 1;
	if (length > 0)
		memcpy(comm, text, (size_t)length);
}

static void read_comm(struct current *current, char comm[ABI_COMM])
{
	struct thread *thread = ((struct hit *)current)->thread;
	char path[64], text[64];
	ssize_t length = -1;
	int fd = thread->comm;

	if (fd < 0) {
		snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", current->pid, thread->tid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		thread->comm = fd;
	}
	if (fd >= 0)
		length = pread(fd, text, sizeof(text), 0);
	copy_name(comm, text, length);
}

/* Reads the start of a file of /proc/PID/task/TID. */
static bool read_of_thread(const struct current *current, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", current->pid, current->tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

static void read_owner(struct current *current, uint32_t *uid, uint32_t *gid)
{
	char text[4096];
	const char *user, *group;

	if (!read_of_thread(current, "status", text, sizeof(text)))
		return;
	user = strstr(text, "\nUid:\t");
	group = strstr(text, "\nGid:\t");
	*uid = user ? (uint32_t)strtoul(user + 6, NULL, 10) : 0;
	*gid = group ? (uint32_t)strtoul(group + 6, NULL, 10) : 0;
}

/* The 39th word of stat; a name with blanks and brackets stands before. */
static unsigned cpu_of_stat(const struct current *current)
{
	char text[2048], *at;

	if (!read_of_thread(current, "stat", text, sizeof(text)))
		return 0;
	at = strrchr(text, ')');
	for (int i = 2; at && i < 39; i++)
		at = strchr(at + 1, ' ');
	return at ? (unsigned)strtoul(at, NULL, 10) : 0;
}

static unsigned read_cpu(struct current *current)
{
	struct thread *thread = ((struct hit *)current)->thread;
	struct {
		uint64_t address;
		uint32_t size, signature, flags, pad;
	} config = {0};
	uint32_t cpu;

	if (!thread->rseq && ptrace(PTRACE_GET_RSEQ_CONFIGURATION, thread->tid, sizeof(config), &config) > 0)
		thread->rseq = config.address;
	if (thread->rseq && process_read(thread->process, thread->rseq + RSEQ_CPU, &cpu,
					 sizeof(cpu)) == sizeof(cpu) &&
	    (int32_t)cpu >= 0)
		return cpu;
	return cpu_of_stat(current);
}

static bool read_vector(struct current *current, unsigned number, void *to)
{
	struct user_fpregs_struct registers;
	struct iovec place = {&registers, sizeof(registers)};

	if (number >= 16 || ptrace(PTRACE_GETREGSET, ((struct hit *)current)->thread->tid,
				   NT_PRFPREG, &place))
		return false;
	if (place.iov_len < offsetof(struct user_fpregs_struct, xmm_space) + (number + 1) * 16)
		return false;
	memcpy(to, (const char *)registers.xmm_space + (size_t)number * 16, 16);
	return true;
}

/* `push %rbp` or endbr64, as the kernel decides it. */
static bool is_at_entry(struct current *current)
{
	static const uint8_t mark[] = {0xf3, 0x0f, 0x1e, 0xfa};
	const struct breakpoint *b = ((struct hit *)current)->at;

	return b && b->length &&
	       (b->original[0] == 0x55 || (b->length >= sizeof(mark) && current->regs.cs != 0x23 &&
					   !memcmp(b->original, mark, sizeof(mark))));
}

void current_of_thread(struct user_engine *u, struct thread *thread, struct hit *hit)
{
	struct current *c = &hit->current;

	hit->user = u;
	hit->thread = thread;
	c->pid = thread->process->pid;
	c->tid = thread->tid;
	c->read = read_memory;
	c->comm = read_comm;
	c->owner = read_owner;
	c->cpu = read_cpu;
	c->vector = read_vector;
	c->at_entry = is_at_entry;
}

/* ---- BEGIN, END and intervals: telltale itself, which has no memory to read ---- */

static ssize_t read_nothing(struct current *current, uint64_t address, void *to, size_t size)
{
	(void)current, (void)address, (void)to, (void)size;
	return -1;
}

static void read_own_comm(struct current *current, char comm[ABI_COMM])
{
	char text[64];

	copy_name(comm, text,
		  read_of_thread(current, "comm", text, sizeof(text)) ? (ssize_t)strlen(text) : -1);
}

static unsigned read_own_cpu(struct current *current)
{
	int cpu = sched_getcpu();

	(void)current;
	return cpu < 0 ? 0 : (unsigned)cpu;
}

static bool read_no_vector(struct current *current, unsigned number, void *to)
{
	(void)current, (void)number, (void)to;
	return false;
}

static bool is_no_entry(struct current *current)
{
	(void)current;
	return false;
}

void current_of_ourselves(struct current *c)
{
	*c = (struct current){
		.pid = getpid(),
		.tid = gettid(),
		.read = read_nothing,
		.comm = read_own_comm,
		.owner = read_owner,
		.cpu = read_own_cpu,
		.vector = read_no_vector,
		.at_entry = is_no_entry,
	};
}
