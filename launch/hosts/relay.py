#!/usr/bin/env python3
"""A link with a delay: two TAP devices. Each forwards the frames of the other after the delay.

    relay.py SECONDS NAME1 NAME2

Creates both devices in this network namespace, from which they may be moved, and then prints a line.
For kernels without the queueing discipline `netem`, which does the same. Ends at the end of standard input.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000


def tap(name):
    """A TAP device: a file from which and to which each call reads or writes one Ethernet frame."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return file


def take_in(file, queue, due):
    """Queues all available frames."""
    try:
        while True:
            queue.append((due, os.read(file, 65536)))
    except OSError:  # no more frames, or the device is down
        pass


def send_on(file, queue, now):
    """Sends the frames whose delay has passed. A frame that the device refuses is lost, as on a real link."""
    while queue and queue[0][0] <= now:
        frame = queue.popleft()[1]
        try:
            os.write(file, frame)
        except OSError:
            pass


def main():
    delay = float(sys.argv[1])
    ends = [tap(name) for name in sys.argv[2:4]]
    queues = [collections.deque(), collections.deque()]  # frames received from each end
    print("ready", flush=True)
    poll = select.poll()
    for file in [*ends, sys.stdin.fileno()]:
        poll.register(file, select.POLLIN)
    while True:
        waiting = [queue[0][0] for queue in queues if queue]
        wait = max(0, min(waiting) - time.monotonic()) if waiting else 1
        ready = [file for file, _ in poll.poll(wait * 1000)]
        now = time.monotonic()
        for file, queue in zip(ends, queues):
            if file in ready:
                take_in(file, queue, now + delay)
        for file, queue in zip(reversed(ends), queues):
            send_on(file, queue, now)
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 1):
            return


main()
