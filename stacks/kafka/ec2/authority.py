"""Who signs the certificates of nodes: an authority in AWS Private CA, made or given."""

from aws_cdk import aws_acmpca as acmpca
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments import Environment
from environments.kafka import Ec2Kafka
from environments.naming import kafka_ca_parameter_name
from stacks.environment_stack import removal_policy

YEARS = 10
ALGORITHM = "SHA256WITHECDSA"


class Authority(Construct):
    """The authority, and the SSM parameter by which clients know the brokers it signed for.

    Keys of nodes are made on the nodes and never leave them; the authority's own key lies in AWS
    Private CA. So there is no secret to hand out, and no Lambda that would make one.
    """

    def __init__(self, scope: Construct, environment: Environment, kafka: Ec2Kafka) -> None:
        super().__init__(scope, "Authority")
        self.arn = kafka.authority if not kafka.own_authority else self._make(environment)

    def _make(self, environment: Environment) -> str:
        authority = acmpca.CfnCertificateAuthority(
            self,
            "Root",
            type="ROOT",
            key_algorithm="EC_prime256v1",
            signing_algorithm=ALGORITHM,
            subject=acmpca.CfnCertificateAuthority.SubjectProperty(common_name=f"Kafka of {environment.name}"),
        )
        certificate = acmpca.CfnCertificate(
            self,
            "Certificate",
            certificate_authority_arn=authority.attr_arn,
            certificate_signing_request=authority.attr_certificate_signing_request,
            signing_algorithm=ALGORITHM,
            template_arn=f"arn:{environment.partition}:acm-pca:::template/RootCACertificate/V1",
            validity=acmpca.CfnCertificate.ValidityProperty(type="YEARS", value=YEARS),
        )
        activation = acmpca.CfnCertificateAuthorityActivation(
            self,
            "Activation",
            certificate_authority_arn=authority.attr_arn,
            certificate=certificate.attr_certificate,
            status="ACTIVE",
        )
        for resource in (authority, certificate, activation):
            resource.apply_removal_policy(removal_policy(environment))
        ssm.StringParameter(
            self,
            "Ca",
            parameter_name=kafka_ca_parameter_name(environment),
            description=f"Certificate by which clients know the brokers of {environment.name}",
            string_value=certificate.attr_certificate,
        )
        return authority.attr_arn
