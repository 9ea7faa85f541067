"""What every function is made of, and the use cases that callers reach."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, final

from countersign.aws.cached_secret import CachedSecret
from countersign.aws.clients import dynamodb_client, kms_client, secrets_client, trimmed_session
from countersign.aws.peppers import SecretPeppers
from countersign.aws.secrets import SecretClients, SecretVendorAccounts
from countersign.aws.store import DynamoStore
from countersign.aws.table import Table
from countersign.clock import Clock, SystemClock
from countersign.dialects.dialect import Function
from countersign.dialects.registry import CLIENT_DIALECTS
from countersign.edge import Edge
from countersign.service.check import Checker
from countersign.settings import Setting, Settings, required, switched_on, whole
from countersign.telemetry import PowertoolsTelemetry, make_telemetry

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

    from countersign.aws.requests_queue import RequestsQueue
    from countersign.intake import Intake
    from countersign.ports import Providers
    from countersign.routing import Routes
    from countersign.service.courier import Courier
    from countersign.service.guard import Guard
    from countersign.service.prove import Prover
    from countersign.service.redelivery import Redeliverer
    from countersign.service.resend import Resender
    from countersign.service.sending import Sending
    from countersign.service.start import Starter


@final
class Container:
    """Every object of one running function."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        clock: Clock | None = None,
        telemetry: PowertoolsTelemetry | None = None,
        session: Session | None = None,
    ) -> None:
        """`session`: where the clients of AWS come from; several containers may share one."""
        self._given_session = session
        self.environment = environment
        self.clock = clock or SystemClock()
        self.telemetry = telemetry or make_telemetry()

    @cached_property
    def settings(self) -> Settings:
        return Settings.read(self.environment)

    @cached_property
    def session(self) -> Session:
        return self._given_session or trimmed_session()

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return dynamodb_client(self.session)

    @cached_property
    def secrets_manager(self) -> SecretsManagerClient:
        return secrets_client(self.session)

    @cached_property
    def kms(self) -> KMSClient:
        return kms_client(self.session)

    def _secret(self, arn: str, *, label: str) -> CachedSecret:
        return CachedSecret(
            arn,
            label=label,
            client=lambda: self.secrets_manager,
            ttl_seconds=whole(self.environment, Setting.SECRET_TTL_SECONDS),
            clock=self.clock,
            telemetry=self.telemetry,
        )

    @cached_property
    def clients_secret(self) -> CachedSecret:
        return self._secret(required(self.environment, Setting.CLIENTS_SECRET_ARN), label="clients")

    @cached_property
    def peppers(self) -> SecretPeppers:
        return SecretPeppers(self.clients_secret)

    @cached_property
    def clients(self) -> SecretClients:
        return SecretClients(self.clients_secret, peppers=self.peppers, dialects=CLIENT_DIALECTS)

    @cached_property
    def vendor_accounts(self) -> SecretVendorAccounts:
        arn = required(self.environment, Setting.VENDORS_SECRET_ARN)
        return SecretVendorAccounts(self._secret(arn, label="vendors"))

    @cached_property
    def table(self) -> Table:
        name = required(self.environment, Setting.TABLE_NAME)
        return Table(name, client=lambda: self.dynamodb, clock=self.clock)

    @cached_property
    def store(self) -> DynamoStore:
        return DynamoStore(self.table)

    @cached_property
    def routes(self) -> Routes:
        from countersign.routing import Routes

        return Routes.parse(required(self.environment, Setting.ROUTES))

    @cached_property
    def providers(self) -> Providers:
        from countersign.aws.tokens import DynamoTokenStore
        from countersign.providers.registry import ProviderRegistry

        return ProviderRegistry(
            base_urls=self.settings.vendor_urls,
            accounts=self.vendor_accounts,
            tokens=DynamoTokenStore(self.table, ring=self.peppers.ring, clock=self.clock),
            clock=self.clock,
            telemetry=self.telemetry,
        )

    @cached_property
    def courier(self) -> Courier:
        from countersign.service.courier import Courier

        return Courier(
            providers=self.providers,
            store=self.store,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def guard(self) -> Guard:
        from countersign.limits import Budget
        from countersign.service.guard import Guard

        return Guard(
            store=self.store,
            telemetry=self.telemetry,
            budget=lambda: Budget(
                warning=whole(self.environment, Setting.DAILY_SENDS_WARNING),
                limit=whole(self.environment, Setting.DAILY_SENDS_LIMIT),
            ),
        )

    @cached_property
    def starter(self) -> Starter:
        from countersign.service.start import Starter

        return self._sending(Starter)

    @cached_property
    def resender(self) -> Resender:
        from countersign.service.resend import Resender

        return self._sending(Resender)

    @cached_property
    def redeliverer(self) -> Redeliverer:
        from countersign.service.redelivery import Redeliverer

        return Redeliverer(
            store=self.store, resender=self.resender, routes=lambda: self.routes, clock=self.clock
        )

    def _sending[UseCase: Sending](self, use_case: type[UseCase]) -> UseCase:
        return use_case(
            store=self.store,
            courier=self.courier,
            guard=self.guard,
            routes=lambda: self.routes,
            rehearses=switched_on(self.environment, Setting.TEST_NUMBERS),
            peppers=self.peppers,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def checker(self) -> Checker:
        return Checker(
            store=self.store,
            providers=lambda: self.providers,
            peppers=self.peppers,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def prover(self) -> Prover:
        from countersign.aws.signing_key import KmsSigningKey
        from countersign.service.prove import Prover

        arn = required(self.environment, Setting.PROOF_KEY_ARN)
        return Prover(
            checker=self.checker,
            key=KmsSigningKey(arn, client=lambda: self.kms),
            peppers=self.peppers,
            telemetry=self.telemetry,
            clock=self.clock,
            issuer=required(self.environment, Setting.PROOF_ISSUER),
            ttl_seconds=whole(self.environment, Setting.PROOF_TTL_SECONDS),
        )

    @cached_property
    def queues(self) -> SQSClient:
        from countersign.aws.clients import queues_client

        return queues_client(self.session)

    @cached_property
    def hurried_queues(self) -> SQSClient:
        from countersign.aws.clients import hurried_queues_client

        return hurried_queues_client(self.session)

    def requests_queue(self, arn: str) -> RequestsQueue:
        from countersign.aws.requests_queue import RequestsQueue

        return RequestsQueue(arn, client=lambda: self.hurried_queues)

    @cached_property
    def intake(self) -> Intake:
        from secrets import randbelow

        from countersign.dialects.native import Native
        from countersign.intake import Intake

        return Intake(
            native=Native(self),
            queue=self.requests_queue,
            telemetry=self.telemetry,
            clock=self.clock,
            draw=randbelow,
        )

    def edge(self, function: Function) -> Edge:
        return Edge(
            self,
            function=function,
            telemetry=self.telemetry,
            clock=self.clock,
            batches=(lambda: self.intake) if function is Function.SEND else None,
        )
