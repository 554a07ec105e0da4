"""The demo: plays the phones, keeps itself fresh, and starts the server.

    make run        or: python -m server.demo

Its own programme: nothing else of the server imports it, and it alone may decrypt,
because it owns the phones. Everything is below ``ENID_DATA`` (``var/demo``).
"""
