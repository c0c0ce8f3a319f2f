/*
 * Owns every question of what this kernel and this user may do. Each feature is found by trying it,
 * the first time that somebody asks, with one or two system calls; the answer is kept. Nothing is
 * concluded from the kernel's version, since distributions carry features back.
 *
 * TELLTALE_WITHOUT=uprobe_multi,cookie,... answers no for the named ones, so that one kernel tests
 * every fallback.
 */
#include "features.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- small files of /proc and /sys ---- */

/* Reads the start of a file into text; false where it can't be read. */
static bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

static bool read_number(const char *path, long *number)
{
	char text[64], *end;

	if (!read_text(path, text, sizeof(text)))
		return false;
	*number = strtol(text, &end, 10);
	return end != text;
}

int first_cpu(void)
{
	long cpu;

	/* "0-3,8": the first number is all that is needed. */
	return read_number("/sys/devices/system/cpu/online", &cpu) ? (int)cpu : 0;
}

int each_cpu(int (*call)(void *context, int cpu), void *context)
{
	char text[1024], *at = text;
	int code = 0;

	if (!read_text("/sys/devices/system/cpu/online", text, sizeof(text)))
		return call(context, 0);
	while (!code && *at >= '0' && *at <= '9') {
		long cpu = strtol(at, &at, 10), last = cpu;

		if (*at == '-')
			last = strtol(at + 1, &at, 10);
		for (; !code && cpu <= last; cpu++)
			code = call(context, (int)cpu);
		at += *at == ',';
	}
	return code;
}

/* ---- why not ---- */

static bool has_capability(int capability)
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

	return read_text("/proc/self/uid_map", text, sizeof(text)) &&
	       (sscanf(text, "%lu %lu %lu", &inside, &outside, &count) != 3 || inside || outside ||
	        count != UINT32_MAX);
}

static bool has_seccomp_filter(void)
{
	char text[4096];
	const char *line;

	if (!read_text("/proc/self/status", text, sizeof(text)))
		return false;
	line = strstr(text, "\nSeccomp:\t");
	return line && line[strlen("\nSeccomp:\t")] == '2';
}

static bool is_locked_down(void)
{
	char text[128];

	return read_text("/sys/kernel/security/lockdown", text, sizeof(text)) &&
	       strstr(text, "[confidentiality]");
}

