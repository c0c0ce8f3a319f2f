/*
 * Delivery: records in order with what the program put into them, a reader that is woken from a
 * sleep without a limit, every loss counted, wake-up descriptors, BEGIN, END and intervals.
 */
#include "engine_help.h"

#include <pthread.h>
#include <sys/eventfd.h>

static struct target target;

/* Maps: 0 the ring, 1 the bell, 2 troubles. The record: the cookie as its format's field, and the
 * first argument of the site. */
enum { RECORD_SIZE = 32 };

struct record {
	struct abi_record head;
	uint64_t number, thread;
};

_Static_assert(sizeof(struct record) == RECORD_SIZE, "the size that the program below asks for");

#define SEND(number_insn)                                                                          \
	MOV_REG(6, 1), MAP(1, 0), MOV_IMM(2, RECORD_SIZE), MOV_IMM(3, 0),                          \
	        CALL(BPF_FUNC_ringbuf_reserve), JUMP_IF(BPF_JNE, 0, 0, 6), MAP_VALUE(1, 2),        \
	        MOV_IMM(2, 1), ATOMIC_ADD(1, 0, 2), MOV_IMM(0, 0), EXIT, MOV_REG(7, 0),            \
	        STORE_IMM(BPF_W, 7, 0, 0), STORE_IMM(BPF_W, 7, 4, 0), STORE_IMM(BPF_DW, 7, 8, 0),  \
	        number_insn, STORE(BPF_DW, 7, 16, 1), CALL(BPF_FUNC_get_current_pid_tgid),         \
	        STORE(BPF_DW, 7, 24, 0), MOV_REG(1, 7), MAP_VALUE(3, 1), LOAD(BPF_W, 3, 3, 0),     \
	        MOV_IMM(2, BPF_RB_NO_WAKEUP), JUMP_IF(BPF_JEQ, 3, 0, 1),                           \
	        MOV_IMM(2, BPF_RB_FORCE_WAKEUP), CALL(BPF_FUNC_ringbuf_submit), MOV_IMM(0, 0),     \
	        EXIT

static struct bpf_insn send_argument[] = {SEND(LOAD(BPF_DW, 1, 6, REGS_DI))};
static struct bpf_insn send_begin[] = {SEND(MOV_IMM(1, 1000))};
static struct bpf_insn send_end[] = {SEND(MOV_IMM(1, 2000))};
static struct bpf_insn send_tick[] = {SEND(MOV_IMM(1, 3000))};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static struct plan_map maps[] = {
        {.role = PLAN_MAP_RING, .bpf_type = BPF_MAP_TYPE_RINGBUF},
        {
                .role = PLAN_MAP_CONTROL,
                .bpf_type = BPF_MAP_TYPE_ARRAY,
                .key_size = 4,
                .value_size = sizeof(struct abi_control),
                .entries = 1,
        },
        {
                .role = PLAN_MAP_TROUBLE,
                .bpf_type = BPF_MAP_TYPE_ARRAY,
                .key_size = 4,
                .value_size = sizeof(struct abi_trouble),
                .entries = 1, /* the kernel gives the address of a value only then */
        },
};

static struct plan_site site;
static struct plan_site tick = {.period = 10 * 1000 * 1000};
static struct plan_program programs[] = {
        {.attach = PLAN_ATTACH_UPROBE,
         .name = "send",
         .insns = send_argument,
         .insn_count = LENGTH(send_argument),
         .sites = &site,
         .site_count = 1},
        {.attach = PLAN_ATTACH_BEGIN,
         .name = "BEGIN",
         .insns = send_begin,
         .insn_count = LENGTH(send_begin)},
        {.attach = PLAN_ATTACH_END,
         .name = "END",
         .insns = send_end,
         .insn_count = LENGTH(send_end)},
        {.attach = PLAN_ATTACH_INTERVAL,
         .name = "interval",
         .insns = send_tick,
         .insn_count = LENGTH(send_tick),
         .sites = &tick,
         .site_count = 1},
};

static struct plan ring_plan(size_t program_count)
{
	return (struct plan){
	        .probes = probes,
	        .probe_count = 2,
	        .maps = maps,
	        .map_count = LENGTH(maps),
	        .programs = programs,
	        .program_count = program_count,
	};
}

static struct engine *start_ring(const struct plan *plan, uint64_t ring_bytes)
{
	struct engine_options options = {.ring_bytes = ring_bytes};
	struct engine *e;
	struct error err;

