"""Serial lines, through pyserial; real ones and pseudo-terminals alike."""

import contextlib
import errno
import select
import termios
from dataclasses import replace
from pathlib import Path

import serial

from ketamon.driver import LineSettings, Parity
from ketamon.errors import SourceError

_READ_S = 0.1
_WRITE_S = 0.1

_REMEDIES = {
    errno.ENOENT: "is not there; plug the cable in, or choose another port",
    errno.ENODEV: "is not there; plug the cable in, or choose another port",
    errno.ENXIO: "is not there; plug the cable in, or choose another port",
    errno.EACCES: "may not be used by you; add yourself to the group that owns it (often dialout) and log in again",
    errno.EPERM: "may not be used by you; add yourself to the group that owns it (often dialout) and log in again",
    errno.EBUSY: "is held by another program; close it, or choose another port",
    errno.EAGAIN: "is held by another program; close it, or choose another port",
}


class SerialLine:
    """An open serial port, for us alone. Raises `SourceError` where it cannot be had, and when it is gone."""

    def __init__(self, path: str, settings: LineSettings) -> None:
        self._path = path
        if Path(path).resolve().is_relative_to("/dev/pts"):  # no wire, no parity: the system would refuse the settings
            settings = replace(settings, bits=8, parity=Parity.NONE, stop=1)
        port = serial.Serial()
        port.port = path
        port.baudrate, port.bytesize = settings.baud, settings.bits
        port.parity, port.stopbits = settings.parity.value, settings.stop
        port.rtscts = settings.rtscts
        port.exclusive = True
        port.timeout, port.write_timeout = _READ_S, 0  # given time, pyserial's write raises though all of it went out
        port.rts = True  # some monitors stay silent without it; pyserial skips it where there is no such wire (a pty)
        try:
            port.open()
        except (OSError, ValueError, termios.error) as error:
            raise SourceError(_sentence(path, settings, error)) from error
        self._port = port

    def read(self) -> bytes:
        """Wait up to 100 ms for a byte; give it with all that came with it."""
        try:
            first: bytes = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""
        except OSError as error:
            raise SourceError(f"{self._path} is gone; the cable was pulled or the adapter failed") from error

    def write(self, data: bytes) -> None:
        """Send; raise `TimeoutError` where nothing is taken for 100 ms."""
        while data:
            _, ready, _ = select.select([], [self._port.fileno()], [], _WRITE_S)
            if not ready:
                raise TimeoutError(f"{self._path} takes nothing")
            data = data[self._port.write(data) :]

    def close(self) -> None:
        """Give the port back; what a device that holds us off has not taken is thrown away, or closing takes 30 s."""
        with contextlib.suppress(OSError, termios.error):  # the port may be gone
            self._port.reset_output_buffer()
        self._port.close()


def _sentence(path: str, settings: LineSettings, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number not in _REMEDIES:
        return f"{path} cannot be used as a serial line at {settings} ({error}); choose another port"
    here = sorted(str(port) for port in Path("/dev/serial/by-id").glob("*"))
    hint = f" (there are {', '.join(here)})" if here and number == errno.ENOENT else ""
    return f"{path} {_REMEDIES[number]}{hint}"
