/*
 * Owns why the kernel refused something, as far as that can be found out, and what helps.
 */
#include "features.h"

#include <ctype.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

bool has_capability(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[capability / 32].effective >> (capability % 32) & 1;
}

static bool in_user_namespace(void)
{
	unsigned long inside, outside, count;
	char text[128];

	return small_text("/proc/self/uid_map", text, sizeof(text)) &&
	       (sscanf(text, "%lu %lu %lu", &inside, &outside, &count) != 3 || inside || outside ||
	        count != UINT32_MAX);
}

static bool has_seccomp_filter(void)
{
	char text[4096];
	const char *line;

	if (!small_text("/proc/self/status", text, sizeof(text)))
		return false;
	line = strstr(text, "\nSeccomp:\t");
	return line && line[strlen("\nSeccomp:\t")] == '2';
}

static bool is_locked_down(void)
{
	char text[128];

	return small_text("/sys/kernel/security/lockdown", text, sizeof(text)) &&
	       strstr(text, "[confidentiality]");
}

void explain_refusal(char *remedy, size_t size, bool perf_events)
{
	bool admin = has_capability(CAP_SYS_ADMIN);
	bool bpf = admin || has_capability(CAP_BPF);
	bool perfmon = admin || has_capability(CAP_PERFMON);

	if (!bpf || !perfmon)
		snprintf(remedy, size, "%s%s%s missing: run as root, or grant %s: %s",
		         bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : " and ",
		         perfmon ? bpf ? "" : " is"
		         : bpf   ? "CAP_PERFMON is"
		                 : "CAP_PERFMON are",
		         bpf || perfmon ? "it" : "both",
		         "setcap cap_bpf,cap_perfmon+ep FILE, FILE being telltale's");
	else if (perf_events && !admin)
		snprintf(remedy, size,
		         "CAP_SYS_ADMIN is missing, which uprobes through perf events ask for "
		         "(uprobe_multi of Linux 6.6 does without)");
	else if (in_user_namespace())
		snprintf(remedy, size,
		         "this is a user namespace, whose capabilities do not count for BPF: run "
		         "outside of it (a container: with --privileged --userns=host)");
	else if (is_locked_down())
		snprintf(remedy, size,
		         "the kernel is locked down (confidentiality): boot without "
		         "lockdown=confidentiality");
	else if (has_seccomp_filter())
		snprintf(remedy, size,
		         "a seccomp filter refuses it (a container: allow bpf and perf_event_open "
		         "in its profile)");
	else
		snprintf(remedy, size, "a security module refuses it: see the kernel's log");
}

void explain_capability(char *remedy, size_t size, int capability, const char *name)
{
	char small[64];
	size_t n = 0;

	for (; name[n] && n + 1 < sizeof(small); n++)
		small[n] = (char)tolower((unsigned char)name[n]);
	small[n] = '\0';
	if (has_capability(capability))
		snprintf(remedy, size, "a security module refuses it: see the kernel's log");
	else
		snprintf(remedy, size,
		         "%s is missing: run as root, or grant it, too: setcap "
		         "cap_bpf,cap_perfmon,%s+ep FILE, FILE being telltale's", name, small);
}
