"""Checksums, each with its check value over the nine ASCII digits "123456789"."""

import binascii


def sum8(data: bytes) -> int:
    """Return the sum of all bytes modulo 256 (check value 0xDD). It misses one random damage in 256."""
    return sum(data) & 0xFF


def xor8(data: bytes) -> int:
    """Return the exclusive or of all bytes (check value 0x31). It misses every swap, and one other damage in 256."""
    found = 0
    for byte in data:
        found ^= byte
    return found


def crc16_ccitt_false(data: bytes) -> int:
    """Return the CRC with polynomial 0x1021, start 0xFFFF, no reflection (check value 0x29B1)."""
    return binascii.crc_hqx(data, 0xFFFF)


def crc16_xmodem(data: bytes) -> int:
    """Return the CRC with polynomial 0x1021, start 0, no reflection (check value 0x31C3)."""
    return binascii.crc_hqx(data, 0)


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def crc16_x25(data: bytes) -> int:
    """Return the CRC of HDLC: polynomial 0x1021 reflected, start and final inversion 0xFFFF (check value 0x906E)."""
    crc = binascii.crc_hqx(data.translate(_MIRRORED), 0xFFFF)
    return (_MIRRORED[crc & 0xFF] << 8 | _MIRRORED[crc >> 8]) ^ 0xFFFF


def crc16_dianet(data: bytes) -> int:
    """Return the CRC of B. Braun's DIANET over two bytes or more: polynomial 0x1021 (check value 0xA69D).

    The last two bytes are not divided any more but only added, so damage that hits the same bits of one of them and of
    the checksum is not seen.
    """
    return binascii.crc_hqx(data[:-2], 0x1D0F) ^ int.from_bytes(data[-2:], "big")