void explain_refusal(char *remedy, size_t size, bool perf_events)
{
	bool admin = has_capability(CAP_SYS_ADMIN);
	bool bpf = admin || has_capability(CAP_BPF);
	bool perfmon = admin || has_capability(CAP_PERFMON);

	if (!bpf || !perfmon)
		snprintf(remedy, size, "%s%s%s missing: run as root, or grant it with setcap(8)",
		         bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : " and ",
		         perfmon ? bpf ? "" : " is"
		         : bpf   ? "CAP_PERFMON is"
		                 : "CAP_PERFMON are");
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

/* ---- the trials: 0, or -errno ---- */

static const struct bpf_insn return_zero[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
        {.code = BPF_JMP | BPF_EXIT},
};

static int try_load(const struct bpf_insn *insns, size_t count, uint32_t attach_type,
                    bool sleepable)
{
	struct sys_program program = {
	        .name = "telltale_try",
	        .type = BPF_PROG_TYPE_KPROBE,
	        .attach_type = attach_type,
	        .sleepable = sleepable,
	        .insns = insns,
	        .insn_count = count,
	};

	return sys_program_load(&program);
}

int feature_trial_program(void)
{
	struct sys_program program = {
	        .name = "telltale_try",
	        .type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	        .insns = return_zero,
	        .insn_count = 2,
	};

	return sys_program_load(&program);
}

static int close_if_open(int fd)
{
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* CAP_BPF and CAP_PERFMON since 5.8, CAP_SYS_ADMIN before. */
static int try_bpf(void)
{
	return close_if_open(try_load(return_zero, 2, 0, false));
}

bool feature_uprobe_pmu(struct uprobe_pmu *pmu)
{
	static const char folder[] = "/sys/bus/event_source/devices/uprobe";
	char path[128], text[64];
	long type;
	int bit;

	*pmu = (struct uprobe_pmu){.type = -1, .ref_ctr_shift = -1};
	snprintf(path, sizeof(path), "%s/type", folder);
	if (!read_number(path, &type))
		return false;
	pmu->type = (int)type;
	snprintf(path, sizeof(path), "%s/format/retprobe", folder);
	if (read_text(path, text, sizeof(text)) && sscanf(text, "config:%d", &bit) == 1)
		pmu->return_bit = bit;
	snprintf(path, sizeof(path), "%s/format/ref_ctr_offset", folder);
	if (read_text(path, text, sizeof(text)) && sscanf(text, "config:%d-", &bit) == 1)
		pmu->ref_ctr_shift = bit;
	return true;
}

/* On a folder, which no kernel accepts (EINVAL) but which is looked at after the permissions. */
static int try_uprobe(void)
{
	struct sys_uprobe uprobe = {.path = "/", .cpu = first_cpu()};
	struct uprobe_pmu pmu;
	int code;

	if (!feature_uprobe_pmu(&pmu))
		return -EOPNOTSUPP;
	uprobe.type = pmu.type;
	code = sys_perf_uprobe(&uprobe);
	return code == -EINVAL ? 0 : close_if_open(code);
}

static bool multi_tried;     /* and found */
static bool multi_pid_right; /* means processes by its pids, not threads */

/*
 * The program must be loaded for it (a kernel without it refuses the attach type with EINVAL); the
 * link is tried on a folder with pid -1. A kernel that takes pids for processes looks at the pid
 * first (EINVAL), one that takes them for threads at the file (EBADF): torvalds/linux 46ba0e49b642.
 */
static int try_uprobe_multi(void)
{
	uint64_t offset = 0;
	struct sys_uprobe_multi multi = {.path = "/", .offsets = &offset, .count = 1, .pid = -1};
	int program = try_load(return_zero, 2, SYS_TRACE_UPROBE_MULTI, false), code;

	if (program < 0)
		return program;
	code = sys_link_uprobe_multi(program, &multi);
	close(program);
	multi_pid_right = code == -EINVAL;
	if (code == -EINVAL || code == -EBADF || code == -ESRCH)
		code = 0;
	multi_tried = !code;
	return code;
}

bool feature_multi_pid(void)
{
	return feature(FEATURE_UPROBE_MULTI)->present && multi_pid_right;
}

static int try_ref_ctr(void)
{
	struct uprobe_pmu pmu;

	return feature_uprobe_pmu(&pmu) && pmu.ref_ctr_shift >= 0 ? 0 : -EOPNOTSUPP;
}

/* bpf_get_attach_cookie() came with cookies; the verifier refuses helpers that it does not know. */
static int try_cookie(void)
{
	const struct bpf_insn insns[] = {
	        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_attach_cookie},
	        {.code = BPF_JMP | BPF_EXIT},
	};

	return close_if_open(try_load(insns, 2, 0, false));
}

static int try_ringbuf(void)
{
	struct sys_map map = {
	        .name = "telltale_try",
	        .type = BPF_MAP_TYPE_RINGBUF,
	        .entries = (uint32_t)sysconf(_SC_PAGESIZE),
	};

	return close_if_open(sys_map_create(&map));
}

static int try_sleepable(void)
{
	return close_if_open(try_load(return_zero, 2, 0, true));
}

/* ---- of the kernel's own probes ---- */

/* A number that no tracepoint has: EINVAL is said of it, and ENOENT where there are none at all. */
static int try_tracepoint(void)
{
	int code = sys_perf_event(PERF_TYPE_TRACEPOINT, UINT32_MAX, 0, first_cpu());

	return code == -EINVAL ? 0 : close_if_open(code);
}

/* The name is looked for after the permissions. */
static int try_raw_tracepoint(void)
{
	struct sys_program program = {.name = "telltale_try", .type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	                              .insns = return_zero, .insn_count = 2};
	int fd = sys_program_load(&program), code;

	if (fd < 0)
		return fd;
	code = sys_raw_tracepoint("telltale_try", fd);
	close(fd);
	return code == -ENOENT ? 0 : close_if_open(code);
}

int feature_kprobe_pmu(int *return_bit)
{
	static const char folder[] = "/sys/bus/event_source/devices/kprobe";
	char path[128], text[64];
	long type;

	*return_bit = 0;
	snprintf(path, sizeof(path), "%s/type", folder);
	if (!read_number(path, &type))
		return -EOPNOTSUPP;
	snprintf(path, sizeof(path), "%s/format/retprobe", folder);
	if (read_text(path, text, sizeof(text)))
		sscanf(text, "config:%d", return_bit);
	return (int)type;
}

/* A function that no kernel has, which is found out after the permissions. */
static int try_kprobe(void)
{
	struct sys_kprobe kprobe = {.symbol = "telltale_try", .cpu = first_cpu()};
	int code;

	kprobe.type = feature_kprobe_pmu(&kprobe.return_bit);
	if (kprobe.type < 0)
		return kprobe.type;
	code = sys_perf_kprobe(&kprobe);
	return code == -EINVAL || code == -ENOENT || code == -EADDRNOTAVAIL ? 0
	                                                                     : close_if_open(code);
}

static int try_kprobe_multi(void)
{
	const char *symbol = "telltale_try";
	struct sys_kprobe_multi multi = {.symbols = &symbol, .count = 1};
	int program = try_load(return_zero, 2, BPF_TRACE_KPROBE_MULTI, false), code;

	if (program < 0)
		return program;
	code = sys_link_kprobe_multi(program, &multi);
	close(program);
	return code == -ESRCH || code == -EINVAL || code == -ENOENT ? 0 : close_if_open(code);
}

static int try_clock(void)
{
	return close_if_open(sys_perf_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 1000000000,
	                                    first_cpu()));
}

