"""What Firehose makes of records on their way: taking apart, sorting, transforming, ending lines."""

import base64
import json
from collections.abc import Iterator

from aws_cdk import aws_kinesisfirehose as firehose

from environments import Delivery, S3Delivery, Transformation
from stacks.deliveries.grants import Grant, grant

Processing = firehose.CfnDeliveryStream.ProcessingConfigurationProperty
Processor = firehose.CfnDeliveryStream.ProcessorProperty

MIB = 1 << 20


def processing(delivery: Delivery) -> Processing | None:
    """Return a delivery's processors in the order in which records pass them; None where there are none."""
    processors = list(_processors(delivery))
    return Processing(enabled=True, processors=processors) if processors else None


def processing_grants(delivery: Delivery) -> Iterator[Grant]:
    """Yield what calling the function takes, in the one version that is named."""
    if delivery.transform is not None:
        yield grant("lambda:GetFunctionConfiguration", "lambda:InvokeFunction", on=delivery.transform.function)


def _processors(delivery: Delivery) -> Iterator[Processor]:
    if isinstance(delivery, S3Delivery):
        if delivery.deaggregate == "json":
            yield _processor("RecordDeAggregation", SubRecordType="JSON")
        elif delivery.deaggregate == "newline":
            newline = base64.b64encode(b"\n").decode()
            yield _processor("RecordDeAggregation", SubRecordType="DELIMITED", Delimiter=newline)
        if delivery.partition_by:
            query = ",".join(f"{json.dumps(name)}:{jq}" for name, jq in delivery.partition_by.items())
            yield _processor("MetadataExtraction", MetadataExtractionQuery=f"{{{query}}}", JsonParsingEngine="JQ-1.6")
    if delivery.transform is not None:
        yield _lambda(delivery.transform)
    if isinstance(delivery, S3Delivery) and delivery.newline:
        yield _processor("AppendDelimiterToRecord")


def _lambda(transform: Transformation) -> Processor:
    return _processor(
        "Lambda",
        LambdaArn=transform.function,
        NumberOfRetries=str(transform.retries),
        BufferSizeInMBs=str(transform.size // MIB),
        BufferIntervalInSeconds=str(int(transform.interval.total_seconds())),
    )


def _processor(kind: str, **parameters: str) -> Processor:
    return Processor(
        type=kind,
        parameters=[
            firehose.CfnDeliveryStream.ProcessorParameterProperty(parameter_name=name, parameter_value=value)
            for name, value in parameters.items()
        ],
    )
