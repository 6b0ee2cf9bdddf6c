/* The calls of trains.h for JavaScript; src/kernel/native-frames.ts has their types. */
#include "binding_frames.h"
#include "trains.h"

#include <errno.h>
#include <stdlib.h>

static napi_value js_accept(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, trains_accept);
}

/* Arguments: frames, fd, first, count, prefix, left. */
static napi_value js_receive(napi_env env, napi_callback_info info) {
    napi_value arguments[6];
    uint32_t first, count, prefix;
    int32_t *left;
    size_t places;
    int fd;
    struct frames *frames;
    if (!get_arguments(env, info, 6, arguments) || !(frames = get_frames(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd) || !get_uint(env, arguments[2], &first) ||
        !get_uint(env, arguments[3], &count) || !get_uint(env, arguments[4], &prefix) ||
        !get_ints(env, arguments[5], &left, &places))
        return NULL;
    if (places < 1) {
        napi_throw_range_error(env, NULL, "too few places");
        return NULL;
    }
    /* Memory that the kernel gives when it is written to, which without trains it never is */
    if (!frames->trains) frames->trains = calloc(1, sizeof *frames->trains);
    if (!frames->trains) return make_int(env, -ENOMEM);
    return make_int(env, trains_receive(frames, fd, first, count, prefix, left));
}

/* Arguments: frames, fd, slots, count, prefix, peers, addresses, longest, result. */
static napi_value js_send(napi_env env, napi_callback_info info) {
    napi_value arguments[9];
    int32_t *slots, *peers, *result;
    uint8_t *addresses;
    size_t slot_count, peer_count, address_bytes, places;
    uint32_t count, prefix, longest;
    int fd;
    struct frames *frames;
    if (!get_arguments(env, info, 9, arguments) || !(frames = get_frames(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd) || !get_ints(env, arguments[2], &slots, &slot_count) ||
        !get_uint(env, arguments[3], &count) || !get_uint(env, arguments[4], &prefix) ||
        !get_ints(env, arguments[5], &peers, &peer_count) ||
        !get_bytes(env, arguments[6], &addresses, &address_bytes) || !get_uint(env, arguments[7], &longest) ||
        !get_ints(env, arguments[8], &result, &places))
        return NULL;
    if (count > slot_count || count > peer_count || places * sizeof *result < sizeof(struct trains_sent)) {
        napi_throw_range_error(env, NULL, "too few places");
        return NULL;
    }
    return make_int(env, trains_send(frames, fd, slots, count, prefix, peers, addresses, address_bytes / FRAME_ADDRESS,
                                     longest, (struct trains_sent *)result));
}

void register_trains(napi_env env, napi_value exports) {
    export_function(env, exports, "trainsAccept", js_accept);
    export_function(env, exports, "trainsReceive", js_receive);
    export_function(env, exports, "trainsSend", js_send);
}
