/* The addon's one entry: collects the groups of functions. State is per environment, none is global. */
#include "convert.h"

NAPI_MODULE_INIT() {
    register_sockets(env, exports);
    register_inet(env, exports);
    register_packet(env, exports);
    register_multicast(env, exports);
    register_pipe(env, exports);
    register_watch(env, exports);
    register_process(env, exports);
    register_links(env, exports);
    register_taps(env, exports);
    register_macvtap(env, exports);
    register_closer(env, exports);
    register_frames(env, exports);
    register_trains(env, exports);
    register_address(env, exports);
    register_poller(env, exports);
    register_realtime(env, exports);
    return exports;
}
