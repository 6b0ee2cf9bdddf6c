/* The calls of frames.h for JavaScript; src/kernel/native-frames.ts has their types. */
#include "binding_frames.h"

#include <errno.h>
#include <stdlib.h>

/* Holds the arrays, so that JavaScript's collector leaves their memory alone. */
struct bound {
    struct frames frames;
    napi_ref arrays;
};

static void unbind(napi_env env, void *data, void *hint) {
    (void)hint;
    struct bound *bound = data;
    if (bound->arrays) napi_delete_reference(env, bound->arrays);
    free(bound->frames.scratch);
    free(bound->frames.trains);
    free(bound);
}

static int get_regions(napi_env env, napi_value list, struct frames *frames) {
    uint32_t count;
    if (napi_get_array_length(env, list, &count) != napi_ok || count > FRAME_REGIONS) return 0;
    for (frames->regions = 0; frames->regions < count; frames->regions++) {
        napi_value region;
        uint32_t i = frames->regions;
        if (napi_get_element(env, list, i, &region) != napi_ok ||
            !get_bytes(env, region, &frames->memory[i], &frames->size[i]))
            return 0;
    }
    return 1;
}

/* Arguments: an array of regions and, one by one, the arrays of the slots. */
static napi_value js_bind(napi_env env, napi_callback_info info) {
    napi_value arguments[7], all, handle;
    uint8_t *region;
    int32_t *start, *room, *length, *tag;
    size_t counts[5], addresses;
    struct bound *bound = calloc(1, sizeof *bound);
    if (!bound) return make_int(env, -ENOMEM);
    struct frames *frames = &bound->frames;
    if (!get_arguments(env, info, 7, arguments) || !get_regions(env, arguments[0], frames) ||
        !get_bytes(env, arguments[1], &region, &counts[0]) || !get_ints(env, arguments[2], &start, &counts[1]) ||
        !get_ints(env, arguments[3], &room, &counts[2]) || !get_ints(env, arguments[4], &length, &counts[3]) ||
        !get_bytes(env, arguments[5], &frames->address, &addresses) || !get_ints(env, arguments[6], &tag, &counts[4])) {
        free(bound);
        return NULL;
    }
    frames->slots = (uint32_t)(addresses / FRAME_ADDRESS);
    for (int i = 0; i < 5; i++)
        if (counts[i] < frames->slots) frames->slots = (uint32_t)counts[i];
    frames->region = region;
    frames->start = start;
    frames->room = room;
    frames->length = length;
    frames->tag = tag;
    frames->scratch = malloc(FRAME_SCRATCH);
    if (!frames->scratch || napi_create_array_with_length(env, 7, &all) != napi_ok) goto failed;
    for (uint32_t i = 0; i < 7; i++) napi_set_element(env, all, i, arguments[i]);
    if (napi_create_reference(env, all, 1, &bound->arrays) != napi_ok ||
        napi_create_external(env, bound, unbind, NULL, &handle) != napi_ok)
        goto failed;
    return handle;
failed:
    unbind(env, bound, NULL);
    napi_throw_error(env, NULL, "frames cannot be bound");
    return NULL;
}

struct frames *get_frames(napi_env env, napi_value value) {
    void *data = NULL;
    if (napi_get_value_external(env, value, &data) == napi_ok && data) return &((struct bound *)data)->frames;
    napi_throw_type_error(env, NULL, "frames are expected");
    return NULL;
}

static napi_value js_receive(napi_env env, napi_callback_info info) {
    napi_value arguments[6];
    uint32_t first, count, prefix;
    int fd, with;
    struct frames *frames;
    if (!get_arguments(env, info, 6, arguments) || !(frames = get_frames(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd) || !get_uint(env, arguments[2], &first) ||
        !get_uint(env, arguments[3], &count) || !get_uint(env, arguments[4], &prefix) ||
        !get_int(env, arguments[5], &with))
        return NULL;
    return make_int(env, frames_receive(frames, fd, first, count, prefix, with));
}

static napi_value js_receive_stream(napi_env env, napi_callback_info info) {
    napi_value arguments[4];
    uint32_t first, count;
    int fd;
    struct frames *frames;
    if (!get_arguments(env, info, 4, arguments) || !(frames = get_frames(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd) || !get_uint(env, arguments[2], &first) ||
        !get_uint(env, arguments[3], &count))
        return NULL;
    return make_int(env, frames_receive_stream(frames, fd, first, count));
}

static napi_value js_read(napi_env env, napi_callback_info info) {
    napi_value arguments[5];
    uint32_t first, count, prefix;
    int fd;
    struct frames *frames;
    if (!get_arguments(env, info, 5, arguments) || !(frames = get_frames(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd) || !get_uint(env, arguments[2], &first) ||
        !get_uint(env, arguments[3], &count) || !get_uint(env, arguments[4], &prefix))
        return NULL;
    return make_int(env, frames_read(frames, fd, first, count, prefix));
}

/* Arguments: frames, fd, slots, count, prefix, result. */
static napi_value js_write(napi_env env, napi_callback_info info) {
    napi_value arguments[6];
    int32_t *slots, *result;
    size_t slot_count, places;
    uint32_t count, prefix;
    int fd;
    struct frames *frames;
    if (!get_arguments(env, info, 6, arguments) || !(frames = get_frames(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd) || !get_ints(env, arguments[2], &slots, &slot_count) ||
        !get_uint(env, arguments[3], &count) || !get_uint(env, arguments[4], &prefix) ||
        !get_ints(env, arguments[5], &result, &places))
        return NULL;
    if (count > slot_count || places * sizeof *result < sizeof(struct frames_sent)) {
        napi_throw_range_error(env, NULL, "too few places");
        return NULL;
    }
    return make_int(env, frames_write(frames, fd, slots, count, prefix, (struct frames_sent *)result));
}

/* Arguments: frames, fd, slots, count, prefix, peers, addresses, result; no addresses: the socket is connected. */
static napi_value js_send(napi_env env, napi_callback_info info) {
    napi_value arguments[8];
    int32_t *slots, *peers, *result;
    uint8_t *addresses;
    size_t slot_count, peer_count, address_bytes, places;
    uint32_t count, prefix;
    int fd;
    struct frames *frames;
    if (!get_arguments(env, info, 8, arguments) || !(frames = get_frames(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd) || !get_ints(env, arguments[2], &slots, &slot_count) ||
        !get_uint(env, arguments[3], &count) || !get_uint(env, arguments[4], &prefix) ||
        !get_ints(env, arguments[5], &peers, &peer_count) ||
        !get_bytes(env, arguments[6], &addresses, &address_bytes) || !get_ints(env, arguments[7], &result, &places))
        return NULL;
    if (count > slot_count || (address_bytes > 0 && count > peer_count) ||
        places * sizeof *result < sizeof(struct frames_sent)) {
        napi_throw_range_error(env, NULL, "too few places");
        return NULL;
    }
    struct frames_sent *sent = (struct frames_sent *)result;
    return make_int(env, frames_send(frames, fd, slots, count, prefix, address_bytes > 0 ? peers : NULL, addresses,
                                     address_bytes / FRAME_ADDRESS, sent));
}

void register_frames(napi_env env, napi_value exports) {
    export_function(env, exports, "framesBind", js_bind);
    export_function(env, exports, "framesReceive", js_receive);
    export_function(env, exports, "framesReceiveStream", js_receive_stream);
    export_function(env, exports, "framesSend", js_send);
    export_function(env, exports, "framesRead", js_read);
    export_function(env, exports, "framesWrite", js_write);
}
