/*
 * Owns the phases of the user-space engine, and the side of it that its caller's thread is on: BEGIN
 * and END, intervals, the reading of records.
 */
#include "user.h"

#include "process/target.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	MILLISECOND = 1000 * 1000,
	PAUSE = 1 * MILLISECOND,   /* between two looks while records come */
	LINGER = 20 * MILLISECOND, /* how long without one before the bell has to ring */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- opening ---- */

static int check_program(const struct plan_program *program, const struct target *target,
			 struct error *err)
{
	switch (program->attach) {
	case PLAN_ATTACH_UPROBE:
	case PLAN_ATTACH_URETPROBE:
		if (target->process_count)
			return 0;
		return error_set(err, -EINVAL,
				 "the user engine traces processes: name them with -p PID or "
				 "-- COMMAND (-b FILE alone means all that run it, which takes "
				 "--engine kernel)");
	case PLAN_ATTACH_BEGIN:
	case PLAN_ATTACH_END:
	case PLAN_ATTACH_SIGNAL:
	case PLAN_ATTACH_INTERVAL:
		return 0;
	default:
		return error_set(err, -EOPNOTSUPP,
				 "the user engine has usdt, uprobe, uretprobe, interval, BEGIN and END: "
				 "%s is the kernel's and takes --engine kernel",
				 program->name ? program->name : "another probe");
	}
}

/* The maps of the plan that are not there yet. */
static int open_maps(struct user_engine *u, struct error *err)
{
	size_t count = u->plan->map_count;
	struct user_map **maps = realloc(u->maps, (count + 1) * sizeof(*maps));
	int code = 0;

	if (!maps)
		return error_memory(err);
	u->maps = maps;
	for (size_t i = 0; i < count && !code; i++) {
		const struct plan_map *plan = &u->plan->maps[i];
		struct user_map *map = i < u->map_count ? maps[i] : calloc(1, sizeof(*map));

		if (!map)
			return error_memory(err);
		/* One that nobody used may be used by an addition. */
		if (i < u->map_count && map->plan.bpf_type)
			continue;
		if (i == u->map_count)
			maps[u->map_count++] = map;
		code = user_map_open(map, plan, err);
		if (!code && plan->role == PLAN_MAP_RING && !u->ring.data)
			code = user_ring_new(&u->ring, u->options.ring_bytes, err);
		if (plan->role == PLAN_MAP_FOLLOWED)
			u->followed = map;
	}
	if (!code)
		code = machine_open(&u->machine, maps, count, &u->ring, err);
	if (!code)
		code = machine_open(&u->tracer_machine, maps, count, &u->ring, err);
	return code;
}

static int open_timers(struct user_engine *u, size_t program, struct error *err)
{
	for (size_t i = 0; i < u->plan->programs[program].site_count; i++) {
		const struct plan_site *site = &u->plan->programs[program].sites[i];
		struct timer *timer =
			array_add(&u->timers, &u->timer_count, &u->timer_room, sizeof(*timer));

		if (!timer)
			return error_memory(err);
		*timer = (struct timer){program, site->cookie, site->period,
					now() + site->period};
	}
	return 0;
}

static int open_programs(struct user_engine *u, struct error *err)
{
	size_t count = u->plan->program_count;
	struct user_program *programs = realloc(u->programs, (count + 1) * sizeof(*programs));
	int code = 0;

	if (!programs)
		return error_memory(err);
	u->programs = programs;
	for (size_t i = u->program_count; i < count && !code; i++) {
		const struct plan_program *program = &u->plan->programs[i];

		code = check_program(program, u->target, err);
		if (!code)
			code = user_program_decode(&u->machine, program, &programs[i], err);
		u->program_count += !code;
		if (!code && program->attach == PLAN_ATTACH_INTERVAL)
			code = open_timers(u, i, err);
	}
	return code;
}

/* All of the plan that is not there yet. */
static int open_all(struct user_engine *u, struct error *err)
{
	size_t programs = u->program_count;
	int code = open_maps(u, err);

	if (!code)
		code = open_programs(u, err);
	if (!code)
		code = places_collect(u, programs, err);
	return code;
}

static void user_close(struct engine *engine)
{
	struct user_engine *u = own(engine);

	tracer_stop(u);
	for (size_t i = 0; i < u->program_count; i++)
		user_program_free(&u->programs[i]);
	for (size_t i = 0; i < u->map_count; i++) {
		user_map_close(u->maps[i]);
		free(u->maps[i]);
	}
	machine_close(&u->machine);
	machine_close(&u->tracer_machine);
	user_ring_free(&u->ring);
	if (u->ring.bell >= 0)
		close(u->ring.bell);
	places_free(u);
	buffer_free(&u->said);
	free(u->ended);
	told_free(u);
	free(u->programs);
	free(u->maps);
	free(u->timers);
	pthread_mutex_destroy(&u->lock);
	pthread_cond_destroy(&u->changed);
	pthread_cond_destroy(&u->room);
	free(u);
}

