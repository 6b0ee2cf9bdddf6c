#include "convert.h"

#include <stdlib.h>
#include <string.h>

static int refuse(napi_env env, const char *message) {
    napi_throw_type_error(env, NULL, message);
    return 0;
}

void export_function(napi_env env, napi_value exports, const char *name, napi_callback function) {
    napi_value value;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value) == napi_ok)
        napi_set_named_property(env, exports, name, value);
}

int get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
    size_t given = count;
    if (napi_get_cb_info(env, info, &given, arguments, NULL, NULL) != napi_ok || given < count)
        return refuse(env, "too few arguments");
    return 1;
}

int get_int(napi_env env, napi_value value, int32_t *out) {
    return napi_get_value_int32(env, value, out) == napi_ok || refuse(env, "a number is expected");
}

int get_uint(napi_env env, napi_value value, uint32_t *out) {
    return napi_get_value_uint32(env, value, out) == napi_ok || refuse(env, "a number is expected");
}

int get_bool(napi_env env, napi_value value, int *out) {
    bool truth;
    if (napi_get_value_bool(env, value, &truth) != napi_ok) return refuse(env, "a boolean is expected");
    *out = truth;
    return 1;
}

static int get_array(napi_env env, napi_value value, napi_typedarray_type expected, void **data, size_t *count) {
    napi_typedarray_type type;
    bool is_array = false;
    return napi_is_typedarray(env, value, &is_array) == napi_ok && is_array &&
           napi_get_typedarray_info(env, value, &type, count, data, NULL, NULL) == napi_ok && type == expected;
}

int get_bytes(napi_env env, napi_value value, uint8_t **data, size_t *size) {
    void *memory;
    if (!get_array(env, value, napi_uint8_array, &memory, size)) return refuse(env, "a Uint8Array is expected");
    *data = memory;
    return 1;
}

int get_ints(napi_env env, napi_value value, int32_t **data, size_t *count) {
    void *memory;
    if (!get_array(env, value, napi_int32_array, &memory, count)) return refuse(env, "an Int32Array is expected");
    *data = memory;
    return 1;
}

int get_uints(napi_env env, napi_value value, uint32_t **data, size_t *count) {
    void *memory;
    if (!get_array(env, value, napi_uint32_array, &memory, count)) return refuse(env, "a Uint32Array is expected");
    *data = memory;
    return 1;
}

int get_text(napi_env env, napi_value value, char *out, size_t size) {
    size_t length;
    if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return refuse(env, "a string is expected");
    if (length >= size) {
        napi_throw_range_error(env, NULL, "the string is too long");
        return 0;
    }
    napi_get_value_string_utf8(env, value, out, size, &length);
    if (memchr(out, 0, length) != NULL) {
        napi_throw_range_error(env, NULL, "the string holds a NUL");
        return 0;
    }
    return 1;
}

/* Bytes of all strings of an array with a NUL each, or 0 when one is no string. */
static size_t measure_texts(napi_env env, napi_value array, uint32_t count) {
    size_t total = 1;
    for (uint32_t i = 0; i < count; i++) {
        napi_value element;
        size_t length;
        if (napi_get_element(env, array, i, &element) != napi_ok) return 0;
        if (napi_get_value_string_utf8(env, element, NULL, 0, &length) != napi_ok) return 0;
        total += length + 1;
    }
    return total;
}

char **get_texts(napi_env env, napi_value value) {
    uint32_t count;
    size_t size;
    if (napi_get_array_length(env, value, &count) != napi_ok || !(size = measure_texts(env, value, count))) {
        refuse(env, "an array of strings is expected");
        return NULL;
    }
    char **texts = malloc((count + 1) * sizeof *texts + size);
    if (!texts) {
        napi_throw_error(env, NULL, "out of memory");
        return NULL;
    }
    char *text = (char *)(texts + count + 1), *end = text + size;
    for (uint32_t i = 0; i < count; i++) {
        napi_value element;
        napi_get_element(env, value, i, &element);
        if (!get_text(env, element, text, (size_t)(end - text))) {
            free(texts);
            return NULL;
        }
        texts[i] = text;
        text += strlen(text) + 1;
    }
    texts[count] = NULL;
    return texts;
}

napi_value make_int(napi_env env, int64_t value) {
    napi_value result = NULL;
    napi_create_int64(env, value, &result);
    return result;
}

napi_value make_text(napi_env env, const char *text) {
    napi_value result = NULL;
    napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result);
    return result;
}

napi_value call_with_int(napi_env env, napi_callback_info info, int (*call)(int number)) {
    napi_value argument;
    int number;
    if (!get_arguments(env, info, 1, &argument) || !get_int(env, argument, &number)) return NULL;
    return make_int(env, call(number));
}
