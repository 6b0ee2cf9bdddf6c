/* The control protocol as bytes (docs/protocol.md): the request written, the reply parsed. */
#include "helper.h"

/* UTF-8 (RFC 3629) without control characters, so that it cannot begin another line. */
bool is_text(const char *text) {
    static const unsigned least[] = {0x20, 0xa0, 0x800, 0x10000};
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        const unsigned more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
        unsigned code = more == 0 ? *p : *p & (0x3fU >> more);
        if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4) return false;
        for (unsigned i = 0; i < more; i++, code = code << 6 | (*p & 0x3f))
            if ((*++p & 0xc0) != 0x80) /* as the final NUL is */
                return false;
        const bool surrogate = code >= 0xd800 && code < 0xe000;
        if (code < least[more] || code > 0x10ffff || surrogate || code == 0x7f || code == 0x2028 || code == 0x2029)
            return false;
    }
    return true;
}

/* The pieces are to be sent as one message. */
void write_request(const struct arguments *asked, struct iovec parts[REQUEST_PARTS]) {
    const char *const head = "fdbroker 1\nverb=open\nnetwork=", *const form = "\nform=tap\nvnet-hdr=";
    const char *const vnet_hdr = asked->vnet_hdr ? "yes" : "no", *const mac = asked->mac;
    const char *const texts[] = {head, asked->network, form, vnet_hdr, mac ? "\nmac=" : "", mac ? mac : "", "\n"};
    for (size_t i = 0; i < REQUEST_PARTS; i++)
        parts[i] = (struct iovec){.iov_base = (char *)texts[i], .iov_len = strlen(texts[i])};
}

/* Writes into the text, which ends in a NUL after its length. Returns NULL, or what is wrong with the text. */
const char *parse_reply(char *text, size_t length, const char **status, const char **message) {
    static const char *const statuses[] = {"ok", "denied", "refused", "invalid", "failed", "busy"};
    const size_t first = strlen("fdbroker 1\n");
    *status = *message = NULL;
    if (strncmp(text, "fdbroker 1\n", first) != 0) return "it does not begin with \"fdbroker 1\"";
    if (strlen(text) != length || text[length - 1] != '\n') return "it holds a NUL or does not end with a line feed";
    text[first - 1] = '\0';
    for (char *line = text + first, *next; *line != '\0'; line = next) {
        next = strchr(line, '\n') + 1;
        next[-1] = '\0';
        const size_t key = strspn(line, "abcdefghijklmnopqrstuvwxyz-");
        if (key < 1 || key > 32 || line[0] == '-' || line[key] != '=' || !is_text(line))
            return "a line is not key=value in UTF-8 without control characters";
        if (memmem(text, (size_t)(line - text), line - 1, key + 2) != NULL) /* NUL, key, equals sign */
            return "it repeats a key";
        if (strncmp(line, "status=", key + 1) == 0)
            *status = line + key + 1;
        else if (strncmp(line, "message=", key + 1) == 0)
            *message = line + key + 1;
    }
    for (size_t i = 0; *status != NULL && i < sizeof statuses / sizeof *statuses; i++)
        if (strcmp(*status, statuses[i]) == 0) return i > 0 && *message == NULL ? "it has no message" : NULL;
    return "its status is missing or unknown";
}
