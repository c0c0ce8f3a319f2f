/*
 * The table of verbs: the dispatcher, the help, the completion and the manual go by it.
 */
#include "cli.h"

static const struct verb verbs[] = {
	{"list", list_main, "the probes of a target, or the kernel's"},
	{"trace", trace_main, "a line per event"},
	{"count", count_main, "events per probe, or per value of an expression"},
	{"hist", hist_main, "a histogram of an expression"},
	{"latency", latency_main, "the time between two probes"},
	{"run", run_main, "a program of the tracing language, bpftrace's"},
	{"check", check_main, "a binary against its contract, a command against what it must emit"},
	{"gen", gen_main, "provider files to C headers: a stand-in for dtrace(1)"},
	{"features", features_main, "what this kernel and this user may do"},
};

const struct verb *verb_at(size_t place)
{
	return place < sizeof(verbs) / sizeof(*verbs) ? &verbs[place] : NULL;
}
