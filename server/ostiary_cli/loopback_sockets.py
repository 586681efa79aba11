"""The loopback sockets on which everything is served: browsers take `*.localhost` to either address."""

import errno
import socket
from collections.abc import Sequence

_NO_IPV6 = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENOPROTOOPT})


class PortInUse(Exception):
    """Something else listens there, or the port needs a privilege. The text says what to do."""


def loopback(port: int) -> Sequence[socket.socket]:
    """127.0.0.1 and, where the machine has it, ::1. Raises PortInUse."""
    sockets: list[socket.socket] = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            sockets.append(socket.create_server((host, port), family=family))
        except OSError as error:
            if sockets and error.errno in _NO_IPV6:
                break
            for bound in sockets:
                bound.close()
            raise PortInUse(_explanation(host, port, error)) from None
    return sockets


def _explanation(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use on {host}: stop what listens there, or choose another with --port"
    return f"cannot listen on port {port} of {host} ({error.strerror}): choose another with --port"
