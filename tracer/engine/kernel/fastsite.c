/*
 * Owns the trial whether this kernel makes a call of a ten-byte nop that has a uprobe (7.2 and later):
 * on a function of our own, which also keeps a value in the red zone, as compilers do. Kernels before
 * refuse the uprobe, or never hit it; a call that would write over the red zone is no use.
 */
#include "features.h"
#include "sys.h"
#include "trials.h"

#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The trial's link, until somebody takes it along to be closed with others: that takes its time. */
static int trial_link = -1;

int feature_trial_link(void)
{
	int fd = trial_link;

	trial_link = -1;
	return fd;
}

#ifdef __x86_64__

unsigned long telltale_fast_trial(unsigned long value);
extern const volatile unsigned char telltale_fast_site[];

__asm__(".pushsection .text\n"
        ".balign 64\n"
        ".globl telltale_fast_trial\n.type telltale_fast_trial, @function\n"
        "telltale_fast_trial:\n"
        "	mov %rdi, -8(%rsp)\n"
        ".globl telltale_fast_site\n"
        "telltale_fast_site:\n"
        "	.byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00\n"
        "	mov -8(%rsp), %rax\n"
        "	ret\n"
        ".size telltale_fast_trial, . - telltale_fast_trial\n"
        ".popsection\n");

struct place {
	const char *path;
	uint64_t offset;
};

static int find(struct dl_phdr_info *object, size_t size, void *context)
{
	uintptr_t site = (uintptr_t)telltale_fast_site;
	struct place *place = context;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + part->p_vaddr;

		if (part->p_type != PT_LOAD || site < start || site - start >= part->p_filesz)
			continue;
		place->path = *object->dlpi_name ? object->dlpi_name : "/proc/self/exe";
		place->offset = site - start + part->p_offset;
		return 1;
	}
	return 0;
}

/*
 * A refusal takes the kernel 40 ms, longer than all else at the start. So the trial is made only where
 * the version says that it can come out well; by itself the version proves nothing.
 */
static bool is_worth_trying(void)
{
	struct utsname name;

	return !uname(&name) && strtol(name.release, NULL, 10) >= 7;
}

int try_fast_sites(void)
{
	struct place place = {0};
	struct sys_uprobe_multi multi = {.offsets = &place.offset, .count = 1, .pid = getpid()};
	int program;

	if (!is_worth_trying() || !feature(FEATURE_MULTI_PID)->present || !dl_iterate_phdr(find, &place))
		return -EOPNOTSUPP;
	program = trial_program(SYS_TRACE_UPROBE_MULTI);
	if (program < 0)
		return program;
	multi.path = place.path;
	trial_link = sys_link_uprobe_multi(program, &multi);
	close(program);
	if (trial_link < 0)
		return -EOPNOTSUPP;
	/* A first hit may be what makes the call. */
	for (unsigned long i = 0; i < 4; i++)
		if (telltale_fast_trial(i) != i)
			return -EOPNOTSUPP;
	return telltale_fast_site[0] != 0xcc && telltale_fast_site[0] != 0x66 ? 0 : -EOPNOTSUPP;
}

#else

int try_fast_sites(void)
{
	return -EOPNOTSUPP;
}

#endif
