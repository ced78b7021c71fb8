"""The AWS stand-in: moto's server, mended until our templates deploy and mean what they say.

moto keeps the APIs of many services in memory, but its CloudFormation drops properties without a word
and its Kinesis slows down with every record. The modules here replace exactly those parts inside our
own process, one module per service, each telling what moto does and what AWS does instead.

    python -m sandbox.aws --port 5005 --account 000000000000

Clients must spell the endpoint's host `localhost` (`http://localhost:5005`): moto finds an S3 bucket in the
path of a request only for that name.
"""
