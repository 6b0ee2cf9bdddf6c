/*
 * The helper's parser of replies, for many messages in one process. Standard input: each message behind its length, 4
 * bytes, least significant first. Standard output: one line for each, "ok", "STATUS: MESSAGE" or "malformed: WHAT".
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../helper/helper.h"

int main(void) {
    uint32_t length;
    while (fread(&length, sizeof length, 1, stdin) == 1) {
        /* As long as the message, so that a sanitizer sees a step beyond it. */
        char *const text = calloc(length + 1, 1);
        const char *status, *message;
        if (text == NULL || fread(text, 1, length, stdin) != length) return 1;
        const char *const wrong = parse_reply(text, length, &status, &message);
        if (wrong != NULL)
            printf("malformed: %s\n", wrong);
        else if (strcmp(status, "ok") == 0)
            printf("ok\n");
        else
            printf("%s: %s\n", status, message);
        free(text);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
