"""The Enid protocol: specification, envelope, keys, membership, merge, client.

``PROTOCOL.md`` beside this file is the specification; every module names the
section that it carries out. Nothing here imports ``server``.
"""
