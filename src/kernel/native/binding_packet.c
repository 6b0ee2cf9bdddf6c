/* The calls of packet.h for JavaScript; src/kernel/native-packet.ts has their types. */
#include "convert.h"
#include "packet.h"

static napi_value js_open(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, packet_open());
}

static napi_value js_ignore_outgoing(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, packet_ignore_outgoing);
}

static napi_value js_auxdata(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, packet_auxdata);
}

static napi_value js_vnet_header(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, packet_vnet_header);
}

static napi_value js_lost(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, packet_lost);
}

static napi_value with_link(napi_env env, napi_callback_info info, int (*call)(int fd, uint32_t ifindex)) {
    napi_value arguments[2];
    int fd;
    uint32_t ifindex;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_uint(env, arguments[1], &ifindex))
        return NULL;
    return make_int(env, call(fd, ifindex));
}

static napi_value js_promiscuous(napi_env env, napi_callback_info info) {
    return with_link(env, info, packet_promiscuous);
}

static napi_value js_bind(napi_env env, napi_callback_info info) {
    return with_link(env, info, packet_bind);
}

void register_packet(napi_env env, napi_value exports) {
    export_function(env, exports, "packetOpen", js_open);
    export_function(env, exports, "packetIgnoreOutgoing", js_ignore_outgoing);
    export_function(env, exports, "packetAuxdata", js_auxdata);
    export_function(env, exports, "packetVnetHeader", js_vnet_header);
    export_function(env, exports, "packetLost", js_lost);
    export_function(env, exports, "packetPromiscuous", js_promiscuous);
    export_function(env, exports, "packetBind", js_bind);
}
