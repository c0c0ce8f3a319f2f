/* Functions on addresses: in which space one is, and where symbols are. */
#include "lang/check_type.h"

#include <string.h>

static const char *name_of(struct checker *c, const struct expr *call, const struct function *f)
{
	const struct expr *name = call->child;

	if (name->kind == EXPR_STRING)
		return name->text;
	if (name->type.kind != TYPE_UNKNOWN)
		wrong(c, name, "%s() takes a name in quotes: %s", f->name, f->signature);
	return NULL;
}

static void check_space(struct checker *c, struct expr *call, const struct function *f,
			enum type_space space)
{
	const struct expr *first = decayed(c, call->child);

	if (!check_int(c, first, f->name))
		return;
	call->type = first->type;
	call->type.space = space;
}

/* It becomes a number. */
static void check_kaddr(struct checker *c, struct expr *call, const struct function *f)
{
	const char *name = name_of(c, call, f);
	struct error err;
	uint64_t address;

	if (!name)
		return;
	if (kernel_symbol(name, &address, &err)) {
		wrong(c, call->child, "%s", err.text);
		return;
	}
	call->kind = EXPR_INT;
	call->child = NULL;
	call->number = address;
	call->type.space = SPACE_KERNEL;
}

/* The sites of a clause lie at different distances from the symbol. */
static bool one_site(const struct instance *in)
{
	return in->probe_count == 1 && in->probes[0]->site_count == 1;
}

static void check_uaddr(struct checker *c, struct expr *call, const struct function *f)
{
	const struct probe *probe = c->instance->probes[0];
	const char *name = name_of(c, call, f);
	const struct ctype *target;
	struct file_symbol symbol;
	struct error err;

	if (!name)
		return;
	if (!probe_in_file(c->instance->kind)) {
		wrong(c, call, "uaddr() is for probes in files: %s has none",
		      probe_kind_info(c->instance->kind)->name);
		return;
	}
	if (types_symbol(&c->program->types, probe->file, name, &symbol, &err)) {
		wrong(c, call->child, "%s", err.text);
		return;
	}
	if (!symbol.fixed && (!one_site(c->instance) || probe_kind_info(c->instance->kind)->returns)) {
		wrong(c, call, "where '%s' was loaded is known from the address of the probe, so uaddr() "
			       "is for one site, and not for returns",
		      name);
		return;
	}
	target = ctype_basic(symbol.size == 1 ? "uint8" : symbol.size == 2 ? "uint16"
			     : symbol.size == 4 ? "uint32" : "uint64");
	/* Of a file that is loaded anywhere, the distance from the site. */
	call->child->number = symbol.address - (symbol.fixed ? 0 : probe->sites[0].address);
	call->bits = symbol.fixed;
	call->type = value_type(c, call, types_pointer(&c->program->types, target), SPACE_USER);
}

static void check_percpu(struct checker *c, struct expr *call, const struct function *f)
{
	const struct expr *cpu = call->child->next;
	const char *name = name_of(c, call, f);
	const struct ctype *type;
	struct error err;
	uint32_t number;

	if (cpu && !check_int(c, cpu, f->name))
		return;
	if (!name)
		return;
	if (types_percpu(&c->program->types, name, &number, &type, &err)) {
		wrong(c, call->child, "%s", err.text);
		return;
	}
	call->child->number = number;
	type = types_pointer(&c->program->types, type);
	if (type)
		call->type = value_type(c, call, type, SPACE_KERNEL);
	c->program->arena.failed |= !type;
}

void check_address_function(struct checker *c, struct expr *call, const struct function *f)
{
	switch (f->id) {
	case FUNC_KPTR:
		check_space(c, call, f, SPACE_KERNEL);
		break;
	case FUNC_UPTR:
		check_space(c, call, f, SPACE_USER);
		break;
	case FUNC_KADDR:
		check_kaddr(c, call, f);
		break;
	case FUNC_PERCPU_KADDR:
		check_percpu(c, call, f);
		break;
	default:
		check_uaddr(c, call, f);
	}
}
