"""Two network namespaces and a bad radio between them, for the bench's figure `phone`.

Run inside `unshare --user --map-root-user --net` (or as root in a fresh network namespace):
    phoneLink.py SOCKET DELAY_MS LOSS_PERCENT SEED COMMAND...
COMMAND runs in a second namespace whose only way out is a TUN device. Its packets are lost and
delayed here, each direction alike, and end in this namespace's own TCP, which hands the bytes to
the Unix socket SOCKET. A line on COMMAND's descriptor 3 steers the radio: "off" loses everything,
"on" brings a new network: what was connected before stays dead, as when a phone changes cells.
It must never touch a network that is not its own. Python because Node cannot open a TUN device.
"""

import ctypes
import fcntl
import heapq
import os
import random
import selectors
import socket
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_INFORMATION = 0x0001 | 0x1000
CLONE_NEWNET = 0x40000000
FAR, NEAR, PORT = "10.77.0.1", "10.77.0.2", 8080
BUFFER = 65536


def open_tun(own, other):
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", b"radio0", IFF_TUN_NO_INFORMATION))
    for command in (
        "ip link set lo up",
        f"ip addr add {own} peer {other} dev radio0",
        "ip link set radio0 up mtu 1400",
    ):
        subprocess.run(command.split(), check=True)
    return descriptor


def start_phone(command):
    """Forks into the second namespace; returns its TUN, its steering pipe and its process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    steer_read, steer_write = os.pipe()
    process = os.fork()
    if process == 0:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            os._exit(71)
        socket.send_fds(theirs, [b"tun"], [open_tun(NEAR, FAR)])
        os.dup2(steer_write, 3, inheritable=True)
        os.execvp(command[0], command)
    os.close(steer_write)
    _, descriptors, _, _ = socket.recv_fds(ours, 16, 1)
    return descriptors[0], steer_read, process


def source_port(packet, from_phone):
    """TCP port of the phone's side; 0 for anything else."""
    header = (packet[0] & 15) * 4
    if packet[9] != 6 or len(packet) < header + 4:
        return 0
    offset = header if from_phone else header + 2
    return struct.unpack_from("!H", packet, offset)[0]


class Radio:
    def __init__(self, delay, loss, seed):
        self.delay, self.loss = delay, loss
        self.random = random.Random(seed)
        self.queue, self.count = [], 0
        self.is_off = False
        self.known, self.dead = set(), set()
        self.sent = self.lost = 0

    def take(self, packet, to, from_phone):
        port = source_port(packet, from_phone)
        self.known.add(port)
        self.sent += 1
        if self.is_off or port in self.dead or self.random.random() < self.loss:
            self.lost += 1
            return
        self.count += 1
        heapq.heappush(self.queue, (time.monotonic() + self.delay, self.count, to, packet))

    def steer(self, word):
        if word == "off":
            self.is_off = True
        elif word == "on":
            self.is_off = False
            self.dead |= self.known

    def deliver(self):
        while self.queue and self.queue[0][0] <= time.monotonic():
            _, _, to, packet = heapq.heappop(self.queue)
            try:
                os.write(to, packet)
            except OSError:
                pass

    def wait(self):
        return max(0.0, self.queue[0][0] - time.monotonic()) if self.queue else 0.1


class Bridge:
    """The far end: every TCP connection becomes one of the Unix socket."""

    def __init__(self, selector, path):
        self.selector, self.path = selector, path
        self.server = socket.create_server((FAR, PORT))
        self.server.setblocking(False)
        selector.register(self.server, selectors.EVENT_READ, self.accept)

    def accept(self, _):
        near, _ = self.server.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(self.path)
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for one, other in ((near, far), (far, near)):
            # Whoever takes nothing for so long that its buffer is full is cut off.
            one.setblocking(False)
            self.selector.register(one, selectors.EVENT_READ, self.copier(one, other))

    def copier(self, one, other):
        def copy(_):
            try:
                data = one.recv(BUFFER)
                if data:
                    other.sendall(data)
                    return
            except OSError:  # also BlockingIOError
                pass
            for each in (one, other):
                try:
                    self.selector.unregister(each)
                except (KeyError, ValueError):
                    pass
                each.close()

        return copy


def main():
    path, delay_ms, loss_percent, seed, *command = sys.argv[1:]
    radio = Radio(float(delay_ms) / 1000, float(loss_percent) / 100, int(seed))
    far = open_tun(FAR, NEAR)
    near, steer, process = start_phone(command)
    selector = selectors.DefaultSelector()
    Bridge(selector, path)

    def forward(descriptor, to, from_phone):
        def run(_):
            try:
                while True:
                    radio.take(os.read(descriptor, BUFFER), to, from_phone)
            except BlockingIOError:
                pass

        selector.register(descriptor, selectors.EVENT_READ, run)

    forward(near, far, True)
    forward(far, near, False)

    def steered(_):
        for word in os.read(steer, BUFFER).decode().split():
            radio.steer(word)

    selector.register(steer, selectors.EVENT_READ, steered)
    while True:
        for key, _ in selector.select(radio.wait()):
            key.data(key.fileobj)
        radio.deliver()
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            print(f"radio: {radio.sent} packets, {radio.lost} lost", file=sys.stderr)
            sys.exit(os.waitstatus_to_exitcode(status))


main()