static int user_open(const struct plan *plan, struct target *target,
		     const struct engine_options *options, struct engine **engine,
		     struct warnings *warnings, struct error *err)
{
	struct user_engine *u = calloc(1, sizeof(*u));
	int code;

	*engine = NULL;
	if (!u)
		return error_memory(err);
	u->engine.operations = &user_operations;
	u->plan = plan;
	u->target = target;
	u->warnings = warnings;
	if (options)
		u->options = *options;
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->changed, NULL);
	pthread_cond_init(&u->room, NULL);
	u->ring.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	code = u->ring.bell < 0 ? error_set(err, -errno, "eventfd: %s", strerror(errno)) : 0;
	if (!code)
		code = open_all(u, err);
	if (code) {
		user_close(&u->engine);
		return code;
	}
	*engine = &u->engine;
	return 0;
}

/* ---- programs that are not at a site ---- */

static int run_here(struct user_engine *u, size_t program, uint64_t cookie, struct error *err)
{
	struct current current;
	int code;

	current_of_ourselves(&current);
	current.cookie = cookie;
	pthread_mutex_lock(&u->lock);
	code = machine_run(&u->machine, &u->programs[program], &current, NULL, err);
	pthread_mutex_unlock(&u->lock);
	return code;
}

static int run_specials(struct user_engine *u, enum plan_attach which, struct error *err)
{
	int code = 0;

	for (size_t i = 0; i < u->program_count && !code; i++)
		if (u->programs[i].attach == which)
			code = run_here(u, i, 0, err);
	return code;
}

static int user_signal(struct engine *engine, struct error *err)
{
	return run_specials(own(engine), PLAN_ATTACH_SIGNAL, err);
}

static uint64_t next_due(const struct user_engine *u)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; u->began && i < u->timer_count; i++)
		if (u->timers[i].due < next)
			next = u->timers[i].due;
	return next;
}

/* Those that were missed are not made up for. */
static int run_intervals(struct user_engine *u, struct error *err)
{
	uint64_t time = now();
	int code = 0;

	for (size_t i = 0; u->began && i < u->timer_count && !code; i++) {
		struct timer *timer = &u->timers[i];

		if (timer->due > time)
			continue;
		timer->due += timer->period;
		if (timer->due <= time)
			timer->due = time + timer->period;
		code = run_here(u, timer->program, timer->cookie, err);
	}
	return code;
}

/* ---- attaching ---- */

static void watch_target(struct user_engine *u, bool watched)
{
	for (size_t i = 0; i < u->target->process_count; i++)
		u->target->processes[i].watched = watched;
}

/* What the tracer has to tell: warnings, ends, and the failure that ends it all. */
static int take_news(struct user_engine *u, bool *asked, struct error *err)
{
	struct buffer said = {0};
	int code;

	pthread_mutex_lock(&u->lock);
	said = u->said;
	u->said = (struct buffer){0};
	for (size_t i = 0; i < u->ended_count; i++) {
		for (size_t p = 0; p < u->target->process_count; p++) {
			struct target_process *process = &u->target->processes[p];

			if (process->pid != u->ended[i].pid || process->ended)
				continue;
			process->ended = true;
			process->status = u->ended[i].status;
		}
	}
	u->ended_count = 0;
	*asked = u->asking && !u->answered;
	code = u->failure.code;
	if (code && err)
		*err = u->failure;
	pthread_cond_signal(&u->room);
	pthread_mutex_unlock(&u->lock);
	for (char *line = said.data, *end; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		warn(u->warnings, "%s", line);
	}
	buffer_free(&said);
	return code;
}

static int user_attach(struct engine *engine, struct warnings *warnings, struct error *err)
{
	struct user_engine *u = own(engine);
	int code = run_specials(u, PLAN_ATTACH_BEGIN, err);
	bool asked;

	(void)warnings; /* those of the opening */
	u->began = !code;
	for (size_t i = 0; i < u->timer_count; i++)
		u->timers[i].due = now() + u->timers[i].period;
	if (code || !u->target->process_count || (!u->batch_count && !u->plan->grows))
		return code;
	u->grows = u->plan->grows;
	u->symbols = u->plan->symbols;
	watch_target(u, true);
	code = tracer_start(u, err);
	take_news(u, &asked, NULL);
	if (code)
		watch_target(u, false);
	return code;
}

static int user_extend(struct engine *engine, struct warnings *warnings, struct error *err)
{
	struct user_engine *u = own(engine);
	int code;

	(void)warnings;
	pthread_mutex_lock(&u->lock);
	code = open_all(u, err);
	pthread_mutex_unlock(&u->lock);
	return code;
}

