"""Names of regions that are probably misspelt. One that is not known may be newer than botocore, so none is refused."""

import difflib

import botocore.session


def doubt(region: str) -> str:
    """Tell what speaks against the name of a region, with a mark at its end; empty where botocore knows it."""
    session = botocore.session.get_session()
    known = [
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("kinesis", partition)
    ]
    if region in known:
        return ""
    close = difflib.get_close_matches(region, known, n=1)
    return f"no region {region} is known, did you mean {close[0]}?" if close else f"no region {region} is known:"
