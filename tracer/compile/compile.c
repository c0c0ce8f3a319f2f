/*
 * From checked instances to the plan: the list of probes and maps, a BPF program for each
 * instance, its sites with their cookies.
 */
#include "compile/compile.h"
#include "compile/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void refuse(struct gen *g, size_t at, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diagnose(&g->c->program->diagnostics, at, "%s", text);
}

/* ---- maps ---- */

struct plan_map *add_map(struct compiler *c)
{
	struct plan *plan = c->plan;
	struct plan_map *map =
		array_add(&plan->maps, &plan->map_count, &c->map_room, sizeof(*map));

	c->failed |= !map;
	return map;
}

/* Makes a shared map at the first call; its place stays in *place. */
static size_t shared_map(struct compiler *c, size_t *place, struct plan_map from)
{
	struct plan_map *map;

	if (*place != SIZE_MAX)
		return *place;
	map = add_map(c);
	if (!map)
		return 0;
	*map = from;
	*place = (size_t)(map - c->plan->maps);
	return *place;
}

size_t map_ring(struct compiler *c)
{
	if (c->options->cpu_buffers)
		return shared_map(c, &c->ring,
				  (struct plan_map){.role = PLAN_MAP_RING,
						    .bpf_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
						    .key_size = 4,
						    .value_size = 4});
	return shared_map(c, &c->ring, (struct plan_map){.role = PLAN_MAP_RING,
							 .bpf_type = BPF_MAP_TYPE_RINGBUF});
}

size_t map_control(struct compiler *c)
{
	return shared_map(c, &c->control,
			  (struct plan_map){.role = PLAN_MAP_CONTROL,
					    .bpf_type = BPF_MAP_TYPE_ARRAY,
					    .key_size = 4,
					    .value_size = sizeof(struct abi_control),
					    .entries = 1});
}

/* Its number of entries is known when all probes are: compile() sets it. */
size_t map_trouble(struct compiler *c)
{
	return shared_map(c, &c->trouble,
			  (struct plan_map){.role = PLAN_MAP_TROUBLE,
					    .bpf_type = BPF_MAP_TYPE_ARRAY,
					    .key_size = 4,
					    .value_size = sizeof(struct abi_trouble),
					    .entries = 1});
}

static void at_least(struct compiler *c, size_t place, uint32_t bytes)
{
	if (!c->failed && c->plan->maps[place].value_size < bytes)
		c->plan->maps[place].value_size = bytes;
}

size_t map_failures(struct compiler *c, uint32_t bytes)
{
	size_t place = shared_map(c, &c->failures,
				  (struct plan_map){.role = PLAN_MAP_FAILURES,
						    .bpf_type = BPF_MAP_TYPE_ARRAY,
						    .key_size = 4,
						    .entries = 1,
						    .first_failure = (uint32_t)c->first_failure});

	at_least(c, place, bytes);
	return place;
}

/* One map for each depth: a stack's number stands for as many frames as the map keeps of it. */
size_t map_stacks(struct compiler *c, uint32_t frames)
{
	for (size_t i = 0; i < c->plan->map_count; i++)
		if (c->plan->maps[i].role == PLAN_MAP_STACKS &&
		    c->plan->maps[i].value_size == frames * 8)
			return i;
	return shared_map(c, &(size_t){SIZE_MAX},
			  (struct plan_map){.role = PLAN_MAP_STACKS,
					    .bpf_type = BPF_MAP_TYPE_STACK_TRACE,
					    .key_size = 4,
					    .value_size = frames * 8,
					    .entries = 16384});
}

size_t map_followed(struct compiler *c)
{
	return shared_map(c, &c->followed,
			  (struct plan_map){.role = PLAN_MAP_FOLLOWED,
					    .bpf_type = BPF_MAP_TYPE_HASH,
					    .flags = BPF_F_NO_PREALLOC,
					    .key_size = 4,
					    .value_size = 4,
					    .entries = 65536,
					    .children = c->probes->follow});
}

size_t map_zeros(struct compiler *c, uint32_t bytes)
{
	size_t place = shared_map(c, &c->zeros,
				  (struct plan_map){.role = PLAN_MAP_RECIPES,
						    .bpf_type = BPF_MAP_TYPE_ARRAY,
						    .key_size = 4,
						    .entries = 1});

	at_least(c, place, bytes);
	return place;
}