static int try_hardware(void)
{
	int code = sys_perf_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 1000000000,
	                          first_cpu());

	return code == -ENOENT ? -EOPNOTSUPP : close_if_open(code);
}

static int try_atomics(void)
{
	const struct bpf_insn insns[] = {
	        {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8},
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	        {.code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = BPF_REG_10,
	         .src_reg = BPF_REG_0, .off = -8, .imm = BPF_ADD | BPF_FETCH},
	        {.code = BPF_JMP | BPF_EXIT},
	};

	return close_if_open(try_load(insns, 4, 0, false));
}

/* ---- the table ---- */

/* What every kernel has that can be traced at all. */
#define BASICS "with CONFIG_BPF_SYSCALL and CONFIG_UPROBE_EVENTS"

static const struct {
	const char *name, *what, *since;
	int (*try)(void);
	const char *with; /* what else it takes */
	bool apart;       /* says nothing of it: that uprobe_multi is there */
} table[FEATURE_COUNT] = {
        [FEATURE_BPF] = {"bpf", "loading BPF programs", "5.8", try_bpf, BASICS, false},
        [FEATURE_UPROBE] = {"uprobe", "uprobes as perf events", "4.17", try_uprobe, BASICS, true},
        [FEATURE_UPROBE_MULTI] = {"uprobe_multi", "one link for all sites of a program", "6.6",
                                  try_uprobe_multi, BASICS, true},
        [FEATURE_REF_CTR] = {"ref_ctr", "semaphores kept by the kernel", "4.20", try_ref_ctr,
                             BASICS, false},
        [FEATURE_COOKIE] = {"cookie", "a number for each site that programs can ask for", "5.15",
                            try_cookie, BASICS, false},
        [FEATURE_RINGBUF] = {"ringbuf", "one ring buffer for the events of all CPUs", "5.8",
                             try_ringbuf, BASICS, false},
        [FEATURE_ATOMICS] = {"atomics", "atomic steps that tell the value from before", "5.12",
                             try_atomics, BASICS, false},
        [FEATURE_SLEEPABLE] = {"sleepable", "texts on pages that are not in memory", "6.0",
                               try_sleepable, BASICS, false},
        [FEATURE_TRACEPOINT] = {"tracepoint", "the kernel's tracepoints", "4.7", try_tracepoint,
                                "with CONFIG_FTRACE and CONFIG_BPF_EVENTS", true},
        [FEATURE_RAW_TRACEPOINT] = {"rawtracepoint", "the same without their formats", "4.17",
                                    try_raw_tracepoint, "with CONFIG_BPF_EVENTS", true},
        [FEATURE_KPROBE] = {"kprobe", "the kernel's functions", "4.17", try_kprobe,
                            "with CONFIG_KPROBE_EVENTS", true},
        [FEATURE_KPROBE_MULTI] = {"kprobe_multi", "one link for many functions of the kernel",
                                  "5.18", try_kprobe_multi, "with CONFIG_FPROBE", true},
        [FEATURE_CLOCK] = {"profile", "clocks on every CPU, and the kernel's counters", "4.9",
                           try_clock, "with CONFIG_PERF_EVENTS", true},
        [FEATURE_HARDWARE] = {"hardware", "the processor's counters", "4.9", try_hardware,
                              "and a processor that has them: a virtual machine often has none",
                              true},
};

