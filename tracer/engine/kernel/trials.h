/* The trials behind the table of features (features.c): 0 or -errno. */
#ifndef TELLTALE_ENGINE_KERNEL_TRIALS_H
#define TELLTALE_ENGINE_KERNEL_TRIALS_H

/* A program for uprobes that does nothing: its descriptor or -errno. */
int trial_program(unsigned attach_type);

int try_bpf(void);
int try_uprobe(void);
int try_uprobe_multi(void);
int try_ref_ctr(void);
int try_cookie(void);
int try_ringbuf(void);
int try_sleepable(void);
int try_tracepoint(void);
int try_raw_tracepoint(void);
int try_kprobe(void);
int try_kprobe_multi(void);
int try_fentry(void);
int try_iterator(void);
int try_clock(void);
int try_hardware(void);
int try_watchpoint(void);
int try_atomics(void);
int try_task_storage(void);
int try_may_goto(void);
int try_called_loops(void);
int try_each(void);
int try_cpu_values(void);
int try_multi_pid(void);
int try_processes(void);
int try_map_files(void);
int try_kernel_names(void);
int try_children(void);
int try_fast_sites(void); /* fastsite.c */

#endif
