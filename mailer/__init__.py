"""Dateline: a self-hosted press office.

The rooms of this package, lowest first; a room imports only from rooms above it in this list:
``errors``, ``clock``, ``config``; ``database``; ``audit``; ``contacts``.
"""