static bool is_switched_off(const char *name)
{
	const char *list = getenv("TELLTALE_WITHOUT");
	size_t length = strlen(name);

	while (list && *list) {
		size_t item = strcspn(list, ", ");

		if (item == length && !memcmp(list, name, length))
			return true;
		list += item + (list[item] != '\0');
	}
	return false;
}

static void find_out(enum feature feature, struct feature_answer *answer)
{
	int code;

	answer->name = table[feature].name;
	answer->what = table[feature].what;
	answer->since = table[feature].since;
	if (is_switched_off(answer->name)) {
		answer->code = -EOPNOTSUPP;
		snprintf(answer->remedy, sizeof(answer->remedy), "take it out of TELLTALE_WITHOUT");
		return;
	}
	/* What is older than the link over many sites needs no trial of its own where that is. */
	if (!table[feature].apart && multi_tried)
		code = 0;
	else
		code = table[feature].try();
	answer->present = !code;
	if (!code)
		return;
	if (code == -EPERM || code == -EACCES) {
		answer->code = -EPERM;
		explain_refusal(answer->remedy, sizeof(answer->remedy),
		                feature == FEATURE_UPROBE || feature == FEATURE_KPROBE);
	} else {
		answer->code = -EOPNOTSUPP;
		snprintf(answer->remedy, sizeof(answer->remedy),
		         "needs Linux %s or later, %s (%s)", answer->since,
		         table[feature].with, strerror(-code));
	}
}

const struct feature_answer *feature(enum feature feature)
{
	static struct feature_answer answers[FEATURE_COUNT];
	static bool known[FEATURE_COUNT];

	if (!known[feature]) {
		known[feature] = true;
		find_out(feature, &answers[feature]);
	}
	return &answers[feature];
}

int feature_refuse(enum feature which, const char *wanted_for, struct error *err)
{
	const struct feature_answer *answer = feature(which);

	if (answer->code == -EPERM)
		return error_set(err, -EPERM, "not permitted: %s: %s", wanted_for, answer->remedy);
	return error_set(err, -EOPNOTSUPP, "the kernel lacks %s (%s, since Linux %s), %s: %s",
	                 answer->name, answer->what, answer->since, wanted_for, answer->remedy);
}

/*
 * The link over many sites is asked for first: where it is, everything that tracing can't do
 * without is older than it, and one trial is enough.
 */
int features_need(struct error *err)
{
	if (feature(FEATURE_UPROBE_MULTI)->present && !is_switched_off("bpf"))
		return 0;
	if (!feature(FEATURE_BPF)->present)
		return feature_refuse(FEATURE_BPF, "needed for tracing", err);
	if (!feature(FEATURE_UPROBE)->present)
		return feature_refuse(FEATURE_UPROBE, "needed for tracing", err);
	return 0;
}
