"""The signatures that Tencent Cloud's own SDK (tencentcloud-sdk-python-common 3.1.195) made of the same requests."""

from datetime import UTC, datetime

import pytest

from adapters.providers.tencent.signature import Action, Key, signed

KEY = Key("AKID-test", "secret-of-the-test")
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SMS = (
    '{"PhoneNumberSet":["+8613900000001"],"SmsSdkAppId":"1400006666","SignName":"值班","TemplateId":"1234",'
    '"TemplateParamSet":["42","严重"]}'
)
CALL = (
    '{"TemplateId":"4356","CalledNumber":"+8613900000001","VoiceSdkAppid":"1400006666","TemplateParamSet":["42"],'
    '"PlayTimes":2}'
)


@pytest.mark.parametrize(
    ("service", "version", "name", "body", "signature"),
    [
        ("sms", "2021-01-11", "SendSms", SMS, "5b2c3f0d8bc1ae6bc0136eb832d40b55f82f4d6e76c0a0da8a95a723a4be1f45"),
        ("vms", "2020-09-02", "SendTtsVoice", CALL, "47317bf32360b6b518e91144f0b02520f69a7caffd2367b32c237ef198b62743"),
    ],
)
def test_a_request_is_signed_as_the_sdk_signs_it(
    service: str, version: str, name: str, body: str, signature: str
) -> None:
    action = Action(service, version, "ap-guangzhou", name)
    headers = signed(KEY, f"{service}.tencentcloudapi.com", action, body.encode(), at=AT)
    scope = f"AKID-test/2026-03-01/{service}/tc3_request"
    assert headers["authorization"] == (
        f"TC3-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host, Signature={signature}"
    )
    assert headers["x-tc-timestamp"] == "1772366400"


def test_a_key_does_not_print_its_secret() -> None:
    assert "secret-of-the-test" not in repr(KEY)
