/*
 * The JVM's markers, after "DTrace Probes in HotSpot VM" of the Java platform's documentation.
 * Names of classes, methods and threads are not NUL-terminated: NAME_length is the length of NAME.
 */
provider hotspot {
	probe vm__init__begin();
	probe vm__init__end();
	probe vm__shutdown();
	probe thread__start(char *name, int name_length, long java_id, long native_id, bool daemon);
	probe thread__stop(char *name, int name_length, long java_id, long native_id, bool daemon);
	probe thread__sleep__begin(long milliseconds);
	probe thread__sleep__end(bool interrupted);
	probe thread__yield();
	probe class__loaded(char *class, int class_length, void *loader, bool shared);
	probe class__unloaded(char *class, int class_length, void *loader, bool shared);
	probe class__initialization__required(char *class, int class_length, void *loader, long thread_state);
	probe class__initialization__recursive(char *class, int class_length, void *loader, long thread_state,
					       bool waited);
	probe class__initialization__concurrent(char *class, int class_length, void *loader, long thread_state,
						bool waited);
	probe class__initialization__erroneous(char *class, int class_length, void *loader, long thread_state,
					       bool waited);
	probe class__initialization__super__failed(char *class, int class_length, void *loader, long thread_state,
						   bool waited);
	probe class__initialization__clinit(char *class, int class_length, void *loader, long thread_state,
					    bool waited);
	probe class__initialization__error(char *class, int class_length, void *loader, long thread_state,
					   bool waited);
	probe class__initialization__end(char *class, int class_length, void *loader, long thread_state,
					 bool waited);
	probe gc__begin(bool full);
	probe gc__end();
	probe mem__pool__gc__begin(char *manager, int manager_length, char *pool, int pool_length, long initial,
				   long used, long committed, long max);
	probe mem__pool__gc__end(char *manager, int manager_length, char *pool, int pool_length, long initial,
				 long used, long committed, long max);
	probe method__compile__begin(char *compiler, int compiler_length, char *class, int class_length,
				     char *method, int method_length, char *signature, int signature_length);
	probe method__compile__end(char *compiler, int compiler_length, char *class, int class_length,
				   char *method, int method_length, char *signature, int signature_length,
				   bool success);
	probe compiled__method__load(char *class, int class_length, char *method, int method_length,
				     char *signature, int signature_length, void *code, long size);
	probe compiled__method__unload(char *class, int class_length, char *method, int method_length,
				       char *signature, int signature_length);
	probe method__entry(long thread, char *class, int class_length, char *method, int method_length,
			    char *signature, int signature_length);
	probe method__return(long thread, char *class, int class_length, char *method, int method_length,
			     char *signature, int signature_length);
	probe object__alloc(long thread, char *class, int class_length, long bytes);
	probe monitor__contended__enter(long thread, void *monitor, char *class, int class_length);
	probe monitor__contended__entered(long thread, void *monitor, char *class, int class_length);
	probe monitor__contended__exit(long thread, void *monitor, char *class, int class_length);
	probe monitor__wait(long thread, void *monitor, char *class, int class_length, long milliseconds);
	probe monitor__waited(long thread, void *monitor, char *class, int class_length);
	probe monitor__notify(long thread, void *monitor, char *class, int class_length);
	probe monitor__notifyAll(long thread, void *monitor, char *class, int class_length);
};
