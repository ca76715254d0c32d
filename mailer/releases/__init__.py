"""Releases: their editions, versions and approvals.

``intake`` reads a release from Word, a web page, text or Markdown, ``comparison`` compares its editions, ``content`` is what an edition says, ``models`` are the
tables, ``versions`` freezes and approves.
"""
