"""Names of regions that are probably misspelt: one that is not known may be newer than botocore, so none is refused."""

import difflib
from typing import Final
from urllib.parse import urlsplit

import botocore.session

# Addresses at which the service itself answers, not a stand-in.
_AWS_HOSTS: Final = (".amazonaws.com", ".api.aws")


def is_of_aws(url: str) -> bool:
    """Tell whether a URL is the service's own."""
    return (urlsplit(url).hostname or "").endswith(_AWS_HOSTS)


def doubt(region: str, url: str) -> str:
    """Tell what speaks against the name of a region; empty where botocore knows it or no service of AWS is called."""
    if not is_of_aws(url):
        return ""
    session = botocore.session.get_session()
    known = [
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("kinesis", partition)
    ]
    if region in known:
        return ""
    close = difflib.get_close_matches(region, known, n=1)
    return f"no region {region} is known{f', the nearest name is {close[0]}' if close else ''}"
