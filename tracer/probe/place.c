/*
 * Owns places: that of an operand, and that of a variable at a site. Only what is surely one and the
 * same place is compared; a variable that is computed, in pieces, or a constant has none. (A constant
 * operand may be any variable that happens to have that value, or no variable at all.)
 */
#include "scope.h"

#include "operand/operand.h"

#include <dwarf.h>
#include <stdlib.h>

static const struct place nowhere = {.kind = PLACE_NONE};

struct place place_of_operand(const struct probe_site *site, size_t number)
{
	const struct operand *op = &site->operands[number];
	struct place place = {.offset = op->displacement};

	if (op->kind == OPERAND_REG) {
		place.kind = PLACE_REGISTER;
		place.offset = 0;
	} else if (op->kind == OPERAND_MEM && op->reg && !op->index &&
		   op->base == OPERAND_BASE_NONE) {
		place.kind = PLACE_MEMORY;
	} else if ((op->kind == OPERAND_SYMMEM || op->kind == OPERAND_SYMCONST) && !op->reg &&
		   !op->index && (op->base == OPERAND_BASE_NONE || op->base == OPERAND_BASE_PC) &&
		   site->symbol_known && site->symbol_known[number]) {
		place.kind = op->kind == OPERAND_SYMMEM ? PLACE_STATIC : PLACE_ADDRESS;
		place.offset += (int64_t)site->symbol_addresses[number];
		return place;
	}
	if (place.kind == PLACE_NONE)
		return nowhere;
	place.number = operand_register_number(site->machine, site->bits, op->reg);
	return place.number < 0 ? nowhere : place;
}

bool place_same(const struct place *a, const struct place *b)
{
	if (a->kind == PLACE_NONE || a->kind != b->kind || a->offset != b->offset)
		return false;
	return a->kind == PLACE_STATIC || a->kind == PLACE_ADDRESS || a->number == b->number;
}

/* ---- DWARF's expressions ---- */

/* A register's own: its number and an offset from it. */
static bool is_based(const Dwarf_Op *op, struct place *place)
{
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		*place = (struct place){PLACE_MEMORY, op->atom - DW_OP_breg0, (int64_t)op->number};
	else if (op->atom == DW_OP_bregx)
		*place = (struct place){PLACE_MEMORY, (int)op->number, (int64_t)op->number2};
	else
		return false;
	return true;
}

static bool is_register(const Dwarf_Op *op, struct place *place)
{
	if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31)
		*place = (struct place){PLACE_REGISTER, op->atom - DW_OP_reg0, 0};
	else if (op->atom == DW_OP_regx)
		*place = (struct place){PLACE_REGISTER, (int)op->number, 0};
	else
		return false;
	return true;
}

/* The canonical frame address at a site, where it is a register and an offset. */
static struct place frame_address(Dwarf_CFI *table, Dwarf_Addr address)
{
	struct place place = nowhere;
	Dwarf_Frame *frame;
	Dwarf_Op *ops;
	size_t count;

	if (!table || dwarf_cfi_addrframe(table, address, &frame))
		return nowhere;
	if (!dwarf_frame_cfa(frame, &ops, &count) && count == 1)
		is_based(ops, &place);
	free(frame);
	return place;
}

/* What variables of the function are counted from. */
static struct place frame_base(const struct dwarf_tables *tables, const struct scoped_site *s,
			       Dwarf_Addr pc)
{
	Dwarf_Die function = s->function;
	struct place place = nowhere;
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!function.addr || !dwarf_attr_integrate(&function, DW_AT_frame_base, &attribute) ||
	    dwarf_getlocation_addr(&attribute, pc, &ops, &count, 1) != 1 || count != 1)
		return nowhere;
	if (ops->atom == DW_OP_call_frame_cfa) {
		place = frame_address(tables->frames, pc);
		if (place.kind == PLACE_NONE)
			place = frame_address(tables->debug_frames, pc);
	} else if (is_register(ops, &place)) {
		place.kind = PLACE_MEMORY;
	} else {
		is_based(ops, &place);
	}
	return place;
}

/* The address that an expression begins with, also by its number in a table. */
static bool is_address(Dwarf_Attribute *location, const Dwarf_Op *op, struct place *place)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr address = op->number;

	if (op->atom != DW_OP_addr &&
	    ((op->atom != DW_OP_addrx && op->atom != DW_OP_GNU_addr_index) ||
	     dwarf_getlocation_attr(location, op, &attribute) || dwarf_formaddr(&attribute, &address)))
		return false;
	*place = (struct place){PLACE_STATIC, 0, (int64_t)address};
	return true;
}

/* What clang says of a bool in a register: its low bits, masked and converted. */
static bool is_low_byte(Dwarf_Die *variable, const Dwarf_Op *ops, size_t count, struct place *place)
{
	Dwarf_Attribute attribute;
	Dwarf_Die type;

	if (count < 3 || !is_based(ops, place) || place->offset ||
	    !dwarf_attr_integrate(variable, DW_AT_type, &attribute) ||
	    !dwarf_formref_die(&attribute, &type) || dwarf_bytesize(&type) != 1)
		return false;
	for (size_t i = 1; i < count - 1; i++)
		if (ops[i].atom != DW_OP_convert && ops[i].atom != DW_OP_and &&
		    (ops[i].atom != DW_OP_constu || (ops[i].number & 0xff) != 0xff))
			return false;
	place->kind = PLACE_REGISTER;
	return true;
}

struct place place_of_variable(const struct dwarf_tables *tables, const struct scoped_site *s,
			       Dwarf_Addr pc, Dwarf_Die *variable)
{
	struct place place = nowhere;
	Dwarf_Attribute location;
	Dwarf_Op *ops;
	size_t count;
	bool value;

	if (!dwarf_attr_integrate(variable, DW_AT_location, &location) ||
	    dwarf_getlocation_addr(&location, pc, &ops, &count, 1) != 1 || !count)
		return nowhere;
	value = ops[count - 1].atom == DW_OP_stack_value;
	if (value && is_low_byte(variable, ops, count, &place))
		return place;
	if (ops->atom == DW_OP_fbreg) {
		place = frame_base(tables, s, pc);
		place.offset += (int64_t)ops->number;
	} else if (count == 1 && is_register(ops, &place)) {
		return place;
	} else if (!is_based(ops, &place)) {
		is_address(&location, ops, &place);
	}
	if (place.kind == PLACE_NONE || count == 1)
		return place;
	/* What is at the address is the value: so it is in memory as well. */
	if (value && count == 3 && ops[1].atom == DW_OP_deref)
		return place;
	if (!value || count != 2)
		return nowhere;
	/* The address itself is the value. */
	if (place.kind == PLACE_STATIC)
		return (struct place){PLACE_ADDRESS, 0, place.offset};
	return place.offset ? nowhere : (struct place){PLACE_REGISTER, place.number, 0};
}
