/* The verb `gen` alone, so that its tests need no more of the tracer than tracer/cli/gen.c. */
int gen_main(int argc, char **argv);

int main(int argc, char **argv)
{
	argv[0] = (char[]){"gen"};
	return gen_main(argc, argv);
}
