/*
 * Maps read back: values of several CPUs made one, hashes in batches and one by one, troubles,
 * constants, the time that a start takes.
 */
#include "engine_help.h"

#include <pthread.h>
#include <sched.h>

static struct target target;

enum { KEYS = 5000, RECIPES = 1000 };

/* Map 0: a hash per CPU from the first argument to a count. Map 1: an array of one per CPU. */
static struct bpf_insn count_by_argument[] = {
        MOV_REG(6, 1),
        LOAD(BPF_DW, 7, 6, REGS_DI),
        STORE(BPF_DW, 10, -8, 7),
        MAP(1, 0),
        MOV_REG(2, 10),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8),
        CALL(BPF_FUNC_map_lookup_elem),
        JUMP_IF(BPF_JEQ, 0, 0, 4),
        LOAD(BPF_DW, 1, 0, 0),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, 1),
        STORE(BPF_DW, 0, 0, 1),
        JUMP(11),
        STORE_IMM(BPF_DW, 10, -16, 1),
        MAP(1, 0),
        MOV_REG(2, 10),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8),
        MOV_REG(3, 10),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -16),
        MOV_IMM(4, 0),
        CALL(BPF_FUNC_map_update_elem),
        MOV_IMM(0, 0),
        JUMP(0),
        STORE_IMM(BPF_W, 10, -20, 0),
        MAP(1, 1),
        MOV_REG(2, 10),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -20),
        CALL(BPF_FUNC_map_lookup_elem),
        JUMP_IF(BPF_JEQ, 0, 0, 3),
        LOAD(BPF_DW, 1, 0, 0),
        ADD_REG(1, 7),
        STORE(BPF_DW, 0, 0, 1),
        MOV_IMM(0, 0),
        EXIT,
};

static uint64_t recipes[RECIPES];
static struct plan_value key = {.type = PLAN_INT, .size = 8};
static struct plan_map maps[] = {
        {
                .role = PLAN_MAP_USER,
                .name = "@by",
                .bpf_type = BPF_MAP_TYPE_PERCPU_HASH,
                .key_size = 8,
                .value_size = 8,
                .entries = KEYS,
                .aggregate = PLAN_COUNT,
                .per_cpu = true,
                .keys = &key,
                .key_count = 1,
        },
        {
                .role = PLAN_MAP_USER,
                .name = "@sum",
                .bpf_type = BPF_MAP_TYPE_PERCPU_ARRAY,
                .key_size = 4,
                .value_size = 8,
                .entries = 1,
                .aggregate = PLAN_SUM,
                .per_cpu = true,
        },
        {
                .role = PLAN_MAP_RECIPES,
                .bpf_type = BPF_MAP_TYPE_ARRAY,
                .flags = BPF_F_RDONLY_PROG,
                .key_size = 4,
                .value_size = 8,
                .entries = RECIPES,
                .initial = recipes,
        },
};

struct seen {
	uint64_t keys, wrong, sum;
	unsigned char times[KEYS];
};

static int see(void *context, const void *its_key, const void *value)
{
	struct seen *seen = context;
	uint64_t k, v;

	memcpy(&k, its_key, sizeof(k));
	memcpy(&v, value, sizeof(v));
	seen->keys++;
	seen->sum += v;
	if (k >= KEYS || seen->times[k]++)
		seen->wrong++;
	return 0;
}

static int see_sum(void *context, const void *its_key, const void *value)
{
	(void)its_key;
	memcpy(context, value, 8);
	return 0;
}

static int see_recipe(void *context, const void *its_key, const void *value)
{
	uint32_t k;
	uint64_t v;

	memcpy(&k, its_key, sizeof(k));
	memcpy(&v, value, sizeof(v));
	*(unsigned *)context += v == k * 3ull;
	return 0;
}

static int stop_at_once(void *context, const void *its_key, const void *value)
{
	(void)its_key;
	(void)value;
	++*(unsigned *)context;
	return 7;
}

/* On the CPU of that number, as far as there is one. */
static void *hit_keys(void *context)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)(uintptr_t)context, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (unsigned i = 0; i < KEYS; i++)
		hit_one(i);
	return NULL;
}

static void hit_on_two_cpus(void)
{
	pthread_t threads[2];

	for (uintptr_t i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, hit_keys, (void *)i);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static void test_reading(struct engine *e)
{
	static struct seen seen;
	struct error err;
	uint64_t sum = 0, some_key = 3, missing = KEYS + 1;
	unsigned good = 0, calls = 0;
	uint64_t *values = calloc(1024, sizeof(*values));
	int code = engine_each(e, &maps[0], see, &seen, &err);

	ok(!code && seen.keys == KEYS && !seen.wrong, "each of %d keys once: %llu", KEYS,
	   (unsigned long long)seen.keys);
	ok(seen.sum == 2 * KEYS, "two CPUs' counts make one: %llu", (unsigned long long)seen.sum);
	code = engine_each(e, &maps[1], see_sum, &sum, &err);
	ok(!code && sum == (KEYS - 1) * (uint64_t)KEYS, "a sum without a key: %llu",
	   (unsigned long long)sum);
	code = engine_each(e, &maps[2], see_recipe, &good, &err);
	ok(!code && good == RECIPES, "constants are in their map: %u", good);
	ok(engine_each(e, &maps[0], stop_at_once, &calls, &err) == 7 && calls == 1,
	   "what the caller's function returns ends the reading");
	ok(!engine_lookup(e, &maps[0], &some_key, values, &err), "one key can be looked up");
	ok(engine_lookup(e, &maps[0], &missing, values, &err) == -ENOENT,
	   "and one that is not there can't");
	free(values);
}

int main(void)
{
	struct plan_program program = {
	        .attach = PLAN_ATTACH_UPROBE,
	        .name = "by",
	        .insns = count_by_argument,
	        .insn_count = sizeof(count_by_argument) / sizeof(*count_by_argument),
	        .site_count = 1,
	};
	struct plan plan = {
	        .probes = probes,
	        .probe_count = 1,
	        .maps = maps,
	        .map_count = 3,
	        .programs = &program,
	        .program_count = 1,
	};
	struct plan_site site = {0};
	struct engine *e;
	uint64_t start;

	skip_all_unless_permitted();
	open_self(&target);
	for (uint64_t i = 0; i < RECIPES; i++)
		recipes[i] = i * 3;
	site.offset = offset_of(&target, site_one);
	site.semaphore_offset = offset_of(&target, &semaphore_one);
	program.sites = &site;
	start = nanoseconds();
	e = start_engine(&plan, &target);
	printf("# one site: open and attach %.2f ms\n", (double)(nanoseconds() - start) / 1e6);
	ok(e != NULL, "opens");
	if (!e)
		return done();
	hit_on_two_cpus();
	test_reading(e);
	engine_close(e);
	target_close(&target);
	return done();
}
