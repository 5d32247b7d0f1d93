"""What API Gateway answers by itself has the shape of every other answer."""

import json

from infra.gateway_responses import gateway_responses


def test_each_answer_is_an_envelope_with_its_own_status() -> None:
    answers = gateway_responses()
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["StatusCode"] == 404
    assert answers["REQUEST_TOO_LARGE"]["StatusCode"] == 413
    for answer in answers.values():
        document = json.loads(answer["ResponseTemplates"]["application/json"])
        assert document["success"] is False
        assert document["error"]["code"] == answer["StatusCode"]
        # API Gateway reads $ as the beginning of a variable in a response template.
        assert "$" not in answer["ResponseTemplates"]["application/json"]
