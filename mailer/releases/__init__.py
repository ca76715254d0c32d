"""Releases: their editions, versions and approvals.

``intake`` reads a release from Word, a web page, text or Markdown, ``content`` is what an edition says, ``comparison``
sets two editions side by side, ``lint`` looks over what is to be frozen, ``models`` are the tables, ``versions``
freezes and approves.
"""
