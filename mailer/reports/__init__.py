"""Answers to what officers and auditors ask: who received what, who did not and why, and how that went.

``report`` is what every answer is made of, ``words`` and ``values`` how it speaks, ``presenting`` gives it as a table
(``tables``), CSV, XLSX, JSON or PDF. Each question has a file of its own: ``received``, ``missed``, ``sent``,
``embargoed``, ``numbers`` (with ``chart``).
"""
