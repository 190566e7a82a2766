"""Liaison side by side with what a small team would write: `make bench`, or `python -m bench --help`."""
