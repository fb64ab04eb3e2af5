"""The package of Octavo's gdb commands; see ../octavo.py."""
