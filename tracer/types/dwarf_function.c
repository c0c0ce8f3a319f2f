/*
 * Owns the parameters of functions: by which register one arrives. Where the compiler says where it
 * is at the first instruction, that counts; code that was not optimised says only where it is kept
 * later on, and is called as the ABI has it.
 */
#include "types/dwarf_source.h"

#include "base/text.h"
#include "elf/file.h"

#include <dwarf.h>
#include <errno.h>
#include <string.h>

enum { REGISTERS = 6, NESTED_MOST = 8 };

/* DWARF's numbers of rdi, rsi, rdx, rcx, r8 and r9. */
static const unsigned registers[REGISTERS] = {5, 4, 1, 2, 8, 9};

/* The function whose code starts at the address. */
static bool find_function(Dwarf_Die *parent, Dwarf_Addr address, unsigned depth, Dwarf_Die *found)
{
	Dwarf_Addr entry;

	if (depth > NESTED_MOST)
		return false;
	for (bool more = dwarf_first(parent, found); more; more = dwarf_following(found)) {
		Dwarf_Die inner = *found;
		int tag = dwarf_tag(&inner);

		if (tag == DW_TAG_subprogram && !dwarf_entrypc(&inner, &entry) && entry == address)
			return true;
		if ((tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
		     tag == DW_TAG_class_type) &&
		    find_function(&inner, address, depth + 1, found))
			return true;
		*found = inner;
	}
	return false;
}

bool dwarf_function_at(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *function)
{
	Dwarf_Die unit;

	return dwarf_unit_at(dwarf, address, &unit) && find_function(&unit, address, 0, function);
}

/* How a parameter arrives by the ABI; registers are taken in turn. */
enum passing { BY_REGISTER, BY_FLOAT, BY_STACK, BY_PARTS };

static enum passing passing_of(const struct ctype *type)
{
	switch (type->kind) {
	case CTYPE_INT:
	case CTYPE_ENUM:
	case CTYPE_POINTER:
		return type->size <= 8 ? BY_REGISTER : BY_PARTS;
	case CTYPE_FLOAT:
		return type->size <= 8 ? BY_FLOAT : BY_STACK;
	default:
		return type->size > 16 ? BY_STACK : BY_PARTS;
	}
}

/* Which register it is in at the first instruction: -1 none that is known, -2 nothing is said. */
static int said_register(Dwarf_Die *parameter, Dwarf_Addr address)
{
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr(parameter, DW_AT_location, &a))
		return -1; /* optimised away */
	if (dwarf_getlocation_addr(&a, address, &ops, &count, 1) != 1 || count != 1)
		return -1;
	if (ops[0].atom == DW_OP_fbreg)
		return -2;
	for (int i = 0; i < REGISTERS; i++)
		if (ops[0].atom == DW_OP_reg0 + registers[i] ||
		    (ops[0].atom == DW_OP_regx && ops[0].number == registers[i]))
			return i;
	return -1;
}

struct parameters {
	struct dwarf_source *source;
	Dwarf_Addr address;
	const char *name; /* the one that is looked for; NULL: the one of this number */
	size_t at, seen;
	const char *near;
	unsigned distance;
	int next;   /* register by the ABI */
	bool lost;  /* what came before takes registers in a way that is not known here */
};

static int no_register(const struct parameters *p, const char *name, const struct ctype *type,
		       struct error *err)
{
	return error_set(err, -EOPNOTSUPP, "'%s' (%s) does not arrive in a register that can be read: %s",
			 name, type->text,
			 passing_of(type) == BY_FLOAT ? "floats have their own"
			 : p->next >= REGISTERS	      ? "it is on the stack"
						      : "it was optimised away, or comes in parts");
}

/* 1 it is the one, 0 it is another, -errno. */
static int look_at(struct parameters *p, Dwarf_Die *die, struct type_parameter *parameter,
		   struct error *err)
{
	const char *name = dwarf_name(&p->source->file, die);
	const struct ctype *type = dwarf_type_of(p->source, die);
	enum passing passing;
	int number;

	if (!type)
		return error_set(err, -EINVAL, "the type of '%s' makes no sense", name);
	passing = passing_of(type);
	number = passing == BY_REGISTER && !p->lost && p->next < REGISTERS ? p->next : -1;
	if (p->name ? strcmp(name, p->name) != 0 : p->seen++ != p->at) {
		if (p->name)
			text_keep_nearer(p->name, name, &p->near, &p->distance);
		p->next += passing == BY_REGISTER;
		p->lost |= passing == BY_PARTS;
		return 0;
	}
	if (said_register(die, p->address) != -2)
		number = said_register(die, p->address);
	if (number < 0 || passing != BY_REGISTER)
		return no_register(p, name, type, err);
	*parameter = (struct type_parameter){name, (unsigned)number, type};
	return 1;
}

static int find_at(struct dwarf_source *s, const struct type_place *place, Dwarf_Die *function,
		   struct error *err)
{
	if (dwarf_function_at(s->file.dwarf, place->address, function))
		return 0;
	return error_set(err, -ENOENT, "the debug information of %s knows no function that starts here",
			 elf_file_path(s->elf));
}

int dwarf_returned(struct type_source *base, const struct type_place *place, const struct ctype **type,
		   struct error *err)
{
	struct dwarf_source *s = (struct dwarf_source *)base;
	Dwarf_Die function;
	int rc = find_at(s, place, &function, err);

	if (rc)
		return rc;
	*type = dwarf_type_of(s, &function);
	return *type ? 0 : error_set(err, -EINVAL, "the type that it returns makes no sense");
}

int dwarf_parameter(struct type_source *base, const struct type_place *place, const char *name, size_t at,
		    struct type_parameter *parameter, struct error *err)
{
	struct dwarf_source *s = (struct dwarf_source *)base;
	struct parameters p = {.source = s, .address = place->address, .name = name, .at = at,
			       .distance = TEXT_FAR};
	Dwarf_Die function, die;
	int rc = find_at(s, place, &function, err);

	if (rc)
		return rc;
	for (bool more = dwarf_first(&function, &die); more && !rc; more = dwarf_following(&die))
		if (dwarf_tag(&die) == DW_TAG_formal_parameter)
			rc = look_at(&p, &die, parameter, err);
	if (rc)
		return rc < 0 ? rc : 0;
	if (!name)
		return error_set(err, -ENOENT, at ? "this function has no more parameters"
						: "this function has no parameters");
	return error_set(err, -ENOENT, "this function has no parameter '%s'%s%s%s", name,
			 p.near ? "; did you mean '" : "", p.near ? p.near : "",
			 p.near ? "'?" : "");
}
