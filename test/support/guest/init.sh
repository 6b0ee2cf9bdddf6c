#!/bin/busybox sh
# The first process of a guest: loads the modules, then runs what the test sends over the serial line, command by
# command. $mark comes from the kernel's command line and sets our lines apart from all else.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm /tmp /run
mount -t devpts devpts /dev/pts

exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty raw -echo
while read -r module; do
    insmod "/modules/$module.ko" || echo "the module $module cannot be loaded"
done </modules/order
# From here on the kernel speaks only of its end.
echo 1 >/proc/sys/kernel/printk
ip link set lo up

echo "$mark ready"
# A command is one line in base64, so that it may hold anything, after its sum: a busy guest may lose characters.
while read -r sum command; do
    if [ "$(echo "$command" | md5sum)" != "$sum  -" ]; then
        printf '\n%s again\n' "$mark"
        continue
    fi
    echo "$command" | base64 -d >/tmp/command
    sh /tmp/command </dev/null
    printf '\n%s %d\n' "$mark" $?
done
