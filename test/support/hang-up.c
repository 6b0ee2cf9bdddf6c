/* Hangs up the socket that is descriptor 3, in both directions (shutdown(2)), for whoever holds another copy of it. */
#include <stdio.h>
#include <sys/socket.h>

int main(void) {
    if (shutdown(3, SHUT_RDWR) == 0) return 0;
    perror("shutdown");
    return 1;
}
