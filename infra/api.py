"""The HTTP API: API Gateway in front of the api function, with the authorizer before everything under /v1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import nag
from infra.function import Package, PunctualFunction
from infra.removal import log_retention, removal_policy
from infra.settings import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.settings import Settings

# API Gateway gives up after 30 s; the function answers before that.
_API_TIMEOUT_SECONDS: Final = 29
_AUTHORIZER_TIMEOUT_SECONDS: Final = 10
# So long may a revoked key still be let in.
_AUTHORIZER_CACHE_SECONDS: Final = 60
_PUBLIC_PATHS: Final = ("/health", "/ready", "/docs", "/openapi.json")

# What whoever does the work of an attempt calls, by the token of its lease.
_REPORTS: Final = "/v1/executions/{token}/{report}"
_REPORT_METHODS: Final = [gateway.HttpMethod.GET, gateway.HttpMethod.POST]

# HTTP APIs cannot log a request's headers, and log a path whole or not at all: not at all, since it may hold the token
# of a lease. The function logs it without. The request id is in every line that the function logs, next to the
# correlation id, so the two logs are joined by it.
_ACCESS_LOG: Final = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_latency_ms": "$context.integrationLatency",
    "integration_error": "$context.integrationErrorMessage",
    "authorizer_error": "$context.authorizer.error",
    "tenant": "$context.authorizer.tenant",
    "response_bytes": "$context.responseLength",
    "source_ip": "$context.identity.sourceIp",
}


class Api(Construct):
    """The gateway with its two functions."""

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        package: Package,
        environment: Mapping[str, str],
        authorizer_environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, "http-api")
        self.api = PunctualFunction(
            self,
            Function.API,
            settings=settings,
            package=package,
            handler="functions.api.handler.lambda_handler",
            timeout_seconds=_API_TIMEOUT_SECONDS,
            environment=environment,
            description="Answers the HTTP API",
        )
        self.authorizer = PunctualFunction(
            self,
            Function.AUTHORIZER,
            settings=settings,
            package=package,
            handler="functions.api.authorizer.lambda_handler",
            timeout_seconds=_AUTHORIZER_TIMEOUT_SECONDS,
            environment=authorizer_environment,
            description="Says whose API key a request carries",
        )
        self._gateway = gateway.HttpApi(
            self,
            "gateway",
            api_name=f"punctual-{settings.stage}",
            create_default_stage=False,
            cors_preflight=_cors(settings),
        )
        self._emulator = settings.emulator
        self._add_routes()
        self._add_stage(settings)

    @property
    def url(self) -> str:
        """Where `/v1/...` begins; no slash at its end."""
        if self._emulator is not None:
            return f"{self._emulator}/_aws/execute-api/{self._gateway.api_id}"
        return self._gateway.api_endpoint

    @property
    def id(self) -> str:
        return self._gateway.api_id

    def _add_routes(self) -> None:
        integration = integrations.HttpLambdaIntegration(
            "function",
            self.api.function,
            payload_format_version=gateway.PayloadFormatVersion.VERSION_2_0,
            scope_permission_to_route=False,  # one permission for the whole API, not one for each route
        )
        authorizer = authorizers.HttpLambdaAuthorizer(
            "api-key",
            self.authorizer.function,
            response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
            identity_source=["$request.header.Authorization"],
            results_cache_ttl=Duration.seconds(_AUTHORIZER_CACHE_SECONDS),
        )
        self._gateway.add_routes(path="/v1/{proxy+}", integration=integration, authorizer=authorizer)
        # A lease token in the path stands for an API key. So the path is a secret here.
        self._reports = self._gateway.add_routes(path=_REPORTS, methods=_REPORT_METHODS, integration=integration)
        for path in _PUBLIC_PATHS:
            self._gateway.add_routes(path=path, methods=[gateway.HttpMethod.GET], integration=integration)
        # Without it the gateway answers unknown paths itself, with something that is no problem document.
        gateway.HttpRoute(
            self, "default", http_api=self._gateway, route_key=gateway.HttpRouteKey.DEFAULT, integration=integration
        )
        nag.acknowledge(self, "APIG4", nag.PUBLIC_ROUTES)

    def _add_stage(self, settings: Settings) -> None:
        log_group = logs.LogGroup(
            self,
            "access-log",
            # Under this prefix all stacks share one entry of the account's policy for log delivery, which has few.
            log_group_name=f"/aws/vendedlogs/punctual-{settings.stage}-access",
            retention=log_retention(settings),
            removal_policy=removal_policy(settings),
        )
        throttling = {
            "ThrottlingRateLimit": settings.throttle_rate,
            "ThrottlingBurstLimit": settings.throttle_burst,
        }
        stage = gateway.CfnStage(
            self,
            "stage",
            api_id=self._gateway.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=gateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=settings.throttle_rate, throttling_burst_limit=settings.throttle_burst
            ),
            # Anybody can call them, so what they take is no part of what clients may ask for.
            route_settings={f"{method.value} {_REPORTS}": throttling for method in _REPORT_METHODS},
            access_log_settings=gateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log_group.log_group_arn, format=json.dumps(_ACCESS_LOG, separators=(",", ":"))
            ),
        )
        # A stage that names a route which is not there yet is refused.
        for route in self._reports:
            stage.node.add_dependency(route)


def _cors(settings: Settings) -> gateway.CorsPreflightOptions | None:
    if not settings.cors_origins:
        return None
    return gateway.CorsPreflightOptions(
        allow_origins=list(settings.cors_origins),
        allow_methods=[gateway.CorsHttpMethod.ANY],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Correlation-Id"],
        expose_headers=["ETag", "Location", "Retry-After", "X-Correlation-Id"],
        max_age=Duration.hours(1),
    )
