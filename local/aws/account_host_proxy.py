"""An HTTP proxy on 127.0.0.1 that leads to the local AWS, and nowhere else.

S3 Control is called at `<account>.<endpoint>`, and no name server knows `000000000000.localhost`. The provider asks a proxy
for hosts that are not 127.0.0.1, so this one gets those calls and hands them to the emulator; every other host is a call
that would have left this machine, and is refused and logged.
"""

import re
import select
import socket
import sys
import threading

ACCOUNT_HOST = re.compile(rb"CONNECT \d{12}\.localhost:(\d+) HTTP/1\.[01]$")


def start(port, emulator_port):
    """Listens on `port` of 127.0.0.1, in threads that end with the process."""
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    threading.Thread(target=_accept, args=(listener, emulator_port), daemon=True).start()


def _accept(listener, emulator_port):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_serve, args=(client, emulator_port), daemon=True).start()


def _serve(client, emulator_port):
    with client:
        try:
            client.settimeout(30)
            request = _head(client).split(b"\r\n", 1)[0]
            asked = ACCOUNT_HOST.match(request)
            if asked and int(asked[1]) == emulator_port:
                _tunnel(client, emulator_port)
            elif request.startswith(b"GET / "):
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                print(f"refused to leave this machine: {request.decode(errors='replace')[:200]}", file=sys.stderr, flush=True)
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        except OSError:
            pass  # One of the two has gone.


def _head(client):
    head = b""
    while b"\r\n\r\n" not in head:
        more = client.recv(4096)
        if not more or len(head) > 65536:
            raise OSError("no request")
        head += more
    return head


def _tunnel(client, emulator_port):
    with socket.create_connection(("127.0.0.1", emulator_port)) as emulator:
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        client.settimeout(None)
        other = {client: emulator, emulator: client}
        while True:
            for ready in select.select([client, emulator], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                other[ready].sendall(data)
