/* A program on the headers that gen makes of gen.d and gen.trace-events (check-gen.sh); in C and C++. */
/* clang-format off: a note stands on the line of its marker */
#include <stdio.h>
#include "gen.h"
#include "events.h"

int main(int argc, char **argv)
{
	char buf[16] = "x";
	int evaluated = 0;

	SHOP_ORDER_START(argc, argv[0]); //= shop:order__start -4 8 | signed id, string customer [semaphore]
	SHOP_ORDER_DONE(5ul, &buf); //= shop:order__done 8 8 | unsigned arg0, pointer arg1 [semaphore]
	SHOP_IDLE(); //= shop:idle [semaphore]
	SHOP_QUIET(); //= shop:quiet [semaphore]
	SHOP_TRANSLATED(argv); //= shop:translated 8 | pointer o [semaphore]
	SHOP_ODD(buf, 3u, argv, sizeof(buf)); //= shop:odd 8 4 8 8 | string buf, unsigned n, pointer list, unsigned arg3 [semaphore]
	SHOP_FN(main, evaluated); //= shop:fn 8 -4 | pointer arg0, signed last [semaphore]
	MY__STORE_ITEM("x"); //= my__store:item 8 | string name [semaphore]
	MY__STORE_A_B(1); //= my__store:a_b -4 | signed x [semaphore]
	MY__STORE_A__B(1, 2.0); //= my__store:a__b -4 8 | signed x, float y [semaphore]
	QEMU_VRING_NOTIFY(argv, buf); //= qemu:vring_notify 8 8 | pointer vdev, string vq [semaphore]
	QEMU_SLOW(evaluated++, 1);
	QEMU_GUEST_MEM(1u, (unsigned char)2); //= qemu:guest_mem 4 1 | unsigned vaddr, unsigned size [semaphore]
	QEMU_BARE(); //= qemu:bare [semaphore]
	if (SHOP_IDLE_ENABLED() || MY__STORE_ITEM_ENABLED() || QEMU_SLOW_ENABLED() || QEMU_BARE_ENABLED())
		return 1;
	if (evaluated)
		return 1;
	puts("done");
	return 0;
}
