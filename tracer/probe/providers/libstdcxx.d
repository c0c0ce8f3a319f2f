/* libstdc++'s markers, after the comments on exception probes in GDB's manual ("catch throw"). */
provider libstdcxx {
	probe throw(void *object, void *type);
	probe rethrow(void *object, void *type);
	probe catch(void *object, void *type);
};
