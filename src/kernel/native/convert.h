/*
 * The border between JavaScript and C: binding_*.c convert values with these and call plain C functions, which know
 * no JavaScript and return a result of 0 or more, or -errno.
 */
#ifndef FDBROKER_CONVERT_H
#define FDBROKER_CONVERT_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdint.h>

/* Each group of functions adds itself to the module's exports. */
void register_sockets(napi_env env, napi_value exports);
void register_inet(napi_env env, napi_value exports);
void register_packet(napi_env env, napi_value exports);
void register_multicast(napi_env env, napi_value exports);
void register_pipe(napi_env env, napi_value exports);
void register_watch(napi_env env, napi_value exports);
void register_process(napi_env env, napi_value exports);
void register_links(napi_env env, napi_value exports);
void register_taps(napi_env env, napi_value exports);
void register_macvtap(napi_env env, napi_value exports);
void register_closer(napi_env env, napi_value exports);
void register_frames(napi_env env, napi_value exports);
void register_trains(napi_env env, napi_value exports);
void register_address(napi_env env, napi_value exports);
void register_poller(napi_env env, napi_value exports);
void register_realtime(napi_env env, napi_value exports);

/* Adds one function to exports. */
void export_function(napi_env env, napi_value exports, const char *name, napi_callback function);

/* Arguments of a call. On a wrong count or type a JavaScript TypeError is pending and the answer is 0, else 1. */
int get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments);
int get_int(napi_env env, napi_value value, int32_t *out);
int get_uint(napi_env env, napi_value value, uint32_t *out);
int get_bool(napi_env env, napi_value value, int *out);
/* A Uint8Array's memory, owned by JavaScript and valid for this call only. */
int get_bytes(napi_env env, napi_value value, uint8_t **data, size_t *size);
/* The same for an Int32Array and a Uint32Array; count is of elements. */
int get_ints(napi_env env, napi_value value, int32_t **data, size_t *count);
int get_uints(napi_env env, napi_value value, uint32_t **data, size_t *count);
/* UTF-8 with a NUL into out; too long or with a NUL inside is a RangeError. */
int get_text(napi_env env, napi_value value, char *out, size_t size);
/* An array of strings as one block of memory for free(): the pointers, a NULL, then the text. NULL when refused. */
char **get_texts(napi_env env, napi_value value);

/* For a function of one number, a descriptor mostly: what it returns, as a number. */
napi_value call_with_int(napi_env env, napi_callback_info info, int (*call)(int number));

napi_value make_int(napi_env env, int64_t value);
napi_value make_text(napi_env env, const char *text);

#endif
