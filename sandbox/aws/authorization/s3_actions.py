"""The action that a request to S3 asks for: S3 has no names of operations on the wire, only methods and paths.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_OF_OBJECTS = {
    "GET": "GetObject",
    "HEAD": "GetObject",
    "PUT": "PutObject",
    "POST": "PutObject",
    "DELETE": "DeleteObject",
}
_OF_UPLOADS = {"GET": "ListMultipartUploadParts", "DELETE": "AbortMultipartUpload"}
_OF_BUCKETS = {
    "location": "GetBucketLocation",
    "uploads": "ListBucketMultipartUploads",
    "versions": "ListBucketVersions",
}


def place(environ: WSGIEnvironment) -> tuple[str, str]:
    """Return the bucket and the key that a request names, either of which may be empty."""
    host = environ.get("HTTP_HOST", "").partition(":")[0]
    path = environ.get("PATH_INFO", "").lstrip("/")
    if host.endswith(".localhost"):
        return host.removesuffix(".localhost").removesuffix(".s3"), path
    bucket, _, key = path.partition("/")
    return bucket, key


def of_request(environ: WSGIEnvironment) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Return action, resource and condition keys."""
    bucket, key = place(environ)
    method = environ["REQUEST_METHOD"]
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if not bucket:
        return "s3:ListAllMyBuckets", "*", ()
    if key:
        action = _OF_UPLOADS.get(method) if "uploadId" in query else None
        return f"s3:{action or _OF_OBJECTS.get(method, method)}", f"arn:aws:s3:::{bucket}/{key}", ()
    if method == "POST" and "delete" in query:
        return "s3:DeleteObject", f"arn:aws:s3:::{bucket}/*", ()
    for name, action in _OF_BUCKETS.items():
        if method == "GET" and name in query:
            return f"s3:{action}", f"arn:aws:s3:::{bucket}", ()
    prefix = (("s3:prefix", query["prefix"][0]),) if "prefix" in query else ()
    listing = method == "HEAD" or (method == "GET" and query.keys() <= _LISTING)
    action = "ListBucket" if listing else f"{method} {'&'.join(query)}"
    return f"s3:{action}", f"arn:aws:s3:::{bucket}", prefix


_LISTING = {
    "list-type",
    "prefix",
    "delimiter",
    "max-keys",
    "marker",
    "start-after",
    "continuation-token",
    "encoding-type",
    "fetch-owner",
}
