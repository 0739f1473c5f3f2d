from store.conftest import forge

__all__ = ["forge"]
