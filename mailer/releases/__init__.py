"""Releases: their editions, versions and approvals.

``intake`` reads a release from text or Markdown, ``content`` is what an edition says, ``models`` are the
tables, ``versions`` freezes and approves.
"""
