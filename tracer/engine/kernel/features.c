/*
 * Owns every question of what this kernel and this user may do: a table of features, each found by
 * trying it (trials.c), the first time that somebody asks; the answer is kept.
 *
 * TELLTALE_WITHOUT=uprobe_multi,cookie,... answers no for the named ones, so that one kernel tests
 * every fallback.
 */
#include "features.h"

#include "trials.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

/* What every kernel has that can be traced at all. */
#define BASICS "with CONFIG_BPF_SYSCALL and CONFIG_UPROBE_EVENTS"

static const struct {
	const char *name, *what, *since;
	int (*try)(void);
	const char *with; /* what else it takes */
	bool apart;       /* says nothing of it: that uprobe_multi is there */
	int capability;   /* and its name, where it is this one alone that may be missing */
	const char *capability_name;
} table[FEATURE_COUNT] = {
        [FEATURE_BPF] = {"bpf", "loading BPF programs", "5.8", try_bpf, BASICS, false, 0, NULL},
        [FEATURE_UPROBE] = {"uprobe", "uprobes as perf events", "4.17", try_uprobe, BASICS, true, 0, NULL},
        [FEATURE_UPROBE_MULTI] = {"uprobe_multi", "one link for all sites of a program", "6.6",
                                  try_uprobe_multi, BASICS, true, 0, NULL},
        [FEATURE_MULTI_PID] = {"multi_pid", "one link for a process with all its threads", "6.10",
                               try_multi_pid, BASICS, true, 0, NULL},
        [FEATURE_FAST_SITES] = {"fast_sites", "calls in place of breakpoints at telltale's markers",
                                "7.2", try_fast_sites, BASICS " on x86-64", true, 0, NULL},
        [FEATURE_REF_CTR] = {"ref_ctr", "semaphores kept by the kernel", "4.20", try_ref_ctr,
                             BASICS, false, 0, NULL},
        [FEATURE_COOKIE] = {"cookie", "a number for each site that programs can ask for", "5.15",
                            try_cookie, BASICS, false, 0, NULL},
        [FEATURE_RINGBUF] = {"ringbuf", "one ring buffer for the events of all CPUs", "5.8",
                             try_ringbuf, BASICS, false, 0, NULL},
        [FEATURE_ATOMICS] = {"atomics", "atomic steps that tell the value from before", "5.12",
                             try_atomics, BASICS, false, 0, NULL},
        [FEATURE_TASK_STORAGE] = {"task_storage", "values that threads carry themselves", "6.2",
                                  try_task_storage, "with CONFIG_DEBUG_INFO_BTF and CONFIG_CGROUPS",
                                  true, 0, NULL},
        [FEATURE_SLEEPABLE] = {"sleepable", "texts on pages that are not in memory", "6.0",
                               try_sleepable, BASICS, false, 0, NULL},
        [FEATURE_MAY_GOTO] = {"may_goto", "loops in programs: while, and for over a range", "6.9",
                              try_may_goto, "with CONFIG_BPF_SYSCALL", true, 0, NULL},
        [FEATURE_CALLED_LOOPS] = {"loop", "the same where may_goto is missing", "5.17", try_called_loops,
                                  "with CONFIG_BPF_SYSCALL", true, 0, NULL},
        [FEATURE_EACH] = {"for_each", "loops in programs: for over a map", "5.13", try_each,
                          "with CONFIG_BPF_SYSCALL", true, 0, NULL},
        [FEATURE_CPU_VALUES] = {"cpu_values", "count() and its kind as values in programs", "5.19",
                                try_cpu_values, "with CONFIG_BPF_SYSCALL", true, 0, NULL},
        [FEATURE_TRACEPOINT] = {"tracepoint", "the kernel's tracepoints", "4.7", try_tracepoint,
                                "with CONFIG_FTRACE and CONFIG_BPF_EVENTS", true, 0, NULL},
        [FEATURE_RAW_TRACEPOINT] = {"rawtracepoint", "the same without their formats", "4.17",
                                    try_raw_tracepoint, "with CONFIG_BPF_EVENTS", true, 0, NULL},
        [FEATURE_KPROBE] = {"kprobe", "the kernel's functions", "4.17", try_kprobe,
                            "with CONFIG_KPROBE_EVENTS", true, 0, NULL},
        [FEATURE_KPROBE_MULTI] = {"kprobe_multi", "one link for many functions of the kernel",
                                  "5.18", try_kprobe_multi, "with CONFIG_FPROBE", true, 0, NULL},
        [FEATURE_FENTRY] = {"fentry", "the kernel's functions by its types", "5.5", try_fentry,
                            "with CONFIG_DEBUG_INFO_BTF and CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS",
                            true, 0, NULL},
        [FEATURE_ITER] = {"iter", "iterators over what the kernel has", "5.8", try_iterator,
                          "with CONFIG_DEBUG_INFO_BTF", true, 0, NULL},
        [FEATURE_CLOCK] = {"profile", "clocks on every CPU, and the kernel's counters", "4.9",
                           try_clock, "with CONFIG_PERF_EVENTS", true, 0, NULL},
        [FEATURE_HARDWARE] = {"hardware", "the processor's counters", "4.9", try_hardware,
                              "and a processor that has them: a virtual machine often has none",
                              true, 0, NULL},
        [FEATURE_WATCH] = {"watchpoint", "watchpoints on memory", "4.9", try_watchpoint,
                           "with CONFIG_HAVE_HW_BREAKPOINT, and a processor that has them", true, 0,
                           NULL},
        [FEATURE_CHILDREN] = {"children", "following what the target forks", "5.2", try_children,
                              "with CONFIG_DEBUG_INFO_BTF, outside of a namespace of processes",
                              true, 0, NULL},
        [FEATURE_PROCESSES] = {"processes", "processes of other users", "2.2", try_processes,
                               "with CONFIG_PROC_FS", true, CAP_SYS_PTRACE, "CAP_SYS_PTRACE"},
        [FEATURE_MAP_FILES] = {"map_files", "files that were replaced while processes run them",
                               "4.3", try_map_files, "with CONFIG_PROC_FS", true,
                               CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE"},
        [FEATURE_KERNEL_NAMES] = {"kernel_names", "names of the kernel's functions in stacks",
                                  "2.6", try_kernel_names, "with CONFIG_KALLSYMS", true,
                                  CAP_SYSLOG, "CAP_SYSLOG"},
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

static void find_out(enum feature which, struct feature_answer *answer)
{
	int code;

	answer->name = table[which].name;
	answer->what = table[which].what;
	answer->since = table[which].since;
	if (is_switched_off(answer->name)) {
		answer->code = -EOPNOTSUPP;
		snprintf(answer->remedy, sizeof(answer->remedy), "take it out of TELLTALE_WITHOUT");
		return;
	}
	/* What is older than the link over many sites needs no trial of its own where that is. */
	if (!table[which].apart && feature(FEATURE_UPROBE_MULTI)->present)
		code = 0;
	else
		code = table[which].try();
	answer->present = !code;
	if (!code)
		return;
	if (code == -EPERM || code == -EACCES) {
		answer->code = -EPERM;
		if (table[which].capability_name)
			explain_capability(answer->remedy, sizeof(answer->remedy),
			                   table[which].capability, table[which].capability_name);
		else
			explain_refusal(answer->remedy, sizeof(answer->remedy),
			                which == FEATURE_UPROBE || which == FEATURE_KPROBE);
	} else {
		answer->code = -EOPNOTSUPP;
		snprintf(answer->remedy, sizeof(answer->remedy),
		         "needs Linux %s or later, %s (%s)", answer->since,
		         table[which].with, strerror(-code));
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
		return error_set(err, -EPERM, "not permitted: %s (%s, since Linux %s), %s: %s",
		                 answer->name, answer->what, answer->since, wanted_for, answer->remedy);
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
