"""A console that is drawn in a browser's page, as a process of `ketamon serve`."""

import os
import threading
import time

LOOKS_EVERY_S = 1.0


def on_page() -> bool:
    """Whether this process draws to a page: textual-serve says so."""
    return "TEXTUAL_DRIVER" in os.environ


def end_with_server() -> None:
    """End this process when the one that started it is gone, even killed: nobody would ever see or close it."""

    def look(server: int) -> None:
        while os.getppid() == server:
            time.sleep(LOOKS_EVERY_S)
        os._exit(0)  # nothing that matters runs here, and nobody is left to draw to

    threading.Thread(target=look, args=(os.getppid(),), daemon=True).start()
