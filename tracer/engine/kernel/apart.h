/* System calls that must not be cut short by a kill -9 of telltale (apart.c). */
#ifndef TELLTALE_ENGINE_KERNEL_APART_H
#define TELLTALE_ENGINE_KERNEL_APART_H

/* Calls the function and returns when it has; it shares everything but the signals with us. */
void run_apart(void (*function)(void *context), void *context);

#endif
