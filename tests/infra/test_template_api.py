"""The HTTP API's gateway, the alarms and the outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from infra.app import add_stage, new_app
from infra.settings import Function, settings_of
from shared.ports.telemetry import Metric
from tests.infra.template import StageTemplate

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundling import Bundles

SIGNS_OF_LIFE = {"oldest_due_ms", "tick_age_ms", "expansion_age_ms", "canary_age_ms"}
PUBLIC = {"GET /health", "GET /ready", "GET /docs", "GET /openapi.json", "$default"}
# Who calls them shows a token instead of a key.
REPORTS = {"GET /v1/executions/{token}/{report}", "POST /v1/executions/{token}/{report}"}


def test_everything_under_v1_but_reports_passes_the_authorizer_and_the_rest_is_public(template: StageTemplate) -> None:
    routes = template.of_type("AWS::ApiGatewayV2::Route").values()
    kinds = {route["RouteKey"]: route.get("AuthorizationType", "NONE") for route in routes}

    assert kinds == {"ANY /v1/{proxy+}": "CUSTOM", **dict.fromkeys(PUBLIC | REPORTS, "NONE")}


def test_authorizer_answers_are_remembered_for_a_minute_at_most(template: StageTemplate) -> None:
    authorizer = template.one("AWS::ApiGatewayV2::Authorizer")

    assert authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["EnableSimpleResponses"] is True
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    assert 0 < authorizer["AuthorizerResultTtlInSeconds"] <= 60


def test_requests_reach_the_api_function_in_format_2(template: StageTemplate) -> None:
    integration = template.one("AWS::ApiGatewayV2::Integration")

    assert integration["PayloadFormatVersion"] == "2.0"
    assert template.text(integration["IntegrationUri"]) == f"<{Function.API}>"


def test_stage_deploys_itself_is_throttled_and_logs_each_request_as_json(template: StageTemplate) -> None:
    stage = template.one("AWS::ApiGatewayV2::Stage")
    access_log = json.loads(stage["AccessLogSettings"]["Format"])

    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": template.settings.throttle_rate,
        "ThrottlingBurstLimit": template.settings.throttle_burst,
    }
    assert access_log["request_id"] == "$context.requestId"
    assert {"status", "latency_ms", "integration_error", "route"} <= access_log.keys()


def test_reports_are_throttled_apart_from_what_clients_ask_for(template: StageTemplate) -> None:
    stage = template.one("AWS::ApiGatewayV2::Stage")

    assert stage["RouteSettings"] == dict.fromkeys(REPORTS, stage["DefaultRouteSettings"])


def test_the_access_log_holds_no_path_since_that_may_be_a_token(template: StageTemplate) -> None:
    access_log = template.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"]

    assert "routeKey" in access_log
    assert not {"$context.path", "rawPath", "requestOverride"} & set(json.loads(access_log).values())
    assert "path" not in access_log.lower()


def test_gateway_alone_may_invoke_the_api_and_its_authorizer(template: StageTemplate) -> None:
    permissions = template.of_type("AWS::Lambda::Permission").values()
    callers = {template.text(permission["FunctionName"])[1:-1]: permission["Principal"] for permission in permissions}

    assert callers == {
        Function.API: "apigateway.amazonaws.com",
        Function.AUTHORIZER: "apigateway.amazonaws.com",
        Function.POPULATOR: "events.amazonaws.com",
        Function.WATCHER: "events.amazonaws.com",
        Function.RECURRENCE: "events.amazonaws.com",
    }
    assert all("SourceArn" in permission for permission in permissions)


def test_browsers_of_other_origins_are_not_let_in(template: StageTemplate) -> None:
    assert "CorsConfiguration" not in template.one("AWS::ApiGatewayV2::Api")


def test_alarms_watch_dead_letters_failures_a_late_stream_and_late_expansions(template: StageTemplate) -> None:
    alarms = template.of_type("AWS::CloudWatch::Alarm").values()
    watched = {
        (alarm["MetricName"], template.text(dimension["Value"]).strip("<>"))
        for alarm in alarms
        for dimension in alarm["Dimensions"]
    }

    assert watched == {
        *(
            ("ApproximateNumberOfMessagesVisible", f"{lane}Dead.QueueName")
            for lane in ("High", "Normal", "Low", "Long")
        ),
        *(
            ("Errors", name)
            for name in (
                Function.POPULATOR,
                Function.POPULATOR_STREAM,
                Function.WATCHER,
                Function.JOURNAL,
                Function.RECURRENCE,
            )
        ),
        ("expansion_delay_ms", Function.RECURRENCE),
        ("expansion_lag_ms", Function.RECURRENCE),
        ("IteratorAge", Function.POPULATOR_STREAM),
        ("IteratorAge", Function.JOURNAL),
        *((metric, Function.WATCHER) for metric in SIGNS_OF_LIFE),
        ("ApproximateNumberOfMessagesVisible", "JournalLost.QueueName"),
        ("journal_left_out", Function.JOURNAL),
    }
    assert {metric for metric, _ in watched if metric.islower()} <= set(Metric)
    silent = {alarm["MetricName"] for alarm in alarms if alarm["TreatMissingData"] == "breaching"}
    assert silent == SIGNS_OF_LIFE
    assert {alarm["TreatMissingData"] for alarm in alarms} == {"breaching", "notBreaching"}


def test_outputs_name_what_scripts_and_people_need(template: StageTemplate) -> None:
    outputs = template.body["Outputs"].keys()

    assert outputs >= {
        "ApiUrl",
        "JobsTable",
        "TemplatesTable",
        "ControlTable",
        "DataBucket",
        "RunnerFunction",
        "ExecutorLongFunction",
    }
    assert outputs >= {f"QueueUrl{lane}" for lane in ("High", "Normal", "Low", "Long")}


def test_an_address_for_alarms_and_origins_for_browsers_are_settings(bundles: Bundles, tmp_path: Path) -> None:
    settings = replace(settings_of("dev", {}), alarm_email="ops@example.com", cors_origins=("https://example.com",))
    app = new_app(tmp_path)
    add_stage(app, settings, bundles)

    app.synth()

    template = StageTemplate(settings, tmp_path / "punctual-dev.template.json")
    assert template.one("AWS::SNS::Subscription")["Endpoint"] == "ops@example.com"
    assert all(len(alarm["AlarmActions"]) == 1 for alarm in template.of_type("AWS::CloudWatch::Alarm").values())
    cors = template.one("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["https://example.com"]