	if (engine_open(ENGINE_KERNEL, plan, &target, &options, &e, &warnings, &err) ||
	    engine_attach(e, &warnings, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	return e;
}

/* ---- what arrives ---- */

enum { THREADS = 4 };

struct arrived {
	uint64_t count, out_of_order, wrong_size, begins, ends, ticks;
	uint64_t last_number;
	uint64_t threads[THREADS]; /* the next number of each: numbers are thread << 32 | n */
	uint64_t stop_at;
	uint64_t when;
};

static int take(void *context, const struct abi_record *head, size_t size)
{
	const struct record *record = (const void *)head;
	struct arrived *a = context;
	uint64_t thread = record->number >> 32, n = record->number & UINT32_MAX;

	a->wrong_size += size != RECORD_SIZE;
	a->when = nanoseconds();
	if (!thread && n >= 1000) {
		a->begins += n == 1000;
		a->ends += n == 2000;
		a->ticks += n == 3000;
		return 0;
	}
	a->count++;
	a->last_number = record->number;
	if (thread < THREADS) {
		a->out_of_order += n < a->threads[thread];
		a->threads[thread] = n + 1;
	}
	return a->stop_at && a->count == a->stop_at ? 42 : 0;
}

static void test_order(void)
{
	struct plan plan = ring_plan(1);
	struct engine *e = start_ring(&plan, 0);
	struct arrived a = {0};
	struct error err;
	int got, more;

	for (unsigned long i = 0; i < 500; i++)
		hit_one(i);
	got = engine_poll(e, 1000, NULL, 0, take, &a, &err);
	ok(got == 500 && a.count == 500, "order: 500 records in one poll: %d", got);
	ok(!a.out_of_order && !a.wrong_size && a.last_number == 499, "order: as they were made");
	more = engine_poll(e, 20, NULL, 0, take, &a, &err);
	ok(more == 0, "order: then none until the time is over: %d", more);
	for (unsigned long i = 0; i < 10; i++)
		hit_one(i);
	a = (struct arrived){.stop_at = 4};
	ok(engine_poll(e, 1000, NULL, 0, take, &a, &err) == 42 && a.count == 4,
	   "order: what the caller's function returns ends the poll");
	a.stop_at = 0;
	engine_detach(e);
	ok(engine_poll(e, 0, NULL, 0, take, &a, &err) == 6 && a.last_number == 9,
	   "order: the rest can be polled after the detach");
	engine_close(e);
}

/* A reader that sleeps without a limit is woken by the first record. */
struct late {
	unsigned wait_ms;
	uint64_t hit_at;
};

static void *hit_late(void *context)
{
	struct late *late = context;

	usleep(late->wait_ms * 1000);
	late->hit_at = nanoseconds();
	hit_one(7);
	return NULL;
}

static void test_wake(void)
{
	struct plan plan = ring_plan(1);
	struct engine *e = start_ring(&plan, 0);
	struct arrived a = {0};
	struct error err;
	uint64_t worst = 0;
	bool all = true;

	for (unsigned i = 0; i < 40 && all; i++) {
		struct late late = {.wait_ms = i * 3};
		pthread_t thread;

		pthread_create(&thread, NULL, hit_late, &late);
		all = engine_poll(e, -1, NULL, 0, take, &a, &err) == 1;
		pthread_join(thread, NULL);
		if (a.when - late.hit_at > worst)
			worst = a.when - late.hit_at;
	}
	ok(all && a.count == 40, "wake: a reader without a time limit gets each of 40 records");
	printf("# wake: the latest arrived after %.2f ms\n", (double)worst / 1e6);
	ok(worst < 50 * 1000 * 1000, "wake: none came late");
	engine_close(e);
}

static void test_wake_fds(void)
{
	struct plan plan = ring_plan(1);
	struct engine *e = start_ring(&plan, 0);
	int event = eventfd(1, EFD_CLOEXEC);
	struct arrived a = {0};
	struct error err;
	uint64_t start = nanoseconds();

	ok(engine_poll(e, -1, &event, 1, take, &a, &err) == 0,
	   "wake fds: a readable descriptor ends the poll");
	hit_one(1);
	ok(engine_poll(e, -1, &event, 1, take, &a, &err) == 1,
	   "wake fds: with one readable, records are still delivered");
	ok(nanoseconds() - start < 500 * 1000 * 1000, "wake fds: without a delay");
	close(event);
	engine_close(e);
}

/* ---- losses ---- */

static void *hit_fast(void *context)
{
	unsigned long thread = *(unsigned long *)context;

	for (unsigned long i = 0; i < 50000; i++)
		hit_one(thread << 32 | (i % 1000 + i / 1000 * 1000));
	return NULL;
}

static void test_losses(uint64_t ring_bytes, const char *what)
{
	struct plan plan = ring_plan(1);
	struct engine *e = start_ring(&plan, ring_bytes);
	struct abi_trouble trouble = {0};
	unsigned long numbers[THREADS];
	pthread_t threads[THREADS];
	struct arrived a = {0};
	struct error err;
	uint64_t start = nanoseconds();

	for (unsigned long i = 1; i < THREADS; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, hit_fast, &numbers[i]);
	}
	while (engine_poll(e, 300, NULL, 0, take, &a, &err) > 0)
		;
	for (unsigned i = 1; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	engine_detach(e);
	while (engine_poll(e, 0, NULL, 0, take, &a, &err) > 0)
		;
	ok(!engine_trouble(e, 0, &trouble, &err), "%s: the losses can be read", what);
	ok(a.count + trouble.lost == (THREADS - 1) * 50000,
	   "%s: delivered and lost make all hits: %llu and %llu", what, (unsigned long long)a.count,
	   (unsigned long long)trouble.lost);
	ok(!a.out_of_order && !a.wrong_size, "%s: the order of each thread is kept", what);
	printf("# %s: %u hits in %.0f ms\n", what, (THREADS - 1) * 50000,
	       (double)(nanoseconds() - start) / 1e6);
	engine_close(e);
}

static void test_stopped_reader(void)
{
	struct plan plan = ring_plan(1);
	struct engine *e = start_ring(&plan, 4096);
	struct abi_trouble trouble = {0};
	struct arrived a = {0};
	struct error err;

	for (unsigned long i = 0; i < 1000; i++)
		hit_one(i);
	while (engine_poll(e, 0, NULL, 0, take, &a, &err) > 0)
		;
	engine_trouble(e, 0, &trouble, &err);
	ok(a.count > 50 && a.count + trouble.lost == 1000,
	   "stopped reader: %llu delivered of a ring of 4096 bytes, %llu lost",
	   (unsigned long long)a.count, (unsigned long long)trouble.lost);
	engine_close(e);
}

/* ---- what is at no site ---- */

static void test_specials(void)
{
	struct plan plan = ring_plan(LENGTH(programs));
	struct engine *e = start_ring(&plan, 0);
	struct arrived a = {0};
	struct error err;

	engine_poll(e, 0, NULL, 0, take, &a, &err);
	ok(a.begins == 1 && a.ends == 0, "BEGIN has run once");
	for (uint64_t end = nanoseconds() + 205 * 1000 * 1000; nanoseconds() < end;)
		engine_poll(e, 10, NULL, 0, take, &a, &err);
	ok(a.ticks >= 15 && a.ticks <= 25, "an interval of 10 ms ticks for 205 ms: %llu",
	   (unsigned long long)a.ticks);
	engine_detach(e);
	engine_poll(e, 0, NULL, 0, take, &a, &err);
	ok(a.begins == 1 && a.ends == 1, "END has run once");
	a.ticks = 0;
	usleep(30 * 1000);
	engine_poll(e, 0, NULL, 0, take, &a, &err);
	ok(a.ticks == 0, "no tick after the detach");
	engine_close(e);
}

/* ---- refusals ---- */

static void test_refused_program(void)
{
	struct bpf_insn bad[] = {LOAD(BPF_DW, 0, 5, 0), EXIT};
	struct plan_program program = programs[0];
	struct plan plan = ring_plan(1);
	struct engine *e = (void *)1;
	struct error err;

	program.insns = bad;
	program.insn_count = LENGTH(bad);
	plan.programs = &program;
	ok(engine_open(ENGINE_KERNEL, &plan, &target, NULL, &e, &warnings, &err) == -EINVAL && !e &&
	           strstr(err.text, "R5 !read_ok"),
	   "a refused program: %s", err.text);
}

int main(void)
{
	skip_all_unless_permitted();
	open_self(&target);
	site = (struct plan_site){0, 0, offset_of(&target, site_one),
	                          offset_of(&target, &semaphore_one), 0, NULL, 0, 0};
	test_order();
	test_wake();
	test_wake_fds();
	test_losses(0, "large ring");
	test_losses(4096, "small ring");
	test_stopped_reader();
	test_specials();
	test_refused_program();
	target_close(&target);
	return done();
}
