#ifdef __cplusplus
extern "C" {
#endif
extern int evaluated;
int here(int x);
int there(int x);
int library(int x);
int never_called(int x);
#ifdef __cplusplus
}
#endif
