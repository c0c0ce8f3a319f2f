/* What the files of this folder ask features.c beyond engine.h. */
#ifndef TELLTALE_ENGINE_KERNEL_FEATURES_H
#define TELLTALE_ENGINE_KERNEL_FEATURES_H

#include "engine/engine.h"

/* The PMU of uprobes, as /sys describes it; the kernel numbers it at boot. */
struct uprobe_pmu {
	int type;
	int return_bit;    /* in perf_event_attr.config */
	int ref_ctr_shift; /* there, too; -1: no semaphores kept by the kernel */
};

/* False where there is none. */
bool feature_uprobe_pmu(struct uprobe_pmu *pmu);

/* The PMU of the kernel's functions: its type, and in *return_bit what means their return. Negative
 * where there is none. */
int feature_kprobe_pmu(int *return_bit);

/* The start of a small file of /proc or /sys as text; false where it can't be read. */
bool small_text(const char *path, char *text, size_t size);
bool small_number(const char *path, long *number);

/* The first CPU that is online: where an event of "any CPU" is put. */
int first_cpu(void);

/* Calls for each CPU that is online until one call fails. */
int each_cpu(int (*call)(void *context, int cpu), void *context);

/* A link that a trial has left, to be closed by the caller; or -1. */
int feature_trial_link(void);

/* A program that does nothing, of the type that BEGIN and END have; or -errno. */
int feature_trial_program(void);

/* The error of a feature that is not there; what it was wanted for is in the text already. */
int feature_refuse(enum feature feature, const char *wanted_for, struct error *err);

bool has_capability(int capability);

/* Why a system call was refused with EPERM or EACCES, and what helps; and where one capability
 * would do. */
void explain_capability(char *remedy, size_t size, int capability, const char *name);
void explain_refusal(char *remedy, size_t size, bool perf_events);

#endif
