#!/usr/bin/python3
"""BCC's part of the bench: peer_bcc.py CASE FILE attaches to FILE's probes; at SIGINT prints counts."""
import signal
import sys
from bcc import BPF, USDT

HEAD = """
#include <uapi/linux/ptrace.h>
BPF_HASH(by_key, u64);
BPF_ARRAY(counts, u64, 1);
BPF_HISTOGRAM(buckets);
BPF_HASH(begun, u32);
BPF_PERF_OUTPUT(events);
struct event { u64 time; u32 pid, tid; int cpu; char comm[16]; s64 a, b, c; };
struct line { u64 time; u32 pid, tid; int cpu; char comm[16]; char text[256]; };
#define FILL(e) do { u64 id = bpf_get_current_pid_tgid(); e.time = bpf_ktime_get_ns(); \\
	e.pid = id >> 32; e.tid = id; e.cpu = bpf_get_smp_processor_id(); \\
	bpf_get_current_comm(e.comm, sizeof(e.comm)); } while (0)
"""
INTS = """int a = 0, b = 0, c = 0;
	bpf_usdt_readarg(1, ctx, &a); bpf_usdt_readarg(2, ctx, &b); bpf_usdt_readarg(3, ctx, &c);"""
COUNT = "int zero = 0; u64 *v = counts.lookup(&zero); if (v) __sync_fetch_and_add(v, 1);"
CASES = {
    "count": {"ints": COUNT},
    "watched": {"watched": COUNT},
    "key": {"ints": "int a = 0; bpf_usdt_readarg(1, ctx, &a); u64 k = a; by_key.increment(k);"},
    "hist": {"ints": "int b = 0; bpf_usdt_readarg(2, ctx, &b);"
                     "buckets.atomic_increment(bpf_log2l(b));"},
    "pair": {"begin": "u32 t = bpf_get_current_pid_tgid(); u64 n = bpf_ktime_get_ns();"
                      "begun.update(&t, &n);",
             "end": "u32 t = bpf_get_current_pid_tgid(); u64 *n = begun.lookup(&t);"
                    "if (n) { buckets.atomic_increment(bpf_log2l(bpf_ktime_get_ns() - *n));"
                    "begun.delete(&t); }"},
    "ints": {"ints": INTS + "struct { s64 a, b, c; } e = {a, b, c};"
                     "events.perf_submit(ctx, &e, sizeof(e));"},
    "event": {"ints": INTS + "struct event e = {}; FILL(e); e.a = a; e.b = b; e.c = c;"
                      "events.perf_submit(ctx, &e, sizeof(e));"},
    "text": {"text": "u64 p = 0; bpf_usdt_readarg(1, ctx, &p); struct line e = {}; FILL(e);"
                     "bpf_probe_read_user_str(e.text, sizeof(e.text), (void *)p);"
                     "events.perf_submit(ctx, &e, sizeof(e));"},
}

case, path = sys.argv[1:]
usdt = USDT(path=path)
text = HEAD
for probe, body in CASES[case].items():
    usdt.enable_probe(probe=probe, fn_name="at_" + probe)
    text += "int at_%s(struct pt_regs *ctx) { %s return 0; }\n" % (probe, body)
stopped = False


def stop(number, frame):
    global stopped
    stopped = True


signal.signal(signal.SIGINT, stop)
b = BPF(text=text, usdt_contexts=[usdt])


def show(cpu, data, size):
    e = b["events"].event(data)
    if case == "text":
        print(e.time, e.comm, e.pid, e.tid, e.cpu, e.text)
    elif case == "event":
        print(e.time, e.comm, e.pid, e.tid, e.cpu, e.a, e.b, e.c)
    else:
        print(e.a, e.b, e.c)


if case == "ints":
    import ctypes

    class Ints(ctypes.Structure):
        _fields_ = [(n, ctypes.c_longlong) for n in "abc"]

    def show(cpu, data, size):
        e = ctypes.cast(data, ctypes.POINTER(Ints)).contents
        print(e.a, e.b, e.c)

with_events = case in ("ints", "event", "text")
if with_events:
    b["events"].open_perf_buffer(show, page_cnt=512)
while not stopped:
    if with_events:
        b.perf_buffer_poll(timeout=100)
    else:
        signal.sigtimedwait([signal.SIGALRM], 0.1)
if not with_events:
    table = b[{"key": "by_key", "hist": "buckets", "pair": "buckets"}.get(case, "counts")]
    print("@:", sum(v.value for v in table.values()))
