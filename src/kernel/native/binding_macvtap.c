/* Macvtaps' descriptors, for JavaScript; src/kernel/native-macvtap.ts has the types. */
#include "convert.h"
#include "macvtap.h"

/* Room for /dev/tapN with its NUL. */
#define PATH_ROOM 32

static napi_value js_uevent_open(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, uevent_open());
}

static napi_value js_macvtap_open(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    char path[PATH_ROOM];
    uint32_t major_number, minor_number;
    if (!get_arguments(env, info, 3, arguments) || !get_text(env, arguments[0], path, sizeof path) ||
        !get_uint(env, arguments[1], &major_number) || !get_uint(env, arguments[2], &minor_number))
        return NULL;
    return make_int(env, macvtap_open(path, major_number, minor_number));
}

static napi_value js_closes_open(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, closes_open());
}

static napi_value js_closes_watch(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int32_t fd;
    char path[PATH_ROOM];
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_text(env, arguments[1], path, sizeof path))
        return NULL;
    return make_int(env, closes_watch(fd, path));
}

static napi_value js_closes_take(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int32_t fd, *numbers;
    size_t room;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_ints(env, arguments[1], &numbers, &room))
        return NULL;
    return make_int(env, closes_take(fd, numbers, (int)room));
}

void register_macvtap(napi_env env, napi_value exports) {
    export_function(env, exports, "ueventOpen", js_uevent_open);
    export_function(env, exports, "macvtapOpen", js_macvtap_open);
    export_function(env, exports, "closesOpen", js_closes_open);
    export_function(env, exports, "closesWatch", js_closes_watch);
    export_function(env, exports, "closesTake", js_closes_take);
}
