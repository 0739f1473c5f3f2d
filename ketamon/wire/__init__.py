"""The sans-IO toolkit that drivers build on."""
