"""The signatures that Alibaba Cloud's own SDK (alibabacloud-tea-openapi 0.4.6) made of the same requests."""

from datetime import UTC, datetime

import pytest

from adapters.providers.aliyun.signature import Key, Request, signed

KEY = Key("LTAI-test", "secret-of-the-test")
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NONCE = "3156853299f313e23d1673dc12e1703d"
SMS = Request(
    "dysmsapi.aliyuncs.com",
    "SendSms",
    {
        "PhoneNumbers": "13900000001",
        "SignName": "值班",
        "TemplateCode": "SMS_1",
        "TemplateParam": '{"number":"42","title":"a b*~/磁盘"}',
        "OutId": "ref.A-_",
    },
)
CALL = Request(
    "dyvmsapi.aliyuncs.com",
    "IvrCall",
    {
        "CalledNumber": "13900000001",
        "MenuKeyMap.1.Key": "1",
        "MenuKeyMap.1.Code": "TTS_2",
        "MenuKeyMap.2.Key": "2",
        "MenuKeyMap.2.Code": "TTS_3",
        "StartCode": "TTS_1",
        "PlayTimes": "2",
    },
)


@pytest.mark.parametrize(
    ("request_", "signature"),
    [
        (SMS, "aa6d6180bdecb29b3ab7c9407493bc820857e0b98854e0f0c08c922e7b7c3ab5"),
        (CALL, "cb1e8cf513ab2c3914e13570528314ec092e6362c434142e767565d94de22eba"),
    ],
    ids=["SendSms", "IvrCall"],
)
def test_a_request_is_signed_as_the_sdk_signs_it(request_: Request, signature: str) -> None:
    names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
    expected = f"ACS3-HMAC-SHA256 Credential=LTAI-test,SignedHeaders={names},Signature={signature}"
    assert signed(KEY, request_, at=AT, nonce=NONCE)["authorization"] == expected


def test_a_key_does_not_print_its_secret() -> None:
    assert "secret-of-the-test" not in repr(KEY)
