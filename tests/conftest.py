"""What all tests share."""

import os


def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each core: a good part of the time goes into waiting for other programs and terminals."""
    return 2 * (os.cpu_count() or 1)