static bool user_news(struct engine *engine, pid_t *pid)
{
	struct user_engine *u = own(engine);

	pthread_mutex_lock(&u->lock);
	*pid = u->answered ? 0 : u->asking;
	pthread_mutex_unlock(&u->lock);
	return *pid;
}

/* It waits as long as it takes. */
static bool user_go_on(struct engine *engine)
{
	struct user_engine *u = own(engine);

	pthread_mutex_lock(&u->lock);
	u->answered = true;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
	return true;
}

static void user_detach(struct engine *engine)
{
	struct user_engine *u = own(engine);
	struct error ignored;
	bool asked;

	tracer_stop(u);
	take_news(u, &asked, NULL);
	watch_target(u, false);
	/* END ran in BEGIN's company or not at all; a failure would have shown there. */
	if (u->began)
		run_specials(u, PLAN_ATTACH_END, &ignored);
	u->began = false;
}

/* ---- records ---- */

struct waiting {
	struct pollfd *fds; /* the caller's, then the bell */
	size_t wake_count;
	uint64_t deadline;
	bool over;
};

static void wait_until(struct user_engine *u, struct waiting *w, uint64_t until)
{
	uint64_t time = now(), end = until < w->deadline ? until : w->deadline, rings;
	uint64_t left = end > time ? end - time : 0;
	struct timespec limit = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
	int ready = ppoll(w->fds, w->wake_count + 1, end == UINT64_MAX ? NULL : &limit, NULL);

	if (ready < 0)
		w->over = true;
	for (size_t i = 0; ready > 0 && i < w->wake_count; i++)
		w->over |= w->fds[i].revents != 0;
	if (ready > 0 && w->fds[w->wake_count].revents &&
	    read(u->ring.bell, &rings, sizeof(rings)) < 0)
		w->over |= errno != EAGAIN;
	w->over |= !ready && end == w->deadline;
}

/* While records come, it looks by itself: to be woken would cost each of them more. */
static void wait_for_records(struct user_engine *u, struct waiting *w)
{
	uint64_t time = now(), due = next_due(u);

	if (u->ring.data && time - u->last_record < LINGER) {
		wait_until(u, w, time + PAUSE < due ? time + PAUSE : due);
		return;
	}
	atomic_store(&u->ring.asleep, 1);
	if (!u->ring.data || user_ring_is_empty(&u->ring))
		wait_until(u, w, due);
	atomic_store(&u->ring.asleep, 0);
}

static int look(struct user_engine *u, engine_record_fn *record, void *context, int *count,
		bool *asked, struct error *err)
{
	int result = run_intervals(u, err);

	if (!result)
		result = take_news(u, asked, err);
	if (!result && u->ring.data)
		result = user_ring_drain(&u->ring, record, context, count);
	if (*count) {
		u->last_record = now();
		pthread_cond_signal(&u->room);
	}
	return result;
}

static int user_poll(struct engine *engine, int timeout_ms, const int *wake_fds, size_t wake_count,
		     engine_record_fn *record, void *context, struct error *err)
{
	struct user_engine *u = own(engine);
	struct waiting w = {.wake_count = wake_count, .deadline = UINT64_MAX};
	int count = 0, result;
	bool asked = false;

	w.fds = calloc(wake_count + 1, sizeof(*w.fds));
	if (!w.fds)
		return error_memory(err);
	for (size_t i = 0; i < wake_count; i++)
		w.fds[i] = (struct pollfd){.fd = wake_fds[i], .events = POLLIN};
	w.fds[wake_count] = (struct pollfd){.fd = u->ring.bell, .events = POLLIN};
	if (timeout_ms >= 0)
		w.deadline = now() + (uint64_t)timeout_ms * MILLISECOND;
	for (;;) {
		result = look(u, record, context, &count, &asked, err);
		if (result || count || asked || w.over || !timeout_ms)
			break;
		wait_for_records(u, &w);
	}
	free(w.fds);
	return result ? result : count;
}

static int user_mappings(struct engine *engine, engine_mapping_fn *mapping, void *context)
{
	return told_take(own(engine), mapping, context);
}

static size_t user_attached(const struct engine *engine, const char **means)
{
	if (means)
		*means = "ptrace";
	return ((const struct user_engine *)engine)->attached;
}

static int user_can_follow(struct error *err)
{
	(void)err;
	return 0;
}

const struct engine_operations user_operations = {
	.open = user_open,
	.attach = user_attach,
	.extend = user_extend,
	.signal = user_signal,
	.news = user_news,
	.go_on = user_go_on,
	.poll = user_poll,
	.detach = user_detach,
	.each = user_each,
	.lookup = user_lookup,
	.clear = user_clear,
	.trouble = user_trouble,
	.mappings = user_mappings,
	.attached = user_attached,
	.close = user_close,
	.can_follow = user_can_follow,
};
