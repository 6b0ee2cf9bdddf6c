/* The calls of multicast.h for JavaScript; src/kernel/native-multicast.ts has their types. */
#include "convert.h"
#include "multicast.h"

/* Longer than any numeric address (INET6_ADDRSTRLEN is 46). */
#define ADDRESS_ROOM 64

static napi_value js_confine(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int fd, share;
    uint32_t ifindex;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_uint(env, arguments[1], &ifindex) || !get_bool(env, arguments[2], &share))
        return NULL;
    return make_int(env, multicast_confine(fd, ifindex, share));
}

static napi_value js_send_by(napi_env env, napi_callback_info info) {
    napi_value arguments[4];
    int fd, ttl, loop;
    uint32_t ifindex;
    if (!get_arguments(env, info, 4, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_uint(env, arguments[1], &ifindex) || !get_int(env, arguments[2], &ttl) ||
        !get_bool(env, arguments[3], &loop))
        return NULL;
    return make_int(env, multicast_send_by(fd, ifindex, ttl, loop));
}

static napi_value with_group(napi_env env, napi_callback_info info, int (*call)(int, const char *, uint32_t)) {
    napi_value arguments[3];
    char group[ADDRESS_ROOM];
    int fd;
    uint32_t ifindex;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_text(env, arguments[1], group, sizeof group) || !get_uint(env, arguments[2], &ifindex))
        return NULL;
    return make_int(env, call(fd, group, ifindex));
}

static napi_value js_join(napi_env env, napi_callback_info info) {
    return with_group(env, info, multicast_join);
}

static napi_value js_leave(napi_env env, napi_callback_info info) {
    return with_group(env, info, multicast_leave);
}

void register_multicast(napi_env env, napi_value exports) {
    export_function(env, exports, "multicastConfine", js_confine);
    export_function(env, exports, "multicastSendBy", js_send_by);
    export_function(env, exports, "multicastJoin", js_join);
    export_function(env, exports, "multicastLeave", js_leave);
}
