"""Trainers. They read files or streams; nothing here opens a browser."""

from . import pages as pages
