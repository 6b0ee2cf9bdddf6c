/* The calls of inet.h for JavaScript; src/kernel/native-inet.ts has their types. */
#include "convert.h"
#include "inet.h"

/* Longer than any numeric address (INET6_ADDRSTRLEN is 46). */
#define ADDRESS_ROOM 64

static napi_value js_open(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    char address[ADDRESS_ROOM];
    int stream;
    if (!get_arguments(env, info, 2, arguments) || !get_text(env, arguments[0], address, sizeof address) ||
        !get_bool(env, arguments[1], &stream))
        return NULL;
    return make_int(env, inet_open(address, stream));
}

static napi_value with_address(napi_env env, napi_callback_info info,
                               int (*call)(int fd, const char *address, uint16_t port)) {
    napi_value arguments[3];
    char address[ADDRESS_ROOM];
    int fd;
    uint32_t port;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_text(env, arguments[1], address, sizeof address) || !get_uint(env, arguments[2], &port))
        return NULL;
    if (port > UINT16_MAX) {
        napi_throw_range_error(env, NULL, "a port has 16 bits");
        return NULL;
    }
    return make_int(env, call(fd, address, (uint16_t)port));
}

static napi_value js_bind(napi_env env, napi_callback_info info) {
    return with_address(env, info, inet_bind);
}

static napi_value js_connect(napi_env env, napi_callback_info info) {
    return with_address(env, info, inet_connect);
}

static napi_value js_socket_error(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, socket_error);
}

static napi_value js_make_blocking(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, make_blocking);
}

static napi_value js_duplicate(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, inet_duplicate);
}

static napi_value js_path_mtu(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, inet_path_mtu);
}

static napi_value js_fragment(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int fd, allow;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_bool(env, arguments[1], &allow))
        return NULL;
    return make_int(env, inet_fragment(fd, allow));
}

void register_inet(napi_env env, napi_value exports) {
    export_function(env, exports, "inetOpen", js_open);
    export_function(env, exports, "inetBind", js_bind);
    export_function(env, exports, "inetConnect", js_connect);
    export_function(env, exports, "inetFragment", js_fragment);
    export_function(env, exports, "inetPathMtu", js_path_mtu);
    export_function(env, exports, "inetDuplicate", js_duplicate);
    export_function(env, exports, "socketError", js_socket_error);
    export_function(env, exports, "makeBlocking", js_make_blocking);
}
