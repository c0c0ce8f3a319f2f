/* What a plan asks of whoever runs it, and is the same for all engines. */
#ifndef TELLTALE_ENGINE_VALUES_H
#define TELLTALE_ENGINE_VALUES_H

#include "plan.h"

/* A value of enum plan_kernel_value; false when it takes a look into the kernel. */
bool engine_value(int which, uint64_t *value);

#endif
