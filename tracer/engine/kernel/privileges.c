/*
 * Owns which capabilities telltale goes on with once everything is attached: those that it still
 * needs, and no way to more (no_new_privs). What the kernel asks for to read maps and to run END has
 * changed over time, so that is tried.
 */
#include "privileges.h"

#include "features.h"
#include "kernel.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int get(struct __user_cap_data_struct *data)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &header, data) ? -errno : 0;
}

static int set(const struct __user_cap_data_struct *data)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

uint64_t capabilities_permitted(void)
{
	struct __user_cap_data_struct data[2] = {{0}};

	return get(data) ? 0 : (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

static int change(uint64_t keep, bool for_good)
{
	struct __user_cap_data_struct data[2] = {{0}};
	int code = get(data);

	if (code)
		return code;
	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted & (uint32_t)(keep >> 32 * i);
		if (for_good) {
			data[i].permitted = data[i].effective;
			data[i].inheritable = 0;
		}
	}
	return set(data);
}

int capabilities_use(uint64_t keep)
{
	return change(keep, false);
}

int capabilities_keep(uint64_t keep)
{
	return change(keep, true);
}

/* ---- what is needed ---- */

/* To attach more, and to look into processes for it. */
static uint64_t for_more(const struct kernel *e)
{
	uint64_t keep = CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON) | CAPABILITY(CAP_SYS_PTRACE) |
	                CAPABILITY(CAP_CHECKPOINT_RESTORE) | CAPABILITY(CAP_DAC_READ_SEARCH);

	/* The kernel asks for it before 5.8, and for uprobes by perf events until today. */
	if (!e->multi)
		keep |= CAPABILITY(CAP_SYS_ADMIN);
	return keep;
}

static uint64_t wanted(const struct kernel *e, unsigned needs)
{
	uint64_t keep = 0;

	if (needs & ENGINE_NEED_MORE)
		keep |= for_more(e);
	if (needs & ENGINE_NEED_SYMBOLS) /* maps of processes, addresses of the kernel */
		keep |= CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_CHECKPOINT_RESTORE) |
		        CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_SYSLOG);
	if (needs & ENGINE_NEED_SIGNAL)
		keep |= CAPABILITY(CAP_KILL);
	return keep;
}

/* What is done with maps and programs at the end. */
static bool can_finish(const struct kernel *e, int trial)
{
	/* (Keys of maps are small: the largest is a text.) */
	char key[8192];

	for (size_t i = 0; i < e->map_count; i++) {
		const struct plan_map *map = &e->plan->maps[i];

		if (map->key_size && map->key_size <= sizeof(key) &&
		    sys_map_next(e->maps[i].fd, NULL, key) == -EPERM)
			return false;
	}
	return trial < 0 || sys_program_run(trial) != -EPERM;
}

int privileges_drop(struct kernel *e, unsigned needs)
{
	static const uint64_t more[] = {
	        0,
	        CAPABILITY(CAP_BPF),
	        CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON),
	        CAPABILITY(CAP_SYS_ADMIN),
	};
	const size_t count = sizeof(more) / sizeof(*more);
	uint64_t keep = wanted(e, needs);
	int trial = feature_trial_program(), code = 0;
	size_t i;

	for (i = 0; i < count && !code; i++) {
		code = capabilities_use(keep | more[i]);
		if (!code && can_finish(e, trial))
			break;
	}
	if (trial >= 0)
		close(trial);
	if (!code && i == count)
		code = capabilities_use(capabilities_permitted()); /* all of them, then */
	else if (!code)
		code = capabilities_keep(keep | more[i]);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return code;
}