size_t map_frames(struct compiler *c, uint32_t bytes, uint32_t count)
{
	size_t place = shared_map(c, &c->frames,
				  (struct plan_map){.role = PLAN_MAP_RECIPES,
						    .bpf_type = BPF_MAP_TYPE_PERCPU_ARRAY,
						    .key_size = 4,
						    .entries = count});

	at_least(c, place, bytes);
	return place;
}

/* ---- probes and variants ---- */

/* What a probe on functions names last. */
static const char *function_of(const struct probe *probe, struct arena *arena)
{
	bool user = probe->kind == PROBE_UPROBE || probe->kind == PROBE_URETPROBE;
	const char *at = probe->name;

	if (!user && probe->kind != PROBE_KPROBE && probe->kind != PROBE_KRETPROBE &&
	    probe->kind != PROBE_FENTRY && probe->kind != PROBE_FEXIT)
		return "";
	/* KIND:FILE:FUNCTION, KIND:FUNCTION; a function's name may have colons */
	for (int i = 0; i < (user ? 2 : 1) && strchr(at, ':'); i++)
		at = strchr(at, ':') + 1;
	return arena_string(arena, at);
}

static int probe_number(struct compiler *c, const struct probe *probe, size_t *number)
{
	const struct probe **key = arena_alloc(&c->program->arena, sizeof(*key));
	struct plan *plan = c->plan;
	struct plan_probe *p;
	int rc;

	if (!key)
		return -ENOMEM;
	*key = probe;
	rc = table_put(&c->probe_numbers, key, sizeof(*key), plan->probe_count, number);
	if (rc)
		return rc < 0 ? rc : 0;
	p = array_add(&plan->probes, &plan->probe_count, &c->probe_room, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->provider = arena_string(&plan->arena, probe->provider);
	p->name = arena_string(&plan->arena, probe->name);
	p->function = function_of(probe, &plan->arena);
	p->full = probe_full_name(c->probes, probe, &plan->arena);
	p->shown = probe->kind != PROBE_USDT || probe->in_full
			   ? p->full
			   : arena_print(&plan->arena, "%s:%s", p->provider, p->name);
	return plan->arena.failed ? -ENOMEM : 0;
}

/* Numbers the different operand sets of an instance; `local` maps probe_site.variant to them. */
static int collect_variants(struct gen *g, struct table *local)
{
	for (size_t i = 0; i < g->in->probe_count; i++) {
		const struct probe *probe = g->in->probes[i];

		for (size_t s = 0; s < probe->site_count; s++) {
			const struct probe_site *site = &probe->sites[s], **slot;
			size_t place;
			int rc = table_put(local, &site->variant, sizeof(site->variant),
					   g->variants.count, &place);

			if (rc < 0)
				return rc;
			if (rc)
				continue;
			slot = array_add(&g->variants.sites, &g->variants.count, &g->variants.room,
					 sizeof(*slot));
			if (!slot)
				return -ENOMEM;
			*slot = site;
		}
	}
	return 0;
}

static int add_sites(struct gen *g, struct plan_program *p, const struct table *local)
{
	size_t room = 0;

	for (size_t i = 0; i < g->in->probe_count; i++) {
		const struct probe *probe = g->in->probes[i];
		size_t number;

		if (probe_number(g->c, probe, &number))
			return -ENOMEM;
		for (size_t s = 0; s < probe->site_count; s++) {
			const struct probe_site *from = &probe->sites[s];
			struct plan_site *to =
				array_add(&p->sites, &p->site_count, &room, sizeof(*to));
			size_t variant = 0;

			if (!to)
				return -ENOMEM;
			table_get(local, &from->variant, sizeof(from->variant), &variant);
			to->file = probe->file;
			to->probe = (uint32_t)number;
			to->offset = from->offset;
			to->semaphore_offset = from->has_semaphore ? from->semaphore_offset : 0;
			to->symbol = from->symbol ? arena_string(&g->c->plan->arena, from->symbol)
						  : NULL;
			to->module = from->module ? arena_string(&g->c->plan->arena, from->module)
						  : NULL;
			to->pin = from->pin ? arena_string(&g->c->plan->arena, from->pin) : NULL;
			to->event = from->event;
			to->period = from->period;
			to->cookie = (uint64_t)variant << g->cookie_shift | number;
		}
	}
	return 0;
}

/* ---- one program ---- */

/* What the cookie says, where it says anything; asked for once, at the start. */
static void gen_cookie(struct gen *g)
{
	reg cookie;

	g->probe = g->variant = REG_NONE;
	if (g->one_probe && g->variants.count <= 1)
		return;
	cookie = ir_reg(&g->ir);
	g->probe = ir_reg(&g->ir);
	g->variant = ir_reg(&g->ir);
	ir_helper(&g->ir, BPF_FUNC_get_attach_cookie, cookie, 1,
		  (struct ir_arg[]){arg_reg(g->context)});
	ir_move(&g->ir, g->variant, cookie);
	ir_alu_value(&g->ir, BPF_RSH, g->variant, g->cookie_shift);
	ir_move(&g->ir, g->probe, cookie);
	ir_extend(&g->ir, g->probe, g->cookie_shift, false);
}

/* A hit of a process that is not meant ends here. */
static void gen_followed(struct gen *g)
{
	int mark = g->ir.stack, key = ir_stack(&g->ir, 8);
	reg pid = ir_reg(&g->ir), found = ir_reg(&g->ir);

	ir_note(&g->ir, "is the process followed?");
	ir_helper(&g->ir, BPF_FUNC_get_current_pid_tgid, pid, 0, NULL);
	ir_alu_value(&g->ir, BPF_RSH, pid, 32);
	ir_store(&g->ir, BPF_W, REG_STACK, key, pid);
	ir_helper(&g->ir, BPF_FUNC_map_lookup_elem, found, 2,
		  (struct ir_arg[]){arg_map(map_followed(g->c)), arg_stack(key)});
	ir_branch_value(&g->ir, BPF_JEQ, found, 0, use(&g->unframed));
	ir_stack_back(&g->ir, mark);
}

/*
 * A frame is taken where the first value needs one: before the filter, or, where that needs none,
 * behind it. The code for it is written when its size is known, and put there then.
 */
static void gen_frame_at(struct gen *g, size_t at)
{
	size_t from = g->ir.count;

	gen_take_frame(g);
	ir_framed(&g->ir, g->frame);
	gen_clear_variables(g);
	ir_put_back(&g->ir, from, at);
}

static void gen_body(struct gen *g)
{
	size_t filter, body;
	bool early;

	ir_entry(&g->ir, g->context, 0);
	if (g->in->probes[0]->followed)
		gen_followed(g);
	if (g->in->kind == PROBE_ITER)
		gen_iterator(g);
	gen_variables(g);
	gen_cookie(g);
	filter = g->ir.count;
	if (g->in->filter) {
		ir_note(&g->ir, "filter");
		g->at = g->in->filter->at;
		gen_condition(g, g->in->filter, use(&g->no_match), use(&g->no_value));
		g->frame_bytes = 0;
		ir_stack_back(&g->ir, 0);
	}
	early = g->frame_touched;
	body = g->ir.count;
	place_variables(g);
	if (g->framed)
		gen_frame(g, g->in->clause->at, 0);
	gen_stmts(g, g->in->body);
	if (g->frame_touched)
		gen_frame_at(g, early ? filter : body);
	gen_exits(g, g->frame_touched, early);
}

static int emit(struct gen *g, struct plan_program *p, struct error *err)
{
	struct code code = {0};
	int rc;

	gen_body(g);
	if (g->c->failed || g->c->plan->arena.failed)
		return error_memory(err);
	if (g->c->program->diagnostics.errors)
		return -EINVAL;
	rc = link_program(g, &code, err);
	if (rc == -E2BIG)
		refuse(g, g->in->clause->at, "this clause: %s", err->text);
	p->insns = code.insns;
	p->insn_count = code.count;
	p->sleepable = g->sleepable && !g->holds_map;
	p->notes = code.notes;
	p->note_count = code.note_count;
	code.insns = NULL;
	code.notes = NULL;
	code_free(&code);
	return rc;
}

static const enum plan_attach attach_of[PROBE_KINDS] = {
	[PROBE_USDT] = PLAN_ATTACH_UPROBE,
	[PROBE_UPROBE] = PLAN_ATTACH_UPROBE,
	[PROBE_URETPROBE] = PLAN_ATTACH_URETPROBE,
	[PROBE_KPROBE] = PLAN_ATTACH_KPROBE,
	[PROBE_KRETPROBE] = PLAN_ATTACH_KRETPROBE,
	[PROBE_FENTRY] = PLAN_ATTACH_FENTRY,
	[PROBE_FEXIT] = PLAN_ATTACH_FEXIT,
	[PROBE_ITER] = PLAN_ATTACH_ITER,
	[PROBE_WATCH] = PLAN_ATTACH_WATCH,
	[PROBE_ASYNC_WATCH] = PLAN_ATTACH_WATCH,
	[PROBE_TRACEPOINT] = PLAN_ATTACH_TRACEPOINT,
	[PROBE_RAW_TRACEPOINT] = PLAN_ATTACH_RAW_TRACEPOINT,
	[PROBE_PROFILE] = PLAN_ATTACH_PROFILE,
	[PROBE_INTERVAL] = PLAN_ATTACH_INTERVAL,
	[PROBE_SOFTWARE] = PLAN_ATTACH_SOFTWARE,
	[PROBE_HARDWARE] = PLAN_ATTACH_HARDWARE,
	[PROBE_BEGIN] = PLAN_ATTACH_BEGIN,
	[PROBE_END] = PLAN_ATTACH_END,
	[PROBE_SELF] = PLAN_ATTACH_SIGNAL,
};

static int compile_instance(struct compiler *c, struct instance *in, struct error *err)
{
	struct gen g = {.c = c, .in = in, .recipes = SIZE_MAX, .cookie_shift = 16};
	struct plan_program *p = array_add(&c->plan->programs, &c->plan->program_count,
					   &c->program_room, sizeof(*p));
	struct table local = {0};
	int rc = 0;

	g.variables = calloc(in->variable_count + 1, sizeof(*g.variables));
	g.wide = calloc(in->variable_count + 1, sizeof(*g.wide));
	if (!p || !g.variables || !g.wide || collect_variants(&g, &local))
		rc = error_memory(err);
	if (rc)
		goto cleanup;
	g.ir.arena = &c->plan->arena;
	g.one_probe = in->probe_count == 1;
	/* Cookies of 32 bits serve kernels without cookies too; more only where they must. */
	if (g.variants.count > UINT16_MAX ||
	    c->plan->probe_count + in->probe_count > UINT16_MAX)
		g.cookie_shift = 32;
	p->attach = attach_of[in->kind];
	p->name = arena_string(&c->plan->arena, in->probe_count == 1 ? in->probes[0]->name : "many");
	p->place = source_place(&c->program->source, in->clause->at, &c->plan->arena);
	p->followed = in->probes[0]->followed;
	p->waits = in->probes[0]->functions;
	p->uses_cookie = !g.one_probe || g.variants.count > 1;
	if (add_sites(&g, p, &local) || probe_number(c, in->probes[0], &g.probe_number)) {
		rc = error_memory(err);
		goto cleanup;
	}
	g.context = ir_reg(&g.ir);
	g.frame = ir_reg(&g.ir);
	g.no_match.label = ir_label(&g.ir);
	g.no_value.label = ir_label(&g.ir);
	g.busy.label = ir_label(&g.ir);
	g.unframed.label = ir_label(&g.ir);
	g.give_up.label = ir_label(&g.ir);
	g.lost.label = ir_label(&g.ir);
	g.full.label = ir_label(&g.ir);
	g.endless.label = ir_label(&g.ir);
	g.done.label = ir_label(&g.ir);
	rc = emit(&g, p, err);
cleanup:
	table_free(&local);
	free(g.variables);
	free(g.wide);
	free(g.variants.sites);
	free(g.ir.items);
	for (size_t i = 0; i < g.function_count; i++)
		free(g.functions[i].items);
	free(g.functions);
	return rc;
}

/* A map of clauses that have no probe yet has its place, but no type. */
static void plan_map_or_place(struct compiler *c, const struct program_map *from, struct plan_map *to)
{
	if (map_is_typed(from))
		plan_user_map(c, from, to);
	else
		*to = (struct plan_map){.role = PLAN_MAP_USER,
					.name = arena_string(&c->plan->arena, from->name),
					.bpf_type = BPF_MAP_TYPE_UNSPEC};
}

/* The program's maps are the first of the plan, so that their numbers are the same. */
static int compile_maps(struct compiler *c, struct error *err)
{
	struct plan_map map;

	for (size_t i = 0; i < c->program->map_count; i++)
		if (!add_map(c))
			return error_memory(err);
	for (size_t i = 0; i < c->program->map_count; i++) {
		plan_map_or_place(c, &c->program->maps[i], &map); /* may ask for more maps */
		c->plan->maps[i] = map;
		plan_own(c, i);
	}
	return c->plan->arena.failed ? error_memory(err) : 0;
}

/* The maps of an addition are those of the plan, which run: they must be what it would have made. */
static int fit_maps(struct compiler *c, struct error *err)
{
	struct plan_map map;

	for (size_t i = 0; i < c->program->map_count; i++) {
		struct plan_map *there = &c->plan->maps[i];

		plan_map_or_place(c, &c->program->maps[i], &map);
		if (i < c->plan->map_count && !there->bpf_type && map.bpf_type) {
			*there = map;
			plan_own(c, i);
			there = &c->plan->maps[i];
		}
		if (i >= c->plan->map_count || there->role != PLAN_MAP_USER ||
		    strcmp(there->name, map.name) != 0 || there->bpf_type != map.bpf_type ||
		    there->aggregate != map.aggregate || there->key_size != map.key_size ||
		    there->value_size != map.value_size)
			return error_set(err, -EINVAL,
					 "%s would hold other values than it does already",
					 c->program->maps[i].name);
	}
	return c->plan->arena.failed ? error_memory(err) : 0;
}

static void find_shared(struct compiler *c, enum plan_map_role role, size_t *place)
{
	const struct plan_map *map = plan_map_of(c->plan, role);

	*place = map ? (size_t)(map - c->plan->maps) : SIZE_MAX;
}

/* What runs already can't use a map whose type will be known when the first probe comes. */
static void refuse_untyped(struct compiler *c)
{
	for (size_t i = 0; i < c->plan->program_count; i++) {
		const struct plan_program *p = &c->plan->programs[i];

		for (size_t k = 0; k < p->insn_count; k++) {
			const struct bpf_insn *insn = &p->insns[k];
			size_t map = (size_t)insn->imm;

			if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) &&
			    insn->src_reg == BPF_PSEUDO_MAP_IDX && map < c->program->map_count &&
			    !c->plan->maps[map].bpf_type)
				diagnose(&c->program->diagnostics, c->program->maps[map].at,
					 "%s is used before there is a probe that gives it a type",
					 c->program->maps[map].name);
		}
	}
}

