"""What two ends of an association agree on: versions, and what the other end can do (MDSEUserInfo).

protocol(4) nomenclature(4) functional units(4) system type(4) startup(4) options, profiles (lists of attributes)
"""

from struct import Struct

PROTOCOL, NOMENCLATURE = 0x80000000, 0x40000000
_LAYOUT = Struct(">II")
_MARKS = (b"\xbe\x80\x28\x80\x02\x01\x02\x81", b"\xbe\x80\x28\x80\x81")
"""What stands before it in the answer of a monitor."""
_LONG = 0x80


def user_info(parameters: bytes) -> bytes:
    """Find the user information in an accept; b"" where there is none."""
    for mark in _MARKS:
        at = parameters.find(mark)
        if at >= 0:
            at += len(mark)
            length = parameters[at : at + 1]
            more = length[0] & ~_LONG if length and length[0] & _LONG else 0
            return parameters[at + 1 + more :]
    return b""


def difference(parameters: bytes) -> str:
    """Say in which version an accept differs from what this driver reads, "" where it does not."""
    info = user_info(parameters)
    if len(info) < _LAYOUT.size:
        return "the monitor tells no protocol version in its answer"
    protocol, nomenclature = _LAYOUT.unpack_from(info)
    if protocol != PROTOCOL:
        return f"protocol version {protocol:08x}, this driver reads {PROTOCOL:08x}"
    if nomenclature != NOMENCLATURE:
        return f"nomenclature version {nomenclature:08x}, this driver reads {NOMENCLATURE:08x}"
    return ""
