"""One file a format; found by discovery.

A format is a module with

``NAME``
    the word for ``--format``;
``SAYS``
    one sentence on what it reads;
``sniff(head) -> bool``
    whether the first bytes of a source look like it;
``read(stream, request) -> Iterator[Chunk]``
    the source as columnar chunks, every line in exactly one class.
"""