int compile(struct program *program, const struct probe_set *probes,
	    const struct compile_options *options, struct plan *plan, struct error *err)
{
	struct compiler c = {.program = program, .probes = probes, .options = options,
			     .plan = plan, .trouble = SIZE_MAX, .zeros = SIZE_MAX,
			     .frames = SIZE_MAX, .failures = SIZE_MAX,
			     .first_failure = plan->failure_count,
			     .map_room = plan->map_count, .record_room = plan->record_count,
			     .program_room = plan->program_count, .probe_room = plan->probe_count,
			     .first_probe = plan->probe_count,
			     .first_program = plan->program_count};
	int rc = options->addition ? fit_maps(&c, err) : compile_maps(&c, err);

	find_shared(&c, PLAN_MAP_RING, &c.ring);
	find_shared(&c, PLAN_MAP_CONTROL, &c.control);
	find_shared(&c, PLAN_MAP_FOLLOWED, &c.followed);
	/* Children are to be followed from the start, whatever comes when. */
	if (probes->follow)
		map_followed(&c);
	for (size_t i = 0; !rc && i < program->instance_count; i++)
		rc = compile_instance(&c, &program->instances[i], err);
	if (c.trouble != SIZE_MAX && plan->probe_count) {
		plan->maps[c.trouble].first_probe = (uint32_t)c.first_probe;
		plan->maps[c.trouble].entries = (uint32_t)(plan->probe_count - c.first_probe);
	}
	table_free(&c.probe_numbers);
	table_free(&c.failure_numbers);
	free(c.enums);
	free(c.record_layouts);
	if (!rc)
		refuse_untyped(&c);
	if (program->diagnostics.errors)
		return diagnostics_result(&program->diagnostics, err);
	return rc;
}
