"""The send engine: claims deliveries, personalises them, speaks SMTP, and records how each one ended.

A delivery's way: ``claims`` takes it for this process, ``queues`` has it wait for its turn (``routes`` say which relay
may take it, ``limits`` how much goes to its domain, ``relays`` and ``throttle`` when a relay may be tried, ``surplus``
gives back what is too much), ``messages`` makes its bytes, ``engine`` has a connection (``smtp``, over ``endpoint`` and
``wire``, ``reply`` reads the answers) hand them over at their time, ``journal`` notes it beside the wire, ``outcome``
records it, ``takeover`` settles what a dead process left. ``service`` is one ``dateline run``. ``report`` answers who
received what, ``decide`` is an officer's word on single deliveries, ``preview`` shows a mail beforehand, ``checkup``
looks at the whole office.
"""
