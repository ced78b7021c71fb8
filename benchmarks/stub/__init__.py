"""A sink that takes whatever comes: PutRecords, PutRecord and PutRecordBatch over TLS 1.3, as cheaply as it can.

It runs on the same cores as what is measured, so its answers are written beforehand and it decodes only what it is told
to check. `python -m benchmarks.stub --help` names what it can be told.
"""
